"""Random catalogs change, and each caller finds what a model says; facets equal a recount."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.harness.database import Database

# No word is one typing error away from another, begins like another, or shares its stem.
WORDS = ["amber", "birch", "copper", "denim"]
COLOURS, SHELVES, SHOPS = ["red", "blue"], ["low", "high"], ["one", "two"]
CALLERS = ["anon", "guest", "member", "owner"]
SETUP = """
    select tests.at('2031-05-01 08:00Z');
    select tests.person(called) from unnest('{owner,other,member,guest}'::text[]) as called;
    select tests.business('one', 'owner');
    select tests.business('two', 'other');
    select tests.named(shop || shelf)
    from unnest('{one,two}'::text[]) as shop cross join unnest('{high,low}'::text[]) as shelf;
    insert into catalog.product_categories (id, business_id, parent_id, name, slug)
    select tests.id(shop || shelf), tests.id(shop),
        case when shelf = 'low' then tests.id(shop || 'high') end, 'Shelf', shelf
    from unnest('{one,two}'::text[]) as shop cross join unnest('{high,low}'::text[]) as shelf;
    insert into catalog.product_attributes (business_id, key, name, kind, choices)
    select tests.id(shop), 'colour', 'Colour', 'choice', '{red,blue}'
    from unnest('{one,two}'::text[]) as shop;
    select tests.named('member of ' || shop) from unnest('{one,two}'::text[]) as shop;
    insert into customers.customers (id, business_id, user_id)
    select tests.id('member of ' || shop), tests.id(shop), tests.id('member')
    from unnest('{one,two}'::text[]) as shop;
    select customers.grant_access(
        tests.id(shop), tests.id('member of ' || shop), gen_random_uuid(), 'gold', 0,
        tstzrange('2031-04-01', '2031-06-01'))
    from unnest('{one,two}'::text[]) as shop;
"""
INSERT = """
    insert into catalog.products (id, business_id, name, slug, currency)
    values (%(id)s, tests.id(%(shop)s), %(name)s, %(id)s::text, 'EUR')
"""
UPDATE = """
    update catalog.products
    set name = %(name)s, description = %(description)s, is_published = %(is_published)s,
        archived_at = case when %(is_archived)s then private.now() end, access = %(access)s,
        attributes = %(attributes)s, category_id = tests.id(%(shop)s || %(shelf)s)
    where id = %(id)s
"""


@dataclass
class Product:
    """A product as the model knows it."""

    id: UUID
    shop: str
    name: str = "none"
    description: str | None = None
    is_published: bool = True
    is_archived: bool = False
    access: str | None = None
    colour: str | None = None
    shelf: str = "low"

    @property
    def shelves(self) -> set[str]:
        return {"low", "high"} if self.shelf == "low" else {"high"}

    def row(self) -> dict[str, Any]:
        colours = {"colour": self.colour} if self.colour else {}
        return {**vars(self), "attributes": json.dumps(colours)}


@dataclass
class Model:
    """Who may find what, decided without the database."""

    closed: set[str] = field(default_factory=set)
    products: list[Product] = field(default_factory=list)

    def visible(self, caller: str) -> list[Product]:
        return [
            product
            for product in self.products
            if product.is_published
            and not product.is_archived
            and product.shop not in self.closed
            and (
                product.access is None
                or caller == "member"
                or (caller == "owner" and product.shop == "one")
            )
        ]

    def fitting(self, caller: str, words: list[str]) -> list[Product]:
        return [
            product
            for product in self.visible(caller)
            if set(words) <= set(f"{product.name} {product.description or ''}".split())
        ]


def products(shop: str) -> st.SearchStrategy[Product]:
    texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=2, unique=True).map(" ".join)
    return st.builds(
        Product,
        id=st.builds(uuid4),
        shop=st.just(shop),
        name=texts,
        description=st.none() | texts,
        is_published=st.sampled_from([True, True, False]),
        is_archived=st.sampled_from([False, False, True]),
        access=st.sampled_from([None, None, "gold"]),
        colour=st.none() | st.sampled_from(COLOURS),
        shelf=st.sampled_from(SHELVES),
    )


def add(connection: psycopg.Connection, model: Model, product: Product) -> None:
    model.products.append(product)
    connection.execute(INSERT, product.row())
    connection.execute(UPDATE, product.row())


def change(connection: psycopg.Connection, model: Model, data: st.DataObject) -> None:
    """Do one thing to the catalog, in the database and in the model."""
    act = data.draw(st.sampled_from(["add", "add", "change", "change", "delete", "close", "open"]))
    shop = data.draw(st.sampled_from(SHOPS))
    if act == "add" or not model.products:
        add(connection, model, data.draw(products(shop)))
    elif act == "change":
        old = data.draw(st.sampled_from(model.products))
        new = data.draw(products(old.shop))
        new.id = old.id
        model.products[model.products.index(old)] = new
        connection.execute(UPDATE, new.row())
    elif act == "delete":
        gone = data.draw(st.sampled_from(model.products))
        model.products.remove(gone)
        connection.execute("delete from catalog.products where id = %s", (gone.id,))
    else:
        model.closed = model.closed | {shop} if act == "close" else model.closed - {shop}
        status = "suspended" if act == "close" else "approved"
        connection.execute(
            "update business.businesses set status = %s where id = tests.id(%s)", (status, shop)
        )


def asked(connection: psycopg.Connection, caller: str, q: str, filters: dict[str, Any]) -> Any:
    """What a caller is answered."""
    who = "tests.act_as_anon()" if caller == "anon" else f"tests.act_as('{caller}')"
    connection.execute(f"select {who}".encode())
    ((answer,),) = connection.execute(
        "select public.search(%s, '[\"product\"]', %s, \"limit\" => '50', facets => 'true')",
        (q, json.dumps(filters)),
    ).fetchall()
    connection.execute("select tests.act_as_owner()")
    return answer


def counts(listed: list[dict[str, Any]]) -> dict[str, int]:
    return {each["value"]: each["count"] for each in listed}


def check(connection: psycopg.Connection, model: Model, caller: str, data: st.DataObject) -> None:
    """Compare what a caller is answered to a random question with the model."""
    words = data.draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=2, unique=True))
    colour = data.draw(st.none() | st.sampled_from(COLOURS))
    shelf = data.draw(st.none() | st.sampled_from(SHELVES))
    # An attribute of closed businesses only is refused, which has a test of its own.
    if model.closed == set(SHOPS):
        colour = None
    filters: dict[str, Any] = {"attributes": {"colour": colour}} if colour else {}
    filters |= {"categories": [shelf]} if shelf else {}
    answer = asked(connection, caller, " ".join(words), filters)
    fitting = model.fitting(caller, words)
    coloured = [each for each in fitting if colour in (None, each.colour)]
    shelved = [each for each in fitting if shelf is None or shelf in each.shelves]
    both = {each.id for each in coloured} & {each.id for each in shelved}
    assert {UUID(row["id"]) for row in answer["results"]} == both
    facets = answer["facets"]
    assert facets["count"] == len(both)
    assert counts(facets["attributes"].get("colour", [])) == Counter(
        each.colour for each in shelved if each.colour
    )
    assert counts(facets["categories"]) == Counter(
        slug for each in coloured for slug in each.shelves
    )
    if any(each.access and each.id in both for each in fitting):
        event("something is found that asks for an entitlement")


@settings(max_examples=4)
@given(data=st.data())
def test_everybody_finds_what_they_may_and_facets_equal_a_recount(
    db: Database, data: st.DataObject
) -> None:
    model = Model()
    with psycopg.connect(db.dsn) as connection:
        connection.execute(SETUP)
        for shop in SHOPS * 4:
            add(connection, model, data.draw(products(shop)))
        for _ in range(data.draw(st.integers(3, 5))):
            change(connection, model, data)
            for caller in CALLERS:
                check(connection, model, caller, data)
        connection.rollback()
