"""Somebody without an account books, moves and cancels over HTTP, by the codes that are mailed."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until

REFUSED = {
    "code": "PT403",
    "message": "This code is wrong or has expired.",
    "details": "code_invalid",
    "hint": "Request a new code with request_guest_code, or book again.",
}


@pytest.fixture(scope="module")
def resort(stack: RunningStack) -> Town:
    """A town of its own, whose times nobody else takes."""
    return built(stack)


@pytest.fixture
def guest(resort: Town) -> Iterator[httpx.Client]:
    """Somebody without a token, who has asked for nothing yet."""
    resort.run("delete from scheduling.guest_codes")
    with resort.client(None) as client:
        yield client


def address() -> str:
    """A mailbox that nobody has used."""
    return f"guest-{uuid.uuid4().hex[:8]}@town.example"


def request(
    town: Town, guest: httpx.Client, starts_at: str, email: str, **more: Any
) -> httpx.Response:
    """Ask for a time."""
    wish = {"service_id": town.ids["salon_service"], "starts_at": starts_at}
    return guest.post(
        "/rpc/request_guest_booking", json={**wish, "name": "Gus", "email": email, **more}
    )


def codes(town: Town, email: str, count: int) -> list[str]:
    """What was mailed to an address, once so many mails have come."""

    def found() -> list[str]:
        rows = json.loads(town.stack.cli("mail", "--json").stdout)
        subjects = [row["subject"] for row in rows if email in row["to"]]
        return [code[1] for code in (re.match(r"(\d{6}): ", s) for s in subjects) if code]

    wait_until(lambda: len(found()) == count)
    return found()


def other(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_a_guest_books_moves_and_cancels(resort: Town, guest: httpx.Client) -> None:
    email = address()
    asked = request(resort, guest, "2031-06-02T09:00:00Z", email, phone="+491701234567")
    assert asked.status_code == 200, asked.text
    held = asked.json()
    assert (held["status"], held["services"]) == ("held", ["Cut"])
    taken = request(resort, guest, "2031-06-02T09:00:00Z", address())
    assert taken.json()["details"] == "slot_taken"
    (first,) = codes(resort, email, 1)
    reference = {"reference": held["reference"]}

    wrong = guest.post("/rpc/confirm_guest_booking", json={**reference, "code": other(first)})
    assert (wrong.status_code, wrong.json()) == (403, REFUSED)
    nobody = guest.post("/rpc/confirm_guest_booking", json={"reference": "22222222", "code": first})
    assert (nobody.status_code, nobody.json()) == (403, REFUSED), "nor is told what exists"
    confirmed = guest.post("/rpc/confirm_guest_booking", json={**reference, "code": first})
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "confirmed")
    again = guest.post("/rpc/cancel_guest_booking", json={**reference, "code": first})
    assert (again.status_code, again.json()) == (403, REFUSED), "a code is good once"
    seen = guest.post("/rpc/lookup_booking", json={**reference, "email": email.upper()})
    assert seen.json() == confirmed.json()

    quiet = [
        guest.post("/rpc/request_guest_code", json={**reference, "email": to})
        for to in (email, address())
    ]
    assert [(answer.status_code, answer.text) for answer in quiet] == [(204, ""), (204, "")]
    second = codes(resort, email, 2)[-1]
    moved = guest.post(
        "/rpc/reschedule_guest_booking",
        json={**reference, "code": second, "starts_at": "2031-06-02T11:00:00Z"},
    )
    assert (moved.status_code, moved.json()["starts_at"][:16]) == (200, "2031-06-02T11:00")
    guest.post("/rpc/request_guest_code", json={**reference, "email": email})
    third = codes(resort, email, 3)[-1]
    done = guest.post("/rpc/cancel_guest_booking", json={**reference, "code": third})
    assert (done.status_code, done.json()["status"]) == (200, "cancelled")
    assert resort.run(
        "select distinct actor::text, actor_id, customer_id, customer_name, customer_phone"
        " from scheduling.booking_history inner join scheduling.bookings"
        " on bookings.id = booking_history.booking_id where reference = %s",
        held["reference"],
    ) == [("customer", None, None, "Gus", "+491701234567")]
    with resort.client("staff") as staff:
        assert len(staff.get(f"/bookings?reference=eq.{held['reference']}").json()) == 1
    assert guest.get("/guest_codes").status_code == 404


def test_five_attempts_and_no_more(resort: Town, guest: httpx.Client) -> None:
    email = address()
    held = request(resort, guest, "2031-06-03T09:00:00Z", email).json()
    (code,) = codes(resort, email, 1)
    for _ in range(5):
        wrong = {"reference": held["reference"], "code": other(code)}
        assert guest.post("/rpc/confirm_guest_booking", json=wrong).status_code == 403
    right = {"reference": held["reference"], "code": code}
    assert guest.post("/rpc/confirm_guest_booking", json=right).json() == REFUSED
    assert resort.run(
        "select attempts, used_at, status::text from scheduling.guest_codes"
        " inner join scheduling.bookings on bookings.id = booking_id where reference = %s",
        held["reference"],
    ) == [(5, None, "held")]


def test_too_many_codes_are_refused_with_a_time(resort: Town, guest: httpx.Client) -> None:
    email = address()
    asked = [
        guest.post("/rpc/request_guest_code", json={"reference": "22222222", "email": email})
        for _ in range(6)
    ]
    assert [answer.status_code for answer in asked] == [204] * 5 + [429]
    assert asked[5].json()["details"] == "rate_limited"
    assert 3500 < int(asked[5].headers["Retry-After"]) <= 3600
    late = request(resort, guest, "2031-06-04T09:00:00Z", email.upper())
    assert late.status_code == 429, "whatever it is asked for"
    for _ in range(25):
        guest.post("/rpc/request_guest_code", json={"reference": "22222222", "email": address()})
    from_here = guest.post("/rpc/request_guest_code", json={"reference": "2", "email": address()})
    assert from_here.status_code == 429, "nor for ever other addresses"
    with resort.client(None, apikey=resort.stack.endpoints.service_role_key) as server:
        wish = {"reference": "22222222", "email": address()}
        assert server.post("/rpc/request_guest_code", json=wish).status_code == 204


@pytest.mark.parametrize(
    "wrong", [{"email": "nobody"}, {"email": "a@b"}, {"name": " "}, {"phone": "0170"}]
)
def test_bad_contacts_are_refused_by_name(
    resort: Town, guest: httpx.Client, wrong: dict[str, str]
) -> None:
    answer = request(resort, guest, "2031-06-05T09:00:00Z", wrong.pop("email", address()), **wrong)
    assert (answer.status_code, answer.json()["details"]) == (400, "invalid_input")


def test_a_guest_who_later_verifies_the_address_has_the_bookings(
    resort: Town, guest: httpx.Client
) -> None:
    email = address()
    held = request(resort, guest, "2031-06-06T09:00:00Z", email).json()
    request(resort, guest, "2031-06-06T10:00:00Z", email)
    code = codes(resort, email, 2)[0]
    proof = {"reference": held["reference"], "code": code}
    assert guest.post("/rpc/confirm_guest_booking", json=proof).status_code == 200
    user = resort.new(email, "auth.users", email=email.upper())
    headers = {"Authorization": f"Bearer {resort.stack.token(user)}"}
    early = guest.post("/rpc/claim_guest_bookings", headers=headers)
    assert early.json()["details"] == "email_not_verified"
    resort.run("update auth.users set email_confirmed_at = now() where id = %s", user)
    assert guest.post("/rpc/claim_guest_bookings", headers=headers).json() == 1
    (mine,) = guest.get("/bookings?select=reference", headers=headers).json()
    assert mine == {"reference": held["reference"]}, "what was proven, and nothing else"
    assert guest.post("/rpc/claim_guest_bookings", headers=headers).json() == 0
    assert guest.post("/rpc/claim_guest_bookings").json()["details"] == "not_signed_in"
