"""What deciding a booking costs: against writing its rows, with more clients, and in a rush."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg

from tests.bench.figures import Figure, compare
from tests.bench.load import Load, request
from tests.bench.shared import (
    SECONDS,
    book_next,
    booking,
    expect,
    headers,
    pgbench,
    signed_in,
)
from tests.bench.wrk import same
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until

CLIENTS = 4
RUSH = 200
LOCKS = 32.0
# Those that a booking writes and that have triggers of ours.
TABLES: tuple[LiteralString, ...] = (
    "sales.sales",
    "sales.sale_revisions",
    "sales.sale_lines",
    "sales.sale_taxes",
    "scheduling.bookings",
    "scheduling.booking_items",
    "scheduling.allocations",
    "scheduling.booking_history",
)
NOTHING = """
    create or replace function public.bench_nothing()
    returns integer language sql stable return 1;
    grant execute on function public.bench_nothing() to authenticated;
    notify pgrst, 'reload schema'
"""
LOCKED = """
    select count(distinct relation)::float
    from pg_locks
    where pid = %s and locktype = 'relation' and relation >= 16384
"""


def raw(stack: RunningStack) -> Iterator[Figure]:
    """Bookings against their rows without a decision, at more clients, and the locks they take."""
    rounds = itertools.count(200)  # of years that no other benchmark books

    def decided(clients: int) -> float:
        return pgbench(
            stack,
            "book_distinct.pgbench",
            clients,
            f"-D n=0 -D round={next(rounds)}",
            mode="prepared",
        )

    def written() -> float:
        with _without_triggers(stack):
            return pgbench(
                stack,
                "book_raw.pgbench",
                CLIENTS,
                f"-D n=0 -D round={next(rounds)}",
                mode="prepared",
            )

    yield compare(
        "bookings in the database, 4 clients",
        unit="/s",
        ours=lambda: decided(CLIENTS),
        measure="the same rows, undecided",
        beside=written,
        aim="at least 0.4",
    )
    yield compare(
        "bookings in the database, 16 clients",
        unit="/s",
        ours=lambda: decided(16),
        measure="4 clients",
        beside=lambda: decided(CLIENTS),
        aim="at least 1",
    )
    yield compare(
        "relations that a booking locks",
        unit="locks",
        ours=lambda: _locks(stack),
        measure="the aim",
        beside=lambda: LOCKS,
        aim="at most 1",
        rounds=1,
    )


def storm(stack: RunningStack) -> Iterator[Figure]:
    """A rush on one slot, against as many clients who call a function that does nothing."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as owner:
        owner.execute(NOTHING)
    url, years = stack.endpoints.rest_url, itertools.count(2100)
    nothing = request("POST", f"{url}/rpc/bench_nothing", headers(stack), {})
    wait_until(lambda: 200 in _rush(stack, nothing, 1, 1.0).statuses)  # PostgREST reads it
    ours: list[float] = []
    theirs: list[float] = []

    def decisions() -> float:
        done = _rush(stack, booking(stack, next(years))(0, 0), RUSH, SECONDS)
        expect(done, {200, 409})
        if done.statuses[200] != 1:
            raise AssertionError(f"{done.statuses[200]} clients got the same slot")
        ours.append(done.p99_ms)
        return done.per_second

    def calls() -> float:
        done = _rush(stack, nothing, RUSH, SECONDS)
        expect(done, {200})
        theirs.append(done.p99_ms)
        return done.per_second

    yield compare(
        "decisions on one slot, 200 clients",
        unit="/s",
        ours=decisions,
        measure="calls that do nothing",
        beside=calls,
        aim="at least 0.6",
    )
    yield compare(
        "slowest hundredth of them",
        unit="ms",
        ours=lambda: ours.pop(0),
        measure="of the calls that do nothing",
        beside=lambda: theirs.pop(0),
        aim="at most 2",
    )


def _rush(stack: RunningStack, raw: bytes, clients: int, seconds: float) -> Load:
    return same(stack.endpoints.rest_url, raw, connections=clients, seconds=seconds)


@contextmanager
def _without_triggers(stack: RunningStack) -> Iterator[None]:
    """Foreign keys and constraints hold; our own triggers do not fire."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as owner:
        for table in TABLES:
            owner.execute(f"alter table {table} disable trigger user")
        try:
            yield
        finally:
            for table in TABLES:
                owner.execute(f"alter table {table} enable trigger user")


def _locks(stack: RunningStack) -> float:
    """How many relations a connection has locked that made a booking, and others before it."""
    with (
        psycopg.connect(stack.endpoints.db_url, autocommit=True) as owner,
        signed_in(stack) as connection,
    ):
        for _ in range(7):  # Until its plans are generic.
            book_next(connection)
        with connection.transaction():
            book_next(connection)
            row = owner.execute(LOCKED, (connection.info.backend_pid,)).fetchone()
    if row is None:
        raise AssertionError("counting gives one row")
    return float(row[0])
