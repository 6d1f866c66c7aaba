"""The messages of one queue that were read and that nobody has begun."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from workers.broker.leased import LeasedMessage

BATCH_SECONDS = 0.5  # how long a batch should take


class Waiting:
    """Hands out one message after another, and no more than `lanes` at once. Thread-safe.

    The next batch begins when none is out, when it is full, or when the last one takes longer than
    it should. Until then it gathers messages.
    """

    first_batch = 1

    def __init__(self, lanes: int, is_for_batches: Callable[[str], bool]) -> None:
        # The size of the next batch.
        self.batch = self.first_batch
        self._lanes = lanes
        self._is_for_batches = is_for_batches
        self._out = 0
        self._out_since = 0.0
        self._messages: deque[LeasedMessage] = deque()
        self._changed = threading.Condition()

    def put(self, messages: list[LeasedMessage]) -> None:
        """Add messages at the end."""
        with self._changed:
            self._messages.extend(messages)
            self._changed.notify()

    def get(self, timeout: float) -> LeasedMessage | None:
        """Hand out the next message, or None if there is none to hand out within `timeout` s.

        The first message of a batch brings along the others.
        """
        with self._changed:
            self._changed.wait_for(self._may_begin, timeout)
            if not self._may_begin():
                return None
            self._out += 1
            self._out_since = time.monotonic()
            message = self._messages.popleft()
            message.is_handed_out = True
            if self._is_for_batches(message.actor_name) and message.is_fresh():
                message.companions = self._take_companions(message)
            return message

    def gathers(self) -> bool:
        """Return whether messages wait here for one that is out."""
        return bool(self._messages) and self._out > 0

    def leave(self, back: list[LeasedMessage]) -> None:
        """Note that a message that was handed out has ended; put others back to the front."""
        with self._changed:
            self._out -= 1
            self._messages.extendleft(reversed(back))
            self._changed.notify()

    def drain(self) -> list[LeasedMessage]:
        """Take all messages."""
        with self._changed:
            taken, self._messages = list(self._messages), deque()
        return taken

    def expect(self, count: int, seconds: float, most: int) -> None:
        """Set the size of the next batch: as many as take half a second at the present pace.

        It grows at most twofold, so a batch for a slow provider stays small.
        """
        fitting = int(count * BATCH_SECONDS / max(seconds, 1e-6))
        self.batch = max(1, min(fitting, 2 * self.batch, most))

    def _may_begin(self) -> bool:
        if not self._messages or self._out >= self._lanes:
            return False
        return (
            self._out == 0
            or not self._is_for_batches(self._messages[0].actor_name)
            or len(self._messages) >= self.batch
            or time.monotonic() - self._out_since >= BATCH_SECONDS
        )

    def _take_companions(self, first: LeasedMessage) -> list[LeasedMessage]:
        """Take the messages that form a batch with this one: of the same actor, tried never yet.

        Others go alone, so that a message that ends its process takes few with it.
        """
        taken: list[LeasedMessage] = []
        left: deque[LeasedMessage] = deque()
        for message in self._messages:
            fits = message.actor_name == first.actor_name and message.is_fresh()
            (taken if fits and len(taken) < self.batch - 1 else left).append(message)
        self._messages = left
        for message in taken:
            message.first = first
        return taken
