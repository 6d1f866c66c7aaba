"""What a benchmark gives: a ratio in one run, with both absolute figures."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """Minimum, median and maximum over the rounds."""

    min: float
    median: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of some measurements."""
        return cls(min(values), statistics.median(values), max(values))


@dataclass(frozen=True)
class Figure:
    """Ours against a measure taken beside it, round by round; `aim` says what we mean to reach."""

    name: str
    unit: str
    ours: Spread
    measure: str
    beside: Spread
    ratio: float
    aim: str


def compare(
    name: str,
    *,
    unit: str,
    ours: Callable[[], float],
    measure: str,
    beside: Callable[[], float],
    aim: str,
    rounds: int = 3,
) -> Figure:
    """Measure both in turns, so that what else the machine does falls on both."""
    mine, theirs = [], []
    for _ in range(rounds):
        mine.append(ours())
        theirs.append(beside())
    one, other = Spread.of(mine), Spread.of(theirs)
    return Figure(name, unit, one, measure, other, one.median / other.median, aim)


def milliseconds(work: Callable[[], object], *, times: int = 20, warm: int = 7) -> float:
    """The median time of one call, after a few that warm up."""
    for _ in range(warm):
        work()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)
