"""What the sockets and routes of Realtime work with while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workers.edge.realtime.caller import Callers
from workers.edge.realtime.hub import Hub
from workers.edge.realtime.interfaces import ChangeFeed, DatabaseBroadcast
from workers.edge.realtime.policies import Policies
from workers.edge.realtime.settings import Settings

if TYPE_CHECKING:
    from workers.edge.realtime.http import Rates
    from workers.edge.realtime.socket import Socket
    from workers.edge.realtime.sse import Stream


@dataclass(frozen=True)
class Service:
    """Settings, who is connected, and the halves that read the database."""

    settings: Settings
    hub: Hub
    policies: Policies
    callers: Callers
    changes: ChangeFeed
    stored: DatabaseBroadcast
    rates: Rates
    sockets: set[Socket] = field(default_factory=set)
    streams: set[Stream] = field(default_factory=set)
