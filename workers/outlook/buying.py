"""How often a customer will buy: the model BG/NBD.

While they are active, customers buy at a rate that differs between them (gamma, r and alpha);
after each purchase they stop for ever with a probability that differs too (beta, a and b).

Source: P. Fader, B. Hardie and K. Lee, "Counting Your Customers" the Easy Way, 2005.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, lgamma, log, log1p

from workers.outlook.simplex import Point, minimise

LIMIT = 20.0  # of the logarithm of a parameter
TERMS = 20_000


@dataclass(frozen=True)
class History:
    """Repeat purchases of a customer, seen for a time (of any unit) since their first purchase."""

    repeats: int
    last: float
    seen: float


@dataclass(frozen=True)
class Buying:
    """The parameters of BG/NBD."""

    r: float
    alpha: float
    a: float
    b: float

    def alive(self, history: History) -> float:
        """Return the probability that a customer still buys."""
        if history.repeats == 0:
            return 1.0
        odds = log(self.a / (self.b + history.repeats - 1)) + (self.r + history.repeats) * log(
            (self.alpha + history.seen) / (self.alpha + history.last)
        )
        return 1 / (1 + exp(min(odds, 700.0)))

    def expected(self, history: History, ahead: float) -> float:
        """Return how many purchases to expect in the time ahead."""
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        x, seen = history.repeats, history.seen
        series = _hypergeometric(r + x, b + x, a + b + x - 1, ahead / (alpha + seen + ahead))
        shrunk = exp((r + x) * log((alpha + seen) / (alpha + seen + ahead)))
        if abs(a - 1) < 1e-6:
            return Buying(r, alpha, a + 1e-5, b).expected(history, ahead)
        return (a + b + x - 1) / (a - 1) * (1 - shrunk * series) * self.alive(history)


def fit_buying(histories: Iterable[History]) -> Buying:
    """Return the parameters under which histories are most likely.

    Time is measured in tenths of the longest one, so that the search starts near. Customers with
    equal histories are taken together.
    """
    counted = Counter(histories)
    unit = max(history.seen for history in counted) / 10 or 1.0
    scaled = [
        (times, history.repeats, history.last / unit, history.seen / unit)
        for history, times in counted.items()
    ]
    found = minimise(lambda point: _unlikelihood(point, scaled), [0.0, 0.0, 0.0, 0.0])
    r, alpha, a, b = map(exp, found)
    return Buying(r, alpha * unit, a, b)


def _unlikelihood(point: Point, counted: list[tuple[int, int, float, float]]) -> float:
    """Return the negative mean logarithm of the likelihood, equation 6."""
    if max(map(abs, point)) > LIMIT:
        return float("inf")
    r, alpha, a, b = map(exp, point)
    at_most = max(x for _, x, _, _ in counted)
    head = [
        lgamma(r + x)
        - lgamma(r)
        + r * point[1]
        + lgamma(a + b)
        + lgamma(b + x)
        - lgamma(b)
        - lgamma(a + b + x)
        for x in range(at_most + 1)
    ]
    total = 0.0
    customers = 0
    for times, x, last, seen in counted:
        term = head[x] - (r + x) * log(alpha + seen)
        if x:
            stopped = (r + x) * (log(alpha + seen) - log(alpha + last)) + log(a / (b + x - 1))
            term += stopped + log1p(exp(-stopped)) if stopped > 0 else log1p(exp(stopped))
        total += times * term
        customers += times
    return -total / customers


def _hypergeometric(a: float, b: float, c: float, z: float) -> float:
    """Return Gauss's 2F1(a, b; c; z) for z below 1, by its series."""
    term = total = 1.0
    for n in range(TERMS):
        term *= (a + n) * (b + n) / ((c + n) * (n + 1)) * z
        total += term
        if term < 1e-12 * total:
            break
    return total
