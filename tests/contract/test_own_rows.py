"""Whoever may insert a row can read, change and delete it, in every view that takes rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.contract.conftest import PEOPLE, Town, built
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
SERVICE = {"name": "Shave", "duration_minutes": 10, "price_minor": 1, "currency": "EUR"}
HIDDEN = {**SERVICE, "name": "Secret shave"}
HOURS = {"weekday": 1, "opens_at": "20:30:00", "closes_at": "21:00:00"}
DAY = {"starts_on": "2032-01-01", "ends_on": "2032-01-01"}
LIMIT = {"period": "year", "max_bookings": 900}
QUESTION = {"key": "shoe", "label": "Shoe size", "kind": "text"}
# Rows to insert, with what to change about them. The business is added, and values that are names
# of rows become their ids.
ROWS: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "addresses": (
        [
            {
                "recipient": "Ann",
                "line1": "Way 1",
                "city": "Bonn",
                "postal_code": "53111",
                "country": "DE",
            }
        ],
        {"city": "Köln"},
    ),
    "booking_limits": (
        [
            {"service_id": "salon_service", **LIMIT},
            {"service_id": "hidden_service", **LIMIT},
            {"resource_id": "salon_resource", **LIMIT},
            {"resource_id": "retired_resource", **LIMIT},
            LIMIT,
        ],
        {"max_bookings": 800},
    ),
    "booking_notes": ([{"booking_id": "booking", "body": "Prefers tea."}], {"body": "Coffee."}),
    "cancellation_policies": ([{"name": "Kind"}], {"name": "Kinder"}),
    "cancellation_tiers": (
        [{"cancellation_policy_id": "salon_policy", "hours_before": 48, "fee_bps": 5}],
        {"fee_bps": 6},
    ),
    "closures": ([DAY], {"title": "New Year"}),
    "customer_group_members": ([{"customer_group_id": "group", "customer_id": "known"}], {}),
    "customer_groups": ([{"name": "Friends"}], {"name": "Good friends"}),
    "payment_settings": ([{"prepayment_bps": 100}], {"prepayment_bps": 200}),
    "resources": (
        [
            {"kind": "room", "name": "Cellar"},
            {"kind": "staff", "name": "Bo", "member_id": "salon_member", "is_active": False},
        ],
        {"name": "Attic"},
    ),
    "schedule_exceptions": ([DAY, {**DAY, "resource_id": "salon_resource"}], {"reason": "Snow"}),
    "service_addons": (
        [
            {"service_id": "salon_service", "name": "Wax", "price_minor": 1},
            {"service_id": "hidden_service", "name": "Wax", "price_minor": 1, "is_active": False},
        ],
        {"price_minor": 2},
    ),
    "service_categories": ([{"name": "Beards"}], {"position": 3}),
    "service_questions": (
        [
            {"service_id": "salon_service", **QUESTION},
            {"service_id": "hidden_service", **QUESTION, "is_active": False},
        ],
        {"label": "Size"},
    ),
    "service_resources": (
        [
            {"service_id": "salon_service", "resource_id": "retired_resource"},
            {"service_id": "hidden_service", "resource_id": "retired_resource"},
        ],
        {"priority": 3},
    ),
    "services": (
        [
            SERVICE,
            {**SERVICE, "category_id": "category", "cancellation_policy_id": "salon_policy"},
            {**SERVICE, "is_active": False},
            {**SERVICE, "visibility": "hidden"},
            {**SERVICE, "archived_at": "2026-01-01T00:00:00+00:00"},
        ],
        {"price_minor": 2},
    ),
    "travel_zones": (
        [{**DAY, "resource_id": "salon_resource", "time_zone": "Asia/Tokyo"}],
        {"time_zone": "Asia/Seoul"},
    ),
    "working_hours": (
        [HOURS, {**HOURS, "resource_id": "salon_resource"}],
        {"opens_at": "20:45:00"},
    ),
}
# What whoever inserts a row may not do with it afterwards.
NEVER = {
    ("booking_notes", "PATCH"): "A note keeps its author: delete it and write another.",
    ("customer_group_members", "PATCH"): "Somebody is in a group or is not.",
}


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
    return found


def rows(town: Town, view: str) -> Iterator[dict[str, Any]]:
    """The rows to insert, with ids in place of names."""
    owner = {} if view == "addresses" else {"business_id": town.ids["salon"]}
    for row in ROWS[view][0]:
        named = {
            name: town.ids[value] if name.endswith("_id") else value for name, value in row.items()
        }
        yield {**owner, **named}


def filters(row: dict[str, Any]) -> dict[str, str]:
    """A query that finds the row by what was sent."""
    return {
        name: f"eq.{str(value).lower() if isinstance(value, bool) else value}"
        for name, value in row.items()
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
        able = {person for person in PEOPLE if keeps(own_town, person, view, row)}
        assert able, f"{view}: nobody can insert {row}"


@pytest.mark.parametrize("view", ROWS)
def test_a_row_that_exists_already_is_refused_in_words(own_town: Town, view: str) -> None:
    refused = set()
    for row in rows(own_town, view):
        with own_town.client("owner") as client, operator(own_town) as server:
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
            assert inserted.status_code == 403, f"{what}: {inserted.text}"
            return False
        assert server.delete(f"/{view}", params=where).is_success, what
        client.headers["Prefer"] = "return=representation"
        returned = client.post(f"/{view}", json=row)
        assert returned.status_code == 201, f"{what}, return=representation: {returned.text}"
        assert client.get(f"/{view}", params=where).json() == returned.json(), f"{what}: reads"
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
        assert deleted.json() == last.json(), f"{what}: deletes"
    return True


def operator(town: Town) -> httpx.Client:
    """The operator's own server."""
    return town.client(None, apikey=town.stack.endpoints.service_role_key)
