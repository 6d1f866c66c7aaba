"""A run of payouts, up to the queued calls."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg

from tests.bench.figures import Figure, compare
from tests.bench.shared import HERE
from tests.harness.stack import RunningStack

BUSINESSES = 2_000
AIM = 10_000.0  # businesses a second


def run(stack: RunningStack) -> Iterator[Figure]:
    """Payouts of 2,000 businesses with ten earnings each."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute("update private.queues set is_paused = true where name = 'payouts'")

        def rate() -> float:
            connection.execute((HERE / "payouts.sql").read_bytes())
            connection.execute("analyze money.open_earnings")
            began = time.perf_counter()
            row = connection.execute("select money.run_payouts(%s)", (BUSINESSES,)).fetchone()
            taken = time.perf_counter() - began
            if row != (BUSINESSES,):
                raise AssertionError(row)
            return BUSINESSES / taken

        yield compare(
            "a run of payouts, businesses with ten earnings each a second",
            unit="/s",
            ours=rate,
            measure="the aim",
            beside=lambda: AIM,
            aim="at least 1",
            rounds=3,
        )
