"""People who act on connections of their own, perhaps all at once, and what must hold then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.harness.database import Database

OVERLAPS = """
    select count(*)
    from scheduling.allocations as one
    inner join scheduling.allocations as other
        on other.resource_id = one.resource_id
        and other.unit = one.unit
        and other.during && one.during
        and (other.booking_item_id) > (one.booking_item_id)
    where one.is_blocking and other.is_blocking
"""
DEADLOCKS = """
    select deadlocks from pg_stat_database
    where datname = current_database() and pg_stat_clear_snapshot() is not null
"""
BOOK = "select public.book(tests.id(%s)::text, %s)"
NINE = "2031-05-05T09:00:00Z"


def connected(db: Database) -> psycopg.Connection:
    """A connection that sends a statement with its arguments as one message."""
    return psycopg.connect(db.dsn, autocommit=True, cursor_factory=psycopg.ClientCursor)


def say(connection: psycopg.Connection, statement: str, *arguments: object) -> str:
    """Run one statement as the customer; gives `ok`, or the token of the refusal.

    The transaction is one message, so that no lock waits for this process to be scheduled.
    """
    call = f"begin; select tests.act_as('customer'); {statement}; commit"
    try:
        connection.execute(call.encode(), arguments)
    except psycopg.Error as error:
        connection.execute("rollback")
        return error.diag.message_detail or f"{error.sqlstate} {error}"
    return "ok"


def answer(db: Database, statement: str, *arguments: object) -> str:
    """Say it on a new connection."""
    with connected(db) as connection:
        return say(connection, statement, *arguments)


def together(count: int, work: Callable[[int], str]) -> Counter[str]:
    """Do something many times at once, and count the answers."""
    with ThreadPoolExecutor(count) as pool:
        return Counter(pool.map(work, range(count)))


def book(db: Database, service: str, starts_at: str, **more: str) -> str:
    """Book as the customer."""
    extra = "".join(f", {name} => %s" for name in more)
    return answer(
        db,
        f"{BOOK[:-1]}{extra})",
        service,
        starts_at,
        *more.values(),
    )


def number(db: Database, query: str) -> int:
    """The one number that a query gives."""
    return int(str(db.rows(query)[0][0]))
