"""What a client may send at most is answered, whatever limits there are.

No clock is asked: a series counts its limits a few times, however long it is, and the deadline only
ends what hangs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.harness.database import Database

DEADLINE = "240s"
STAFF = 8
A_YEAR = "FREQ=DAILY;COUNT=366"
SHOP = """
    select tests.person('owner'), tests.person('customer'), tests.person('rival'),
        tests.business('Salon', 'owner'), tests.hours('Salon'), tests.service('Cut', 'Salon'),
        tests.service('Wash', 'Salon', 15), tests.service('Yoga', 'Salon'),
        tests.service('Party', 'Salon'), tests.resource('Room', 'Salon', 'room'),
        tests.takes('Yoga', 'Room', 'all');
    select tests.resource('Staff ' || n, 'Salon'), tests.takes('Cut', 'Staff ' || n),
        tests.takes('Wash', 'Staff ' || n), tests.takes('Party', 'Staff ' || n, 'all')
    from generate_series(1, %(staff)s) as n;
    update catalog.services
    set max_advance_days = 800, slot_interval_minutes = 15, is_class = name = 'Yoga';
"""
# One of every kind, none of which is ever reached.
LIMITS = """
    insert into catalog.booking_limits (
        business_id, service_id, resource_id, period, is_per_customer, max_bookings, max_minutes
    )
    select tests.id('Salon'), of.service_id, of.resource_id, periods.period, of.is_per_customer,
        100000, 10000000
    from unnest(enum_range(null::catalog.limit_period)) as periods (period)
    cross join (
        select null::uuid, null::uuid, false
        union all select null, null, true
        union all select tests.id('Cut'), null, false
        union all select null, tests.id('Staff 1'), false
    ) as of (service_id, resource_id, is_per_customer)
"""
BOOK = (
    "select id, conflicts from public.book_series(tests.id(%s)::text, '2031-05-01T09:00:00Z', %s,"
    " on_conflict => %s)"
)
COUNTS = """
    select coalesce(sum(calls), 0) from pg_stat_xact_user_functions
    where schemaname = 'scheduling' and funcname = 'limit_use'
"""


@pytest.fixture
def shop(db: Database) -> Database:
    """A salon with eight people and every kind of limit."""
    with psycopg.connect(db.dsn, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(SHOP, {"staff": STAFF})
        connection.execute(LIMITS)
        connection.execute(
            f"alter database {db.connection.info.dbname} set frontdesk.now = '2031-05-01 00:00Z'"
        )
    return db


@contextmanager
def acting(db: Database, person: str) -> Iterator[psycopg.Connection]:
    """One transaction of somebody, which counts what it calls."""
    with psycopg.connect(db.dsn) as connection:
        connection.execute(
            f"set local statement_timeout = '{DEADLINE}'; set local track_functions = 'pl'"
        )
        connection.execute("select tests.act_as(%s)", (person,))
        yield connection


def ask(connection: psycopg.Connection, query: str, *arguments: object) -> Any:
    """The one row of an answer."""
    return connection.execute(query.encode(), arguments).fetchone()


def counted(connection: psycopg.Connection) -> int:
    """How often limits were counted in this transaction."""
    return int(ask(connection, COUNTS)[0])


def test_a_year_of_days_is_booked_moved_and_cancelled(shop: Database) -> None:
    with acting(shop, "customer") as customer:
        series, conflicts = ask(customer, BOOK, "Cut", A_YEAR, "fail")
        assert conflicts == []
        assert counted(customer) < 10
    with acting(shop, "customer") as customer:
        move = "select public.reschedule_series(%s, '2031-05-01T11:00:00Z')"
        ask(customer, move, str(series))
        assert counted(customer) < 10
    with acting(shop, "customer") as customer:
        ask(customer, "select public.cancel_series(%s)", str(series))
    found = shop.rows("select status::text, count(*) from scheduling.bookings group by status")
    assert found == [("cancelled", 366)]


def test_a_year_of_days_that_are_taken_is_refused_day_by_day(shop: Database) -> None:
    with acting(shop, "rival") as rival:
        ask(rival, BOOK, "Party", A_YEAR, "fail")
    with acting(shop, "customer") as customer, pytest.raises(psycopg.Error) as refused:
        ask(customer, BOOK, "Cut", A_YEAR, "skip")
    assert refused.value.diag.message_detail == "slot_taken"
    assert str(refused.value.diag.message_primary).count("(slot_taken)") == 366


@pytest.mark.parametrize("rule", ["FREQ=DAILY;COUNT=367", "FREQ=DAILY;UNTIL=20330101"])
def test_a_longer_series_is_refused_before_any_work(db: Database, rule: str) -> None:
    db.connection.execute(SHOP % {"staff": 1})
    db.connection.execute("select tests.at('2031-05-01 00:00Z')")
    with acting(db, "customer") as customer, pytest.raises(psycopg.Error) as refused:
        customer.execute("set local frontdesk.now = '2031-05-01 00:00Z'")
        ask(customer, BOOK, "Cut", rule, "skip")
    assert refused.value.diag.message_detail == "invalid_input"


def test_twenty_services_are_booked_at_once(shop: Database) -> None:
    book = (
        "select starts_at, ends_at from public.book_many(tests.id('Salon')::text,"
        " (select jsonb_agg(jsonb_build_object('service_id', tests.id('Wash')))"
        " from generate_series(1, %s))::text, '2031-05-02T09:00:00Z')"
    )
    with acting(shop, "customer") as customer:
        starts_at, ends_at = ask(customer, book, 20)
        assert (ends_at - starts_at).total_seconds() == 20 * 15 * 60
    with acting(shop, "customer") as customer, pytest.raises(psycopg.Error) as refused:
        ask(customer, book, 21)
    assert refused.value.diag.message_primary == "items must have at most 20 elements."


def test_a_thousand_sessions_are_made_at_once(shop: Database) -> None:
    make = (
        "select count(*) from public.create_slots(tests.id('Yoga')::text, '2031-05-05',"
        " to_date => %s, opens_at => '00:00', closes_at => '20:00', capacity => '1000')"
    )
    with acting(shop, "owner") as owner:
        assert ask(owner, make, "2031-06-23") == (1000,)
    with acting(shop, "owner") as owner, pytest.raises(psycopg.Error) as refused:
        ask(owner, make, "2031-06-24")
    assert refused.value.diag.message_detail == "invalid_input"


def test_the_longest_questions_are_answered(shop: Database) -> None:
    with acting(shop, "rival") as rival:
        ask(rival, BOOK, "Cut", A_YEAR, "fail")
    with acting(shop, "customer") as customer:
        days = "select count(*) from public.date_availability(tests.id('Cut')::text, %s, %s)"
        assert ask(customer, days, "2031-05-01", "2032-04-30") == (366,)
        slots = (
            "select count(*) > 800 from public.available_slots(tests.id('Cut')::text,"
            " '2031-05-01T00:00:00Z', '2031-06-01T00:00:00Z')"
        )
        assert ask(customer, slots) == (True,)


def test_a_closure_of_a_year_goes_in_beside_its_bookings(shop: Database) -> None:
    with acting(shop, "rival") as rival:
        ask(rival, BOOK, "Cut", A_YEAR, "fail")
    close = (
        "insert into public.closures (business_id, starts_on, ends_on)"
        " values (tests.id('Salon'), '2031-05-01', '2032-04-30')"
    )
    with acting(shop, "owner") as owner:
        owner.execute(close.encode())
