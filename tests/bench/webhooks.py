"""Events of payment providers: how many are taken in, and how soon a booking is confirmed."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg

from cli.output import talk
from cli.stack.ports import free_port
from cli.stack.secrets import role_password
from tests.bench.figures import Figure, Spread, compare
from tests.bench.handwritten import python_for, wait_for
from tests.bench.load import load
from tests.bench.pipeline import worker
from tests.bench.queue_peers import servers
from tests.bench.shared import (
    BUSINESS,
    SECONDS,
    booking,
    expect,
    headers,
    pgbench,
)
from tests.harness.stack import RunningStack
from workers.sandbox.postman import SIGNATURE, signature

PEER = Path(__file__).parent / "peers" / "celery"
CLIENTS = 16
PATH = "/functions/v1/webhooks/sandbox"
PAID = 40  # bookings
AIM_MS, CONFIRMED_MS = 50.0, 250.0
PREPAID = """
    insert into money.payment_settings (business_id, prepayment_bps) values (%s, %s)
    on conflict (business_id) do update set prepayment_bps = excluded.prepayment_bps
"""


def webhooks(stack: RunningStack) -> Iterator[Figure]:
    """Events a second, and the slowest hundredth at half of that rate."""
    secret = secret_of(stack)
    taken: list[float] = []

    def ours() -> float:
        taken.append(_rate(f"{stack.endpoints.api_url}{PATH}", secret))
        return taken[-1]

    yield compare(
        "events of a provider taken in, 16 clients, HTTP",
        unit="/s",
        ours=ours,
        measure="the same rows inserted by pgbench",
        beside=lambda: pgbench(stack, "event_raw.pgbench", CLIENTS, mode="prepared"),
        aim="at least 0.3",
    )
    half = min(taken) / 2
    yield compare(
        f"the slowest hundredth at {half:,.0f} a second",
        unit="ms",
        ours=lambda: _p99(f"{stack.endpoints.api_url}{PATH}", secret, half),
        measure="the aim",
        beside=lambda: AIM_MS,
        aim="at most 1",
    )
    with _peer(secret) as url:
        if url is None:
            talk("  There is no Redis here.")
            return
        yield compare(
            "events of a provider taken in, 16 clients, HTTP",
            unit="/s",
            ours=ours,
            measure="FastAPI, Celery on Redis",
            beside=lambda: _rate(url, secret),
            aim="at least 1",
        )
        yield compare(
            f"the slowest hundredth at {half:,.0f} a second",
            unit="ms",
            ours=lambda: _p99(f"{stack.endpoints.api_url}{PATH}", secret, half),
            measure="FastAPI, Celery on Redis",
            beside=lambda: _p99(url, secret, half),
            aim="at most 1",
        )


def confirmed(stack: RunningStack) -> Iterator[Figure]:
    """From an event to the confirmed booking, one after the other."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute(PREPAID, (BUSINESS, 10_000))
        with worker(stack, "payments"):
            waits = sorted(_waits(stack, connection))
        connection.execute(PREPAID, (BUSINESS, 0))
    for name, value in (("half", waits[len(waits) // 2]), ("99 %", waits[-1])):
        spread, aim = Spread.of([value]), Spread.of([CONFIRMED_MS])
        yield Figure(
            f"from a webhook to the confirmed booking, {name} of {PAID} within",
            "ms",
            spread,
            "the aim",
            aim,
            value / CONFIRMED_MS,
            "at most 1",
        )


def _waits(stack: RunningStack, connection: psycopg.Connection) -> Iterator[float]:
    secret, base = secret_of(stack), stack.endpoints.api_url
    book = booking(stack, 2091)
    with httpx.Client(headers=headers(stack), timeout=30) as client:
        for number in range(PAID):
            wish = json.loads(book(0, number).partition(b"\r\n\r\n")[2])
            booked = client.post(f"{stack.endpoints.rest_url}/rpc/book", json=wish).json()
            asked = {"provider": "sandbox", "booking_id": booked["id"]}
            paid = client.post(f"{base}/functions/v1/payments", json=asked).json()
            raw = event(*known(connection, paid["id"]))
            began = time.perf_counter()
            client.post(f"{base}{PATH}", content=raw, headers=signed(secret, raw))
            while not connection.execute(
                "select 1 from scheduling.bookings where id = %s and status = 'confirmed'",
                (booked["id"],),
            ).fetchone():
                time.sleep(0.002)
            yield (time.perf_counter() - began) * 1000


def known(connection: psycopg.Connection, payment_id: str) -> tuple[str, int]:
    query = "select provider_reference, amount_minor from money.payments where id = %s"
    row = connection.execute(query, (payment_id,)).fetchone()
    assert row
    return str(row[0]), int(row[1])


@contextmanager
def _peer(secret: str) -> Iterator[str | None]:
    """The peer's webhook, in one process as ours is; nothing where there is no Redis."""
    with tempfile.TemporaryDirectory() as folder, servers.redis(Path(folder)) as redis:
        if redis is None:
            yield None
            return
        port = free_port()
        server = subprocess.Popen(
            [
                *(python_for(PEER), "-m", "uvicorn", "intake:app", "--port", str(port)),
                *("--no-access-log", "--log-level", "warning"),
            ],
            cwd=PEER,
            env={**os.environ, "REDIS_URL": redis, "WEBHOOK_SECRET": secret},
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/openapi.json")
            yield f"http://127.0.0.1:{port}/webhooks/sandbox"
        finally:
            server.terminate()
            server.wait()


def _rate(url: str, secret: str) -> float:
    done = load(url, _events(url, secret), connections=CLIENTS, seconds=SECONDS)
    expect(done, {204})
    return done.per_second


def _p99(url: str, secret: str, pace: float) -> float:
    done = load(url, _events(url, secret), connections=CLIENTS, seconds=SECONDS, pace=pace)
    expect(done, {204})
    return done.p99_ms


def _events(url: str, secret: str) -> Callable[[int, int], bytes]:
    """Requests with an event each, about a payment that nobody knows."""
    parts = httpx.URL(url)

    def make(_client: int, _sent: int) -> bytes:
        raw = event("pay_unknown", 3000)
        lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc.decode()}"]
        lines += [f"{name}: {value}" for name, value in signed(secret, raw).items()]
        lines += ["Content-Type: application/json", f"Content-Length: {len(raw)}", "", ""]
        return "\r\n".join(lines).encode() + raw

    return make


def event(reference: str, amount_minor: int) -> bytes:
    about = {"id": reference, "captured_minor": amount_minor, "currency": "EUR"}
    event = {"id": f"evt_{uuid.uuid4().hex}", "type": "payment.captured", "created": time.time()}
    return json.dumps({**event, "data": {"object": about}}).encode()


def signed(secret: str, raw: bytes) -> dict[str, str]:
    return {SIGNATURE: signature(secret, int(time.time()), raw)}


def secret_of(stack: RunningStack) -> str:
    return role_password(stack.state.secrets().database_password, "sandbox webhooks")
