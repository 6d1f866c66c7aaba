"""Models of customers: the published parameters come out, and histories become expectations.

cdnow.csv has the repeat purchases of 2,357 customers of the shop CDNOW in 39 weeks (in weeks) and
what they spent on average: the sample of Fader, Hardie and Lee (2005), as the package lifetimes
0.11.3 (MIT) ships it.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from workers.outlook.buying import Buying, History, fit_buying
from workers.outlook.spending import fit_spending
from workers.outlook.valuing import Customer, value

ROWS = list(csv.DictReader((Path(__file__).parent / "cdnow.csv").open(encoding="utf-8")))
HISTORIES = [History(int(row["repeats"]), float(row["last"]), float(row["seen"])) for row in ROWS]


def test_the_published_parameters_of_buying_come_out() -> None:
    found = fit_buying(HISTORIES)
    assert (found.r, found.alpha, found.a, found.b) == pytest.approx(
        (0.243, 4.414, 0.793, 2.426), rel=0.002
    )
    # The first customer of the sample, in the 39 weeks after (Fader, Hardie and Lee, 2005).
    assert found.expected(History(2, 30.43, 38.86), 39) == pytest.approx(1.226, abs=0.001)


def test_the_published_parameters_of_spending_come_out() -> None:
    spent = [(int(row["repeats"]), float(row["mean"])) for row in ROWS if row["repeats"] != "0"]
    found = fit_spending(spent)
    assert len(spent) == 946
    assert (found.p, found.q, found.v) == pytest.approx((6.25, 3.74, 15.44), rel=0.002)
    assert found.expected(0, 0.0) == pytest.approx(35.2, abs=0.1)


def test_a_customer_who_was_frequent_and_is_silent_is_less_alive() -> None:
    model = Buying(0.243, 4.414, 0.793, 2.426)
    assert model.alive(History(0, 0, 30)) == 1
    assert model.alive(History(20, 10, 39)) < 0.01 < model.alive(History(2, 10, 39))


def customers(count: int) -> list[Customer]:
    """Customers who came for 400 days, at rates of their own, and stop at some time."""
    drawn = random.Random(7)

    def days() -> tuple[int, ...]:
        first = drawn.randint(200, 400)
        gap, found = drawn.gammavariate(2, 20), [first]
        while drawn.random() < 0.85:
            day = found[-1] - max(1, round(drawn.expovariate(1 / gap)))
            if day < 1:
                break
            found.append(day)
        return tuple(found)

    return [
        Customer(str(n), each, 5_000.0 if len(each) > 1 else None)
        for n, each in enumerate(days() for _ in range(count))
    ]


def test_a_back_test_is_stored_with_the_run_and_beats_the_naive_rate() -> None:
    run, expected = value(customers(500))
    assert run is not None
    assert run["test_days"] == 100
    assert run["error"] < run["naive_error"]
    assert run["expected_purchases"] == pytest.approx(run["actual_purchases"], rel=0.25)
    assert len(expected) == 500
    assert all(0 <= each["alive"] <= 1 and each["purchases"] >= 0 for each in expected)


def test_few_customers_have_no_model() -> None:
    assert value(customers(60)) == (None, [])
