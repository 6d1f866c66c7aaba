"""Members of a business book for callers and walk-ins over HTTP."""

from __future__ import annotations

import datetime
import json
import uuid
from typing import Any

import httpx
import pytest

from tests.contract.conftest import Town, built
from tests.contract.test_bad_input import assert_refused
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until


@pytest.fixture(scope="module")
def front(stack: RunningStack) -> Town:
    """A town of its own, whose times nobody else takes."""
    return built(stack)


def book_for(town: Town, person: str | None, **more: Any) -> httpx.Response:
    """Book for Wilma, as somebody."""
    wish = {"service_id": town.ids["salon_service"], "customer_name": "Wilma"}
    with town.client(person) as client:
        return client.post(
            "/rpc/book_for", json={**wish, "starts_at": "2031-06-02T09:00:00Z", **more}
        )


@pytest.mark.parametrize(
    ("person", "status", "token"),
    [
        (None, 401, "not_signed_in"),
        ("customer", 403, "forbidden"),
        ("stranger", 403, "forbidden"),
        ("other_owner", 403, "forbidden"),
        ("accountant", 403, "forbidden"),
    ],
)
def test_nobody_but_those_who_serve_books_for_others(
    front: Town, person: str | None, status: int, token: str
) -> None:
    answer = book_for(front, person)
    assert (answer.status_code, answer.json()["details"]) == (status, token)


@pytest.mark.parametrize(
    ("person", "rule", "is_allowed"),
    [
        ("staff", "notice", True),
        ("staff", "advance", True),
        ("staff", "hours", False),
        ("staff", "closures", False),
        ("staff", "limits", False),
        ("manager", "hours", True),
        ("manager", "closures", True),
        ("owner", "limits", True),
    ],
)
def test_each_rule_is_set_aside_by_those_who_may(
    front: Town, person: str, rule: str, is_allowed: bool
) -> None:
    answer = book_for(front, person, override=[rule])
    if is_allowed:
        booking = answer.json()
        assert (answer.status_code, booking["overridden"]) == (200, []), "the start breaks no rule"
        with front.client(person) as client:
            client.post("/rpc/cancel_booking", json={"booking_id": booking["id"]})
    else:
        assert (answer.status_code, answer.json()["details"]) == (403, "forbidden")


@pytest.mark.parametrize("override", [["taken"], ["notice", 7], "notice", {"notice": True}])
def test_unknown_rules_are_refused_by_name(front: Town, override: object) -> None:
    answer = book_for(front, "owner", override=override)
    assert (answer.status_code, answer.json()["details"]) == (400, "invalid_input")
    assert answer.json()["message"].startswith("override must be")


def test_a_hidden_tenants_service_is_like_none(front: Town) -> None:
    theirs = book_for(front, "owner", service_id=front.ids["secret_service"])
    absent = book_for(front, "owner", service_id=str(uuid.uuid4()))
    assert_refused(theirs, "theirs")
    assert theirs.json() == absent.json()
    assert theirs.json()["details"] == "not_found"


def test_a_walk_in_is_booked_checked_in_and_completed(front: Town) -> None:
    now = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=1)
    booked = book_for(
        front,
        "owner",
        starts_at=now.isoformat(),
        override=["notice", "hours"],
        customer_phone="+491701234567",
    )
    assert booked.status_code == 200, booked.text
    booking = booked.json()
    assert set(booking["overridden"]) == {"notice", "hours"}
    with front.client("staff") as staff:
        for step, status in (("check_in", "checked_in"), ("complete", "completed")):
            done = staff.post(f"/rpc/{step}_booking", json={"booking_id": booking["id"]})
            assert (done.status_code, done.json()["status"]) == (200, status)
        history = staff.get(
            f"/booking_history?booking_id=eq.{booking['id']}"
            "&select=to_status,actor,actor_id,overridden&order=id"
        ).json()
    assert [(step["to_status"], step["actor"]) for step in history] == [
        ("confirmed", "business"),
        ("checked_in", "business"),
        ("completed", "business"),
    ]
    assert history[0]["actor_id"] == front.ids["owner"]
    assert [len(step["overridden"]) for step in history] == [2, 0, 0]


def test_the_contact_is_told_and_nobody_else(front: Town) -> None:
    email = f"caller-{uuid.uuid4().hex[:8]}@town.example"
    caller = book_for(front, "staff", starts_at="2031-06-03T09:00:00Z", customer_email=email)
    nobody = book_for(front, "staff", starts_at="2031-06-03T10:00:00Z")
    assert (caller.status_code, nobody.status_code) == (200, 200)

    def told(booking: httpx.Response, audience: str) -> list[tuple[object, ...]]:
        return front.run(
            "select channel::text, address from engagement.notification_deliveries"
            " where subject_id = %s and audience = %s and address is not null",
            booking.json()["id"],
            audience,
        )

    wait_until(lambda: bool(told(nobody, "business")))
    wait_until(lambda: bool(told(caller, "customer")))
    assert told(caller, "customer") == [("mail", email)]
    assert told(nobody, "customer") == []
    seen = json.loads(front.stack.cli("mail", "--json").stdout)
    assert any(email in mail["to"] for mail in seen)


def test_the_caller_looks_the_booking_up_as_a_guest(front: Town) -> None:
    email = f"caller-{uuid.uuid4().hex[:8]}@town.example"
    booked = book_for(front, "staff", starts_at="2031-06-04T09:00:00Z", customer_email=email)
    with front.client(None) as guest:
        seen = guest.post(
            "/rpc/lookup_booking", json={"reference": booked.json()["reference"], "email": email}
        )
    assert (seen.status_code, seen.json()["status"]) == (200, "confirmed")


def test_the_same_key_books_once(front: Town) -> None:
    key = {"starts_at": "2031-06-05T09:00:00Z", "idempotency_key": uuid.uuid4().hex}
    first, again = (book_for(front, "staff", **key) for _ in range(2))
    assert first.status_code == 200, first.text
    assert first.json() == again.json()
    other = book_for(front, "staff", **key, notes="Another")
    assert (other.status_code, other.json()["details"]) == (409, "idempotency_conflict")
    taken = book_for(front, "owner", starts_at=key["starts_at"], override=["hours", "limits"])
    assert (taken.status_code, taken.json()["details"]) == (409, "slot_taken")
