"""Calendars of other programs block a resource, and only while they say so."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.database import Database
from tests.harness.simulators.calendars import CalendarServer
from tests.harness.waiting import wait_until
from tests.workers.calendars.salon import Salon, calendar, salon
from tests.workers.notifications.running import workers
from workers.calendars.entries import Entry, feed

LUNCH = """
UID:lunch
DTSTART:20310310T110000Z
DTEND:20310310T130000Z
"""
BLOCKED_LUNCH = "03-10 11:00 03-10 13:00"
SESSION = """
    insert into scheduling.sessions (business_id, service_id, starts_at, ends_at, capacity)
    select business_id, id, '2031-03-10 09:00Z', '2031-03-10 10:00Z', 8 from catalog.services
    returning id::text
"""


@pytest.fixture
def ann(db: Database) -> Iterator[Salon]:
    with salon(db) as opened:
        yield opened


@pytest.fixture
def server() -> Iterator[CalendarServer]:
    with CalendarServer(calendar(LUNCH)) as serving:
        yield serving


def test_a_slot_disappears_while_an_event_blocks_it(ann: Salon, server: CalendarServer) -> None:
    before = ann.starts("2031-03-10")
    key = ann.imports(url=server.url)
    assert ann.starts("2031-03-10") == before, "nothing blocks before it was read"
    assert ann.reads(key) is None
    assert set(before) - set(ann.starts("2031-03-10")) == {
        f"{hour:02}:{minute:02}" for hour in range(10, 13) for minute in (0, 15, 30, 45)
    } - {"10:00"}
    server.content = calendar()
    assert ann.reads(key) is None
    assert ann.starts("2031-03-10") == before


def test_a_file_blocks_until_it_is_deleted(ann: Salon) -> None:
    key = ann.imports(content=calendar(LUNCH))
    assert ann.reads(key) is None
    assert ann.blocked() == [BLOCKED_LUNCH]
    ann.db.connection.execute("delete from catalog.calendar_imports")
    assert ann.blocked() == []
    assert ann.reads(key) is None, "a message that comes late finds nothing"


def test_bookings_that_exist_stay(ann: Salon, server: CalendarServer) -> None:
    with ann.db.connection.transaction():
        ann.db.connection.execute("select tests.act_as('customer')")
        ann.db.connection.execute(
            "select public.book(tests.id('Cut')::text, '2031-03-10T11:00:00Z')"
        )
        ann.db.connection.execute("select tests.act_as_owner()")
    assert ann.reads(ann.imports(url=server.url)) is None
    assert ann.db.rows("select status::text from scheduling.bookings") == [("confirmed",)]


def test_only_what_has_changed_is_written(ann: Salon, server: CalendarServer) -> None:
    key = ann.imports(url=server.url)
    ann.reads(key)
    rows = "select id from catalog.blocked_periods where lower(during) < '2031-03-11Z'"
    ((first,),) = ann.db.rows(rows)
    server.content = calendar(
        LUNCH, LUNCH.replace("20310310", "20310312").replace("lunch", "later")
    )
    ann.reads(key)
    assert ann.db.rows(rows) == [(first,)]
    assert ann.blocked() == [BLOCKED_LUNCH, "03-12 11:00 03-12 13:00"]


def test_our_own_bookings_coming_back_do_not_block(ann: Salon, server: CalendarServer) -> None:
    with ann.db.connection.transaction():
        ann.db.connection.execute("select tests.act_as('customer')")
        ((booking,),) = ann.db.rows(
            "select id::text from public.book(tests.id('Cut')::text, '2031-03-10T08:00:00Z')"
        )
        ann.db.connection.execute("select tests.act_as_owner()")
    hour = datetime.datetime(2031, 3, 10, 8, tzinfo=datetime.UTC)
    later = datetime.timedelta(hours=1)
    shown = Entry(
        key=str(booking),
        sequence=1,
        status="confirmed",
        starts_at=hour,
        ends_at=hour + later,
        changed_at=hour,
        summary="Cut",
        description="",
    )
    elsewhere = Entry(
        **{
            **vars(shown),
            "key": "00000000-0000-4000-8000-000000000001",
            "starts_at": hour + 3 * later,
            "ends_at": hour + 4 * later,
        }
    )
    ((session,),) = ann.db.rows(SESSION)
    taught = Entry(**{**vars(shown), "key": str(session)})
    server.content = feed("Ann", [shown, taught, elsewhere])
    key = ann.imports(url=server.url)
    ann.reads(key)
    assert ann.blocked() == ["03-10 11:00 03-10 12:00"], "an appointment elsewhere blocks"
    with ann.db.connection.transaction():
        ann.db.connection.execute("select tests.act_as('customer')")
        ann.db.connection.execute("select public.cancel_booking(%s)", (booking,))
        ann.db.connection.execute("select tests.act_as_owner()")
    ann.reads(key)
    assert "08:00" in ann.starts("2031-03-10"), "nor after they were cancelled"


def test_an_unchanged_calendar_is_not_read_again(ann: Salon, server: CalendarServer) -> None:
    server.etag = '"1"'
    key = ann.imports(url=server.url)
    ann.reads(key)
    server.content = b"nonsense"
    assert ann.reads(key) is None, "304 answers it"
    assert ann.blocked() == [BLOCKED_LUNCH]
    assert [asked.get("If-None-Match") for asked in server.asked] == [None, '"1"']
    server.content = calendar(LUNCH)
    ann.goes_to("2031-03-02T09:00:00Z")
    ann.reads(key)
    assert server.asked[-1].get("If-None-Match") is None, "once a day in full: time goes on"


def test_a_broken_calendar_keeps_what_it_blocked(ann: Salon, server: CalendarServer) -> None:
    key = ann.imports(url=server.url)
    ann.reads(key)
    since = "select failed_since from catalog.calendar_imports"
    for content in (b"", b"<html>Sign in first</html>", b"BEGIN:VCALENDAR\r\nBEGIN:VEV", b"\x00"):
        server.content = content
        assert ann.reads(key) == "It is not a calendar in iCalendar's form."
        assert ann.blocked() == [BLOCKED_LUNCH]
    ((first,),) = ann.db.rows(since)
    ann.goes_to("2031-03-01T09:00:00Z")
    server.status = 503
    assert ann.reads(key) == "127.0.0.1 answered 503."
    assert ann.db.rows(since) == [(first,)], "since the first failure"
    server.status, server.content = 200, calendar(LUNCH)
    assert ann.reads(key) is None
    assert ann.db.rows(since) == [(None,)]


def test_an_event_that_nobody_understands_leaves_the_others_alone(ann: Salon) -> None:
    bad = ("UID:1\nSUMMARY:Some day", "UID:2\nDTSTART:20310311T100000Z\nRRULE:FREQ=NEVER")
    ann.reads(ann.imports(content=calendar(*bad, LUNCH)))
    assert ann.blocked() == [BLOCKED_LUNCH]
    assert ann.db.rows("select skipped_count from catalog.calendar_imports") == [(2,)]


def test_the_later_of_two_readings_of_a_calendar_counts(ann: Salon) -> None:
    key = ann.imports(content=calendar(LUNCH))
    ann.db.connection.execute("select catalog.start_import(%s)", (key,))
    ann.reads(key)
    for attempt, blocks in ((1, True), (2, False)):
        ann.db.connection.execute(
            "select catalog.finish_import(%s, %s::jsonb)",
            (key, f'{{"attempt": {attempt}, "events": [], "skipped_count": 0}}'),
        )
        assert bool(ann.blocked()) == blocks


def test_the_workers_read_what_is_asked_for(
    ann: Salon, server: CalendarServer, tmp_path: Path
) -> None:
    hosts = "calendar.example 127.0.0.1"
    day = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=7)
    server.content = calendar(LUNCH.replace("20310310", f"{day:%Y%m%d}"))
    ann.db.connection.execute("select set_config('frontdesk.now', '', false)")
    key = ann.imports(url=server.url)
    with workers(ann.db.dsn, tmp_path / "log", {}, private_hosts=hosts):
        wait_until(lambda: len(ann.blocked()) == 1)
        server.content = calendar()
        refresh = "select public.refresh_calendar(%s)"
        with ann.db.connection.transaction():
            ann.db.connection.execute("select tests.act_as('owner')")
            ann.db.connection.execute(refresh, (key,))
            ann.db.connection.execute("select tests.act_as_owner()")
        wait_until(lambda: ann.blocked() == [])
    assert "calendar.ics" not in (tmp_path / "log").read_text()
