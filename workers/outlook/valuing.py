"""What the customers of a business are expected to buy in a year, and how wrong that may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from workers.outlook.buying import Buying, History, fit_buying
from workers.outlook.spending import Spending, fit_spending

LEAST = 50  # customers who came back
MOST = 5_000  # customers to fit parameters to; more make them hardly better
YEAR = 365
Item = TypeVar("Item")


@dataclass(frozen=True)
class Customer:
    """A customer with the days of purchases, as days ago and the first one first."""

    customer_id: str
    days: tuple[int, ...]
    mean_minor: float | None

    def history(self, until: int = 0) -> History:
        """Return the history until a number of days ago, on which a purchase still counts."""
        days = [day - until for day in self.days if day >= until]
        return History(len(days) - 1, float(days[0] - days[-1]), float(days[0]))


def read(histories: list[dict[str, Any]]) -> list[Customer]:
    """Read what insight.customer_histories returns."""
    return [
        Customer(each["customer_id"], tuple(each["days"]), each["mean_minor"]) for each in histories
    ]


def value(customers: list[Customer]) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Return the run for insight.keep_model, and what to expect of each customer.

    The run is None where too few customers came back.
    """
    spent = [(len(c.days) - 1, c.mean_minor) for c in customers if c.mean_minor]
    span = max((c.days[0] for c in customers), default=0)
    test_days = min(YEAR, span // 4)
    before = [c for c in customers if c.days[0] > test_days]
    if len(spent) < LEAST or _coming_back(before, test_days) < LEAST:
        return None, []
    buying, spending = _fit_buying(customers), fit_spending(_some(spent))
    run = {
        "customers": min(len(customers), MOST),
        **asdict(buying),
        **asdict(spending),
        **_back_test(before, test_days),
    }
    return run, [_expected(customer, buying, spending) for customer in customers]


def _coming_back(customers: Iterable[Customer], until: int) -> int:
    return sum(customer.history(until).repeats > 0 for customer in customers)


def _some(all_of_them: list[Item]) -> list[Item]:
    """Return at most MOST, evenly spread over all."""
    return all_of_them[:: -(-len(all_of_them) // MOST)]


def _fit_buying(customers: list[Customer], until: int = 0) -> Buying:
    return fit_buying(customer.history(until) for customer in _some(customers))


def _expected(customer: Customer, buying: Buying, spending: Spending) -> dict[str, Any]:
    history = customer.history()
    repeats = history.repeats if customer.mean_minor else 0
    return {
        "customer_id": customer.customer_id,
        "alive": buying.alive(history),
        "purchases": buying.expected(history, YEAR),
        "minor": spending.expected(repeats, customer.mean_minor or 0.0),
    }


def _back_test(before: list[Customer], test_days: int) -> dict[str, Any]:
    """Fit the days before the last ones, and compare both with what was bought in these."""
    buying = _fit_buying(before, test_days)
    histories = [customer.history(test_days) for customer in before]
    actual = [sum(day < test_days for day in customer.days) for customer in before]
    expected = [buying.expected(history, test_days) for history in histories]
    naive = [history.repeats / history.seen * test_days for history in histories]
    return {
        "test_days": test_days,
        "expected_purchases": sum(expected),
        "actual_purchases": sum(actual),
        "error": _error(expected, actual),
        "naive_error": _error(naive, actual),
    }


def _error(expected: list[float], actual: list[int]) -> float:
    return sum(abs(e - a) for e, a in zip(expected, actual, strict=True)) / len(actual)
