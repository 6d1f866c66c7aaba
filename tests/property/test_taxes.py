"""Taxes of random sales and their refunds, against a model that reckons with fractions.

A batch of sales is one call of the database. `--hypothesis-profile explore` tries 10^5 sales.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.database import Database

BATCH = 250
EXAMPLES = 400 if settings.get_current_profile_name() == "explore" else 4
REFUNDS = 3
MODES = ("half_up", "down", "up")
UNITS = ("line", "rate")
# Currency → the largest price in minor units, and the taxes that a line there may have: each a
# component, its rate in thousandths of a basis point, and whether it is compound.
PLACES: dict[str, tuple[int, list[list[tuple[str, int, bool]]]]] = {
    "JPY": (100_000, [[("consumption", 1_000_000, False)], [("consumption", 800_000, False)]]),
    "USD": (50_000, [[("sales", 887_500, False)], [("sales", 725_000, False)], []]),
    "INR": (
        900_000,
        [
            [("cgst", 900_000, False), ("sgst", 900_000, False)],
            [("cgst", 250_000, False), ("sgst", 250_000, False)],
        ],
    ),
    "KWD": (
        2_000_000,
        [[("gst", 500_000, False), ("qst", 997_500, True)], [("gst", 500_000, False)], []],
    ),
}
QUERY = """
    select sales.number, parts.place, parts.component, parts.rate_bps * 1000, parts.base_minor,
        parts.tax_minor
    from jsonb_array_elements(%s) with ordinality as sales (sale, number)
    cross join lateral pricing.document_taxes(
        array(select lines from jsonb_populate_recordset(
            null::pricing.taxable, sales.sale -> 'lines') as lines),
        (sales.sale ->> 'unit')::pricing.rounding_unit,
        (sales.sale ->> 'mode')::pricing.rounding_mode
    ) as parts
"""
Rate = tuple[str, int, bool]
Key = tuple[str, int, str]  # the component, its rate, and what is rounded together


@dataclass
class Line:
    """A line of a sale: what it is about, its amount after discount, and what it was taxed."""

    place: int
    unit: str
    amount: int
    is_included: bool
    rates: list[Rate]
    taxes: list[int] | None = None
    base: int = 0

    def shares(self) -> list[Fraction]:
        """Its taxes, exact."""
        fractions: list[Fraction] = []
        for _, rate, is_compound in self.rates:
            fraction = Fraction(rate, 10_000_000)
            fractions.append(fraction * (1 + sum(fractions)) if is_compound else fraction)
        whole = 1 + sum(fractions) if self.is_included else Fraction(1)
        return [self.amount * fraction / whole for fraction in fractions]

    def sent(self) -> dict[str, Any]:
        rates = [
            {"component": name, "rate_bps": rate / 1000, "is_compound": is_compound}
            for name, rate, is_compound in self.rates
        ]
        return {
            "place": self.place,
            "unit": self.unit,
            "amount_minor": self.amount,
            "is_included": self.is_included,
            "rates": rates,
            "taxes_minor": self.taxes,
        }


@dataclass
class Sale:
    """A document and the revisions that came after it."""

    unit: str
    mode: str
    lines: list[Line] = field(default_factory=list)

    def key(self, line: Line, rate: Rate) -> Key:
        return rate[0], rate[1], line.unit if self.unit == "line" else ""

    def due(self) -> dict[Key, int]:
        """The tax of everything, rounded as the place has it."""
        exact: defaultdict[Key, Fraction] = defaultdict(Fraction)
        for line in self.lines:
            for rate, share in zip(line.rates, line.shares(), strict=True):
                exact[self.key(line, rate)] += share
        return {key: rounded(amount, self.mode) for key, amount in exact.items()}

    def written(self) -> dict[Key, int]:
        """The tax that the lines got."""
        taxes: defaultdict[Key, int] = defaultdict(int)
        for line in self.lines:
            for rate, tax in zip(line.rates, line.taxes or (), strict=True):
                taxes[self.key(line, rate)] += tax
        return dict(taxes)

    def refund(self, random: Random, *, is_last: bool) -> None:
        """Take a part of some lines back, or all that is left."""
        left: defaultdict[str, int] = defaultdict(int)
        first = {line.unit: line for line in reversed(self.lines)}
        for line in self.lines:
            left[line.unit] += line.amount
        for unit, amount in left.items():
            back = amount if is_last else random.choice((0, amount, random.randint(0, amount)))
            if back:
                like = first[unit]
                self.lines.append(
                    Line(len(self.lines) + 1, unit, -back, like.is_included, like.rates)
                )


def rounded(amount: Fraction, mode: str) -> int:
    """Half away from zero, towards zero, or away from it."""
    size = abs(amount)
    whole = {
        "half_up": math.floor(size + Fraction(1, 2)),
        "down": math.floor(size),
        "up": math.ceil(size),
    }[mode]
    return whole if amount >= 0 else -whole


def sold(random: Random) -> Sale:
    return sold_in(random, random.choice(list(PLACES)), random.choice(UNITS), random.choice(MODES))


def sold_in(random: Random, currency: str, unit: str, mode: str) -> Sale:
    largest, rates = PLACES[currency]
    sale = Sale(unit, mode)
    is_included = random.random() < 0.5
    for place in range(1, random.randint(1, 6) + 1):
        amount = random.choice((0, 1, random.randint(1, 400), random.randint(1, largest)))
        sale.lines.append(Line(place, str(place), amount, is_included, random.choice(rates)))
    return sale


def tax(db: Database, sales: list[Sale]) -> None:
    """Ask the database for the taxes of the lines that have none yet, and write them down."""
    sent = [
        {"unit": sale.unit, "mode": sale.mode, "lines": [line.sent() for line in sale.lines]}
        for sale in sales
    ]
    answers: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for number, place, component, _, base, amount in db.rows(QUERY, json.dumps(sent)):
        if component == "none":
            assert amount == 0
        answers[number, place].append((base, amount))
    for number, sale in enumerate(sales, 1):
        for line in sale.lines:
            if line.taxes is None:
                parts = answers.pop((number, line.place))
                line.base = parts[0][0]
                line.taxes = [amount for _, amount in parts] if line.rates else []
    assert not answers, "only what was not written is taxed"


def check(sale: Sale) -> None:
    """Parts add up to wholes."""
    assert sale.written() == sale.due()
    for line in sale.lines:
        included = sum(line.taxes or ()) if line.is_included else 0
        assert line.base + included == line.amount


@given(st.integers(0, 2**32))
@settings(max_examples=EXAMPLES)
def test_parts_of_a_tax_add_up_to_the_whole(db: Database, seed: int) -> None:
    random = Random(seed)
    sales = [sold(random) for _ in range(BATCH)]
    tax(db, sales)
    for sale in sales:
        check(sale)
        for line in sale.lines:
            for share, amount in zip(line.shares(), line.taxes or (), strict=True):
                assert abs(share - amount) < 1, "a line gets its share, rounded up or down"
    for turn in range(REFUNDS):
        for sale in sales:
            sale.refund(random, is_last=turn == REFUNDS - 1)
        tax(db, sales)
        for sale in sales:
            check(sale)
    for sale in sales:
        assert not any(sale.written().values()), "what is taken back in full leaves no tax"
        assert sum(line.base for line in sale.lines) == 0
