"""Two people who act at the same moment: of what must hold, one of them hears no."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import LiteralString

import psycopg
import pytest

from tests.harness.database import Database
from tests.harness.waiting import wait_until

ISOLATION = pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])


@pytest.fixture
def loft(db: Database) -> Database:
    """A business with two owners, Nora and Max, and two admins of the platform: the same."""
    for person in ("Nora", "Max"):
        db.rows("select tests.person(%s)", person)
        db.rows("select public.set_platform_role(tests.id(%s)::text, 'admin')", person)
    db.rows("select tests.business('Loft', owned_by => 'Nora')")
    db.rows("select tests.member('Max', 'Loft', 'owner')")
    return db


@contextmanager
def session(db: Database, isolation: str) -> Iterator[psycopg.Connection]:
    """A transaction that has taken its first look already."""
    with psycopg.connect(db.dsn) as connection:
        connection.execute(f"begin isolation level {isolation}".encode())
        connection.execute("select 1 from business.businesses")
        yield connection


def act_as(db: Database, connection: psycopg.Connection, person: str) -> None:
    """Come in as a signed-in user, as PostgREST does."""
    ((user_id,),) = db.rows("select tests.id(%s)", person)
    claims = json.dumps({"sub": str(user_id), "role": "authenticated"})
    connection.execute("select set_config('request.jwt.claims', %s, true)", [claims])
    connection.execute("set local role authenticated")


def at_once(
    db: Database, first: psycopg.Connection, second: psycopg.Connection, *steps: LiteralString
) -> str | None:
    """Both take a step before either has committed; gives what the second one was refused with."""
    first.execute(steps[0])
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(second.execute, steps[-1])
        wait_until(lambda: db.lock_waits() == 1)
        first.commit()
        try:
            late.result(timeout=60)
            second.commit()
        except psycopg.Error as refusal:
            second.rollback()
            return refusal.diag.message_detail or refusal.sqlstate
    return None


def owners(db: Database) -> object:
    """How many owners the business has."""
    query = "select count(*) from business.business_members where role = 'owner'"
    return db.rows(query)[0][0]


def test_two_owners_who_leave_at_once(loft: Database) -> None:
    """One leaves; the other has become the last owner and stays."""
    leave: LiteralString = """
        select public.remove_member(id::text)
        from public.business_members
        where user_id = auth.uid()
    """
    with session(loft, "read committed") as nora, session(loft, "read committed") as max_:
        act_as(loft, nora, "Nora")
        act_as(loft, max_, "Max")
        assert at_once(loft, nora, max_, leave, leave) == "last_owner"
    assert owners(loft) == 1


def test_two_owners_who_demote_each_other(loft: Database) -> None:
    """Whoever comes second is no owner any more, and changes nothing."""
    demote: LiteralString = """
        select public.set_member_role(id::text, 'staff')
        from public.business_members
        where user_id <> auth.uid()
    """
    with session(loft, "read committed") as nora, session(loft, "read committed") as max_:
        act_as(loft, nora, "Nora")
        act_as(loft, max_, "Max")
        assert at_once(loft, nora, max_, demote, demote) == "forbidden"
    assert owners(loft) == 1


@ISOLATION
def test_two_owners_removed_around_the_api(loft: Database, isolation: str) -> None:
    """The owner of the table cannot remove both either, at any level of isolation."""
    with session(loft, isolation) as first, session(loft, isolation) as second:
        refusal = at_once(
            loft,
            first,
            second,
            "delete from business.business_members where user_id = tests.id('Nora')",
            "delete from business.business_members where user_id = tests.id('Max')",
        )
    assert refusal == ("last_owner" if isolation == "read committed" else "40001")
    assert owners(loft) == 1


@ISOLATION
def test_two_admins_removed_at_once(loft: Database, isolation: str) -> None:
    """The platform keeps an admin."""
    with session(loft, isolation) as first, session(loft, isolation) as second:
        refusal = at_once(
            loft,
            first,
            second,
            "delete from identity.platform_staff where user_id = tests.id('Nora')",
            "delete from identity.platform_staff where user_id = tests.id('Max')",
        )
    assert refusal == ("last_admin" if isolation == "read committed" else "40001")
    assert loft.rows("select count(*) from identity.platform_staff") == [(1,)]


def test_one_invitation_accepted_twice_at_once(loft: Database) -> None:
    """It makes one member, once."""
    loft.rows("select tests.person('Stan')")
    ((token,),) = loft.rows(
        "select token from public.invite_member(%s, 'stan@example.com', 'staff')",
        str(loft.rows("select tests.id('Loft')")[0][0]),
    )
    with session(loft, "read committed") as first, session(loft, "read committed") as second:
        for connection in (first, second):
            act_as(loft, connection, "Stan")
            connection.execute("select set_config('tests.token', %s, true)", [token])
        accept: LiteralString = "select public.accept_invitation(current_setting('tests.token'))"
        assert at_once(loft, first, second, accept, accept) is None
    members = "select count(*) from business.business_members where user_id = tests.id('Stan')"
    assert loft.rows(members) == [(1,)]


def test_two_businesses_of_one_name_made_at_once(loft: Database) -> None:
    """Both are made, under two slugs."""
    make: LiteralString = (
        "select public.create_business('Café', 'salon', 'AT', 'Europe/Vienna', 'EUR')"
    )
    with session(loft, "read committed") as nora, session(loft, "read committed") as max_:
        act_as(loft, nora, "Nora")
        act_as(loft, max_, "Max")
        assert at_once(loft, nora, max_, make, make) is None
    slugs = loft.rows("select slug from business.businesses where name = 'Café' order by slug")
    assert slugs == [("cafe",), ("cafe-2",)]


def test_two_default_addresses_at_once(loft: Database) -> None:
    """The later one has the mark."""
    add: LiteralString = """
        insert into public.addresses (recipient, line1, city, country)
        values ('Nora', 'Lane 1', 'Graz', 'AT')
    """
    with session(loft, "read committed") as first, session(loft, "read committed") as second:
        act_as(loft, first, "Nora")
        act_as(loft, second, "Nora")
        assert at_once(loft, first, second, add, add) is None
    assert loft.rows("select count(*) from identity.addresses where is_default") == [(1,)]
