"""A message that a worker has for a while, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dramatiq import Message
from dramatiq.broker import MessageProxy


@dataclass(frozen=True)
class Lease:
    """The right to settle a message, until somebody reads it again: `read_ct` is its number."""

    queue_name: str
    msg_id: int
    read_ct: int


@dataclass(frozen=True)
class Retry:
    """What takes the message's place when it is settled; `delay` in seconds."""

    message: Message[Any]
    delay: float


class LeasedMessage(MessageProxy):
    """A message on its way through a worker.

    An actor gets it from `CurrentMessage.get_current_message()` and may ask `is_held()` before
    something that must not happen twice.
    """

    def __init__(
        self, message: Message[Any], lease: Lease, until: float, ask: Callable[[Lease], bool]
    ) -> None:
        super().__init__(message)
        self.lease = lease
        self.retry: Retry | None = None
        self.is_settled = False
        # By the monotonic clock, which goes on while the process is frozen.
        self.until = until
        self._ask = ask

    def is_held(self) -> bool:
        """Whether the lease is still ours, as the database says."""
        return not self.is_settled and self._ask(self.lease)

    def is_doubtful(self) -> bool:
        """Whether the lease may have run out since it was last extended."""
        return time.monotonic() > self.until

    def retry_in(self, message: Message[Any] | MessageProxy, delay: float) -> bool:
        """Come again in `delay` seconds instead of going; false when something else is meant."""
        if self.is_settled or self.retry or message.queue_name != self.lease.queue_name:
            return False
        # A copy as it is now: the options go on changing.
        self.retry = Retry(message.copy(), delay)
        return True
