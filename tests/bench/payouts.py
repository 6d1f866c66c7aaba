"""A run of payouts, up to the queued calls."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg

from tests.bench.figures import Figure, compare
from tests.bench.shared import HERE
from tests.harness.stack import RunningStack
from workers.actors.payouts import BATCH

BUSINESSES = 10_000
AIM = 10_000.0  # businesses a second


def run(stack: RunningStack) -> Iterator[Figure]:
    """Payouts of 10,000 businesses with ten earnings each: by one worker, and by two."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute("update private.queues set is_paused = true where name = 'payouts'")

        def rate(workers: int) -> float:
            connection.execute((HERE / "payouts.sql").read_bytes())
            connection.execute("vacuum analyze money.open_earnings, money.payout_runs")
            began = time.perf_counter()
            with ThreadPoolExecutor(workers) as pool:
                paid = sum(pool.map(lambda _: _work(stack.endpoints.db_url), range(workers)))
            taken = time.perf_counter() - began
            if paid != BUSINESSES:
                raise AssertionError(paid)
            return BUSINESSES / taken

        for workers in (1, 2):
            yield compare(
                f"payouts of ten earnings, workers: {workers}",
                unit="/s",
                ours=partial(rate, workers),
                measure="the aim",
                beside=lambda: AIM,
                aim="at least 1",
                rounds=3,
            )


def _work(db_url: str) -> int:
    """Make payouts as a worker does, until none is due. Returns how many accounts it looked at."""
    done = 0
    with psycopg.connect(db_url, autocommit=True) as connection:
        while row := connection.execute("select money.run_payouts(%s)", (BATCH,)).fetchone():
            done += row[0]
            if row[0] < BATCH:
                break
    return done
