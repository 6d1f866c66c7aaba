"""A message that a worker holds for a while, and what becomes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from dramatiq import Message
from dramatiq.broker import MessageProxy

if TYPE_CHECKING:
    from workers.broker.inbox import Inbox
    from workers.broker.settler import Outcome


@dataclass(frozen=True)
class Lease:
    """The right to settle a message until somebody reads it again; `read_ct` is its number."""

    queue_name: str
    msg_id: int
    read_ct: int


@dataclass(frozen=True)
class History:
    """What a message's headers say about earlier reads.

    `attempts` is the number of recorded attempts. The last reader `vanished` when it neither
    settled the message nor returned it.
    """

    attempts: int = 0
    vanished: bool = False

    @classmethod
    def of(cls, headers: object, read_ct: int) -> History:
        """Read the headers, which a sender may have filled with anything."""
        given = headers if isinstance(headers, dict) else {}
        attempts, reads = given.get("attempts"), given.get("reads")
        return cls(
            attempts if isinstance(attempts, int) else 0,
            read_ct - 1 > (reads if isinstance(reads, int) else 0),
        )


@dataclass(frozen=True)
class Retry:
    """The message that replaces this one when it is settled; `delay` in seconds."""

    message: Message[Any]
    delay: float


class Registry(Protocol):
    """The database's word about leases."""

    def is_held(self, lease: Lease) -> bool:
        """Return whether a lease is still valid."""

    def begin(self, lease: Lease, attempt: int) -> bool:
        """Record that an attempt begins; return whether the lease is still valid."""


class LeasedMessage(MessageProxy):
    """A message on its way through a worker.

    An actor gets it from `CurrentMessage.get_current_message()` and can call `is_held()` before an
    effect that must not happen twice. `until` is when the lease ends, by the monotonic clock, which
    goes on while the process is frozen. `companions` are the other messages of its batch, from the
    moment when it is handed out until the actor begins; it is their `first`, and their `outcomes`
    are written together with its own.
    """

    inbox: Inbox
    ack: Callable[[], None]
    nack: Callable[[], None]

    def __init__(
        self,
        message: Message[Any],
        lease: Lease,
        registry: Registry,
        *,
        until: float,
        history: History,
    ) -> None:
        super().__init__(message)
        self.lease = lease
        self.until = until
        self.history = history
        self.attempts = history.attempts
        self.retry: Retry | None = None
        self.is_settled = False
        self.is_handed_out = False
        self.companions: list[LeasedMessage] = []
        self.first: LeasedMessage | None = None
        self.outcomes: list[Outcome] = []
        self._registry = registry

    def is_held(self) -> bool:
        """Return whether the lease is still valid, as the database says."""
        return not self.is_settled and self._registry.is_held(self.lease)

    def may_act(self) -> bool:
        """Return whether the lease is valid. The database is asked only if it may have run out."""
        return time.monotonic() <= self.until or self.is_held()

    def is_fresh(self) -> bool:
        """Return whether no attempt has failed or may have begun."""
        return not (self.attempts or self.history.vanished or self.failures())

    def begin(self) -> bool:
        """Record an attempt before it begins; return whether the lease is still valid."""
        self.attempts = max(self.attempts, self.failures()) + 1
        return self._registry.begin(self.lease, self.attempts)

    def failures(self) -> int:
        """Return how many attempts have failed, as Dramatiq counts them."""
        return int(self.options.get("retries") or 0)

    def again_in(self, delay: float) -> None:
        """Read the message again in `delay` seconds. What has begun is no attempt."""
        self.attempts = self.failures()
        self.retry_in(self, delay)

    def retry_in(self, message: Message[Any] | MessageProxy, delay: float) -> bool:
        """Read the message again in `delay` seconds instead of deleting it.

        Returns False when that is impossible: the message is settled, retried already, or moved to
        another queue.
        """
        if self.is_settled or self.retry or message.queue_name != self.lease.queue_name:
            return False
        # A copy of the present state: the options go on changing.
        self.retry = Retry(message.copy(), delay)
        return True
