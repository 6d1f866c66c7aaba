"""Forecasts: smoothing beats the naive forecast on noisy weeks, and loses where the level jumps."""

from __future__ import annotations

import random

import pytest

from workers.outlook.demand import AHEAD, back_test, forecast, naive, smooth

WEEKDAYS = (4, 6, 6, 8, 12, 15, 0)


def noisy(seed: int, weeks: int = 26) -> list[float]:
    """Weeks alike but for chance: as many arrivals as a Poisson process has."""
    drawn = random.Random(seed)

    def arrivals(mean: float) -> int:
        found, at = 0, drawn.expovariate(1)
        while at < mean:
            found, at = found + 1, at + drawn.expovariate(1)
        return found

    return [float(arrivals(mean)) for _ in range(weeks) for mean in WEEKDAYS]


def test_the_naive_forecast_repeats_the_last_week() -> None:
    series = [float(day) for day in range(35)]
    assert naive(series, 9) == [28, 29, 30, 31, 32, 33, 34, 28, 29]


def test_smoothing_beats_the_naive_forecast_on_most_noisy_series() -> None:
    made = [forecast(noisy(seed)) for seed in range(20)]
    won = [each["smoothing_error"] < each["naive_error"] for each in made]
    assert sum(won) >= 0.7 * len(won)
    assert all(len(each["smoothing"]) == len(each["naive"]) == AHEAD for each in made)


def test_smoothing_expects_each_weekday_as_it_is_on_average() -> None:
    expected = smooth(noisy(3), 7)
    assert expected == pytest.approx(WEEKDAYS, abs=2.5)


def test_the_naive_forecast_wins_where_the_level_jumps() -> None:
    series = [1.0] * 140 + [20.0] * 42
    made = forecast(series)
    assert made["naive_error"] == 0 < made["smoothing_error"]
    assert back_test(series, naive) == made["naive_error"]


def test_nothing_wanted_is_expected_to_stay_nothing() -> None:
    assert smooth([0.0] * 182, 7) == [0.0] * 7
