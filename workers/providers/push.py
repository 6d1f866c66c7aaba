"""A push message to one device, and the protocol of its providers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from workers.providers import checks
from workers.providers.failures import Refused
from workers.providers.sent import Sent


@dataclass(frozen=True)
class Push:
    """One push message. `token` identifies the device; `data` is for its app.

    Raises:
        Refused: when there is no token, or the token or the title has a line break.
    """

    token: str
    title: str
    body: str
    idempotency_key: str
    data: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.token:
            raise Refused("There is no device token.")
        checks.require_one_line("device token", self.token)
        checks.require_one_line("title", self.title)
        checks.require_key(self.idempotency_key)


class Pusher(Protocol):
    """A provider of push messages."""

    def send(self, push: Push) -> Sent:
        """Send one message.

        Raises:
            Failure: one of workers.providers.failures, and nothing else.
        """
