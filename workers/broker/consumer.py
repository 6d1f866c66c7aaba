"""The source of messages for Dramatiq's worker, one for each queue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from queue import Empty

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
        try:
            return self._inbox.buffer.get(timeout=self._timeout)
        except Empty:
            return None

    def ack(self, message: MessageProxy) -> None:
        """Settle a message that is done, or that is retried later."""
        self._settler.settle(Outcome(self._inbox, _leased(message)))

    def nack(self, message: MessageProxy) -> None:
        """Settle a message that failed: it becomes a dead letter, with the reason."""
        error = message._exception  # Dramatiq has no public access to it
        reason = str(error).strip() or "The actor gave no reason."
        name = type(error).__name__ if error else "Failed"
        self._settler.settle(Outcome(self._inbox, _leased(message), reason, name))

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Return messages to the queue, where others can read them at once."""
        leased = [_leased(message) for message in messages]
        for message in leased:
            self._inbox.held.pop(message.lease.msg_id, None)
        self._release(leased)

    def close(self) -> None:
        """Stop reading, and return the messages that nobody has begun."""
        self._fetcher.close(self._inbox)
        left: list[LeasedMessage] = []
        while not self._inbox.buffer.empty():
            left.append(self._inbox.buffer.get())
        self.requeue(left)


def _leased(message: MessageProxy) -> LeasedMessage:
    if not isinstance(message, LeasedMessage):
        raise TypeError("This message did not come out of this consumer.")
    return message
