"""A clinic that shares people with the salon of the histories, and what must hold for them."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

import psycopg

from tests.harness.database import Database

# Ann always has one calendar. Eve, who gives the salon's classes, switches hers on and off.
CLINIC = """
    select tests.person(called) from unnest('{ann,eve}'::text[]) as called;
    select tests.business('Clinic', 'owner'), tests.hours('Clinic'),
        tests.resource('Dr Ann', 'Clinic'), tests.resource('Dr Eve', 'Clinic'),
        tests.service('Peel', 'Clinic'), tests.takes('Peel', 'Dr Ann'),
        tests.takes('Peel', 'Dr Eve');
    select tests.member(called, works_for, 'staff')
    from unnest('{ann,eve}'::text[]) as called, unnest('{Salon,Clinic}'::text[]) as works_for;
    update catalog.services set buffer_before_minutes = 10 where id = tests.id('Peel');
    update catalog.resources
    set member_id = (
        select business_members.id
        from business.business_members
        where
            business_members.business_id = resources.business_id
            and 'Dr ' || initcap(business_members.display_name)
            in (resources.name, 'Dr ' || resources.name)
    );
    update identity.profiles set has_one_calendar = true where id = tests.id('ann');

    create function tests.switch_calendar() returns void language sql begin atomic
        update public.profiles set has_one_calendar = not has_one_calendar;
    end;
"""

PEOPLE = """
    select profiles.id, profiles.has_one_calendar as shares, names.name,
        array_agg(resources.id order by resources.id) as resources,
        array(
            select shared_resources.resource_id from scheduling.shared_resources
            where shared_resources.person_id = profiles.id order by 1
        ) as shared
    from identity.profiles
    inner join tests.names on names.id = profiles.id
    inner join business.business_members on business_members.user_id = profiles.id
    inner join catalog.resources on resources.member_id = business_members.id
    group by profiles.id, names.name
"""
KEY = ("business_id", "resource_id", "owner_id", "unit", "during", "expires_at", "booking_id")


def read(db: Database, query: str) -> list[dict[str, Any]]:
    """Return the rows of a query, by name."""
    with db.connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        return cursor.execute(query.encode()).fetchall()


def check_people(db: Database, clock: str) -> None:
    """Nobody with one calendar is in two businesses, and busy times are what is allocated."""
    (now,) = db.rows(f"select {clock}")[0]
    busy = read(db, "select * from scheduling.busy_times")
    taken = read(
        db,
        "select *, coalesce(booking_item_id, session_id) as owner_id"
        " from scheduling.allocations where is_blocking",
    )
    for person in read(db, PEOPLE):
        assert person["shared"] == (person["resources"] if person["shares"] else [])
        theirs = [row for row in taken if row["resource_id"] in person["resources"]]
        copies = {
            tuple(row[name] for name in KEY) for row in busy if row["person_id"] == person["id"]
        }
        allocated = {tuple(row[name] for name in KEY) for row in theirs}
        assert copies <= allocated
        if not person["shares"]:
            continue
        ahead = {
            tuple(row[name] for name in KEY)
            for row in theirs
            if row["during"].upper > now and (row["expires_at"] is None or row["expires_at"] > now)
        }
        assert ahead <= copies
        if person["name"] == "ann":
            assert copies == allocated
            check_apart(theirs)


def check_apart(taken: list[dict[str, Any]]) -> None:
    """What takes a person in different businesses does not overlap."""
    by_business = defaultdict(list)
    for row in taken:
        by_business[row["business_id"]].append(row["during"])
    for one, other in itertools.combinations(by_business.values(), 2):
        for first, second in itertools.product(one, other):
            assert first.upper <= second.lower or second.upper <= first.lower
