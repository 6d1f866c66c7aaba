"""Clients that nobody here wrote, unmodified, with default options, against the stack."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from postgrest.exceptions import APIError

from cli.options import ROOT
from supabase import ClientOptions, create_client
from tests.contract.conftest import Town


def node() -> str:
    """Node, from PATH or from the wheel beside our Python."""
    return shutil.which("node") or str(ROOT / ".venv" / "bin" / "node")


def test_supabase_js_does_what_a_frontend_does(town: Town) -> None:
    endpoints = town.stack.endpoints
    story = {
        "url": endpoints.api_url,
        "key": endpoints.anon_key,
        "ownerToken": town.stack.token(town.ids["owner"]),
        "customerToken": town.stack.token(town.ids["customer"]),
        "rivalToken": town.stack.token(town.ids["stranger"]),
        "business": town.ids["salon"],
        "service": town.ids["salon_service"],
        "booking": town.ids["booking"],
    }
    script = Path(__file__).with_name("clients.mjs")
    done = subprocess.run(
        [node(), "--experimental-websocket", script, json.dumps(story)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["slots"] > 10


def test_supabase_py_does_so_too(town: Town) -> None:
    endpoints = town.stack.endpoints
    anyone = create_client(endpoints.api_url, endpoints.anon_key)
    token = town.stack.token(town.ids["customer"])
    customer = create_client(
        endpoints.api_url,
        endpoints.anon_key,
        ClientOptions(headers={"Authorization": f"Bearer {token}"}),
    )
    found = (
        anyone.table("services")
        .select("name, businesses(time_zone)", count="exact")  # type: ignore[arg-type]
        .eq("business_id", town.ids["salon"])
        .order("name")
        .range(0, 4)
        .execute()
    )
    assert found.count == 1
    assert found.data[0]["businesses"]["time_zone"] == "Europe/Berlin"
    day = {"from_at": "2031-06-09T00:00:00Z", "to_at": "2031-06-10T00:00:00Z"}
    service = {"service_id": town.ids["salon_service"]}
    slots = anyone.rpc("available_slots", {**service, **day}).execute().data
    wish = {**service, "starts_at": slots[3]["starts_at"]}
    booked = customer.rpc("book", wish).execute().data
    assert booked["status"] == "confirmed"
    with pytest.raises(APIError) as refusal:
        customer.rpc("book", wish).execute()
    assert (refusal.value.code, refusal.value.details) == ("PT409", "slot_taken")
    mine = customer.table("bookings").select("id, booking_items(*)").eq("id", booked["id"])
    assert len(mine.single().execute().data["booking_items"]) == 1


def test_two_hundred_clients_at_one_slot(town: Town) -> None:
    deadlocks = "select deadlocks from pg_stat_database where datname = current_database()"
    before = town.run(deadlocks)
    wish = {"service_id": town.ids["salon_service"], "starts_at": "2031-06-16T09:00:00Z"}
    with town.client("customer") as client:
        headers = dict(client.headers)
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    with httpx.Client(
        base_url=town.stack.endpoints.rest_url, headers=headers, limits=limits
    ) as client:

        def rush(_n: int) -> tuple[int, str | None]:
            response = client.post("/rpc/book", json=wish)
            return response.status_code, response.json().get("details")

        with ThreadPoolExecutor(200) as pool:
            answers = Counter(pool.map(rush, range(200)))
    assert answers == {(200, None): 1, (409, "slot_taken"): 199}
    assert town.run(deadlocks) == before


def test_a_booking_brings_its_business_items_and_sale_without_a_hint(town: Town) -> None:
    customer = town.stack.token(town.ids["customer"])
    with town.stack.client(Authorization=f"Bearer {customer}") as client:
        answer = client.get(
            "/rest/v1/bookings",
            params={
                "select": "*,businesses(name),booking_items(*,sale_lines(name)),"
                "sales(*,sale_lines(amount_minor),sale_taxes(base_minor))",
                "id": f"eq.{town.ids['booking']}",
            },
        )
    assert answer.status_code == 200, answer.text
    (booking,) = answer.json()
    (item,) = booking["booking_items"]
    sale = booking["sales"]
    assert item["sale_lines"]["name"] == item["service_name"]
    assert sale["owed_minor"] == sum(line["amount_minor"] for line in sale["sale_lines"])
    assert sale["owed_minor"] == sum(tax["base_minor"] for tax in sale["sale_taxes"])
