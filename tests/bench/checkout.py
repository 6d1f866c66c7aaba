"""Checkouts of five lines with address, shipping, tax and payment: in one call and in eight."""

from __future__ import annotations

import hashlib
import itertools
import random
import uuid
from collections.abc import Callable, Iterator

import psycopg

from tests.bench.figures import Figure, compare
from tests.bench.load import load, request
from tests.bench.shared import HERE, SECONDS, USER, expect, headers, pgbench
from tests.harness.stack import RunningStack

CLIENTS = 16
VARIANTS = 1000
ADDRESS = {
    "name": "Bench",
    "line1": "Way 1",
    "postal_code": "10115",
    "city": "Berlin",
    "country": "DE",
}
LINES = 5
CALLS = LINES + 3  # that buy step by step
ROUND = 4  # orders of a client, step by step
# Orders a second of Vendure 3.7 on two such cores, with 7 calls an order (docs/benchmarks.md).
VENDURE = 4.5
OVERSOLD = """
    select count(*)
    from commerce.stock_levels
    where on_hand < 0 or on_hand <> 1000000 - coalesce(
        (
            select sum(quantity) from commerce.order_items
            where order_items.variant_id = stock_levels.variant_id
        ),
        0
    )
"""
# Orders of those who bought step by step that have not all of their lines, or no payment.
OTHERWISE = f"""
    select count(*)
    from commerce.orders
    where
        orders.customer_id <> '{USER}'
        and (
            {LINES} <> (
                select count(*) from commerce.order_items where order_items.order_id = orders.id
            )
            or not exists (
                select 1 from money.payment_parts where payment_parts.sale_id = orders.sale_id
            )
        )
"""


def checkout(stack: RunningStack) -> Iterator[Figure]:
    """Through HTTP on a thousand variants, against pgbench, a hot variant and a peer."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as owner:
        owner.execute((HERE / "checkout.sql").read_bytes())
    spread: list[float] = []

    def on_all() -> float:
        spread.append(_rate(stack, buying(stack, lambda: random.randrange(1, VARIANTS))))
        return spread[-1]

    # A shop that has sold before: statements are planned, and not for tables that are empty.
    on_all()
    spread.clear()
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as owner:
        owner.execute("analyze")
    yield compare(
        "checkouts of five lines, 16 clients",
        unit="/s",
        ours=on_all,
        measure="pgbench",
        beside=lambda: pgbench(stack, "checkout.pgbench", CLIENTS, "-D hot=0"),
        aim="at least 0.25",
    )
    yield compare(
        "checkouts with one hot variant",
        unit="/s",
        ours=lambda: _rate(stack, buying(stack, lambda: 0)),
        measure="on a thousand variants",
        beside=on_all,
        aim="at least 0.5",
    )
    yield compare(
        "checkouts in one call",
        unit="/s",
        ours=lambda: spread.pop(0),
        measure="Vendure, 7 calls an order",
        beside=lambda: VENDURE,
        aim="at least 100",
    )
    yield compare(
        "checkouts in eight calls",
        unit="/s",
        ours=lambda: _orders(stack),
        measure="Vendure, 7 calls an order",
        beside=lambda: VENDURE,
        aim="at least 30",
    )
    with psycopg.connect(stack.endpoints.db_url) as owner:
        if owner.execute(OVERSOLD).fetchall() != [(0,)]:
            raise AssertionError("the levels are not what was bought")
        if owner.execute(OTHERWISE.encode()).fetchall() != [(0,)]:
            raise AssertionError("an order has not all of its lines and a payment")


def buying(stack: RunningStack, first: Callable[[], int]) -> Callable[[int, int], bytes]:
    """Requests that buy five variants, the first of which is chosen."""
    sent_headers, url = headers(stack), f"{stack.endpoints.rest_url}/rpc/checkout"
    post = _id("post")

    def make(_client: int, _sent: int) -> bytes:
        numbers = itertools.chain([first()], random.sample(range(1, VARIANTS), LINES - 1))
        return request(
            "POST",
            url,
            sent_headers,
            {
                "idempotency_key": uuid.uuid4().hex,
                "items": [{"variant_id": _id(f"goods {n}"), "quantity": 1} for n in numbers],
                "delivery_option_id": post,
                "address": ADDRESS,
                "provider": "sandbox",
            },
        )

    return make


def _orders(stack: RunningStack) -> float:
    """Orders a second of clients who buy step by step, each with a cart of its own."""
    clients = [
        _steps(f"{stack.endpoints.rest_url}/rpc", headers(stack, _id(f"shopper {number}")))
        for number in range(CLIENTS)
    ]
    done = load(
        stack.endpoints.rest_url,
        lambda client, _sent: next(clients[client]),
        connections=CLIENTS,
        each=CALLS * ROUND,
    )
    expect(done, {200})
    return done.per_second / CALLS


def _steps(url: str, sent_headers: dict[str, str]) -> Iterator[bytes]:
    """One request after the other: each line, the options for an address, the totals, the order."""

    def call(name: str, **arguments: object) -> bytes:
        return request("POST", f"{url}/{name}", sent_headers, arguments)

    post = _id("post")
    while True:
        for number in random.sample(range(1, VARIANTS), LINES):
            yield call("add_to_cart", item={"variant_id": _id(f"goods {number}"), "quantity": 1})
        yield call("eligible_delivery_options", address=ADDRESS)
        yield call("read_cart", address=ADDRESS, delivery_option_id=post)
        yield call(
            "checkout",
            idempotency_key=uuid.uuid4().hex,
            address=ADDRESS,
            delivery_option_id=post,
            provider="sandbox",
        )


def _id(name: str) -> str:
    """The id of what is called so in checkout.sql."""
    return str(uuid.UUID(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()))


def _rate(stack: RunningStack, make: Callable[[int, int], bytes]) -> float:
    done = load(stack.endpoints.rest_url, make, connections=CLIENTS, seconds=SECONDS)
    expect(done, {200})
    return done.per_second
