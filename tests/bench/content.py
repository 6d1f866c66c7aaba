"""The front page over HTTP, at 10,000 businesses."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import httpx
import psycopg

from tests.bench.figures import Figure, compare
from tests.bench.shared import HERE
from tests.harness.stack import RunningStack

AIM_MS = 20.0
CALLS = 100  # a round


def home(stack: RunningStack) -> Iterator[Figure]:
    """The slowest twentieth of calls of `home` by somebody who is not signed in."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute((HERE / "content.sql").read_bytes())
    headers = {"apikey": stack.endpoints.anon_key, "Accept-Language": "de-AT, en;q=0.5"}
    with httpx.Client(base_url=stack.endpoints.rest_url, headers=headers) as client:

        def call() -> float:
            began = time.perf_counter()
            answer = client.post("/rpc/home", json={})
            taken = (time.perf_counter() - began) * 1000
            page = answer.raise_for_status().json()
            if (len(page["banners"]), len(page["pages"])) != (30, 20):
                raise AssertionError(page)
            return taken

        def slowest_twentieth() -> float:
            return statistics.quantiles([call() for _ in range(CALLS)], n=20)[-1]

        yield compare(
            "the front page at 10,000 businesses, 95 % within",
            unit="ms",
            ours=slowest_twentieth,
            measure="the aim",
            beside=lambda: AIM_MS,
            aim="at most 1",
        )
