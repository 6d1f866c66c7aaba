"""A method is saved at each provider, and pays later what falls due without its customer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.database import Database
from tests.workers.payments.conftest import WIRED
from tests.workers.payments.shop import Shop, opened
from workers.providers.payments import shapes


@pytest.fixture(params=WIRED)
def shop(db: Database, request: pytest.FixtureRequest) -> Iterator[Shop]:
    with opened(db, WIRED[request.param]()) as found:
        yield found


def as_customer(shop: Shop, query: str, *arguments: object) -> str:
    """Return what a function says to the customer."""
    with shop.db.connection.transaction():
        shop.value("select tests.act_as('customer')")
        return str(shop.value(query, *arguments))


def saved(shop: Shop) -> str:
    """Save a method as the customer, and return its id."""
    token = shop.wired.method if shop.wired.provider().traits.needs_method else None
    shop.value("select tests.person('customer')")
    setup = as_customer(
        shop,
        "select public.save_payment_method(%s, 'https://shop.example', %s) ->> 'id'",
        shop.wired.name,
        token,
    )
    shop.cashier.ask("save", setup)
    client, reference = shop.db.rows("select client, provider_reference from money.method_setups")[
        0
    ]
    started = shapes.Started(
        reference=str(reference),
        status="requires_action",
        client=shapes.Client.model_validate(client),
        customer=shop.value("select provider_reference from money.provider_customers"),
    )
    shop.cashier.ask("keep", setup)
    shop.wired.keep(started)
    shop.cashier.ask("keep", setup)
    for event in shop.wired.parsed("method.saved"):
        shop.value("select money.receive_event(%s::jsonb, '')::text", event.model_dump_json())
    shop.value("select count(money.apply_event(id)) from money.provider_events")
    return str(shop.value("select id from money.payment_methods"))


def test_a_saved_method_pays_what_falls_due(shop: Shop) -> None:
    method = saved(shop)
    payment = shop.value(
        "select payment_id from sales.sales, money.charge_saved_methods("
        "array[business_id], array[id], array[%s::uuid], array[5000::bigint])",
        method,
    )
    shop.cashier.ask("create", str(payment))
    assert shop.status(str(payment)) == "captured"
    assert shop.wired.charges(shop.key(str(payment))) == 1


def test_a_saved_method_that_is_removed_is_gone_at_the_provider(shop: Shop) -> None:
    method = saved(shop)
    as_customer(shop, "select public.remove_payment_method(%s)::text", method)
    shop.cashier.ask("forget", method)
    whose = shop.value("select provider_reference from money.provider_customers")
    assert shop.wired.provider().methods(whose) == []
