"""Limits of time that also end code of libraries that hangs."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, Literal

from workers.calendars.unreadable import OutOfTime

Clock = Literal["wall", "processor"]
TIMERS: Final = {
    "wall": (signal.ITIMER_REAL, signal.SIGALRM),
    "processor": (signal.ITIMER_PROF, signal.SIGPROF),
}


@contextmanager
def limit(seconds: float, *, clock: Clock) -> Iterator[None]:
    """Raise OutOfTime in the block after so many seconds of a clock. Only for the main thread.

    The timer repeats, in case something catches the first exception.
    """
    timer, number = TIMERS[clock]
    previous_handler = signal.signal(number, _end)
    previous_timer = signal.setitimer(timer, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(timer, *previous_timer)
        signal.signal(number, previous_handler)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise OutOfTime
