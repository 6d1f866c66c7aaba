"""A call of the API reaches the database as one statement of ours."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest

from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack

ADDRESS = {"name": "Ada", "line1": "Weg 1", "city": "Berlin", "country": "DE"}
COUNTED = """
    select query, calls
    from extensions.pg_stat_statements
    where
        toplevel
        and not starts_with(query, %s)
        and userid = 'authenticated'::regrole
        and dbid = (select oid from pg_database where datname = current_database())
"""


# With this statement PostgREST passes on who calls. It is not counted, nor are begin and commit.
CALLER = "select set_config('search_path'"


@pytest.fixture(scope="module")
def goods(stack: RunningStack) -> Town:
    """A salon that sells oil and sends it."""
    town = built(stack)
    town.run("create extension if not exists pg_stat_statements with schema extensions")
    mine = {"business_id": town.ids["salon"]}
    priced = {**mine, "currency": "EUR"}
    store = town.new("depot", "business.stores", **mine, name="Depot")
    product = town.new(
        "oil", "catalog.products", **priced, name="Oil", slug="oil", is_published=True
    )
    sold = {**mine, "product_id": product, "sku": "OIL", "price_minor": 1000}
    variant = town.new("bottle", "catalog.product_variants", **sold)
    town.new("parcel", "commerce.delivery_options", **priced, name="Parcel", kind="delivery")
    with town.client("owner") as client:
        came = {"store_id": store, "variant_id": variant, "quantity": 100, "reason": "received"}
        answer = client.post("/rpc/adjust_stock", json=came)
        assert answer.status_code < 300, answer.text
    return town


def test_every_call_of_a_purchase_is_one_statement(goods: Town) -> None:
    sent = {"address": ADDRESS, "delivery_option_id": goods.ids["parcel"]}
    bottle = {"variant_id": goods.ids["bottle"]}
    calls: dict[str, object] = {
        "quote": {"items": [bottle]},
        "add_to_cart": {"item": bottle},
        "eligible_delivery_options": {"address": ADDRESS},
        "read_cart": sent,
        "checkout": {**sent, "idempotency_key": uuid.uuid4().hex, "provider": "sandbox"},
    }
    with goods.client("customer") as client:
        for name, arguments in calls.items():
            before = counted(goods)
            answer = client.post(f"/rpc/{name}", json=arguments)
            assert answer.status_code == 200, answer.text
            ((query, times),) = (counted(goods) - before).items()
            assert (f'"public"."{name}"(' in query, times) == (True, 1), query


def counted(town: Town) -> Counter[str]:
    """How often each statement reached the server so far."""
    rows = town.run(COUNTED, CALLER)
    return Counter({str(query): int(str(calls)) for query, calls in rows})
