"""Races about one order: whatever happens at once, its pieces are somewhere, and once."""

from __future__ import annotations

import pytest

from tests.harness.acting import DEADLOCKS, answer, number, together
from tests.harness.database import Database
from tests.workers.notifications.order_plays import CAPTURE, OIL, SHOP, START

ORDER = "tests.id('Order')::text"
CANCEL = f"select public.cancel_order({ORDER})"
SHIP = f"select tests.act_as('owner'); select public.ship_order({ORDER})"
RETURN = f"select public.request_return({ORDER})"
EXPIRE = "select tests.act_as_owner(); select commerce.apply_due_steps(10)"
ADD = f"select tests.act_as('owner'); select public.change_order({ORDER}, {OIL}{{}})"
MORE = (
    "select tests.act_as('owner'); select public.adjust_stock("
    "tests.id('Mitte')::text, tests.id('Oil')::text, '%s', 'received')"
)
CHANGES = "select count(*) from commerce.order_changes"
OWED = """
    select (money.sale_balance(business_id, sale_id)).owed_minor from commerce.orders
"""
ON_HAND = "select on_hand from commerce.stock_levels"
MOVED = "select sum(quantity) from commerce.stock_movements"
STATUS = "select status::text from commerce.orders"


@pytest.fixture
def ordered(shop: Database) -> Database:
    """The customer ordered two oils, the last ones, and has not paid yet."""
    with shop.connection.transaction():
        shop.connection.execute(SHOP.encode())
    return shop


@pytest.fixture
def paid(ordered: Database) -> Database:
    """The order is paid."""
    with ordered.connection.transaction():
        ordered.connection.execute((START + CAPTURE).encode())
    return ordered


def test_of_several_cancellations_one_moves_the_pieces_back(paid: Database) -> None:
    before = number(paid, DEADLOCKS)
    assert together(8, lambda _n: answer(paid, CANCEL)) == {"ok": 8}
    assert number(paid, ON_HAND) == number(paid, MOVED) == 2
    assert number(paid, "select count(*) from commerce.order_changes") == 1
    assert number(paid, DEADLOCKS) == before


def test_an_order_is_cancelled_or_sent(paid: Database) -> None:
    answers = together(8, lambda n: answer(paid, SHIP if n % 2 else CANCEL))
    shipped = number(paid, "select sum(shipped_quantity) from commerce.order_items")
    assert number(paid, ON_HAND) == number(paid, MOVED) == 2 - shipped
    assert (shipped, answers["ok"]) in {(2, 1), (0, 4)}
    assert answers["invalid_transition"] == 8 - answers["ok"]


def test_of_several_requests_one_returns_the_pieces(paid: Database) -> None:
    assert answer(paid, SHIP) == "ok"
    answers = together(8, lambda _n: answer(paid, RETURN))
    assert answers == {"ok": 1, "quantity_exceeded": 7}
    assert number(paid, "select sum(quantity) from commerce.return_items") == 2


def test_an_order_is_paid_in_time_or_its_payment_is_given_back(ordered: Database) -> None:
    with ordered.connection.transaction():
        ordered.connection.execute(START.encode())
    late = "select tests.at('2031-05-02 00:00Z'); "
    capture = CAPTURE.strip().rstrip(";")
    answers = together(4, lambda n: answer(ordered, late + (capture if n == 0 else EXPIRE)))
    assert answers == {"ok": 4}
    status = ordered.rows(STATUS)[0][0]
    given_back = number(
        ordered, "select money.settle_sale(business_id, sale_id) from commerce.orders"
    )
    assert (status, number(ordered, ON_HAND), given_back) in {
        ("paid", 0, 0),
        ("expired", 2, 1800),
    }


def test_of_changes_of_the_same_version_one_is_made(paid: Database) -> None:
    assert answer(paid, MORE, 8) == "ok"
    change = ADD.format(", version => '1'")
    assert together(8, lambda _n: answer(paid, change)) == {"ok": 1, "changed_meanwhile": 7}
    assert number(paid, ON_HAND) == number(paid, MOVED) == 7
    assert number(paid, CHANGES) == 1
    assert number(paid, OWED) == 2700


def test_changes_that_name_no_version_follow_each_other_while_there_is_stock(
    paid: Database,
) -> None:
    assert answer(paid, MORE, 3) == "ok"
    before = number(paid, DEADLOCKS)
    answers = together(8, lambda _n: answer(paid, ADD.format("")))
    assert answers == {"ok": 3, "out_of_stock": 5}
    assert number(paid, ON_HAND) == number(paid, MOVED) == 0
    assert number(paid, CHANGES) == 3
    assert number(paid, OWED) == 4500
    assert number(paid, DEADLOCKS) == before


def test_an_order_is_changed_before_it_is_cancelled_or_not_at_all(paid: Database) -> None:
    assert answer(paid, MORE, 4) == "ok"
    before = number(paid, DEADLOCKS)
    answers = together(8, lambda n: answer(paid, ADD.format("") if n % 2 else CANCEL))
    assert set(answers) <= {"ok", "invalid_transition"}
    assert paid.rows(STATUS) == [("cancelled",)]
    assert number(paid, ON_HAND) == number(paid, MOVED) == 6
    assert number(paid, OWED) == 0
    assert number(paid, DEADLOCKS) == before
