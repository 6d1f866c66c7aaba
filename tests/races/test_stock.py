"""Races for goods: what there is goes to somebody, and nobody gets what there is not."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.harness.acting import DEADLOCKS, answer, number, together
from tests.harness.database import Database

RESERVE = (
    "select tests.act_as('owner'), public.reserve_stock(tests.id(%s)::text,"
    " (select jsonb_agg(jsonb_build_object('variant_id', tests.id(wanted.name),"
    " 'quantity', wanted.quantity) order by wanted.position)::text"
    " from json_to_recordset(%s) as wanted (position integer, name text, quantity integer)))"
)
MOVE = (
    "select tests.act_as('owner'), public.transfer_stock(tests.id(%s)::text, tests.id(%s)::text,"
    " jsonb_build_array(jsonb_build_object('variant_id', tests.id('Oil'), 'quantity', 1))::text)"
)
WRONG = """
    select count(*) from commerce.stock_levels
    where on_hand < 0 or on_hand <> (
        select coalesce(sum(quantity), 0) from commerce.stock_movements
        where stock_movements.store_id = stock_levels.store_id
        and stock_movements.variant_id = stock_levels.variant_id
    )
"""


@pytest.fixture
def stocked(shop: Database) -> Database:
    """The salon sells oil and wax in two stores: five of each in Mitte, none in Nord."""
    shop.connection.execute(
        """
        select tests.named(called) from unnest('{Mitte,Nord,Care,Oil,Wax}'::text[]) as called;
        insert into business.stores (id, business_id, name) values
        (tests.id('Mitte'), tests.id('Salon'), 'Mitte'),
        (tests.id('Nord'), tests.id('Salon'), 'Nord');
        insert into catalog.products (id, business_id, name, slug, currency)
        values (tests.id('Care'), tests.id('Salon'), 'Care', 'care', 'EUR');
        insert into catalog.product_options (business_id, product_id, name, allowed_values)
        values (tests.id('Salon'), tests.id('Care'), 'Kind', '{Oil,Wax}');
        insert into catalog.product_variants
        (id, business_id, product_id, sku, options, price_minor)
        select tests.id(called), tests.id('Salon'), tests.id('Care'), called,
            jsonb_build_object('Kind', called), 900
        from unnest('{Oil,Wax}'::text[]) as called;
        select tests.act_as('owner');
        select public.adjust_stock(tests.id('Mitte')::text, tests.id(called)::text, '5', 'received')
        from unnest('{Oil,Wax}'::text[]) as called;
        select tests.act_as_owner();
        """
    )
    return shop


def reserve(db: Database, store: str, *wanted: tuple[str, int]) -> str:
    """Reserve pieces in a store, sent in this order."""
    items = [
        {"position": at, "name": name, "quantity": quantity}
        for at, (name, quantity) in enumerate(wanted)
    ]
    return answer(db, RESERVE, store, json.dumps(items))


def test_of_twenty_reservations_for_five_pieces_five_succeed(stocked: Database) -> None:
    answers = together(20, lambda _n: reserve(stocked, "Mitte", ("Oil", 1)))
    assert answers == {"ok": 5, "out_of_stock": 15}
    assert number(stocked, "select sum(quantity) from commerce.stock_reservations") == 5


def test_baskets_in_opposite_order_do_not_deadlock(stocked: Database) -> None:
    before = number(stocked, DEADLOCKS)
    there, back = (("Oil", 1), ("Wax", 1)), (("Wax", 1), ("Oil", 1))
    answers = together(20, lambda n: reserve(stocked, "Mitte", *(there if n % 2 else back)))
    assert answers == {"ok": 5, "out_of_stock": 15}
    assert number(stocked, DEADLOCKS) == before


def test_four_pieces_wanted_twice_in_one_basket_are_four(stocked: Database) -> None:
    """The demand for a variant is added up before anything is reserved."""
    assert reserve(stocked, "Mitte", ("Oil", 3), ("Oil", 3)) == "out_of_stock"
    assert reserve(stocked, "Mitte", ("Oil", 2), ("Oil", 2)) == "ok"
    assert number(stocked, "select sum(quantity) from commerce.stock_reservations") == 4


def test_transfers_to_and_fro_beside_reservations_lose_nothing(stocked: Database) -> None:
    """Both stores at once, in both directions, while others reserve in either."""
    before = number(stocked, DEADLOCKS)

    def one(n: int) -> str:
        match n % 4:
            case 0:
                return answer(stocked, MOVE, "Mitte", "Nord")
            case 1:
                return answer(stocked, MOVE, "Nord", "Mitte")
            case 2:
                return reserve(stocked, "Mitte", ("Wax", 1), ("Oil", 1))
            case _:
                return reserve(stocked, "Nord", ("Oil", 1))

    answers = together(24, one)
    assert set(answers) <= {"ok", "out_of_stock"}
    assert number(stocked, DEADLOCKS) == before
    assert number(stocked, WRONG) == 0
    oil = "select sum(on_hand) from commerce.stock_levels where variant_id = tests.id('Oil')"
    assert number(stocked, oil) == 5
    reserved = (
        "select count(*) from commerce.stock_levels"
        " where on_hand < commerce.reserved_quantity(stock_levels)"
    )
    assert number(stocked, reserved) == 0


def test_a_level_that_is_not_the_sum_of_its_movements_fails_every_test(stocked: Database) -> None:
    check = "select tests.require_true_levels()"
    with stocked.connection.transaction(force_rollback=True):
        stocked.connection.execute(
            "set local session_replication_role = replica;"
            " update commerce.stock_levels set on_hand = on_hand + 1"
        )
        with pytest.raises(psycopg.errors.RaiseException, match="not the sum of its movements"):
            stocked.connection.execute(check)
    stocked.connection.execute(check)
