"""The sandbox of a running stack, as people outside and our own processes reach it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import httpx

from cli.stack.secrets import role_password
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until
from workers.providers.http import Timeouts
from workers.providers.payments.sandbox import Sandbox
from workers.providers.payments.shapes import Intent

PATH = "/functions/v1/sandbox"


def test_its_books_are_closed_without_the_key(stack: RunningStack) -> None:
    url = f"{stack.endpoints.api_url}{PATH}/payments"
    for auth in (None, ("wrong", ""), (stack.endpoints.anon_key, "")):
        assert httpx.get(url, auth=auth).status_code == 401
        assert httpx.post(url, auth=auth, json={}).status_code == 401


def test_its_pages_are_open_and_say_when_there_is_nothing(stack: RunningStack) -> None:
    for place in ("pay", "save", "onboard"):
        answer = httpx.get(f"{stack.endpoints.api_url}{PATH}/{place}/pay_unknown")
        assert (answer.status_code, "There is no" in answer.text) == (404, True)


def test_a_customer_pays_on_its_page_through_the_gateway(stack: RunningStack) -> None:
    key = role_password(stack.state.secrets().database_password, "sandbox")
    edge = stack.endpoints.services["edge"]["url"]
    sandbox = Sandbox(url=f"{edge}{PATH}", key=key, webhook_secret="-", timeouts=Timeouts())
    intent = Intent(
        key=str(uuid.uuid4()),
        began_at=datetime.now(UTC),
        amount_minor=4500,
        currency="JPY",
        description="Haircut <b>",
        return_url="https://shop.example/back",
    )
    started = sandbox.create(intent)
    url = str(started.client.url)
    assert url.startswith(f"{stack.endpoints.api_url}{PATH}/pay/")
    assert "Haircut &lt;b&gt;" in httpx.get(url).text
    done = httpx.post(url, data={"choice": "pay", "method": "test_ok"})
    assert done.headers["location"] == f"https://shop.example/back?payment={started.reference}"
    assert sandbox.retrieve(started.reference).status == "captured"

    def sent() -> list[bool]:
        events = httpx.get(f"{edge}{PATH}/events", auth=(key, "")).json()["data"]
        return [it["is_sent"] for it in events if it["data"]["object"]["id"] == started.reference]

    # Our own webhook takes them, because both sides have the same secret.
    wait_until(lambda: sent() == [True, True])
