"""Reports of anything: each is refused in our own words, or runs and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from tests.harness.database import Database

TOWN = """
    select tests.at('2031-10-22 00:00Z');
    select tests.person('owner');
    select tests.business('Salon', 'owner', 'Europe/Berlin');
"""
EVIL = (
    *("'; drop schema insight cascade; --", '"', 'day" , (select 1) as "x', "%I", "%s", "$1"),
    *(
        "rows.*",
        "count(*)",
        "customer_email",
        "-day",
        "--day",
        "\\",
        "'",
        "día",
        "",
        "day; select 1",
    ),
)
NAMES = st.sampled_from(("day", "week", "status", "currency", "bookings", "total_minor", *EVIL))
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | NAMES | st.text("'\";-$%{}\\ \n", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
LISTS = st.lists(NAMES, max_size=3) | ANYTHING


def mostly(good: st.SearchStrategy[Any], bad: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Three times out of four what a report may have there."""
    return st.integers(0, 3).flatmap(lambda number: good if number else bad)


FIELDS = st.lists(st.sampled_from(("day", "week", "status", "currency")), max_size=2, unique=True)
REPORTS = st.fixed_dictionaries(
    {
        "subject": mostly(st.just("bookings"), NAMES),
        "period": mostly(st.sampled_from(("today", "last_week")), ANYTHING),
        "measures": mostly(st.just(["bookings", "total_minor"]), LISTS),
    },
    optional={
        "dimensions": mostly(FIELDS, LISTS),
        "filters": mostly(
            st.dictionaries(st.just("status"), st.lists(NAMES, max_size=2)), ANYTHING
        ),
        "sort": mostly(st.just(["-bookings"]), LISTS),
        "limit": mostly(st.integers(1, 5), ANYTHING),
        "from_on": mostly(st.none(), ANYTHING),
    },
)


@pytest.fixture
def owner(db: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection on which the owner of a salon acts."""
    with psycopg.connect(db.dsn, autocommit=True) as connection:
        connection.execute(TOWN)
        connection.execute("select tests.act_as('owner')")
        yield connection


def test_a_report_of_anything_is_refused_or_runs(owner: psycopg.Connection[Any]) -> None:
    ((business_id,),) = owner.execute("select id::text from public.businesses").fetchall()
    ran: list[bool] = []

    @settings(max_examples=150, deadline=None, database=None, derandomize=True)
    @given(REPORTS)
    def check(report: dict[str, Any]) -> None:
        wish = json.dumps({"business_id": business_id, **report})
        try:
            ((page,),) = owner.execute("select public.run_report(%s)", (wish,)).fetchall()
        except psycopg.Error as error:
            assert (error.sqlstate or "").startswith("PT4"), (wish, error)
        else:
            ran.append(True)
            for row in page["rows"]:
                assert set(row) == set(page["columns"]), wish

    check()
    assert ran, "no report ran at all"


def test_every_field_of_the_catalog_runs(owner: psycopg.Connection[Any]) -> None:
    fields = owner.execute(
        "select subject, array_agg(name) filter (where kind = 'dimension'),"
        " array_agg(name) filter (where kind = 'measure') from public.report_fields group by 1"
    ).fetchall()
    assert len(fields) == 9
    for subject, dimensions, measures in fields:
        filters = sql.Literal(json.dumps({name: ["x"] for name in dimensions}))
        owner.execute(
            sql.SQL(
                "select public.run_report(jsonb_build_object('business_id', id, 'subject', {},"
                " 'period', 'this_month', 'dimensions', {}::text[], 'measures', {}::text[],"
                " 'filters', {}::jsonb)::text) from public.businesses"
            ).format(subject, dimensions, measures, filters)
        )
