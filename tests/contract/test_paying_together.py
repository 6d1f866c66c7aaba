"""Paying over HTTP: bookings together, later, by link, with a tip, by a card that was left."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.contract.conftest import Town, built
from tests.contract.paying import DAYS, booked, confirmed, event, pay, send, status
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until

WEEK = 7 * 24 * 3600


@pytest.fixture(scope="module")
def shop(stack: RunningStack) -> Town:
    """A town of its own with two businesses that are paid in advance."""
    town = built(stack)
    town.add_business("barber", "approved", owner="other_owner")
    for business in ("salon", "barber"):
        town.run(
            "insert into money.payment_settings (business_id, prepayment_bps) values (%s, 10000)",
            town.ids[business],
        )
    return town


@pytest.fixture
def reserving(shop: Town) -> Iterator[Town]:
    """The town while the salon reserves money and takes it later."""
    change = "update money.payment_settings set capture = %s where business_id = %s"
    shop.run(change, "later", shop.ids["salon"])
    yield shop
    shop.run(change, "now", shop.ids["salon"])


@pytest.fixture
def trusting(shop: Town) -> Iterator[Town]:
    """The town while the salon asks for nothing in advance, and charges for not coming."""
    salon = shop.ids["salon"]
    prepay = "update catalog.services set prepayment_bps = %s where business_id = %s"
    shop.run(prepay, 0, salon)
    shop.run(
        "update catalog.cancellation_policies set is_default = true, no_show_fee_minor = 1000"
        " where business_id = %s",
        salon,
    )
    yield shop
    shop.run(prepay, None, salon)


def call(town: Town, person: str, function: str, **arguments: Any) -> Any:
    """Call a function as somebody who may."""
    with town.client(person) as client:
        answer = client.post(f"/rpc/{function}", json=arguments)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def series(town: Town) -> dict[str, Any]:
    """Book two days as a series."""
    starts_at = datetime(2031, 6, 1, 12, tzinfo=UTC) + timedelta(days=next(DAYS))
    wish = {"service_id": town.ids["salon_service"], "starts_at": starts_at.isoformat()}
    next(DAYS)
    return dict(call(town, "customer", "book_series", **wish, rrule="FREQ=DAILY;COUNT=2"))


def bookings_of(town: Town, series_id: str) -> list[dict[str, Any]]:
    """Return the occurrences of a series."""
    with town.client("customer") as client:
        return list(client.get("/bookings", params={"series_id": f"eq.{series_id}"}).json())


def parts(town: Town, sale_id: str, person: str = "owner") -> list[tuple[str, int]]:
    """Return the parts that pay a sale, as its business sees them."""
    with town.client(person) as client:
        query = {"sale_id": f"eq.{sale_id}", "order": "created_at"}
        return [
            (it["status"], it["captured_minor"])
            for it in client.get("/payment_parts", params=query).json()
        ]


def test_a_series_and_another_business_are_paid_by_one_payment(shop: Town) -> None:
    first, second = bookings_of(shop, series(shop)["id"])
    day = datetime.fromisoformat(first["starts_at"]) + timedelta(hours=3)
    wish = {"service_id": shop.ids["barber_service"], "starts_at": day.isoformat()}
    third = call(shop, "customer", "book", **wish)
    basket = shop.new("basket", "sales.baskets", customer_id=shop.ids["customer"], currency="EUR")
    sold = [it["sale_id"] for it in (first, second, third)]
    shop.run("update sales.sales set basket_id = %s where id = any(%s::uuid[])", basket, sold)
    payment = pay(shop, basket_id=basket, method_token="test_ok").json()
    assert (payment["status"], payment["captured_minor"]) == ("captured", 9000)
    for booking in (first, second, third):
        confirmed(shop, booking)
    assert [parts(shop, sale) for sale in sold] == [[("captured", 3000)]] * 2 + [[]]
    assert parts(shop, sold[2], "other_owner") == [("captured", 3000)]
    with shop.client("owner") as client:
        assert client.get("/payments").json() == [], "a business sees no payment's total"


def test_a_series_is_paid_at_once(shop: Town) -> None:
    made = series(shop)
    payment = pay(shop, series_id=made["id"], method_token="test_ok").json()
    assert payment["captured_minor"] == 6000
    for booking in bookings_of(shop, made["id"]):
        confirmed(shop, booking)


def test_anybody_who_has_the_link_pays(shop: Town) -> None:
    booking = booked(shop)
    link = call(shop, "owner", "create_payment_link", sale_id=booking["sale_id"])
    answer = pay(shop, None, link_token=link["token"], method_token="test_ok")
    assert answer.json()["captured_minor"] == 3000, answer.text
    confirmed(shop, booking)
    again = pay(shop, None, link_token=link["token"])
    assert (again.status_code, again.json()["details"]) == (409, "nothing_to_pay")
    shop.run("update money.payment_links set revoked_at = now() where id = %s", link["id"])
    refused = pay(shop, None, link_token=link["token"])
    assert (refused.status_code, refused.json()["details"]) == (409, "link_expired")


def test_reserved_money_is_taken_in_part_once_however_often_it_is_asked_for(
    reserving: Town,
) -> None:
    booking = booked(reserving)
    payment = pay(reserving, booking_id=booking["id"], method_token="test_ok").json()
    assert (payment["status"], payment["captured_minor"]) == ("authorized", 0)
    confirmed(reserving, booking)
    wish = {"payment_id": payment["id"], "amount_minor": 1000}
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: call(reserving, "owner", "capture_payment", **wish), range(4)))
    wait_until(lambda: status(reserving, "money.payments", payment["id"]) == "partially_captured")
    call(reserving, "owner", "capture_payment", **wish)
    with reserving.client("owner") as client:
        more = client.post("/rpc/capture_payment", json={**wish, "amount_minor": 2000})
        sale = client.get("/sales", params={"id": f"eq.{booking['sale_id']}"}).json()[0]
    assert (more.status_code, more.json()["details"]) == (409, "invalid_transition")
    assert (sale["paid_minor"], sale["balance_minor"]) == (1000, 2000)


def test_reserved_money_is_taken_whole_by_default(reserving: Town) -> None:
    booking = booked(reserving)
    payment = pay(reserving, booking_id=booking["id"], method_token="test_ok").json()
    call(reserving, "owner", "capture_payment", payment_id=payment["id"])
    wait_until(lambda: status(reserving, "money.payments", payment["id"]) == "captured")


def test_a_tip_is_paid_by_a_payment_of_its_own(shop: Town) -> None:
    booking = booked(shop)
    pay(shop, booking_id=booking["id"], method_token="test_ok")
    confirmed(shop, booking)
    tipped = call(shop, "customer", "add_tip", sale_id=booking["sale_id"], amount_minor=500)
    assert tipped["balance_minor"] == 500
    tip = pay(shop, sale_id=booking["sale_id"], method_token="test_ok").json()
    assert tip["captured_minor"] == 500
    wait_until(lambda: parts(shop, booking["sale_id"]) == [("captured", 3000), ("captured", 500)])


def test_an_event_a_week_late_is_applied(shop: Town) -> None:
    booking = booked(shop)
    payment = pay(shop, booking_id=booking["id"]).json()
    assert send(shop, event(shop, payment["id"], late_seconds=WEEK)).status_code == 204
    confirmed(shop, booking)


def saved_card(town: Town, behaves: str) -> str:
    """Save a card as the customer on the sandbox's page; return its id."""
    with town.client("customer") as client:
        before = {it["id"] for it in client.get("/payment_methods").json()}
        url = f"{town.stack.endpoints.api_url}/functions/v1/payment-methods"
        begun = client.post(url, json={"provider": "sandbox"}).json()
        assert (begun["status"], begun["client"]["kind"]) == ("requires_action", "redirect")
        setup = {"setup_id": begun["id"]}
        assert client.post(f"{url}/finish", json=setup).json()["status"] == "requires_action"
        httpx.post(begun["client"]["url"], data={"choice": "save", "method": behaves})
        assert client.post(f"{url}/finish", json=setup).json()["status"] == "saved"
        (new,) = {it["id"] for it in client.get("/payment_methods").json()} - before
        return str(new)


def test_a_card_that_was_left_pays_for_not_coming_and_another_one_if_it_is_declined(
    trusting: Town,
) -> None:
    starts_at = datetime(2031, 6, 1, 9, tzinfo=UTC) + timedelta(days=next(DAYS))
    wish = {"service_id": trusting.ids["salon_service"], "starts_at": starts_at.isoformat()}
    booking = call(trusting, "customer", "book", **wish)
    sale = {"sale_id": booking["sale_id"]}
    declined = saved_card(trusting, "test_declined")
    call(trusting, "customer", "guarantee_sale", **sale, payment_method_id=declined)
    trusting.run(
        "update scheduling.bookings set starts_at = now() - interval '1 hour', ends_at = now()"
        " where id = %s",
        booking["id"],
    )
    call(trusting, "owner", "mark_no_show", booking_id=booking["id"])
    wait_until(lambda: parts(trusting, sale["sale_id"]) == [("failed", 0)])
    call(trusting, "owner", "charge_guarantee", **sale)
    wait_until(lambda: parts(trusting, sale["sale_id"]) == [("failed", 0)] * 2)
    with trusting.client("customer") as client:
        asked = client.get("/payments", params={"method_id": f"eq.{declined}"}).json()
    assert [it["failure"] for it in asked] == ["card_declined"] * 2, "the bank itself said no"
    good = saved_card(trusting, "test_ok")
    call(trusting, "customer", "guarantee_sale", **sale, payment_method_id=good)
    wait_until(lambda: ("captured", 1000) in parts(trusting, sale["sale_id"]))
    call(trusting, "customer", "remove_payment_method", payment_method_id=good)
    gone = "select 1 from money.provider_events where kind = 'method.removed'"
    wait_until(lambda: bool(trusting.run(gone)))
    wait_until(lambda: not trusting.run("select id from money.methods_to_forget"))
