"""Razorpay, PAY.JP and PayPal beyond the contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TypeVar

import pytest

from tests.harness.simulators.payments.server import Fault
from tests.workers.payments.wired import Wired
from tests.workers.payments.wired_payjp import WiredPayJp
from tests.workers.payments.wired_paypal import WiredPayPal
from tests.workers.payments.wired_razorpay import WiredRazorpay
from workers.providers.payments import shapes
from workers.providers.payments.failures import Declined, Rejected, TryLater, Unanswered

One = TypeVar("One", bound=Wired)


def opened(one: One) -> Iterator[One]:
    one.simulator.open()
    yield one
    one.simulator.close()


@pytest.fixture
def razorpay() -> Iterator[WiredRazorpay]:
    yield from opened(WiredRazorpay())


@pytest.fixture
def payjp() -> Iterator[WiredPayJp]:
    yield from opened(WiredPayJp())


@pytest.fixture
def paypal() -> Iterator[WiredPayPal]:
    yield from opened(WiredPayPal())


def test_razorpays_order_is_paid_after_a_failed_attempt(razorpay: WiredRazorpay) -> None:
    provider = razorpay.provider()
    started = provider.create(razorpay.intent())
    razorpay.razorpay.attempt(started.reference, error="payment_cancelled")
    failed = provider.retrieve(started.reference)
    assert (failed.status, failed.failure) == ("failed", "payment_cancelled")
    razorpay.razorpay.attempt(started.reference)
    payment = provider.retrieve(started.reference)
    assert (payment.status, payment.fee_minor) == ("captured", 100)
    kinds = [event.kind for event in read(razorpay) if isinstance(event, shapes.ProviderEvent)]
    assert kinds == ["payment.failed", "payment.authorized", "payment.captured"]


def kept_by_a_payment(razorpay: WiredRazorpay) -> shapes.Payment:
    payment: shapes.Payment = razorpay.provider().retrieve(razorpay.paid("first", save_method=True))
    assert razorpay.parsed("method.saved")
    return payment


def test_razorpays_kept_card_is_charged_once(razorpay: WiredRazorpay) -> None:
    """The call that charges the card is cut off after its effect, and repeated."""
    provider, payment = razorpay.provider(), kept_by_a_payment(razorpay)
    whose = {"customer": payment.customer, "method": payment.method, "off_session": True}
    fee = razorpay.intent("fee", **whose)
    razorpay.simulator.faults.append(Fault("drop", "after", "POST /v1/payments/create/recurring"))
    with pytest.raises(Unanswered):
        provider.create(fee)
    assert provider.create(fee).status == "captured"
    assert len(razorpay.razorpay.of_kind("payment")) == 2


def test_razorpay_says_that_a_kept_card_was_declined(razorpay: WiredRazorpay) -> None:
    provider, payment = razorpay.provider(), kept_by_a_payment(razorpay)
    razorpay.razorpay.refusing[str(payment.method).split("/")[1]] = "insufficient_funds"
    fee = razorpay.intent("fee", customer=payment.customer, method=payment.method, off_session=True)
    for _ in range(2):
        with pytest.raises(Declined) as declined:
            provider.create(fee)
        assert declined.value.code == "insufficient_funds"
        assert declined.value.reference
    assert len(razorpay.razorpay.of_kind("payment")) == 2


def test_razorpay_gives_back_once_what_saving_a_card_took(razorpay: WiredRazorpay) -> None:
    provider = razorpay.provider()
    started = provider.save_method(razorpay.saving())
    razorpay.keep(started)
    finish = razorpay.effect(shapes.FinishSaving, "keep", saving=started.reference)
    razorpay.simulator.faults.append(Fault("drop", "after", "POST /v1/payments/.*/refund"))
    with pytest.raises(Unanswered):
        provider.finish_saving(finish)
    assert provider.finish_saving(finish)
    assert (razorpay.taken(), razorpay.refunds("keep")) == (0, 1)


def test_paypals_wallet_is_kept_once(paypal: WiredPayPal) -> None:
    provider = paypal.provider()
    started = provider.save_method(paypal.saving())
    paypal.keep(started)
    finish = paypal.effect(shapes.FinishSaving, "keep", saving=started.reference)
    paypal.simulator.faults.append(Fault("drop", "after", "POST /v3/vault/payment-tokens"))
    with pytest.raises(Unanswered):
        provider.finish_saving(finish)
    method = provider.finish_saving(finish)
    assert method and provider.methods(method.customer) == [method]


def test_razorpay_releases_what_nobody_captures(razorpay: WiredRazorpay) -> None:
    reference = razorpay.paid(capture_now=False)
    razorpay.razorpay.release(reference)
    provider = razorpay.provider()
    assert provider.retrieve(reference).status == "cancelled"
    cancel = razorpay.effect(shapes.Cancel, "cancel", payment=reference)
    assert provider.cancel(cancel).status == "cancelled"
    with pytest.raises(Rejected) as refused:
        money = razorpay.money()
        provider.capture(razorpay.effect(shapes.Capture, "take", payment=reference, **money))
    assert refused.value.code == "wrong_state"


def test_razorpays_payments_beside_orders_are_not_ours(razorpay: WiredRazorpay) -> None:
    about = {"id": "pay_9", "order_id": None, "amount": 1, "currency": "INR", "notes": []}
    razorpay.razorpay.announce("payment.captured", payment=about)
    razorpay.razorpay.announce("order.paid", order={"id": "order_9"})
    assert all(isinstance(event, shapes.Ignored) for event in read(razorpay))


def test_razorpays_events_keep_the_id_of_their_header(razorpay: WiredRazorpay) -> None:
    razorpay.paid()
    assert [event.event_id for event in read(razorpay)] == ["evt_0", "evt_1", "evt_2"]


def test_razorpays_refunds_have_a_key_of_their_own(razorpay: WiredRazorpay) -> None:
    reference, money = razorpay.paid(), razorpay.money(1000)
    razorpay.provider().refund(razorpay.effect(shapes.Refund, "r", payment=reference, **money))
    # It is at least ten characters long.
    assert list(razorpay.razorpay.refund_keys) == ["frontdesk-r"]


def test_razorpays_failures_are_not_printed(
    razorpay: WiredRazorpay, capsys: pytest.CaptureFixture[str]
) -> None:
    razorpay.simulator.faults.append(Fault("drop"))
    with pytest.raises(Unanswered):
        razorpay.provider().create(razorpay.intent())
    assert capsys.readouterr().out == ""


def test_payjp_needs_a_token(payjp: WiredPayJp) -> None:
    with pytest.raises(Rejected) as refused:
        payjp.provider().create(payjp.intent())
    assert refused.value.code == "method_required"


def test_payjp_charges_only_after_the_challenge(payjp: WiredPayJp) -> None:
    provider = payjp.provider()
    started = provider.create(payjp.ready())
    finish = payjp.effect(shapes.Finish, "finish", payment=started.reference)
    assert provider.finish(finish).status == "requires_action"
    payjp.payjp.pass_challenge(started.reference, "failed")
    failed = provider.finish(finish)
    assert (failed.status, failed.failure) == ("failed", "authentication_failed")
    assert payjp.payjp.events == []


def test_payjp_charges_a_saved_card_without_a_challenge(payjp: WiredPayJp) -> None:
    started = payjp.provider().create(payjp.ready(off_session=True))
    assert (started.status, started.client.kind) == ("captured", "none")


def test_payjp_is_believed_only_as_it_answers_itself(payjp: WiredPayJp) -> None:
    payjp.paid()
    headers, raw = payjp.webhooks()[-1]
    lie = json.loads(raw)
    lie["data"] |= {"amount": 1, "id": "ch_other"}
    event = payjp.provider().parse_event(headers, json.dumps(lie).encode())
    assert isinstance(event, shapes.ProviderEvent) and event.amount_minor == payjp.amount
    for unknown in ({**lie, "id": "evnt_unknown"}, {"id": "../charges"}, {}, [], 5):
        body = json.dumps(unknown).encode()
        assert isinstance(payjp.provider().parse_event(headers, body), shapes.Forged)


def test_payjp_that_does_not_answer_is_asked_about_the_event_again(payjp: WiredPayJp) -> None:
    payjp.paid()
    payjp.simulator.faults.append(Fault("500", "before", r"GET /v1/events/.*"))
    with pytest.raises(TryLater):
        payjp.provider().parse_event(*payjp.webhooks()[-1])


def test_payjp_waits_before_it_looks_again(payjp: WiredPayJp) -> None:
    payjp.simulator.faults.append(Fault("500"))
    with pytest.raises(Unanswered) as failure:
        payjp.provider().create(payjp.ready())
    assert failure.value.retry_after == 60


def test_payjp_refunds_of_two_workers_do_not_hide_each_other(payjp: WiredPayJp) -> None:
    provider, reference = payjp.provider(), payjp.paid()
    first, second = (
        payjp.effect(shapes.Refund, key, payment=reference, **payjp.money(1000))
        for key in ("first", "second")
    )
    payjp.simulator.faults.append(Fault("drop", "after", r"POST .*/refund"))
    with pytest.raises(Unanswered):
        provider.refund(first)
    provider.refund(second)
    provider.refund(first)
    assert provider.retrieve(reference).refunded_minor == 2000
    events = payjp.parsed("refund.succeeded")
    assert [(event.key, event.amount_minor) for event in events] == [
        ("first", 1000),
        ("second", 1000),
    ]


def test_paypals_buyer_approves_and_an_event_says_so(paypal: WiredPayPal) -> None:
    provider = paypal.provider()
    started = provider.create(paypal.intent())
    paypal.pay(started)
    (event,) = paypal.parsed("payment.approved")
    assert (event.object_reference, event.key) == (started.reference, "key-1")
    assert provider.retrieve(started.reference).status == "approved"
    for key in ("by-browser", "by-webhook"):
        finish = paypal.effect(shapes.Finish, key, payment=started.reference)
        assert provider.finish(finish).status == "captured"
    assert provider.retrieve(started.reference).fee_minor == 79


def test_paypals_decline_takes_nothing(paypal: WiredPayPal) -> None:
    provider = paypal.provider()
    started = provider.create(paypal.intent())
    paypal.pay(started)
    paypal.paypal.refusing.add(started.reference)
    finish = paypal.effect(shapes.Finish, "finish", payment=started.reference)
    with pytest.raises(Declined) as declined:
        provider.finish(finish)
    assert (declined.value.code, declined.value.reference) == ("card_declined", started.reference)
    assert paypal.parsed("payment.captured") == []


def test_paypals_open_order_takes_nothing_once_it_is_cancelled(paypal: WiredPayPal) -> None:
    provider = paypal.provider()
    started = provider.create(paypal.intent())
    cancel = paypal.effect(shapes.Cancel, "cancel", payment=started.reference)
    assert provider.cancel(cancel).status == "cancelled"
    assert paypal.paypal.of_kind("capture") == []


def test_paypals_keys_may_be_forgotten(paypal: WiredPayPal) -> None:
    provider, reference = paypal.provider(), paypal.paid()
    refund = paypal.effect(shapes.Refund, "refund", payment=reference, **paypal.money(1000))
    made = provider.refund(refund)
    paypal.paypal.keys.clear()
    assert provider.refund(refund) == made
    assert paypal.refunds("refund") == 1


def test_paypals_disputes_open_and_end(paypal: WiredPayPal) -> None:
    reference = paypal.paid()
    for outcome in (None, "RESOLVED_SELLER_FAVOUR", "RESOLVED_BUYER_FAVOUR"):
        paypal.paypal.dispute(reference, outcome)
    for kind in ("dispute.opened", "dispute.won", "dispute.lost"):
        (event,) = paypal.parsed(kind)
        assert (event.object_reference, event.payment_reference) == ("PP-D-1", reference)
        assert event.amount_minor == paypal.amount


def test_paypals_token_is_renewed_when_it_ends(paypal: WiredPayPal) -> None:
    provider = paypal.provider()
    provider.create(paypal.intent())
    provider._calls._token = "ended"
    with pytest.raises(TryLater):
        provider.create(paypal.intent("key-2"))
    provider.create(paypal.intent("key-2"))
    assert paypal.charges("key-2") == 1


def read(wired: Wired) -> list[shapes.ProviderEvent | shapes.Ignored | shapes.Forged]:
    return [wired.provider().parse_event(headers, raw) for headers, raw in wired.webhooks()]
