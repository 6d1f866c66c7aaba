"""Products and stock on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack

GOODS = """
    with store as (
        insert into business.stores (business_id, name) values (%(salon)s, 'Mitte')
    ),

    product as (
        insert into catalog.products (business_id, name, slug, currency, is_published)
        values (%(salon)s, 'Oil', 'oil', 'EUR', true)
        returning business_id, id
    )

    insert into catalog.product_variants (business_id, product_id, sku, price_minor)
    select business_id, id, 'OIL', 900 from product
"""


@pytest.fixture
def town(stack: RunningStack) -> Town:
    """A town whose salon sells oil in one store."""
    town = built(stack)
    town.run(GOODS.replace("%(salon)s", f"'{town.ids['salon']}'"))
    return town


def slug(town: Town) -> str:
    ((found,),) = town.run("select slug from business.businesses where id = %s", town.ids["salon"])
    return str(found)


def shown(town: Town) -> Any:
    done = town.stack.cli("stock", "show", slug(town), "--json")
    assert done.returncode == 0, done.stderr
    return [(row["store"], row["sku"], row["on_hand"]) for row in json.loads(done.stdout)]


def test_stock_is_adjusted_counted_and_shown(town: Town) -> None:
    where = (slug(town), "Mitte", "OIL")
    added = town.stack.cli("stock", "adjust", *where, "12", "--reason", "received", "--yes")
    assert added.returncode == 0, added.stderr
    assert shown(town) == [("Mitte", "OIL", 12)]
    counted = town.stack.cli("stock", "count", *where, "11", "--yes")
    assert "The level was corrected." in counted.stderr
    taken = town.stack.cli("stock", "adjust", "--reason", "lost", "--yes", "--", *where, "-12")
    assert (taken.returncode, "Only 11 are there." in taken.stderr) == (1, True)
    assert shown(town) == [("Mitte", "OIL", 11)]
    listed = town.stack.cli("products", "list", "--business", where[0], "--json")
    (row,) = json.loads(listed.stdout)
    assert (row["slug"], row["state"], row["lowest_minor"], row["on_hand"]) == (
        *("oil", "published", 900, 11),
    )


def test_lots_are_received_and_listed(town: Town) -> None:
    lot = ("--lot", "B7", "--expires", "2999-09-30", "--cost", "400")
    where = (slug(town), "Mitte", "OIL")
    added = town.stack.cli("stock", "adjust", *where, "3", "--reason", "received", *lot, "--yes")
    assert added.returncode == 0, added.stderr
    listed = town.stack.cli("stock", "lots", where[0], "--json")
    (row,) = json.loads(listed.stdout)
    assert (row["lot"], row["expires_on"], row["on_hand"]) == ("B7", "2999-09-30", 3)


def test_a_store_or_a_variant_that_is_absent_is_named(town: Town) -> None:
    for where, sentence in (
        (("Nord", "OIL"), "has no store Nord."),
        (("Mitte", "WAX"), "has no variant with the SKU WAX."),
    ):
        done = town.stack.cli("stock", "count", slug(town), *where, "1", "--yes")
        assert (done.returncode, sentence in done.stderr) == (1, True)
