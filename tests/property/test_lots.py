"""Random histories of receipts, sales and transfers of lots, against a model that sorts by date."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.database import Database

TODAY = date(2031, 5, 1)
PREPARE = """
    select tests.at('2031-05-01 08:00Z'), tests.person('owner');
    select tests.business('Shop', 'owner');
    select tests.named(called) from unnest('{Mitte,Oil}'::text[]) as called;
    insert into business.stores (id, business_id, name)
    values (tests.id('Mitte'), tests.id('Shop'), 'Mitte');
    insert into catalog.products (id, business_id, name, slug, currency)
    values (tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR');
    insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
    values (tests.id('Oil'), tests.id('Shop'), tests.id('Oil'), 'OIL', 900);
    select commerce.lock_levels(tests.id('Shop'), array[tests.id('Mitte')],
        array[(tests.id('Oil'), 1)::commerce.stock_item]);
"""
MOVE = """
    select commerce.record_movements(
        tests.id('Shop'), tests.id('Mitte'), array[(tests.id('Oil'), %s)::commerce.stock_item],
        %s, null, origin => (null, %s, %s)::commerce.stock_origin)
"""
LOTS = "select code, on_hand from commerce.stock_lots where on_hand > 0 order by code"
# Pieces come in a lot that expires so many days from now, or without one; or some are sold or lost.
steps = st.lists(
    st.one_of(
        st.tuples(st.just("received"), st.integers(1, 9), st.integers(-3, 9) | st.none()),
        st.tuples(st.sampled_from(["sold", "lost"]), st.integers(1, 9), st.none()),
    ),
    max_size=12,
)


class Shelf:
    """Lots by their code, and the pieces without one."""

    def __init__(self) -> None:
        self.lots: dict[str, tuple[date, int]] = {}
        self.rest = 0

    @property
    def on_hand(self) -> int:
        """Everything that is there."""
        return self.rest + sum(count for _, count in self.lots.values())

    def receive(self, count: int, code: str | None, expires_on: date | None) -> None:
        """Put pieces into a lot, or to the rest."""
        if code is None or expires_on is None:
            self.rest += count
        else:
            missing = min(count, max(-self.rest, 0))
            self.rest += missing
            self.lots[code] = (expires_on, count - missing)

    def free(self, is_sale: bool) -> int:
        """How many may leave: what has expired is not sold."""
        expired = sum(n for until, n in self.lots.values() if until < TODAY)
        return self.on_hand - (expired if is_sale else 0)

    def take(self, count: int, is_sale: bool) -> None:
        """Take pieces from the lot that expires first, then from the rest."""
        for code, (until, there) in sorted(self.lots.items(), key=lambda lot: (lot[1][0], lot[0])):
            if not (is_sale and until < TODAY):
                taken = min(count, there)
                self.lots[code] = (until, there - taken)
                count -= taken
        self.rest -= count


@pytest.fixture
def shelf(db: Database) -> Database:
    db.connection.execute(PREPARE)
    return db


@settings(max_examples=40, deadline=None)
@given(steps=steps)
def run(db: Database, steps: list[tuple[str, int, int | None]]) -> None:
    connection, model = db.connection, Shelf()
    connection.execute("begin")
    connection.execute("select tests.at('2031-05-01 08:00Z')")
    for number, (reason, count, days) in enumerate(steps):
        code = None if days is None else f"L{number:02}"
        until = None if days is None else TODAY + timedelta(days=days)
        if reason == "received":
            model.receive(count, code, until)
            connection.execute(MOVE, (count, reason, code, until))
        elif count <= model.free(reason == "sold"):
            model.take(count, reason == "sold")
            connection.execute(MOVE, (-count, reason, None, None))
    lots = {str(name): count for name, count in connection.execute(LOTS)}
    assert lots == {code: count for code, (_, count) in model.lots.items() if count}
    ((on_hand,),) = connection.execute("select on_hand from commerce.stock_levels").fetchall()
    assert on_hand == model.on_hand
    connection.execute("rollback")


def test_what_expires_first_leaves_first(shelf: Database) -> None:
    run(shelf)
