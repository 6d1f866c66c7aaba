"""Races for credit: a company never owes more than was agreed, however many of its buyers order."""

from __future__ import annotations

import pytest

from tests.harness.acting import DEADLOCKS, answer, number, together
from tests.harness.database import Database
from tests.races.test_stock import WRONG

BUYERS = 4
BUY = (
    "select tests.act_as(%s), public.checkout(%s, store_id => tests.id('Mitte')::text,"
    " items => jsonb_build_array(jsonb_build_object("
    "'variant_id', tests.id('Oil'), 'quantity', 1))::text)"
)


@pytest.fixture
def company(shop: Database) -> Database:
    """A company with several buyers, credit for five pieces, and a store with twenty."""
    shop.connection.execute(
        """
        select tests.named(called) from unnest('{Mitte,Oil,account}'::text[]) as called;
        select tests.person('buyer ' || n) from generate_series(1, 4) as n;
        insert into business.stores (id, business_id, name)
        values (tests.id('Mitte'), tests.id('Salon'), 'Mitte');
        insert into catalog.products (id, business_id, name, slug, currency, is_published)
        values (tests.id('Oil'), tests.id('Salon'), 'Oil', 'oil', 'EUR', true);
        insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
        values (tests.id('Oil'), tests.id('Salon'), tests.id('Oil'), 'OIL', 1000);
        select tests.act_as('owner');
        select public.adjust_stock(
            tests.id('Mitte')::text, tests.id('Oil')::text, '20', 'received');
        select tests.act_as('buyer 1');
        select public.request_wholesale(tests.id('Salon')::text, 'Trade', 'DE', 'DE136695976');
        select tests.act_as_owner();
        update tests.names set id = (select wholesale_accounts.id from commerce.wholesale_accounts)
        where name = 'account';
        select tests.act_as('owner');
        select public.set_wholesale_terms(tests.id('account')::text, null, '30', '5000');
        select public.decide_wholesale(tests.id('account')::text, 'approved');
        select public.invite_buyer(tests.id('account')::text, 'buyer.' || n || '@example.com')
        from generate_series(2, 4) as n;
        """
    )
    for n in range(2, BUYERS + 1):
        shop.connection.execute(
            f"""
            select tests.act_as('buyer {n}');
            select public.accept_buyer_invitation(
                (select id::text from public.wholesale_buyers where email = 'buyer.{n}@example.com')
            );
            """
        )
    shop.connection.execute("select tests.act_as_owner()")
    return shop


def test_of_twenty_orders_with_credit_for_five_five_succeed(company: Database) -> None:
    before = number(company, DEADLOCKS)
    answers = together(20, lambda n: answer(company, BUY, f"buyer {n % BUYERS + 1}", f"order-{n}"))
    assert answers == {"ok": 5, "credit_limit_exceeded": 15}
    assert number(company, DEADLOCKS) == before
    assert number(company, "select count(*) from commerce.orders where pays_later") == 5
    assert number(company, "select commerce.unpaid_minor(tests.id('account'))") == 5000
    assert number(company, WRONG) == 0
