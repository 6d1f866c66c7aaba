"""Orders on the command line."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack

ORDERED = """
    with made as (
        insert into business.stores (business_id, name) values (%(salon)s, 'Mitte')
        returning business_id, id
    ),

    product as (
        insert into catalog.products (business_id, name, slug, currency, is_published)
        values (%(salon)s, 'Oil', 'oil', 'EUR', true)
        returning business_id, id
    ),

    variant as (
        insert into catalog.product_variants (business_id, product_id, sku, price_minor)
        select business_id, id, 'OIL', 900 from product
        returning id
    )

    insert into commerce.stock_levels (business_id, store_id, variant_id)
    select made.business_id, made.id, variant.id from made cross join variant
"""
PLACED = """
    with sold as (
        select sales.place_sale(
            %(salon)s, null, 'Cora', 'cora@example.com', null, pricing.quote(
                array[pricing.make_line('product', 'Oil', 2, 900, 'EUR',
                    jsonb_build_object('variant_id', product_variants.id), product_variants.id)],
                pricing.for_buyer(pricing.make_terms(), %(salon)s, null)
            )
        ) as id
        from catalog.product_variants where sku = 'OIL' and business_id = %(salon)s
    )
    select id::text from sold
"""
PLACE = """
    select commerce.place_order(
        sale_lines.business_id, sale_lines.sale_id, null,
        jsonb_build_object('kind', 'pickup', 'store_id', stock_levels.store_id),
        array[
            (sale_lines.id, sale_lines.variant_id, stock_levels.store_id, 'OIL', 'Oil', 2, 1)
        ]::commerce.order_line[],
        null, true
    )
    from sales.sale_lines
    inner join commerce.stock_levels on stock_levels.variant_id = sale_lines.variant_id
    where sale_lines.sale_id = %s::uuid
"""


@pytest.fixture
def town(stack: RunningStack) -> Town:
    """A town whose salon has two orders on net terms, to be picked up."""
    town = built(stack)
    salon = f"'{town.ids['salon']}'"
    town.run(ORDERED.replace("%(salon)s", salon))
    for _ in range(2):
        ((sale,),) = town.run(PLACED.replace("%(salon)s", salon))
        town.run(PLACE, sale)
    return town


def listed(town: Town, *options: str) -> Any:
    done = town.stack.cli("orders", "list", *options, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_orders_are_listed_shown_sent_and_cancelled(town: Town) -> None:
    first, second = (row["reference"] for row in listed(town, "--customer", "cora@example.com"))
    sent = town.stack.cli("orders", "ship", first, "--carrier", "DHL", "--yes")
    assert f"{first} is shipped." in sent.stderr
    refused = town.stack.cli("orders", "cancel", first, "--yes")
    assert (refused.returncode, "cannot be cancelled" in refused.stderr) == (1, True)
    gone = town.stack.cli("orders", "cancel", second, "--reason", "Sold out", "--yes")
    assert f"{second} is cancelled." in gone.stderr
    shipped = listed(town, "--status", "shipped", "--customer", "cora@example.com")
    assert [row["reference"] for row in shipped] == [first]
    shown = json.loads(town.stack.cli("orders", "show", first, "--json").stdout)
    assert [entry["event"] for entry in shown["timeline"]] == ["placed", "shipped"]
    assert shown["shipments"][0]["carrier"] == "DHL"
    absent = town.stack.cli("orders", "show", "NOTHERE2")
    assert "There is no order NOTHERE2." in absent.stderr


def test_a_guest_sees_the_order_behind_the_link_of_a_mail(town: Town) -> None:
    ((order,),) = town.run(
        "select id::text from commerce.orders where business_id = %s limit 1", town.ids["salon"]
    )
    ((path,),) = town.run("select commerce.order_path(%s)", order)
    link = f"{town.stack.endpoints.api_url}{path}"
    shown = httpx.get(link).raise_for_status()
    assert "fulfilling" in shown.text
    assert "2 × Oil" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert httpx.get(link[:-1] + "x").status_code == 403
    assert httpx.get(link.partition("?")[0]).status_code == 400
