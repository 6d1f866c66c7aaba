"""What a purchase of a customer is worth: the model Gamma-Gamma.

The values of one customer's purchases are gamma with shape p; their scale differs between
customers (gamma, q and v) and has nothing to do with how often they come.

Source: P. Fader and B. Hardie, The Gamma-Gamma Model of Monetary Value, 2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma, log

from workers.outlook.buying import LIMIT
from workers.outlook.simplex import Point, minimise


@dataclass(frozen=True)
class Spending:
    """The parameters of Gamma-Gamma."""

    p: float
    q: float
    v: float

    def expected(self, repeats: int, mean: float) -> float:
        """Return what a purchase is worth of whoever spent a mean on each repeat purchase."""
        weight = self.p * repeats / (self.p * repeats + self.q - 1)
        return (1 - weight) * self.p * self.v / (self.q - 1) + weight * mean


def fit_spending(spent: Sequence[tuple[int, float]]) -> Spending:
    """Return the parameters under which means of repeat purchases are most likely.

    `spent` has the repeat purchases and their mean of each customer; both are above zero. A shape
    q of 1 or less has no mean, so it is not considered.
    """
    unit = sum(mean for _, mean in spent) / len(spent)
    scaled = [(repeats, mean / unit) for repeats, mean in spent]
    found = minimise(lambda point: _unlikelihood(point, scaled), [1.0, 1.0, 1.0])
    p, above, v = map(exp, found)
    return Spending(p, 1 + above, v * unit)


def _unlikelihood(point: Point, spent: list[tuple[int, float]]) -> float:
    """Return the negative mean logarithm of the likelihood, equation 1a."""
    if max(map(abs, point)) > LIMIT:
        return float("inf")
    p, above, v = map(exp, point)
    q = 1 + above
    total = 0.0
    for x, mean in spent:
        shape = p * x
        total += (
            lgamma(shape + q)
            - lgamma(shape)
            - lgamma(q)
            + q * point[2]
            + (shape - 1) * log(mean)
            + shape * log(x)
            - (shape + q) * log(x * mean + v)
        )
    return -total / len(spent)
