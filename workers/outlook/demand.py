"""What will be wanted on each of the next days: smoothing, beside the seasonal naive forecast.

Both know only what was wanted on each day before. The naive one says that a day is like the same
weekday a week before. Smoothing keeps a level and a factor for each weekday.

Source: R. Hyndman and G. Athanasopoulos, Forecasting: Principles and Practice, 2021, sections 5.2
and 8.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

WEEK = 7
AHEAD = 28  # days
FOLDS = 4  # weeks that the back-test predicts, one after another
WEIGHTS = (0.02, 0.05, 0.1, 0.2, 0.4)  # of the last day in the level

Series = Sequence[float]


def naive(series: Series, ahead: int) -> list[float]:
    """Repeat the last week."""
    return [series[len(series) - WEEK + day % WEEK] for day in range(ahead)]


def smooth(series: Series, ahead: int) -> list[float]:
    """Carry the level forward with the factors of the weekdays, by the weight that fits best."""
    factors = _factors(series)
    weight = min(WEIGHTS, key=lambda each: _level(series, factors, each)[1])
    level, _ = _level(series, factors, weight)
    return [level * factors[(len(series) + day) % WEEK] for day in range(ahead)]


def _factors(series: Series) -> list[float]:
    """Return how a day of the week is to the mean; days count from the first of the series."""
    mean = sum(series) / len(series)
    if mean == 0:
        return [1.0] * WEEK
    days = [series[start::WEEK] for start in range(WEEK)]
    return [sum(each) / len(each) / mean for each in days]


def _level(series: Series, factors: list[float], weight: float) -> tuple[float, float]:
    """Return the level after the last day, and the error of a day on the way there."""
    level = sum(series[: 2 * WEEK]) / (2 * WEEK)
    error = 0.0
    for day, amount in enumerate(series):
        factor = factors[day % WEEK]
        error += abs(amount - level * factor)
        if factor:
            level += weight * (amount / factor - level)
    return level, error / len(series)


def back_test(series: Series, method: Callable[[Series, int], list[float]]) -> float:
    """Return the mean absolute error of a day, of the last weeks, each predicted from before it."""
    errors: list[float] = []
    for fold in range(FOLDS, 0, -1):
        split = len(series) - fold * WEEK
        actual = series[split : split + WEEK]
        errors += [abs(e - a) for e, a in zip(method(series[:split], WEEK), actual, strict=True)]
    return sum(errors) / len(errors)


def forecast(series: Series) -> dict[str, Any]:
    """Return what both methods expect of the next days, and the error of each."""
    return {
        "smoothing": smooth(series, AHEAD),
        "naive": naive(series, AHEAD),
        "smoothing_error": back_test(series, smooth),
        "naive_error": back_test(series, naive),
    }
