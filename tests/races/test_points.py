"""Points are redeemed once, whoever comes at the same moment."""

from __future__ import annotations

import pytest

from tests.harness.acting import DEADLOCKS, answer, number, together
from tests.harness.database import Database

BOOK = (
    "select public.book(tests.id('Cut')::text, (timestamptz '2031-05-02 00:00Z'"
    " + make_interval(mins => 10 * %s))::text, redeem_points => '100')"
)
DELIVER = (
    "select tests.act_as_owner(); select sales.deliver_lines(business_id, id) from sales.sales"
)
REFUND = (
    "select tests.act_as_owner(); select 1 from sales.sales for update;"
    " select sales.revise_sale(business_id, sale_id, 'refunded', array[sales.make_change("
    "kind, id, service_id, name, -45)]) from sales.sale_lines where revision = 0"
)
LEFT = "select points - debt_points from loyalty.accounts"


@pytest.fixture
def members(db: Database) -> Database:
    """A salon with room for everybody, and a customer with 100 points of one cent each."""
    db.connection.execute(
        """
        select tests.person('owner'), tests.person('customer'),
            tests.business('Salon', 'owner'), tests.at('2031-05-01 00:00Z');
        select tests.hours('Salon', '00:00', '24:00'), tests.service('Cut', 'Salon', 10, 1000);
        select tests.resource('Ann', 'Salon', capacity => 40), tests.takes('Cut', 'Ann');
        update catalog.services set slot_interval_minutes = 10;
        insert into loyalty.programs (
            business_id, name, currency, earn_points, earn_minor, redeem_points, redeem_minor
        )
        values (tests.id('Salon'), 'Points', 'EUR', 1, 100, 1, 1);
        insert into customers.customers (business_id, user_id)
        values (tests.id('Salon'), tests.id('customer'));
        select loyalty.adjust(customers.business_id, customers.id, 100, 'A present')
        from customers.customers;
        alter database """
        + db.connection.info.dbname
        + """ set frontdesk.now = '2031-05-01 00:00Z';
        """
    )
    return db


def test_of_20_who_redeem_100_points_at_once_one_does(members: Database) -> None:
    before = number(members, DEADLOCKS)
    answers = together(20, lambda n: answer(members, BOOK, n))
    assert answers == {"insufficient_points": 19, "ok": 1}
    assert number(members, LEFT) == 0
    assert number(members, "select count(*) from scheduling.bookings") == 1
    assert number(members, DEADLOCKS) == before


def test_a_sale_that_is_provided_and_refunded_at_once_earns_what_stands(members: Database) -> None:
    assert answer(members, BOOK, 1) == "ok"
    assert together(20, lambda n: answer(members, REFUND if n % 2 else DELIVER)) == {"ok": 20}
    # Half of the 9.00 is given back: 4 points are earned, and 50 of the 100 come back.
    assert number(members, LEFT) == 54
    assert number(members, "select count(*) from loyalty.entries where kind = 'earned'") == 1
