"""The source of messages for Dramatiq's worker, one for each queue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from dramatiq.broker import Consumer, MessageProxy

from workers.broker.fetcher import Fetcher
from workers.broker.inbox import Inbox
from workers.broker.leased import LeasedMessage
from workers.broker.settler import Outcome, Settler


class PgmqConsumer(Consumer):
    """Hands out the messages that the fetch loop has read for a queue. Thread-safe."""

    def __init__(
        self,
        inbox: Inbox,
        fetcher: Fetcher,
        settler: Settler,
        release: Callable[[list[LeasedMessage]], None],
        timeout: float,
    ) -> None:
        self._inbox = inbox
        self._fetcher = fetcher
        self._settler = settler
        self._release = release
        self._timeout = timeout

    def __next__(self) -> MessageProxy | None:
        """Return the next message, or None after the timeout."""
        message = self._inbox.waiting.get(self._timeout)
        if message is not None:
            for each in (message, *message.companions):
                each.inbox = self._inbox
                each.ack, each.nack = partial(self.ack, each), partial(self.nack, each)
        return message

    def ack(self, message: MessageProxy) -> None:
        """Settle a message that is done, or that is retried later."""
        leased = _leased(message)
        self._settle(Outcome(self._inbox, leased))
        self._ended(leased)

    def nack(self, message: MessageProxy) -> None:
        """Settle a message that failed: it becomes a dead letter, with the reason."""
        leased = _leased(message)
        error = message._exception  # Dramatiq has no public access to it
        reason = str(error).strip() or "The actor gave no reason."
        name = type(error).__name__ if error else "Failed"
        self._settle(Outcome(self._inbox, leased, reason, name))
        self._ended(leased)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Return messages to the queue, where others can read them at once."""
        leased: list[LeasedMessage] = []
        for message in map(_leased, messages):
            leased += (message, *message.companions)
            message.companions = []
            self._ended(message)
        for message in leased:
            self._inbox.held.pop(message.lease.msg_id, None)
        self._release(leased)

    def give_back(self) -> None:
        """Return the messages that nobody has begun."""
        self.requeue(self._inbox.waiting.drain())

    def close(self) -> None:
        """Stop reading, and return the messages that nobody has begun."""
        self._fetcher.close(self._inbox)
        self.give_back()

    def _settle(self, outcome: Outcome) -> None:
        """Write an outcome, that of a companion together with that of the first message."""
        if outcome.message.first is not None:
            outcome.message.first.outcomes.append(outcome)
            return
        outcomes, outcome.message.outcomes = outcome.message.outcomes, []
        self._settler.settle([*outcomes, outcome])

    def _ended(self, message: LeasedMessage) -> None:
        """Make room for the next message. Companions that did not begin go back to the front."""
        if not message.is_handed_out:
            return
        message.is_handed_out = False
        companions, message.companions = message.companions, []
        for companion in companions:
            companion.first = None
        self._inbox.waiting.leave(companions)


def _leased(message: MessageProxy) -> LeasedMessage:
    if not isinstance(message, LeasedMessage):
        raise TypeError("This message did not come out of this consumer.")
    return message
