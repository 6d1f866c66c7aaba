"""Refunds, events and settlements of one payment at the same moment."""

from __future__ import annotations

import psycopg
import pytest

from tests.harness.acting import connected, together
from tests.harness.database import Database

SHOP = """
    select tests.person('owner'), tests.business('Salon', 'owner');
    insert into tests.names (name, id) select 'sale', sales.place_sale(
        tests.id('Salon'), null, null, null, null,
        '{"currency": "EUR", "lines": [{"kind": "service", "name": "Cut", "quantity": 1,
        "unit_minor": 5000, "amount_minor": 5000, "discount_minor": 0, "tax_minor": 0,
        "tax_is_included": true}],
        "taxes": [{"component": "none", "rate_bps": 0, "base_minor": 5000, "tax_minor": 0}]}'
    );
    insert into money.payments (
        id, provider, currency, amount_minor, to_capture_minor, capture, return_url, expires_at,
        provider_reference
    ) values (
        tests.named('payment'), 'sandbox', 'EUR', 5000, 5000, 'now', '', now() + '1 day', 'ref'
    );
    insert into money.payment_parts (
        business_id, sale_id, payment_id, provider, currency, amount_minor
    ) values (
        tests.id('Salon'), tests.id('sale'), tests.id('payment'), 'sandbox', 'EUR', 5000
    );
"""
CAPTURED = """
    select money.reconcile_payment('sandbox', '{"reference": "ref", "status": "captured",
    "amount_minor": 5000, "captured_minor": 5000, "currency": "EUR"}')
"""


@pytest.fixture
def shop(db: Database) -> Database:
    """A sale of 50.00 with a payment that is open."""
    db.connection.execute(SHOP)
    return db


def say(db: Database, statement: str) -> str:
    """Run one statement as the operator; gives `ok`, or the token of the refusal."""
    with connected(db) as connection:
        try:
            connection.execute(statement.encode())
        except psycopg.Error as error:
            return error.diag.message_detail or str(error)
    return "ok"


def test_a_capture_told_by_many_at_once_is_recorded_once(shop: Database) -> None:
    assert together(8, lambda _: say(shop, CAPTURED)) == {"ok": 8}
    assert shop.rows("select captured_minor from money.payment_parts") == [(5000,)]
    assert shop.rows("select count(*) from money.transactions") == [(1,)]


def test_refunds_at_once_never_exceed_the_payment(shop: Database) -> None:
    shop.rows(CAPTURED)
    refund = "select money.refund_payment(tests.id('payment'), null, 2000, null, 'Sorry')"
    told = together(6, lambda _: say(shop, refund))
    assert told == {"ok": 2, "refund_exceeds_payment": 4}
    assert shop.rows("select sum(amount_minor)::int from money.refunds") == [(4000,)]
    assert shop.rows("select refunding_minor from money.payment_parts") == [(4000,)]


def test_a_sale_settled_by_many_at_once_gives_back_once(shop: Database) -> None:
    shop.rows(CAPTURED)
    shop.connection.execute(
        """
        select sales.revise_sale(tests.id('Salon'), tests.id('sale'), 'cancelled', array[
            sales.make_change('service', id, null, name, -3000)
        ]) from sales.sale_lines
        """
    )
    settle = "select money.settle_sale(tests.id('Salon'), tests.id('sale'))"
    assert together(6, lambda _: say(shop, settle)) == {"ok": 6}
    assert shop.rows("select amount_minor::int, status::text from money.refunds") == [
        (3000, "pending")
    ]
