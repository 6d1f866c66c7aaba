"""How much one client may do."""

from __future__ import annotations

import time


class Bucket:
    """Permits `rate` acts a second, and up to a second's worth of them at once."""

    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, rate: float) -> None:
        self._rate, self._left, self._at = rate, float(rate), time.monotonic()

    def take(self) -> bool:
        """Whether one more act is permitted now."""
        now = time.monotonic()
        self._left = min(self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Window:
    """Permits `calls` acts in each window of some seconds, which begins with its first act."""

    __slots__ = ("_calls", "_left", "_seconds", "_until")

    def __init__(self, calls: int, seconds: float) -> None:
        self._calls, self._seconds = calls, seconds
        self._left, self._until = calls, 0.0

    def take(self) -> bool:
        """Whether one more act is permitted now."""
        now = time.monotonic()
        if now > self._until:
            self._left, self._until = self._calls, now + self._seconds
        self._left -= 1
        return self._left >= 0
