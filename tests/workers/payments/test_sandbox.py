"""The sandbox beyond the contract: its outcomes, its pages and its webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.harness.simulators.payments.sandbox import SandboxSimulator, event_of
from tests.harness.waiting import wait_until
from tests.workers.payments.wired_sandbox import WiredSandbox
from workers.providers.payments import shapes
from workers.providers.payments.failures import Declined, Rejected
from workers.sandbox.outcomes import AMOUNTS, METHODS, PAYOUT_FAILS, PAYOUT_REFUSED


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WiredSandbox]:
    """One sandbox for all tests here; each has keys of its own."""
    one = WiredSandbox(tmp_path_factory.mktemp("sandbox"))
    one.simulator.open()
    yield one
    one.simulator.close()


@pytest.fixture
def wired(shared: WiredSandbox, request: pytest.FixtureRequest) -> WiredSandbox:
    shared.sandbox.received.clear()
    return shared


def events_of(wired: WiredSandbox, reference: str) -> list[str]:
    """The kinds of events about an object or a payment, in their order."""
    provider = wired.provider()
    read = [provider.parse_event(*webhook) for webhook in wired.sandbox.received]
    return [
        event.kind
        for event in read
        if isinstance(event, shapes.ProviderEvent)
        and reference in (event.object_reference, event.payment_reference)
    ]


@pytest.mark.parametrize("method", [name for name, it in METHODS.items() if it.decline])
def test_each_declined_method_has_its_code(wired: WiredSandbox, method: str) -> None:
    with pytest.raises(Declined) as declined:
        wired.provider().create(wired.intent(method, method=method))
    assert declined.value.code == METHODS[method].decline
    assert wired.provider().retrieve(str(declined.value.reference)).failure == declined.value.code


@pytest.mark.parametrize(
    ("amount", "kinds"),
    [
        (990_005, ["payment.captured"]),
        (990_006, ["payment.failed"]),
        (990_007, ["payment.captured", "dispute.opened"]),
    ],
)
def test_an_amount_chooses_what_happens_later(
    wired: WiredSandbox, amount: int, kinds: list[str]
) -> None:
    started = wired.provider().create(wired.intent(f"amount-{amount}", amount_minor=amount))
    assert started.status == ("captured" if amount == 990_007 else "processing")
    wait_until(lambda: events_of(wired, started.reference) == kinds)


def test_every_amount_names_a_method() -> None:
    assert set(AMOUNTS.values()) <= METHODS.keys()


def test_refunds_may_be_slow_or_fail(wired: WiredSandbox) -> None:
    provider = wired.provider()
    for method, status, left in (
        ("test_refund_slow", "succeeded", 1000),
        ("test_refund_fails", "failed", 0),
    ):
        reference = provider.create(wired.intent(method, method=method)).reference
        fields: dict[str, Any] = {"payment": reference, **wired.money(1000)}
        refund = provider.refund(wired.effect(shapes.Refund, f"{method}-refund", **fields))
        assert refund.status == "pending"
        wait_until(lambda to=reference, end=status: f"refund.{end}" in events_of(wired, to))
        assert provider.retrieve_refund(reference, refund.reference).status == status
        assert provider.retrieve(reference).refunded_minor == left


def test_a_challenge_is_passed_or_failed_on_the_page(wired: WiredSandbox) -> None:
    provider = wired.provider()
    for key, choice, status in (("yes", "pay", "captured"), ("no", "fail_challenge", "failed")):
        started = provider.create(wired.intent(key, method="test_3ds"))
        page = httpx.get(str(started.client.url))
        assert "3-D Secure" in page.text and page.headers["X-Frame-Options"] == "DENY"
        back = wired.sandbox.press(str(started.client.url), choice=choice, method="test_3ds")
        assert back == f"https://shop.example/back?payment={started.reference}"
        assert provider.retrieve(started.reference).status == status


def test_the_customer_chooses_a_card_and_is_asked_by_its_bank(wired: WiredSandbox) -> None:
    started = wired.provider().create(wired.intent("choose"))
    url = str(started.client.url)
    assert wired.sandbox.press(url, choice="pay", method="test_3ds") == url
    assert "shop.example" in wired.sandbox.press(url, choice="pay", method="test_3ds")
    assert wired.provider().retrieve(started.reference).status == "captured"
    again = httpx.post(url, data={"choice": "pay"})
    assert again.status_code == 409 and "captured" in again.text


def test_the_customer_may_cancel_on_the_page(wired: WiredSandbox) -> None:
    started = wired.provider().create(wired.intent("cancelled"))
    wired.sandbox.press(str(started.client.url), choice="cancel")
    assert wired.provider().retrieve(started.reference).status == "cancelled"


def test_a_saved_card_pays_for_its_customer_only(wired: WiredSandbox) -> None:
    provider = wired.provider()
    saving = wired.effect(shapes.Saving, "save", email="a@b.c", return_url="https://shop.example")
    started = provider.save_method(saving)
    back = wired.sandbox.press(str(started.client.url), choice="save", method="test_ok")
    assert back == f"https://shop.example?setup={started.reference}"
    (method,) = provider.methods(str(started.customer))
    fields = {"method": method.reference, "off_session": True}
    paid = provider.create(wired.intent("saved", customer=started.customer, **fields))
    assert paid.status == "captured"
    with pytest.raises(Rejected) as refused:
        provider.create(wired.intent("theirs", **fields))
    assert refused.value.code == "invalid_request"
    for _ in range(2):
        provider.forget_method(method.reference)
    assert provider.methods(str(started.customer)) == []
    (gone,) = wired.parsed("method.removed")
    assert gone.object_reference == method.reference


def test_a_bank_may_replace_a_saved_card(wired: WiredSandbox) -> None:
    wired.paid(save_method=True, method="test_ok")
    (saved,) = wired.parsed("method.saved")
    url = f"/methods/{saved.object_reference}/renewal"
    wired.sandbox.post(url, last4="1881", expires_on="2039-01")
    wait_until(lambda: len(wired.parsed("method.updated")) == 1)
    (event,) = wired.parsed("method.updated")
    assert (event.data["last4"], event.data["expires_on"]) == ("1881", "2039-01")


def test_without_the_customer_a_challenge_is_a_decline(wired: WiredSandbox) -> None:
    with pytest.raises(Declined) as declined:
        wired.provider().create(wired.intent("away", method="test_3ds", off_session=True))
    assert declined.value.code == "authentication_required"


def test_payouts_reach_accounts_that_handed_in_everything(wired: WiredSandbox) -> None:
    provider = wired.provider()
    new = wired.effect(shapes.NewAccount, "account", name="Salon", email="a@b.c", country="JP")
    account = provider.create_account(new)
    assert provider.create_account(new) == account

    def payout(key: str, amount: int) -> shapes.PaidOut:
        fields = {"account": account.reference, "description": "Week", **wired.money(amount)}
        return provider.pay_out(wired.effect(shapes.Payout, key, **fields))

    with pytest.raises(Rejected) as refused:
        payout("early", 1000)
    assert refused.value.code == "account_incomplete"
    url = provider.onboarding_url(account.reference, return_url="https://shop.example")
    wired.sandbox.press(url, choice="complete")
    assert provider.account(account.reference).can_be_paid_out
    with pytest.raises(Rejected) as refused:
        payout("poor", PAYOUT_REFUSED)
    assert refused.value.code == "balance_insufficient"
    for key, amount, kind in (
        ("paid", 1000, "payout.paid"),
        ("failed", PAYOUT_FAILS, "payout.failed"),
    ):
        made = payout(key, amount)
        assert made.status == "pending" and payout(key, amount).reference == made.reference
        wait_until(lambda to=made.reference, end=kind: events_of(wired, to) == [end])


def test_disputes_are_opened_and_ended_from_outside(wired: WiredSandbox) -> None:
    reference = wired.paid("disputed")
    wired.sandbox.post(f"/payments/{reference}/disputes")
    (dispute,) = [
        event["data"]["object"]
        for event in wired.sandbox.all("/events")
        if event["data"]["object"].get("payment") == reference
    ]
    wired.sandbox.post(f"/disputes/{dispute['id']}/lost")
    kinds = ["payment.requires_action", "payment.captured", "dispute.opened", "dispute.lost"]
    wait_until(lambda: events_of(wired, reference) == kinds)


def test_an_event_is_sent_until_it_is_taken_and_again_on_demand(wired: WiredSandbox) -> None:
    wired.sandbox.refusing = 1
    reference = wired.paid("stubborn")
    wait_until(lambda: events_of(wired, reference).count("payment.captured") == 1)
    (event_id,) = [
        event["id"]
        for event in wired.sandbox.all("/events")
        if (event["type"], event["data"]["object"]["id"]) == ("payment.captured", reference)
    ]
    wired.sandbox.post(f"/events/{event_id}/resend")
    wait_until(lambda: events_of(wired, reference).count("payment.captured") == 2)
    sent = [event_of(raw)["id"] for _, raw in wired.sandbox.received]
    assert sent.count(event_id) == 2


def test_a_wrong_return_address_is_refused(wired: WiredSandbox) -> None:
    with pytest.raises(Rejected):
        intent = wired.intent("script").model_copy(update={"return_url": "javascript:alert(1)"})
        wired.provider().create(intent)


def test_the_books_outlive_the_program(tmp_path: Path) -> None:
    first = WiredSandbox(tmp_path)
    first.simulator.open()
    reference = first.paid()
    first.webhooks()
    first.simulator.close()
    second = WiredSandbox(tmp_path)
    second.sandbox = second.simulator = SandboxSimulator(tmp_path)
    second.simulator.open()
    assert second.provider().retrieve(reference).status == "captured"
    second.simulator.close()


def test_it_answers_though_all_threads_of_its_program_wait_for_it(wired: WiredSandbox) -> None:
    keys = [f"many-{number}" for number in range(45)]
    made = wired.sandbox.from_inside(
        [partial(wired.provider().create, wired.intent(key, method="test_ok")) for key in keys]
    )
    assert len({started.reference for started in made}) == len(keys)
