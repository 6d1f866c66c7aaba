"""A salon on a database, whose people import calendars while a worker's code reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dramatiq.brokers.stub import StubBroker
from psycopg_pool import ConnectionPool

from tests.harness.database import Database
from workers.actors import calendars
from workers.actors.database import Database as WorkerDatabase
from workers.calendars.reader import Reader

NOW = "2031-03-01T08:00:00Z"
HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n"
PEOPLE = """
    select tests.person('owner'), tests.person('customer');
    select tests.business('Salon', 'owner', 'Europe/Berlin');
    select tests.resource('Ann', 'Salon');
    select tests.hours('Salon');
    select tests.service('Cut', 'Salon');
    select tests.takes('Cut', 'Ann');
"""
AS = "select tests.act_as(%s)"
IMPORT = """
    select id::text from public.import_calendar(
        tests.id('Salon')::text, tests.id('Ann')::text, url => %s, content => %s
    )
"""
BLOCKED = """
    select to_char(lower(during) at time zone 'UTC', 'MM-DD HH24:MI')
        || ' ' || to_char(upper(during) at time zone 'UTC', 'MM-DD HH24:MI')
    from catalog.blocked_periods where calendar_import_id is not null order by during
"""
STARTS = """
    select to_char(starts_at at time zone 'UTC', 'HH24:MI')
    from public.available_slots(tests.id('Cut')::text, %s || 'T00:00:00Z', %s || 'T23:59:59Z')
"""


def calendar(*events: str) -> bytes:
    """A calendar of events, each the lines of one between BEGIN and END."""
    told = (
        f"BEGIN:VEVENT\r\n{line}\r\nEND:VEVENT\r\n"
        for line in ("\r\n".join(event.strip().split("\n")) for event in events)
    )
    return f"{HEAD}{''.join(told)}END:VCALENDAR\r\n".encode()


@dataclass
class Salon:
    """People act in `db`; `read` does what the worker does, as the worker's role."""

    db: Database
    pool: ConnectionPool
    private_hosts: tuple[str, ...] = ("127.0.0.1",)

    def imports(self, *, url: str | None = None, content: bytes | None = None) -> str:
        """The owner imports a calendar; gives its id."""
        text = content.decode() if content else None
        with self.db.connection.transaction():
            self.db.connection.execute(AS, ("owner",))
            row = self.db.connection.execute(IMPORT, (url, text)).fetchone()
            self.db.connection.execute("select tests.act_as_owner()")
        assert row
        return str(row[0])

    def reads(self, key: str, reader: Reader | None = None) -> str | None:
        """The worker reads it; gives why it could not, if so."""
        broker = StubBroker()  # only so that actors can be declared: this test needs no queue
        reader = reader or Reader(self.private_hosts)
        calendars.declare(broker, WorkerDatabase(self.pool), reader)
        broker.get_actor("import_calendar").fn("", {"calendar_import_id": key})
        errors = self.db.rows(
            "select last_error from catalog.calendar_imports where last_error is not null"
        )
        return str(errors[0][0]) if errors else None

    def blocked(self) -> list[str]:
        """What imported calendars block, in UTC."""
        return [str(period) for (period,) in self.db.rows(BLOCKED)]

    def starts(self, day: str) -> list[str]:
        """When somebody can book on a day, in UTC."""
        return [str(start) for (start,) in self.db.rows(STARTS, day, day)]

    def goes_to(self, now: str) -> None:
        """Move the clock of both."""
        self.db.connection.execute("select set_config('frontdesk.now', %s, false)", (now,))
        self.pool.close()
        self.pool = _pool(self.db, now)


@contextmanager
def salon(db: Database) -> Iterator[Salon]:
    """One in Berlin, open from 9 to 17, with Ann."""
    db.connection.execute("select set_config('frontdesk.now', %s, false)", (NOW,))
    db.connection.execute(PEOPLE.encode())
    opened = Salon(db, _pool(db, NOW))
    try:
        yield opened
    finally:
        opened.pool.close()


def _pool(db: Database, now: str) -> ConnectionPool:
    options = {"options": f"-c role=worker -c frontdesk.now={now}", "autocommit": True}
    return ConnectionPool(db.dsn, min_size=1, max_size=2, kwargs=options, open=True)
