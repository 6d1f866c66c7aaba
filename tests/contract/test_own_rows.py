"""Whoever may insert a row can read, change and delete it, in every view that takes rows."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.contract.conftest import PEOPLE, Town, built
from tests.contract.own_rows import HIDDEN, NEVER, OPERATED, ROWS, SHARED, UNSEEN, WORKED
from tests.contract.test_bad_input import TOKENS

INSERTABLE = """
    select relname from pg_class
    where
        relnamespace = 'public'::regnamespace
        and relkind = 'v'
        and has_any_column_privilege('authenticated', oid, 'insert')
    order by relname
"""
# The columns of a view that decide who sees a row: those that a policy for reading names, and those
# that name what the row belongs to and may be null.
DECISIVE = """
    with tables as (
        select distinct views.oid as view, used.refobjid as table
        from pg_class as views
        inner join pg_rewrite as rules on rules.ev_class = views.oid
        inner join pg_depend as used
            on used.classid = 'pg_rewrite'::regclass and used.objid = rules.oid
        inner join pg_class as tables on tables.oid = used.refobjid and tables.relkind = 'r'
        where views.relnamespace = 'public'::regnamespace
    ),

    decisive as (
        select used.refobjid as table, used.refobjsubid as number
        from pg_policy as policies
        inner join pg_depend as used
            on used.classid = 'pg_policy'::regclass and used.objid = policies.oid
        where policies.polcmd = 'r' and used.refobjid = policies.polrelid and used.refobjsubid > 0
        union
        select references_.conrelid, keys.number
        from pg_constraint as references_
        cross join unnest(references_.conkey) as keys (number)
        where references_.contype = 'f'
    )

    select tables.view::regclass::text, columns.attname
    from tables
    inner join decisive on decisive.table = tables.table
    inner join pg_attribute as columns
        on columns.attrelid = tables.table and columns.attnum = decisive.number
    inner join pg_attribute as shown
        on shown.attrelid = tables.view and shown.attname = columns.attname
    where
        has_column_privilege('authenticated', tables.view, shown.attnum, 'insert')
        and has_column_privilege('authenticated', tables.table, columns.attnum, 'insert')
        and (
            not columns.attnotnull
            or exists (
                select 1 from pg_policy as policies
                inner join pg_depend as used
                    on used.classid = 'pg_policy'::regclass and used.objid = policies.oid
                where
                    policies.polcmd = 'r'
                    and used.refobjid = columns.attrelid
                    and used.refobjsubid = columns.attnum
            )
        )
        and columns.attname not in ('business_id', 'user_id')
    order by 1, 2
"""
DATES = """
    select relname, attname from pg_class
    inner join pg_attribute on attrelid = pg_class.oid and attnum > 0
    where
        relnamespace = 'public'::regnamespace
        and relkind = 'v'
        and atttypid = 'date'::regtype
        and has_column_privilege('authenticated', pg_class.oid, attnum, 'insert')
    order by relname, attnum
"""


@pytest.fixture(scope="module")
def own_town(town: Town) -> Town:
    """A town of this module, with what the rows refer to."""
    found = built(town.stack)
    mine = {"business_id": found.ids["salon"]}
    found.new("hidden_service", "catalog.services", **mine, **HIDDEN, visibility="hidden")
    found.new(
        "retired_resource", "catalog.resources", **mine, kind="room", name="R", is_active=False
    )
    found.new("category", "catalog.service_categories", **mine, name="Hair")
    found.new("group", "customers.customer_groups", **mine, name="Regulars")
    ((found.ids["known"],),) = found.run(  # type: ignore[assignment]
        "select id::text from customers.customers where business_id = %s", found.ids["salon"]
    )
    stock_shop(found, mine)
    found.new("admin", "auth.users", email=f"admin-{uuid.uuid4().hex[:6]}@town.example")
    found.run("insert into identity.platform_staff values (%s, 'admin')", found.ids["admin"])
    found.run("insert into flags.flags (key) values ('own-first'), ('own-second')")
    return found


def stock_shop(town: Town, mine: dict[str, str]) -> None:
    """A store with products, a brand and a shelf for them, and prices of each kind."""
    soap = {**mine, "name": "Soap", "currency": "EUR"}
    town.new("store", "business.stores", **mine, name="Main street")
    town.new("brand", "catalog.brands", **mine, name="Bear", slug="bear")
    town.new("shelf", "catalog.product_categories", **mine, name="Shelf", slug="shelf")
    town.new("product", "catalog.products", **soap, slug="bar", is_published=True)
    town.new("hidden_product", "catalog.products", **soap, slug="secret-bar", is_published=False)
    town.new("set", "catalog.products", **soap, slug="set", is_published=True)
    town.new("box", "catalog.products", **soap, slug="box", is_published=True)
    town.new("part", "catalog.products", **soap, slug="part", is_published=False)
    scent = {**mine, "key": "scent", "name": "Scent", "kind": "text"}
    town.new("attribute", "catalog.product_attributes", **scent)
    size = {**mine, "name": "Size", "allowed_values": ["S", "M"]}
    town.new("option", "catalog.product_options", **size, product_id=town.ids["box"])
    priced = {**mine, "price_minor": 1}
    town.new(
        "variant",
        "catalog.product_variants",
        **priced,
        product_id=town.ids["set"],
        sku="BAR",
    )
    town.new(
        "hidden_variant",
        "catalog.product_variants",
        **priced,
        product_id=town.ids["part"],
        sku="SECRET",
    )
    town.new("shared_product", "catalog.shared_products", name="Bar of soap")
    for company in ("company", "other_company"):
        town.new(
            company,
            "commerce.wholesale_accounts",
            **mine,
            company_name="Trade",
            country="DE",
            tax_number="DE136695976",
            currency="EUR",
            requested_at="2031-01-01T00:00:00Z",
        )
    town.new("price_list", "pricing.price_lists", **mine, name="Regulars", currency="EUR")
    town.new(
        "addon",
        "catalog.service_addons",
        **mine,
        service_id=town.ids["salon_service"],
        name="Foam",
        price_minor=1,
    )
    plan = {**mine, "access": "regular"}
    town.new("plan", "memberships.membership_plans", **plan, name="Silver")
    town.new("hidden_plan", "memberships.membership_plans", **plan, name="Bronze", is_active=False)
    town.new("promotion", "pricing.promotions", **mine, name="May", kind="percent", percent_bps=100)


def rows(town: Town, view: str) -> Iterator[dict[str, Any]]:
    """The rows to insert, with ids in place of names."""
    owner = {} if view in SHARED else {"business_id": town.ids["salon"]}
    for row in ROWS[view][0]:
        named = {
            name: town.ids[value] if name.endswith("_id") and value else value
            for name, value in row.items()
        }
        yield {**owner, **named}


def filters(row: dict[str, Any]) -> dict[str, str]:
    """A query that finds the row by what was sent."""
    words = {None: "is.null", True: "is.true", False: "is.false"}
    return {
        name: next((words[word] for word in words if value is word), f"eq.{value}")
        for name, value in row.items()
        if not isinstance(value, list)
    }


def test_every_view_that_takes_rows_has_one_of_each_kind_here(town: Town) -> None:
    assert list(ROWS) == [view for (view,) in town.run(INSERTABLE)]
    for view, column in town.run(DECISIVE):
        values = {str(row.get(str(column))) for row in ROWS[str(view)][0]}
        assert len(values) > 1, (
            f"{view}: rows with several values of {column}, which decides who sees them"
        )


@pytest.mark.parametrize("view", ROWS)
def test_whoever_inserts_a_row_reads_changes_and_deletes_it(own_town: Town, view: str) -> None:
    for row in rows(own_town, view):
        able = {person for person in (*PEOPLE, "admin") if keeps(own_town, person, view, row)}
        assert able, f"{view}: nobody can insert {row}"


@pytest.mark.parametrize("view", ROWS)
def test_a_row_that_exists_already_is_refused_in_words(own_town: Town, view: str) -> None:
    refused = set()
    inserter = "admin" if view in OPERATED else "owner"
    for row in rows(own_town, view):
        with own_town.client(inserter) as client, operator(own_town) as server:
            answer = client.post(f"/{view}", json=row, headers={"Prefer": "return=representation"})
            assert answer.status_code == 201, answer.text
            (inserted,) = answer.json()
            for again in (row, {"id": inserted.get("id"), **row}):
                answer = client.post(f"/{view}", json=again)
                if answer.status_code == 409:
                    assert answer.json()["details"] in TOKENS, f"{view} {again}: {answer.text}"
                    refused.add(view)
            assert server.delete(f"/{view}", params=filters(row)).is_success
    assert refused


@pytest.mark.parametrize("date", ["infinity", "-infinity", "5874897-12-31", "4713-01-01 BC"])
def test_no_row_has_a_date_that_nobody_can_reckon_with(own_town: Town, date: str) -> None:
    asked = set()
    with own_town.client("owner") as client:
        for view, column in own_town.run(DATES):
            row = next(rows(own_town, str(view)))
            answer = client.post(f"/{view}", json={**row, str(column): date})
            assert answer.status_code == 400, f"{view}.{column}: {answer.text}"
            assert answer.json()["details"] == "invalid_input", f"{view}.{column}: {answer.text}"
            asked.add(column)
    assert asked >= {"starts_on", "ends_on", "bookable_until"}


def keeps(town: Town, person: str, view: str, row: dict[str, Any]) -> bool:
    """Insert, read, change and delete the row as somebody; false for whoever may not insert."""
    where = filters(row)
    what = f"{view} as {person}: {row}"
    with town.client(person) as client, operator(town) as server:
        inserted = client.post(f"/{view}", json=row)
        if not inserted.is_success:
            refusals = {403, 404} if view in UNSEEN else {403}
            assert inserted.status_code in refusals, f"{what}: {inserted.text}"
            return False
        assert server.delete(f"/{view}", params=where).is_success, what
        client.headers["Prefer"] = "return=representation"
        returned = client.post(f"/{view}", json=row)
        assert returned.status_code == 201, f"{what}, return=representation: {returned.text}"
        read = client.get(f"/{view}", params=where)
        assert lasting(view, read) == lasting(view, returned), f"{what}: reads"
        change = ROWS[view][1]
        changed = client.patch(f"/{view}", params=where, json=change or row)
        if (view, "PATCH") in NEVER:
            assert changed.status_code == 403, f"{what}: is changed"
        else:
            (now,) = changed.json()
            assert {name: now[name] for name in change} == change, f"{what}: changes"
            where = filters({**row, **change})
        deleted = client.delete(f"/{view}", params=where)
        last = changed if changed.is_success else returned
        assert lasting(view, deleted) == lasting(view, last), f"{what}: deletes"
    return True


def lasting(view: str, answer: httpx.Response) -> list[dict[str, Any]]:
    """The rows of an answer, without the columns that a worker writes."""
    worked = WORKED.get(view, set())
    return [
        {name: value for name, value in row.items() if name not in worked} for row in answer.json()
    ]


def operator(town: Town) -> httpx.Client:
    """The operator's own server."""
    return town.client(None, apikey=town.stack.endpoints.service_role_key)
