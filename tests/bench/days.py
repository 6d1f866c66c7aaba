"""Dashboards from kept days and from the rows, counting days again, and the intake of events."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import httpx
import psycopg

from tests.bench.figures import Figure, compare, milliseconds
from tests.bench.shared import BUSINESS, HERE, fill
from tests.harness.stack import RunningStack

PAGE = f"select public.business_dashboard('{BUSINESS}', '2030-07-01', '2030-12-31')"
COUNTED = f"""
    select count(*)
    from insight.count_days('{BUSINESS}', array(
        select days.at::date
        from generate_series(date '2029-12-29', date '2030-12-31', '1 day') as days (at)
    ))
"""
KEEP = f"""
    insert into insight.day_changes (business_id, from_on, to_on)
    select '{BUSINESS}', days.at::date, days.at::date
    from generate_series(date '2029-12-29', date '2030-12-31', '1 day') as days (at)
"""
BOOKINGS = 100_000
BATCH, BATCHES = 500, 20


def days(stack: RunningStack) -> Iterator[Figure]:
    """Half a year beside the half before, of 100,000 bookings; events of visitors over HTTP."""
    fill(stack, 0, 0)
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute((HERE / "days.sql").read_bytes())

        def counted() -> float:
            began = time.perf_counter()
            connection.execute(KEEP.encode())
            connection.execute("select insight.refresh_days(1000)")
            return BOOKINGS / (time.perf_counter() - began)

        def timed(query: str, times: int) -> float:
            return milliseconds(
                lambda: connection.execute(query.encode()).fetchall(), times=times, warm=1
            )

        yield compare(
            f"days of {BOOKINGS:,} bookings and their sales, counted and kept",
            unit="bookings/s",
            ours=counted,
            measure="counted alone",
            beside=lambda: BOOKINGS / timed(COUNTED, 1) * 1000,
            aim="at least 0.5, and 20,000 a second",
        )
        connection.execute("vacuum analyze insight.days")
        yield compare(
            "a dashboard of half a year beside the half before",
            unit="ms",
            ours=lambda: timed(PAGE, 40),
            measure="the same days from the rows",
            beside=lambda: timed(COUNTED, 1),
            aim="at most 0.02, and 50 ms",
        )
        yield _intake(stack, connection)


def _intake(stack: RunningStack, connection: psycopg.Connection) -> Figure:
    """Batches of events, one after another, beside the bare insert of as many rows."""
    events = [{"name": "visited", "business_id": BUSINESS} for _ in range(BATCH)]
    body = json.dumps({"events": events})
    sent = {"apikey": stack.endpoints.anon_key, "Content-Type": "application/json"}

    def tracked() -> float:
        with httpx.Client(headers=sent) as client:
            began = time.perf_counter()
            for _ in range(BATCHES):
                answer = client.post(f"{stack.endpoints.rest_url}/rpc/track", content=body)
                assert answer.raise_for_status().json() == BATCH, answer.text
            return BATCH * BATCHES / (time.perf_counter() - began)

    def inserted() -> float:
        began = time.perf_counter()
        for _ in range(BATCHES):
            connection.execute(
                "insert into insight.events (at, name, business_id)"
                " select now(), 'visited', %s from generate_series(1, %s)",
                (BUSINESS, BATCH),
            )
        return BATCH * BATCHES / (time.perf_counter() - began)

    return compare(
        f"events of visitors over HTTP, in batches of {BATCH}",
        unit="events/s",
        ours=tracked,
        measure="a bare insert",
        beside=inserted,
        aim="at least 3,000 a second",
    )
