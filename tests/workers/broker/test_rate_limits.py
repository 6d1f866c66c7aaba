"""Counters that many processes share: never past a bound, gone when their time is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import dramatiq
import pytest
from dramatiq.rate_limits import (
    Barrier,
    BucketRateLimiter,
    ConcurrentRateLimiter,
    WindowRateLimiter,
)
from psycopg_pool import ConnectionPool

from tests.harness.database import Database
from workers.broker.__main__ import install
from workers.broker.rate_limits import PostgresRateLimits

LONG = 600_000  # milliseconds; what has to expire sooner is made to by `expire`


@pytest.fixture
def limits(db: Database) -> Iterator[PostgresRateLimits]:
    install(db.dsn)
    with ConnectionPool(db.dsn, min_size=8, max_size=8, kwargs={"autocommit": True}) as pool:
        yield PostgresRateLimits(pool)


def expire(db: Database) -> None:
    """Let the time of everything be over."""
    db.connection.execute("update dramatiq.rate_limits set expires_at = clock_timestamp()")


def test_add_sets_only_what_is_not_there(db: Database, limits: PostgresRateLimits) -> None:
    assert limits.add("key", 1, LONG)
    assert not limits.add("key", 2, LONG)
    expire(db)
    assert limits.add("key", 3, LONG)


def test_counters_stay_within_their_bounds(limits: PostgresRateLimits) -> None:
    assert limits.incr("key", 2, 2, LONG)
    assert not limits.incr("key", 1, 2, LONG)
    assert limits.decr("key", 2, 0, LONG)
    assert not limits.decr("key", 1, 0, LONG)
    assert not limits.incr("other", 3, 2, LONG)
    assert limits.incr("other", 2, 2, LONG)


def test_an_expired_value_counts_as_nothing(db: Database, limits: PostgresRateLimits) -> None:
    assert limits.incr("key", 2, 2, LONG)
    expire(db)
    assert limits.incr("key", 2, 2, LONG)
    assert not limits.incr("key", 1, 2, LONG)
    expire(db)
    assert limits.incr_and_sum("other", lambda: ["key", "other"], 2, 2, LONG)


def test_many_at_once_never_pass_a_bound(limits: PostgresRateLimits) -> None:
    with ThreadPoolExecutor(8) as threads:
        tries = threads.map(lambda _: limits.incr("key", 1, 50, LONG), range(400))
        assert sum(tries) == 50
        sums = threads.map(
            lambda number: limits.incr_and_sum(
                f"part {number % 4}", lambda: [f"part {it}" for it in range(4)], 1, 50, LONG
            ),
            range(400),
        )
        assert sum(sums) == 50


def test_dramatiqs_limiters_work(limits: PostgresRateLimits) -> None:
    concurrent = ConcurrentRateLimiter(limits, "mutex", limit=1)
    with concurrent.acquire() as first, concurrent.acquire(raise_on_failure=False) as second:
        assert (first, second) == (True, False)
    with concurrent.acquire(raise_on_failure=False) as third:
        assert third
    for limiter in (
        BucketRateLimiter(limits, "bucket", limit=3, bucket=100 * LONG),
        WindowRateLimiter(limits, "window", limit=3, window=60),
    ):
        passed = 0
        for _ in range(5):
            with suppress(dramatiq.RateLimitExceeded), limiter.acquire():
                passed += 1
        assert passed == 3


def test_a_barrier_opens_for_all_who_wait(limits: PostgresRateLimits) -> None:
    barrier = Barrier(limits, "gate", ttl=LONG)
    assert barrier.create(parties=3)
    with ThreadPoolExecutor(3) as threads:
        waits = [threads.submit(barrier.wait, timeout=120_000) for _ in range(3)]
        assert [wait.result() for wait in waits] == [True] * 3


def test_an_event_between_looking_and_waiting_is_not_missed(limits: PostgresRateLimits) -> None:
    limits.wait_notify("events", LONG)
    assert limits.wait("events", 30_000)
    assert not limits.wait("no events", 100)


def test_waiting_without_a_timeout_waits(limits: PostgresRateLimits) -> None:
    later = threading.Timer(0.3, limits.wait_notify, ("events", LONG))
    later.start()
    assert limits.wait("events", None)
    later.join()


def test_expired_counters_are_forgotten(db: Database, limits: PostgresRateLimits) -> None:
    limits.add("short", 1, LONG)
    expire(db)
    limits.add("long", 1, LONG)
    assert limits.forget_expired() == 1
    assert db.rows("select key from dramatiq.rate_limits") == [("long",)]
