"""Prices and discounts against an independent model, and sums that always add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.harness.database import Database

CURRENCIES = ("JPY", "USD", "INR", "KWD")
ITEMS = ("Cut", "Wash")
RULES = """
    insert into pricing.price_rules (
        business_id, name, priority, is_final, change_bps, change_minor, unit_minor, currency
    )
    select
        tests.id('Salon'), 'Rule ' || rule.place, rule.priority, rule.is_final, rule.change_bps,
        rule.change_minor, rule.unit_minor,
        case when rule.change_bps is null then %(currency)s end
    from jsonb_to_recordset(%(rules)s) as rule (
        place integer, priority integer, is_final boolean, change_bps integer,
        change_minor bigint, unit_minor bigint
    )
"""
PROMOTIONS = """
    insert into pricing.promotions (
        business_id, name, kind, is_automatic, priority, is_combinable, percent_bps, amount_minor,
        buy_quantity, get_quantity, currency, service_id, platform_bps
    )
    select
        tests.id('Salon'), 'Promotion ' || given.place, given.kind, true, given.priority,
        given.is_combinable, given.percent_bps, given.amount_minor, given.buy_quantity,
        given.get_quantity, %(currency)s, names.id, given.platform_bps
    from jsonb_to_recordset(%(promotions)s) as given (
        place integer, kind pricing.promotion_kind, priority integer, is_combinable boolean,
        percent_bps integer, amount_minor bigint, buy_quantity integer, get_quantity integer,
        item text, platform_bps integer
    )
    left join tests.names on names.name = given.item
"""
QUOTE = """
    select pricing.quote(
        array(
            select pricing.make_line(
                'service', 'Line', line.quantity, line.unit_minor, %(currency)s, '{}',
                tests.id(line.item)
            )
            from jsonb_to_recordset(%(lines)s) as line (
                place integer, item text, quantity integer, unit_minor bigint
            )
            order by line.place
        ),
        pricing.for_buyer(pricing.make_terms(), tests.id('Salon'), null)
    )
"""


@dataclass(frozen=True)
class Line:
    """What is bought, how many, and the price of one."""

    item: str
    quantity: int
    unit_minor: int


@dataclass(frozen=True)
class Rule:
    """One change of the price: a share, an amount, or a price of its own."""

    priority: int
    is_final: bool
    kind: str
    value: int

    def row(self, place: int) -> dict[str, object]:
        """As the statement takes it."""
        return {
            "place": place,
            "priority": self.priority,
            "is_final": self.is_final,
            self.kind: self.value,
        }

    def applied(self, price: int) -> int:
        """The price after it."""
        if self.kind == "unit_minor":
            return self.value
        if self.kind == "change_minor":
            return max(0, price + self.value)
        return max(0, half_away(Fraction(price * (10_000 + self.value), 10_000)))


@dataclass(frozen=True)
class Promotion:
    """One automatic promotion."""

    kind: str
    priority: int
    is_combinable: bool
    first: int
    second: int
    item: str | None
    platform_bps: int

    def row(self, place: int) -> dict[str, object]:
        """As the statement takes it."""
        values = {
            "percent": {"percent_bps": self.first},
            "fixed": {"amount_minor": self.first},
            "buy_x_get_y": {"buy_quantity": self.first, "get_quantity": self.second},
            "free_item": {"get_quantity": self.second},
        }[self.kind]
        return {
            "place": place,
            "kind": self.kind,
            "priority": self.priority,
            "is_combinable": self.is_combinable,
            "item": self.item,
            "platform_bps": self.platform_bps,
            **values,
        }

    def parts(self, lines: Sequence[Line], remaining: Sequence[int]) -> list[int]:
        """What it takes off each line."""
        weights = [
            left if self.item in (None, line.item) else 0
            for line, left in zip(lines, remaining, strict=True)
        ]
        if not any(weights):
            return weights
        if self.kind == "percent":
            return split(half_away(Fraction(sum(weights) * self.first, 10_000)), weights)
        if self.kind == "fixed":
            return split(min(self.first, sum(weights)), weights)
        return self.free(lines, weights)

    def free(self, lines: Sequence[Line], weights: Sequence[int]) -> list[int]:
        """The cheapest units, one by one."""
        units = sorted(
            (line.unit_minor, place)
            for place, line in enumerate(lines)
            if weights[place]
            for _ in range(line.quantity)
        )
        whole = self.first + self.second
        count = len(units) // whole * self.second + max(0, len(units) % whole - self.first)
        taken = [0] * len(lines)
        for price, place in units[: self.second if self.kind == "free_item" else count]:
            taken[place] += price
        return [min(off, weight) for off, weight in zip(taken, weights, strict=True)]


def half_away(value: Fraction) -> int:
    """Round half away from zero; the value is not negative."""
    return int(value + Fraction(1, 2))


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """By largest remainder, ties to the first."""
    shares = [Fraction(amount * weight, sum(weights)) for weight in weights]
    parts = [int(share) for share in shares]
    order = sorted(range(len(parts)), key=lambda place: (parts[place] - shares[place], place))
    for place in order[: amount - sum(parts)]:
        parts[place] += 1
    return parts


def ruled(lines: Sequence[Line], rules: Sequence[Rule]) -> list[Line]:
    """The lines after the rules."""
    prices = [line.unit_minor for line in lines]
    for rule in sorted(rules, key=lambda rule: -rule.priority):
        prices = [rule.applied(price) for price in prices]
        if rule.is_final:
            break
    return [
        Line(line.item, line.quantity, price) for line, price in zip(lines, prices, strict=True)
    ]


def discounted(lines: Sequence[Line], promotions: Sequence[Promotion]) -> list[int]:
    """What promotions take off each line."""
    remaining = [line.quantity * line.unit_minor for line in lines]
    applied = False
    for promotion in sorted(promotions, key=lambda promotion: -promotion.priority):
        parts = promotion.parts(lines, remaining)
        if not any(parts) or (applied and not promotion.is_combinable):
            continue
        remaining = [left - part for left, part in zip(remaining, parts, strict=True)]
        applied = True
        if not promotion.is_combinable:
            break
    return [
        line.quantity * line.unit_minor - left for line, left in zip(lines, remaining, strict=True)
    ]


PRIORITIES = st.permutations(range(4))
LINES = st.lists(
    st.builds(Line, st.sampled_from(ITEMS), st.integers(1, 7), st.integers(0, 10**7)),
    min_size=1,
    max_size=6,
)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("change_bps"), st.integers(-10_000, 20_000)),
        st.tuples(st.just("change_minor"), st.integers(-(10**6), 10**6)),
        st.tuples(st.just("unit_minor"), st.integers(0, 10**6)),
    ),
    max_size=4,
)
OFFERS = st.lists(
    st.tuples(
        st.one_of(
            st.tuples(st.just("percent"), st.integers(1, 10_000), st.just(0)),
            st.tuples(st.just("fixed"), st.integers(1, 10**7), st.just(0)),
            st.tuples(st.just("buy_x_get_y"), st.integers(1, 4), st.integers(1, 3)),
            st.tuples(st.just("free_item"), st.just(0), st.integers(1, 3)),
        ),
        st.booleans(),
        st.sampled_from((None, *ITEMS)),
        st.sampled_from((0, 0, 10_000, 3_333)),
    ),
    max_size=4,
)


@st.composite
def rules(draw: st.DrawFn) -> list[Rule]:
    """Up to four rules of different priorities."""
    changes, order = draw(CHANGES), draw(PRIORITIES)
    final = draw(st.sampled_from((None, 0, 1)))
    return [
        Rule(order[place], place == final, kind, value)
        for place, (kind, value) in enumerate(changes)
    ]


@st.composite
def promotions(draw: st.DrawFn) -> list[Promotion]:
    """Up to four promotions of different priorities."""
    offers, order = draw(OFFERS), draw(PRIORITIES)
    return [
        Promotion(
            kind,
            order[place],
            combinable,
            first,
            second,
            item if kind != "free_item" else item or "Cut",
            share,
        )
        for place, ((kind, first, second), combinable, item, share) in enumerate(offers)
    ]


@pytest.fixture
def salon(db: Database) -> Database:
    """A salon with two services."""
    db.connection.execute("select tests.person('owner'), tests.business('Salon', 'owner')")
    db.connection.execute("select tests.service('Cut', 'Salon'), tests.service('Wash', 'Salon')")
    return db


def quoted(salon: Database, **given_: Any) -> Any:
    """The quote, of which nothing stays behind."""
    rows = {
        name: Jsonb([item if isinstance(item, dict) else item.row(n) for n, item in enumerate(it)])
        for name, it in given_.items()
        if name != "currency"
    }
    values = {"currency": given_["currency"], **rows}
    with salon.connection.transaction(force_rollback=True):
        salon.connection.execute("set local session_replication_role = replica")
        salon.connection.execute(RULES.encode(), values)
        salon.connection.execute(PROMOTIONS.encode(), values)
        found = salon.connection.execute(QUOTE.encode(), values).fetchone()
    assert found
    return found[0]


@settings(max_examples=50)
@given(currency=st.sampled_from(CURRENCIES), lines=LINES, changes=rules(), promotions=promotions())
def test_prices_are_those_of_the_model_and_the_parts_are_the_whole(
    salon: Database,
    currency: str,
    lines: list[Line],
    changes: list[Rule],
    promotions: list[Promotion],
) -> None:
    quote = quoted(
        salon,
        currency=currency,
        lines=[{"place": n, **vars(line)} for n, line in enumerate(lines)],
        rules=changes,
        promotions=promotions,
    )
    expected = ruled(lines, changes)
    assert [line["unit_minor"] for line in quote["lines"]] == [one.unit_minor for one in expected]
    discounts = [line["discount_minor"] for line in quote["lines"]]
    assert discounts == discounted(expected, promotions)
    for line in quote["lines"]:
        assert line["amount_minor"] == line["quantity"] * line["unit_minor"] >= 0
        assert 0 <= line["discount_minor"] <= line["amount_minor"]
        assert line["discount_minor"] == sum(part["amount_minor"] for part in line["discounts"])
        assert all(part["amount_minor"] > 0 for part in line["discounts"])
    assert quote["currency"] == currency
    assert quote["subtotal_minor"] == sum(line["amount_minor"] for line in quote["lines"])
    assert quote["discount_minor"] == sum(discounts)
    assert quote["discount_minor"] == sum(used["amount_minor"] for used in quote["promotions"])
    assert quote["total_minor"] == quote["subtotal_minor"] - quote["discount_minor"]
    assert platform_shares(quote) == [
        half_away(Fraction(used["amount_minor"] * promotions[number].platform_bps, 10_000))
        for used, number in zip(quote["promotions"], numbers(quote), strict=True)
    ]


def numbers(quote: Any) -> list[int]:
    """The numbers in the names of the promotions that were used."""
    names = {
        part["source"]: int(part["name"].split()[1])
        for line in quote["lines"]
        for part in line["discounts"]
    }
    return [names[used["promotion_id"]] for used in quote["promotions"]]


def platform_shares(quote: Any) -> list[int]:
    """What the platform bears of each promotion that was used."""
    return [
        sum(
            part["amount_minor"]
            for line in quote["lines"]
            for part in line["discounts"]
            if part["source"] == used["promotion_id"] and part["bearer"] == "platform"
        )
        for used in quote["promotions"]
    ]
