"""Paying over HTTP: one call starts a payment, webhooks are stored once, workers apply them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest

from tests.contract.conftest import Town, built
from tests.contract.paying import booked, confirmed, event, pay, send, status, waiting
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until


@pytest.fixture(scope="module")
def shop(stack: RunningStack) -> Town:
    """A town of its own, whose salon is paid in advance."""
    town = built(stack)
    town.run(
        "insert into money.payment_settings (business_id, prepayment_bps) values (%s, 10000)",
        town.ids["salon"],
    )
    return town


def test_one_call_pays_and_confirms(shop: Town) -> None:
    booking = booked(shop)
    wish = {"booking_id": booking["id"], "method_token": "test_ok", "idempotency_key": "k1"}
    answer = pay(shop, **wish)
    payment = answer.json()
    assert (answer.status_code, payment["status"]) == (200, "captured"), answer.text
    confirmed(shop, booking)
    assert pay(shop, **wish).json()["id"] == payment["id"], "a repetition is the same payment"
    with shop.client("customer") as client:
        sale = client.get("/sales", params={"id": f"eq.{booking['sale_id']}"}).json()[0]
    assert (sale["paid_minor"], sale["balance_minor"]) == (3000, 0)


def test_a_payer_is_sent_to_the_providers_page_and_the_webhook_confirms(shop: Town) -> None:
    booking = booked(shop)
    payment = pay(shop, booking_id=booking["id"]).json()
    assert (payment["status"], payment["client"]["kind"]) == ("requires_action", "redirect")
    httpx.post(payment["client"]["url"], data={"choice": "pay"})
    confirmed(shop, booking)
    ((raw, body),) = shop.run(
        "select raw, convert_from(raw, 'UTF8')::jsonb ->> 'id' = event_id"
        " from money.provider_events where kind = 'payment.captured' and object_reference ="
        " (select provider_reference from money.payments where id = %s)",
        payment["id"],
    )
    assert isinstance(raw, bytes)
    assert body is True


def test_declined_cards_confirm_nothing_and_may_be_tried_again(shop: Town) -> None:
    booking = booked(shop)
    payment = pay(shop, booking_id=booking["id"], method_token="test_declined").json()
    assert (payment["status"], payment["failure"]) == ("failed", "card_declined")
    assert status(shop, "scheduling.bookings", booking["id"]) == "pending_payment"
    assert pay(shop, booking_id=booking["id"], method_token="test_ok").json()["captured_minor"]
    confirmed(shop, booking)


@pytest.mark.parametrize(
    ("person", "wish", "refused"),
    [
        (None, {}, (401, "not_signed_in")),
        ("stranger", {}, (404, "not_found")),
        ("customer", {"amount_minor": 1}, (400, "invalid_input")),
        ("customer", {"provider": "barter"}, (422, "provider_not_offered")),
        ("customer", {"price_minor": 1}, (404, "PGRST202")),
    ],
)
def test_what_the_caller_may_not_is_refused_before_the_provider_is_asked(
    shop: Town, person: str | None, wish: dict[str, Any], refused: tuple[int, str]
) -> None:
    answer = pay(shop, person, booking_id=booked(shop)["id"], **wish)
    told = answer.json()
    assert (answer.status_code, told["details"] if refused[0] != 404 else refused[1]) == refused


def test_an_event_five_times_at_once_and_again_under_another_id_pays_once(shop: Town) -> None:
    booking = booked(shop)
    payment = pay(shop, booking_id=booking["id"]).json()
    raw = event(shop, payment["id"])
    with ThreadPoolExecutor(5) as pool:
        codes = list(pool.map(lambda _: send(shop, raw).status_code, range(5)))
    assert codes == [204] * 5
    confirmed(shop, booking)
    again = event(shop, payment["id"])
    assert send(shop, again).status_code == 204
    assert send(shop, event(shop, payment["id"], "payment.failed")).status_code == 204
    wait_until(lambda: not waiting(shop))
    assert status(shop, "money.payments", payment["id"]) == "captured"
    ((entries,),) = shop.run(
        "select count(*) from money.transactions where cause_id = %s", payment["id"]
    )
    assert entries == 1
    ((told,),) = shop.run(
        "select count(*) from scheduling.booking_history"
        " where booking_id = %s and to_status = 'confirmed'",
        booking["id"],
    )
    assert told == 1


def test_a_forged_event_or_one_with_another_byte_changes_nothing(shop: Town) -> None:
    booking = booked(shop)
    payment = pay(shop, booking_id=booking["id"]).json()
    raw = event(shop, payment["id"])
    for answer in (
        send(shop, raw.replace(b"captured", b"capturex", 1), signed=raw),
        send(shop, raw, signed=b"something else"),
        httpx.post(f"{shop.stack.endpoints.api_url}/functions/v1/webhooks/sandbox", content=raw),
    ):
        assert (answer.status_code, answer.json()["details"]) == (401, "invalid_signature")
    ((stored,),) = shop.run(
        "select count(*) from money.provider_events where raw in (%s, %s)", raw, raw + b" "
    )
    assert stored == 0


def test_an_event_with_another_amount_is_a_finding(shop: Town) -> None:
    booking = booked(shop)
    payment = pay(shop, booking_id=booking["id"]).json()
    send(shop, event(shop, payment["id"], captured_minor=1))
    wait_until(
        lambda: shop.run(
            "select 1 from money.payment_findings where payment_id = %s", payment["id"]
        )
    )
    assert status(shop, "scheduling.bookings", booking["id"]) == "pending_payment"


def test_cancelling_gives_back_what_was_paid(shop: Town) -> None:
    booking = booked(shop)
    payment = pay(shop, booking_id=booking["id"], method_token="test_ok").json()
    confirmed(shop, booking)
    with shop.client("customer") as client:
        client.post("/rpc/cancel_booking", json={"booking_id": booking["id"]})
    wait_until(lambda: status(shop, "money.payments", payment["id"]) == "refunded")


def let_lapse(town: Town, booking: dict[str, Any]) -> None:
    """Let the time run out for which a booking waits for its payment."""
    for table, column, key in (
        ("bookings", "hold_expires_at", "id"),
        ("allocations", "expires_at", "booking_id"),
    ):
        lapse = f"set {column} = now() - interval '1 minute' where {key} = %s"
        town.run(f"update scheduling.{table} {lapse}", booking["id"])


def test_a_payment_for_a_time_that_was_sold_again_is_refunded_once_and_says_so(
    shop: Town,
) -> None:
    booking = booked(shop)
    payment = pay(shop, booking_id=booking["id"]).json()
    wish = {"service_id": shop.ids["salon_service"], "starts_at": booking["starts_at"]}
    # While its row is locked, nothing is known of the money that the provider takes.
    with psycopg.connect(shop.stack.endpoints.db_url) as waits:
        waits.execute(
            "select from money.payments where id = %s for no key update", (payment["id"],)
        )
        httpx.post(payment["client"]["url"], data={"choice": "pay"})
        let_lapse(shop, booking)
        with shop.client("stranger") as client:
            other = client.post("/rpc/book", json=wish).json()
        assert other["status"] == "pending_payment", other
    wait_until(lambda: status(shop, "money.payments", payment["id"]) == "refunded")
    for raw in (event(shop, payment["id"]), event(shop, payment["id"])):
        assert send(shop, raw).status_code == 204
    wait_until(lambda: not waiting(shop))
    told = {"booking_id": f"eq.{booking['id']}", "event": "eq.booking.paid_too_late"}
    with shop.client("customer") as client:
        refunds = client.get("/refunds", params={"payment_id": f"eq.{payment['id']}"}).json()
        wait_until(lambda: len(client.get("/notifications", params=told).json()) == 1)
    assert [(it["status"], it["amount_minor"]) for it in refunds] == [("succeeded", 3000)]
    assert status(shop, "scheduling.bookings", booking["id"]) == "expired"
    assert status(shop, "scheduling.bookings", other["id"]) == "pending_payment"


def test_a_move_to_another_price_is_paid_or_given_back(shop: Town) -> None:
    shop.run(
        "insert into pricing.price_rules (business_id, name, from_time, until_time, change_bps)"
        " values (%s, 'Evening', '15:00', '18:00', 5000)",
        shop.ids["salon"],
    )
    booking = booked(shop)
    paid = pay(shop, booking_id=booking["id"], method_token="test_ok").json()
    confirmed(shop, booking)
    day = booking["starts_at"][:10]
    later = {"booking_id": booking["id"], "starts_at": f"{day}T15:00:00Z"}
    shown = {"select": "price_change_minor,total_minor"}
    with shop.client("customer") as client:
        asked = client.post("/rpc/reschedule_quote", json=later).json()
        assert (asked["difference_minor"], asked["owed_minor"]) == (1500, 1500)
        wish = {**later, "total_minor": asked["total_minor"]}
        moved = client.post("/rpc/reschedule_booking", json=wish, params=shown).json()
        assert moved == {"price_change_minor": 1500, "total_minor": 4500}
        sale = client.get("/sales", params={"id": f"eq.{booking['sale_id']}"}).json()[0]
        assert sale["balance_minor"] == 1500
        rest = pay(shop, booking_id=booking["id"], method_token="test_ok").json()
        assert rest["captured_minor"] == 1500
        back = {**later, "starts_at": f"{day}T10:00:00Z"}
        assert client.post("/rpc/reschedule_quote", json=back).json()["refund_minor"] == 1500
        client.post("/rpc/reschedule_booking", json=back).raise_for_status()
    wait_until(lambda: status(shop, "money.payments", rest["id"]) == "refunded")
    assert status(shop, "money.payments", paid["id"]) == "captured"
