"""A promotion is never used more often, nor takes off more, than it may, whoever comes at once."""

from __future__ import annotations

import pytest

from tests.harness.acting import answer, together
from tests.harness.database import Database

BOOK = (
    "select public.book(tests.id('Cut')::text, (timestamptz '2031-05-02 00:00Z'"
    " + make_interval(mins => 10 * %s))::text, tests.id(%s)::text, coupon_code => 'MAY')"
)
CANCEL = "select public.cancel_booking(%s::text)"


@pytest.fixture
def sale(db: Database) -> Database:
    """A salon in which five people cut around the clock, and a coupon that takes off 10 %."""
    db.connection.execute(
        """
        select tests.person('owner'), tests.person('customer'),
            tests.business('Salon', 'owner'), tests.at('2031-05-01 00:00Z');
        select tests.hours('Salon', '00:00', '24:00'), tests.service('Cut', 'Salon', 10, 1000);
        select tests.resource(name, 'Salon'), tests.takes('Cut', name)
        from unnest(array['Ann', 'Ben', 'Cleo', 'Dan', 'Eve']) as person (name);
        update catalog.services set slot_interval_minutes = 10;
        insert into pricing.promotions (id, business_id, name, kind, percent_bps, currency)
        values (tests.named('May'), tests.id('Salon'), 'May', 'percent', 1000, 'EUR');
        insert into pricing.coupons (business_id, promotion_id, code)
        values (tests.id('Salon'), tests.id('May'), 'MAY');
        alter database """
        + db.connection.info.dbname
        + """ set frontdesk.now = '2031-05-01 00:00Z';
        """
    )
    return db


def use(sale: Database, n: int) -> str:
    """Book with the coupon: others want other people at other times, and nothing but the coupon."""
    return answer(sale, BOOK, n, ("Ann", "Ben", "Cleo", "Dan", "Eve")[n % 5])


def limit(sale: Database, table: str, column: str, value: int) -> None:
    """Let the promotion, or its coupon, be used so often, or take off so much."""
    sale.connection.execute(f"update pricing.{table} set {column} = {value}".encode())


def used(sale: Database) -> tuple[object, ...]:
    """The uses and the money that the promotion counts, the uses of its coupon, and the sales."""
    ((count, spent, by_coupon),) = sale.rows(
        "select promotions.used_count, promotions.spent_minor, coupons.used_count"
        " from pricing.promotions inner join pricing.coupons on promotions.id = promotion_id"
    )
    ((sales,),) = sale.rows(
        "select count(*) from sales.sale_coupons inner join pricing.coupon_redemptions"
        " on coupon_redemptions.id = redemption_id where released_at is null"
    )
    return count, spent, by_coupon, sales


def test_of_150_who_use_100_at_once_exactly_100_do(sale: Database) -> None:
    limit(sale, "promotions", "max_uses", 100)
    assert together(150, lambda n: use(sale, n)) == {"coupon_exhausted": 50, "ok": 100}
    assert used(sale) == (100, 10_000, 100, 100)
    assert sale.rows("select count(*) from scheduling.bookings") == [(100,)]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("coupons", "max_uses", 8),
        ("promotions", "max_spend_minor", 850),
        ("promotions", "max_uses_per_customer", 8),
    ],
    ids=["of the coupon", "of the budget", "of the customer"],
)
def test_no_limit_is_passed_by_coming_at_once(
    sale: Database, table: str, column: str, value: int
) -> None:
    limit(sale, table, column, value)
    assert together(16, lambda n: use(sale, n)) == {"coupon_exhausted": 8, "ok": 8}
    assert used(sale) == (8, 800, 8, 8)


def test_uses_that_come_back_while_others_ask_are_counted_once(sale: Database) -> None:
    """Four cancel, each twice, while others take what becomes free."""
    limit(sale, "promotions", "max_uses", 8)
    assert [use(sale, n) for n in range(8)] == ["ok"] * 8
    ids = [row[0] for row in sale.rows("select id from scheduling.bookings")]
    answers = together(
        16,
        lambda n: use(sale, n) if n >= 8 else "cancelled " + answer(sale, CANCEL, ids[n // 2]),
    )
    assert answers["ok"] + answers["coupon_exhausted"] == 8
    count = 4 + answers["ok"]
    assert used(sale) == (count, 100 * count, count, count)
