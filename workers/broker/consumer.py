"""What Dramatiq's worker takes messages from, one for each queue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from queue import Empty

from dramatiq.broker import Consumer, MessageProxy

from workers.broker.fetcher import Fetcher
from workers.broker.inbox import Inbox
from workers.broker.leased import LeasedMessage
from workers.broker.settler import Outcome, Settler


class PgmqConsumer(Consumer):
    """Hands out what the fetch loop has read for a queue; may be used from any thread."""

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
        """The next message, or nothing after the timeout."""
        try:
            return self._inbox.buffer.get(timeout=self._timeout)
        except Empty:
            return None

    def ack(self, message: MessageProxy) -> None:
        """It is done, or comes again later."""
        self._settler.settle(Outcome(self._inbox, _leased(message)))

    def nack(self, message: MessageProxy) -> None:
        """It goes to the dead letters, with the reason."""
        error = message._exception  # Dramatiq offers no other way to it
        reason = str(error).strip() or "The actor gave no reason."
        name = type(error).__name__ if error else "Failed"
        self._settler.settle(Outcome(self._inbox, _leased(message), reason, name))

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Others may read them at once."""
        leased = [_leased(message) for message in messages]
        for message in leased:
            self._inbox.held.pop(message.lease.msg_id, None)
        self._release(leased)

    def close(self) -> None:
        """Give back what nobody has taken, and read no more."""
        self._fetcher.close(self._inbox)
        left: list[LeasedMessage] = []
        while not self._inbox.buffer.empty():
            left.append(self._inbox.buffer.get())
        self.requeue(left)


def _leased(message: MessageProxy) -> LeasedMessage:
    if not isinstance(message, LeasedMessage):
        raise TypeError("This message did not come out of this consumer.")
    return message
