"""Random histories of points against an exact model: what is earned, redeemed, returned and lost.

The model knows lots, a debt and what each sale took from where; it computes shares as fractions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from fractions import Fraction
from itertools import count
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.database import Database

BEGIN = dt.datetime(2031, 5, 1, 8, tzinfo=dt.UTC)
LASTS = dt.timedelta(days=100)
PRICE = 5000
# A point is worth a cent, and each 20 cents earn one: a sale earns 250.
PREPARE = """
    select tests.at('2031-05-01 08:00Z'), tests.person('owner'), tests.person('mia'),
        tests.business('Salon', 'owner');
    select tests.hours('Salon', '00:00', '24:00'), tests.service('Cut', 'Salon', 10, 5000);
    select tests.resource('Ann', 'Salon', capacity => 40), tests.takes('Cut', 'Ann');
    insert into loyalty.programs (
        business_id, name, currency, earn_points, earn_minor, redeem_points, redeem_minor,
        expires_after_days
    )
    values (tests.id('Salon'), 'Points', 'EUR', 1, 20, 1, 1, 100);
    insert into customers.customers (business_id, user_id)
    values (tests.id('Salon'), tests.id('mia'));
"""
ADJUST = "select loyalty.adjust(business_id, id, %s, 'Because') from customers.customers"
BOOK = """
    with booked as (
        select public.book(
            tests.id('Cut')::text, (date_trunc('day', private.now()) + interval '3 days')::text,
            redeem_points => %s::text
        ) as booking
    )
    select (booking).id from booked
"""
SALE = "select sale_id from scheduling.bookings where id = %s"
DELIVER = "select sales.deliver_lines(business_id, id) from sales.sales where id = %s"
REVISE = """
    select sales.revise_sale(business_id, sale_id, 'refunded', array[sales.make_change(
        kind, id, service_id, name, %s)])
    from sales.sale_lines where revision = 0 and sale_id = %s
"""
LOTS = """
    select array_agg(points order by expires_at) filter (where points > 0)
    from loyalty.lots where coalesce(expires_at > private.now(), true)
"""
DEBT = "select coalesce(sum(debt_points), 0)::integer from loyalty.accounts"
AGREE = """
    select not exists (
        select 1 from loyalty.lots
        where points <> (
            select coalesce(sum(entries.points), 0) from loyalty.entries where lot_id = lots.id)
    ) and not exists (
        select 1 from loyalty.accounts
        where points - debt_points <> (
            select coalesce(sum(entries.points), 0) from loyalty.entries
            where entries.customer_id = accounts.customer_id)
    )
"""
ACTS = (
    *("give", "take", "book", "book", "book", "deliver", "deliver", "deliver"),
    *("refund", "refund", "refund", "undo", "undo", "wait", "wait"),
)
# What happens, how much of it in percent, and to which of the sales.
steps = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(1, 100), st.integers(0, 3)),
    min_size=10,
    max_size=25,
)


class Lot:
    """Points that expire at once."""

    def __init__(self, number: int, expires_at: dt.datetime) -> None:
        self.number, self.expires_at = number, expires_at
        self.points = self.expired = 0


class Sale:
    """What a sale took from which lot (from None: of the debt), and what it was given."""

    def __init__(self, redeemed: int) -> None:
        self.redeemed, self.refunded, self.given = redeemed, 0, 0
        self.delivered = self.earns = False
        self.taken: dict[Lot | None, int] = {}
        self.lot: Lot | None = None


class Account:
    """The points of one customer."""

    def __init__(self) -> None:
        self.now, self.debt, self.numbers = BEGIN, 0, count()
        self.lots: list[Lot] = []
        self.sales: list[Sale] = []

    def expire(self) -> None:
        """Forget what has expired."""
        for lot in self.lots:
            if lot.expires_at <= self.now:
                lot.expired += lot.points
                lot.points = 0

    def left(self) -> int:
        """How many points can be redeemed."""
        self.expire()
        return sum(lot.points for lot in self.lots)

    def add(self, points: int) -> Lot:
        """Add a lot."""
        lot = Lot(next(self.numbers), self.now + LASTS)
        lot.points = points
        self.lots.append(lot)
        self.repay()
        return lot

    def take(self, points: int, first: Lot | None = None) -> dict[Lot | None, int]:
        """Take points from the first lot, then from those that expire first; the rest is debt."""
        taken: dict[Lot | None, int] = {}
        for lot in sorted(self.lots, key=lambda one: (one is not first, one.expires_at)):
            part = min(points, lot.points)
            if part:
                lot.points -= part
                taken[lot] = part
                points -= part
        if points:
            self.debt += points
            taken[None] = points
        return taken

    def repay(self) -> None:
        """Pay the debt from what is left."""
        part = min(self.debt, sum(lot.points for lot in self.lots))
        self.take(part)
        self.debt -= part

    def settle(self, sale: Sale) -> None:
        """Bring a sale's points to what follows from it."""
        self.expire()
        paid = PRICE - sale.redeemed
        share = Fraction(paid - sale.refunded, paid)
        kept = sum(sale.taken.values())
        self.redeem_to(sale, kept - rounded(sale.redeemed * share))
        amount = paid - sale.refunded
        sale.earns = sale.earns or (sale.delivered and amount > 0)
        if sale.earns:
            self.earn_to(sale, amount // 20 - sale.given)

    def redeem_to(self, sale: Sale, back: int) -> None:
        """Give back what a sale took, the last to expire first, or take more."""
        if back < 0:
            for lot, part in self.take(-back).items():
                sale.taken[lot] = sale.taken.get(lot, 0) + part
        if back <= 0:
            return
        order: Callable[[Any], Any] = lambda item: (  # noqa: E731
            item[0] is not None,
            -item[0].expires_at.timestamp() if item[0] else 0,
        )
        for lot, took in sorted(sale.taken.items(), key=order):
            part = min(back, max(took, 0))
            back -= part
            sale.taken[lot] -= part
            if lot is not None:
                lot.points += part
            else:
                self.forgive(sale, part)
        self.expire()
        self.repay()

    def forgive(self, sale: Sale, points: int) -> None:
        """Give back what became debt; what was repaid meanwhile is a lot of its own."""
        part = min(points, self.debt)
        self.debt -= part
        if points > part:
            sale.taken[None] += points - part
            lot = self.add(points - part)
            sale.taken[lot] = part - points

    def earn_to(self, sale: Sale, more: int) -> None:
        """Add what a sale earns, or claw it back: what of it expired is gone already."""
        sale.given += more
        if more > 0 and sale.lot is None:
            sale.lot = self.add(more)
        elif more > 0 and sale.lot is not None:
            sale.lot.points += more
            self.expire()
            self.repay()
        elif more < 0 and sale.lot is not None:
            gone = min(-more, sale.lot.expired)
            sale.lot.expired -= gone
            sale.lot.points += gone
            self.take(-more, sale.lot)


def rounded(value: Fraction) -> int:
    """Round half up, as PostgreSQL does for what is not negative."""
    return int(value + Fraction(1, 2))


class Salon:
    """The same history in the database and in the model."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection, self.model = connection, Account()
        self.ids: list[Any] = []

    def value(self, query: str, *arguments: object) -> Any:
        """The one value of a query."""
        row = self.connection.execute(query.encode(), arguments).fetchone()
        return row[0] if row else None

    def play(self, act: str, percent: int, place: int) -> None:
        """Do a step in both."""
        model = self.model
        model.now += dt.timedelta(days=percent * 1.1) if act == "wait" else dt.timedelta(minutes=1)
        self.value("select tests.at(%s)", model.now)
        left = model.left()
        if act == "give":
            self.value(ADJUST, percent)
            model.add(percent)
        elif act == "take" and left:
            self.value(ADJUST, -min(left, percent))
            model.take(min(left, percent))
        elif act == "book":
            self.book(left * percent // 100)
        elif act in ("deliver", "refund", "undo") and model.sales:
            self.change(act, PRICE * percent // 100, place % len(model.sales))

    def book(self, points: int) -> None:
        """Book, and pay a part with points."""
        self.value("select tests.act_as('mia')")
        booking = self.value(BOOK, points or None)
        self.value("select tests.act_as_owner()")
        self.ids.append(self.value(SALE, booking))
        sale = Sale(points)
        sale.taken = self.model.take(points)
        self.model.sales.append(sale)

    def change(self, act: str, minor: int, place: int) -> None:
        """Provide the service of a sale, give a part of its price back, or undo that."""
        sale = self.model.sales[place]
        if act == "deliver" and sale.delivered:
            return
        if act == "deliver":
            # Of what was given back whole, nothing is left to provide.
            sale.delivered = sale.refunded < PRICE - sale.redeemed
            self.value(DELIVER, self.ids[place])
        else:
            room = PRICE - sale.redeemed - sale.refunded if act == "refund" else sale.refunded
            amount = min(minor, room)
            if amount == 0:
                return
            sale.refunded += amount if act == "refund" else -amount
            self.value(REVISE, -amount if act == "refund" else amount, self.ids[place])
        self.model.settle(sale)

    def compare(self, history: str) -> None:
        """The points of both are the same, lot by lot, and never negative."""
        left = self.model.left()
        lots = sorted(self.model.lots, key=lambda lot: lot.expires_at)
        assert (self.value(LOTS) or []) == [lot.points for lot in lots if lot.points], history
        assert self.value(DEBT) == self.model.debt, history
        assert left == 0 or self.model.debt == 0
        assert self.value(AGREE), history


@settings(max_examples=40, deadline=None)
@given(history=steps)
def run(db: Database, history: list[tuple[str, int, int]]) -> None:
    db.connection.execute("begin")
    salon = Salon(db.connection)
    for number, step in enumerate(history):
        salon.play(*step)
        salon.compare(f"after step {number} of {history}")
    db.connection.execute("rollback")


@pytest.fixture
def salon(db: Database) -> Database:
    db.connection.execute(PREPARE)
    return db


def test_points_are_what_the_model_says_after_each_step(salon: Database) -> None:
    run(salon)
