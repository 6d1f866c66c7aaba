"""The benchmarks. Each takes a running stack with the data of data.sql and gives its figures."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg

from tests.bench.auth import auth
from tests.bench.booking import raw, storm
from tests.bench.calcom import calcom
from tests.bench.checkout import checkout
from tests.bench.content import home
from tests.bench.days import days
from tests.bench.figures import Figure, compare, milliseconds
from tests.bench.files import files
from tests.bench.find import find
from tests.bench.growth import growth
from tests.bench.handwritten import peer
from tests.bench.ledger import balances, ledger
from tests.bench.load import load, request
from tests.bench.memberships import is_member, renewals
from tests.bench.mobile import sync
from tests.bench.oversight import audit, flag
from tests.bench.paid import paid
from tests.bench.payouts import run as payouts
from tests.bench.pipeline import pipeline
from tests.bench.pricing import quote
from tests.bench.privacy import export
from tests.bench.products import products
from tests.bench.queue import queue
from tests.bench.realtime import realtime
from tests.bench.recommend import recommend
from tests.bench.reviews import reviews
from tests.bench.scheduling import emit, features, series
from tests.bench.search import search
from tests.bench.shared import (
    BUSINESS,
    FAST,
    SECONDS,
    USER,
    USUAL,
    WEEK,
    booking,
    expect,
    fill,
    headers,
    pgbench,
)
from tests.bench.webhooks import confirmed, webhooks
from tests.bench.wrk import same
from tests.harness.stack import RunningStack

SMALL, LARGE = 10_000, 1_000_000


def slots(stack: RunningStack) -> Iterator[Figure]:
    """A week of ten people, against fetching the same allocations by index."""
    for size, start in ((SMALL, 0), (LARGE, SMALL)):
        fill(stack, start, size)
        with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
            connection.prepare_threshold = 1
            yield compare(
                f"slots in the database, {size:,} allocations",
                unit="ms",
                ours=_timed(
                    connection, f"select count(*) from public.available_slots('{USUAL}', {WEEK})"
                ),
                measure="fetch the allocations by index",
                beside=_timed(
                    connection,
                    "select count(fetched.during) from catalog.service_resources"
                    " cross join lateral ("
                    " select unit, during from scheduling.allocations"
                    " where allocations.resource_id = service_resources.resource_id and is_blocking"
                    " and during && '[2035-06-04, 2035-06-11)' offset 0) as fetched"
                    f" where service_id = '{USUAL}'",
                ),
                aim="at most 4",
                rounds=5,
            )


def book(stack: RunningStack) -> Iterator[Figure]:
    """Decisions a second through HTTP, against pgbench calling the same function as that role."""
    rounds = iter(range(100))

    def over_http() -> float:
        base = 2041 + next(rounds)
        done = load(stack.endpoints.rest_url, booking(stack, base), connections=16, seconds=SECONDS)
        expect(done, {200})
        return done.per_second

    yield compare(
        "bookings on distinct slots, 16 clients",
        unit="/s",
        ours=over_http,
        measure="pgbench",
        beside=lambda: pgbench(
            stack, "book_distinct.pgbench", 16, f"-D n=0 -D round={next(rounds)}"
        ),
        aim="at least 0.25",
    )
    yield from storm(stack)


def read(stack: RunningStack) -> Iterator[Figure]:
    """The catalog page with a user's token: by the gateway, PostgREST alone, and pgbench."""
    columns = "id,name,price_minor,currency,duration_minutes"
    path = f"services?business_id=eq.{BUSINESS}&select={columns}&order=name&limit=50"
    sent_headers = headers(stack)

    def through(base: str) -> Callable[[], float]:
        raw = request("GET", f"{base}/{path}", sent_headers)

        def run() -> float:
            done = same(base, raw, connections=16, seconds=SECONDS)
            expect(done, {200})
            return done.per_second

        return run

    alone = stack.endpoints.services["postgrest-reads"]["url"]
    yield compare(
        "catalog page through the gateway",
        unit="/s",
        ours=through(stack.endpoints.rest_url),
        measure="PostgREST alone",
        beside=through(alone),
        aim="at least 0.95",
    )
    yield compare(
        "catalog page by PostgREST",
        unit="/s",
        ours=through(alone),
        measure="pgbench",
        beside=lambda: pgbench(stack, "read.pgbench", 16),
        aim="0.30 is what it gives",
    )


def rls(stack: RunningStack) -> Iterator[Figure]:
    """A member's hot read with policies, against the same query without."""
    query = (
        f"select * from public.allocations where business_id = '{BUSINESS}'"
        " and resource_id = '00000000-0000-4000-9000-000000000001'"
    )
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        free = _timed(connection, query)

        def guarded() -> float:
            claims = f'{{"sub":"{USER}","role":"authenticated"}}'
            connection.execute("select set_config('request.jwt.claims', %s, false)", (claims,))
            connection.execute("set role authenticated")
            try:
                return milliseconds(lambda: connection.execute(query.encode()).fetchall())
            finally:
                connection.execute("reset role")

        yield compare(
            "a member's read with policies",
            unit="ms",
            ours=guarded,
            measure="without",
            beside=free,
            aim="at most 1.1",
            rounds=5,
        )


def start(_stack: RunningStack) -> Iterator[Figure]:
    """From `up` on a fresh state to the first booking that succeeded."""

    def first_booking() -> float:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            began = time.perf_counter()
            with RunningStack.start(Path(folder) / "state") as fresh:
                fill(fresh, 0, 0)
                raw = {"service_id": FAST, "starts_at": "2031-01-01T00:00:00Z"}
                answer = httpx.post(
                    f"{fresh.endpoints.rest_url}/rpc/book", json=raw, headers=headers(fresh)
                )
                if answer.status_code != 200:
                    raise AssertionError(answer.text)
                return time.perf_counter() - began

    yield compare(
        "from nothing to the first booking",
        unit="s",
        ours=first_booking,
        measure="the aim",
        beside=lambda: 6.0,
        aim="at most 1",
    )


def _timed(connection: psycopg.Connection, query: str) -> Callable[[], float]:
    return lambda: milliseconds(lambda: connection.execute(query.encode()).fetchall())


ALL = {
    "slots": slots,
    "book": book,
    "book_raw": raw,
    "read": read,
    "rls": rls,
    "start": start,
    "queue": queue,
    "auth": auth,
    "peer": peer,
    "calcom": calcom,
    "search": search,
    "recommend": recommend,
    "find": find,
    "payouts": payouts,
    "renewals": renewals,
    "is_member": is_member,
    "quote": quote,
    "checkout": checkout,
    "reviews": reviews,
    "days": days,
    "sync": sync,
    "home": home,
    "export": export,
    "products": products,
    "features": features,
    "series": series,
    "emit": emit,
    "pipeline": pipeline,
    "ledger": ledger,
    "webhooks": webhooks,
    "confirmed": confirmed,
    "paid": paid,
    "realtime": realtime,
    "files": files,
    "audit": audit,
    "flag": flag,
    "balances": balances,
    "growth": growth,
}
