"""The settings of Realtime, which the supervisor passes in the environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limits:
    """Beyond these a client is refused, told and, if it is too slow, disconnected."""

    max_connections: int = 10_000
    max_channels_per_connection: int = 100
    max_joins_per_second: int = 100
    max_messages_per_second: int = 100
    # Of one client in one channel, in 30 seconds.
    max_presence_calls: int = 5
    max_payload_kib: int = 3000
    # What a socket may leave unread before it is closed.
    max_unsent_kib: int = 8192
    # Seconds after which a socket that sends nothing, not even a heartbeat, is closed.
    max_silence_seconds: float = 60
    # Seconds after which the permissions of a private channel are asked again.
    recheck_seconds: float = 300


@dataclass(frozen=True)
class Settings:
    """`db_url` logs in as the role realtime; `keys`: a key that is no token → its token."""

    db_url: str
    limits: Limits = Limits()
    keys: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings | None:
        """Read the environment; none where Realtime is off, or Supabase has its own."""
        db_url = environment.get("FRONTDESK_REALTIME_DB_URL")
        if not db_url:
            return None
        told = json.loads(environment.get("FRONTDESK_REALTIME", "{}"))
        return cls(db_url, Limits(**told.get("limits", {})), told.get("keys", {}))
