"""From the checkout of goods to the paid order, by a provider's event."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator

import httpx
import psycopg

from tests.bench.checkout import VARIANTS, buying
from tests.bench.figures import Figure, Spread
from tests.bench.pipeline import worker
from tests.bench.shared import HERE, headers
from tests.bench.webhooks import PATH, event, known, secret_of, signed
from tests.harness.stack import RunningStack

ORDERS = 40
AIM_MS = 30_000.0  # half a minute, with whatever the provider needs


def paid(stack: RunningStack) -> Iterator[Figure]:
    """From a checkout to the paid order, one after the other: half of them, and nearly all."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute((HERE / "checkout.sql").read_bytes())
        with worker(stack, "payments"):
            waits = sorted(_waits(stack, connection))
    for name, value in (("half", waits[len(waits) // 2]), ("99 %", waits[-1])):
        yield Figure(
            f"from a checkout to the paid order, {name} of {ORDERS} within",
            "ms",
            Spread.of([value]),
            "the aim",
            Spread.of([AIM_MS]),
            value / AIM_MS,
            "at most 1",
        )


def _waits(stack: RunningStack, connection: psycopg.Connection) -> Iterator[float]:
    secret, base = secret_of(stack), stack.endpoints.api_url
    buy = buying(stack, lambda: random.randrange(1, VARIANTS))
    with httpx.Client(headers=headers(stack), timeout=30) as client:
        for number in range(ORDERS):
            wish = json.loads(buy(0, number).partition(b"\r\n\r\n")[2])
            del wish["provider"]
            began = time.perf_counter()
            bought = client.post(f"{stack.endpoints.rest_url}/rpc/checkout", json=wish).json()
            order = bought["orders"][0]["id"]
            asked = {"provider": "sandbox", "order_id": order}
            started = client.post(f"{base}/functions/v1/payments", json=asked).json()
            raw = event(*known(connection, started["id"]))
            client.post(f"{base}{PATH}", content=raw, headers=signed(secret, raw))
            while not connection.execute(
                "select 1 from commerce.orders where id = %s and status = 'paid'", (order,)
            ).fetchone():
                time.sleep(0.002)
            yield (time.perf_counter() - began) * 1000
