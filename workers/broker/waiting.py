"""The messages of one queue that were read and that nobody has begun."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from workers.broker.leased import LeasedMessage


class Waiting:
    """Hands out one message after another, and no more than `lanes` at once. Thread-safe."""

    def __init__(self, lanes: int) -> None:
        self._lanes = lanes
        self._out = 0
        self._messages: deque[LeasedMessage] = deque()
        self._changed = threading.Condition()

    def put(self, messages: list[LeasedMessage]) -> None:
        """Add messages at the end."""
        with self._changed:
            self._messages.extend(messages)
            self._changed.notify()

    def get(self, timeout: float) -> LeasedMessage | None:
        """Hand out the next message, or None if there is none to hand out within `timeout` s."""
        with self._changed:
            self._changed.wait_for(self._has_one, timeout)
            if not self._has_one():
                return None
            self._out += 1
            return self._messages.popleft()

    def take(self, fits: Callable[[LeasedMessage], bool], count: int) -> list[LeasedMessage]:
        """Take up to so many messages that fit, the longest waiting first."""
        with self._changed:
            taken: list[LeasedMessage] = []
            left: deque[LeasedMessage] = deque()
            for message in self._messages:
                (taken if len(taken) < count and fits(message) else left).append(message)
            self._messages = left
        return taken

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

    def _has_one(self) -> bool:
        return bool(self._messages) and self._out < self._lanes
