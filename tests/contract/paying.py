"""What tests of payments do: book, pay, and send events as the sandbox does."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx

from cli.stack.secrets import role_password
from tests.contract.conftest import Town
from tests.harness.waiting import wait_until
from workers.sandbox.postman import SIGNATURE, signature

DAYS = count(1)


def booked(town: Town) -> dict[str, Any]:
    """Book a day of its own as the customer."""
    starts_at = datetime(2031, 6, 1, 9, tzinfo=UTC) + timedelta(days=next(DAYS))
    wish = {"service_id": town.ids["salon_service"], "starts_at": starts_at.isoformat()}
    with town.client("customer") as client:
        booking = client.post("/rpc/book", json=wish).json()
    assert booking["status"] == "pending_payment", booking
    return dict(booking)


def pay(town: Town, person: str | None = "customer", **wish: Any) -> httpx.Response:
    """Start a payment at the edge."""
    with town.client(person) as client:
        url = f"{town.stack.endpoints.api_url}/functions/v1/payments"
        return client.post(url, json={"provider": "sandbox", **wish})


def status(town: Town, table: str, key: str) -> object:
    """Return the status of a row."""
    ((found,),) = town.run(f"select status::text from {table} where id = %s", key)
    return found


def confirmed(town: Town, booking: dict[str, Any]) -> None:
    wait_until(lambda: status(town, "scheduling.bookings", booking["id"]) == "confirmed")


def event(
    town: Town,
    payment_id: str,
    kind: str = "payment.captured",
    late_seconds: float = 0,
    **more: Any,
) -> bytes:
    """Return an event of the sandbox about a payment, as it would send it."""
    ((reference, amount),) = town.run(
        "select provider_reference, amount_minor from money.payments where id = %s", payment_id
    )
    about = {"id": reference, "captured_minor": amount, "currency": "EUR", **more}
    body = {
        "id": f"evt_{uuid.uuid4().hex}",
        "type": kind,
        "created": time.time() - late_seconds,
        "data": {"object": about},
    }
    return json.dumps(body).encode()


def send(town: Town, raw: bytes, *, signed: bytes | None = None) -> httpx.Response:
    """Send an event to the webhook, signed as the sandbox signs."""
    secret = role_password(town.stack.state.secrets().database_password, "sandbox webhooks")
    header = {SIGNATURE: signature(secret, int(time.time()), signed or raw)}
    url = f"{town.stack.endpoints.api_url}/functions/v1/webhooks/sandbox"
    return httpx.post(url, content=raw, headers=header)


def waiting(town: Town) -> object:
    """Return how many events wait to be applied."""
    ((found,),) = town.run("select count(*) from money.provider_events where state = 'received'")
    return found
