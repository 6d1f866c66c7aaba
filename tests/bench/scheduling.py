"""What more than plain slots costs: every feature at once, a class's month, a series, a message."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import LiteralString

import httpx
import psycopg

from tests.bench.figures import Figure, compare, milliseconds
from tests.bench.shared import FAST, HERE, USUAL, WEEK, book_next, fill, headers, signed_in
from tests.harness.stack import RunningStack

FULL = "00000000-0000-4000-8000-00000000000e"
CLASS = "00000000-0000-4000-8000-00000000000f"
SLOTS = "select count(*) from public.available_slots('{}', {})"
OCCURRENCES = 52


def features(stack: RunningStack) -> Iterator[Figure]:
    """Slots of a service with everything on, against the plain service of the same ten people."""
    with _ready(stack) as connection:
        yield compare(
            "slots of a week with buffers, notice, limits, closures, blocks, exceptions and a room",
            unit="ms",
            ours=lambda: milliseconds(
                lambda: connection.execute(SLOTS.format(FULL, WEEK).encode())
            ),
            measure="the plain service",
            beside=lambda: milliseconds(
                lambda: connection.execute(SLOTS.format(USUAL, WEEK).encode())
            ),
            aim="at most 1.5",
            rounds=5,
        )
        yield compare(
            "a month of a class, 310 sessions with 12 seats",
            unit="ms",
            ours=lambda: milliseconds(
                lambda: connection.execute(
                    "select * from public.date_availability(%s, '2035-06-01', '2035-07-01')",
                    (CLASS,),
                ).fetchall()
            ),
            measure="counting seats by index",
            beside=lambda: milliseconds(
                lambda: connection.execute(
                    "select starts_at::date, count(*) from scheduling.sessions"
                    " left join scheduling.seats on seats.business_id = sessions.business_id"
                    " and seats.session_id = sessions.id and is_blocking"
                    " where service_id = %s and starts_at >= '2035-06-01'"
                    " and starts_at < '2035-07-02' group by 1",
                    (CLASS,),
                ).fetchall()
            ),
            aim="no aim",
            rounds=5,
        )


def series(stack: RunningStack) -> Iterator[Figure]:
    """A series of a year's weeks, against as many bookings one by one; over HTTP."""
    fill(stack, 0, 10_000)
    days = itertools.count(1)
    with httpx.Client(base_url=stack.endpoints.rest_url, headers=headers(stack)) as client:

        def together() -> float:
            return _timed(client, "book_series", next(days), [0], rrule="FREQ=WEEKLY;COUNT=52")

        def one_by_one() -> float:
            return _timed(client, "book", next(days), range(OCCURRENCES))

        yield compare(
            "52 single bookings' time to that of a series of 52, over HTTP",
            unit="ms",
            ours=one_by_one,
            measure="the series",
            beside=together,
            aim="at least 5",
            rounds=5,
        )


def emit(stack: RunningStack) -> Iterator[Figure]:
    """A booking in the database that is announced, against one that nobody hears of."""
    fill(stack, 0, 10_000)
    with (
        psycopg.connect(stack.endpoints.db_url, autocommit=True) as owner,
        signed_in(stack) as connection,
    ):

        def booked(switch: LiteralString) -> float:
            owner.execute(f"alter table scheduling.booking_history {switch} trigger _500_announce")
            return milliseconds(lambda: book_next(connection), times=100)

        yield compare(
            "a booking that is announced",
            unit="ms",
            ours=lambda: booked("enable"),
            measure="one that is not",
            beside=lambda: booked("disable"),
            aim="at most 1.1",
            rounds=9,
        )


def _ready(stack: RunningStack) -> psycopg.Connection:
    """The data of the bench with the two services of this page."""
    fill(stack, 0, 10_000)
    connection = psycopg.connect(stack.endpoints.db_url, autocommit=True)
    connection.prepare_threshold = 1
    connection.execute((HERE / "scheduling.sql").read_bytes())
    return connection


def _timed(
    client: httpx.Client, function: str, day: int, weeks: range | list[int], **more: str
) -> float:
    """The milliseconds of a call a week, each on that weekday at a time of its own."""
    began = time.perf_counter()
    for week in weeks:
        month, date = divmod(day % 300, 28)
        answer = client.post(
            f"/rpc/{function}",
            json={
                "service_id": FAST,
                "starts_at": f"{2060 + week}-{month + 1:02}-{date + 1:02}T10:00:00Z",
                "resource_id": f"00000000-0000-4000-9000-{day % 16:012}",
                **more,
            },
        )
        answer.raise_for_status()
    return (time.perf_counter() - began) * 1000
