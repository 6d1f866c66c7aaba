"""What holds of every payment provider, whichever it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.harness.simulators.payments.server import Fault
from tests.workers.payments.wired import Wired
from workers.providers.payments import shapes
from workers.providers.payments.failures import (
    Absent,
    Declined,
    Misconfigured,
    Rejected,
    TryLater,
    Unanswered,
)

FAULTS = [
    Fault("500", "after"),
    Fault("drop", "after"),
    Fault("hang", "after"),
    Fault("500", "before"),
    Fault("busy", "before"),
]


def test_a_payment_that_the_customer_makes_is_captured(wired: Wired) -> None:
    reference = wired.paid()
    payment = wired.provider().retrieve(reference)
    sums = (payment.amount_minor, payment.captured_minor, payment.refunded_minor)
    assert (payment.status, sums) == ("captured", (wired.amount, wired.amount, 0))
    assert (payment.key, payment.currency) == ("key-1", wired.currency)
    (event,) = wired.parsed("payment.captured")
    assert event.object_reference == reference and event.key in (None, "key-1")
    assert (event.amount_minor, event.currency) == (wired.amount, wired.currency)


def test_reserved_money_is_taken_later(wired: Wired) -> None:
    provider, reference = wired.provider(), wired.paid(capture_now=False)
    assert provider.retrieve(reference).status == "authorized"
    (event,) = wired.parsed("payment.authorized")
    assert (event.object_reference, event.amount_minor) == (reference, wired.amount)
    capture = wired.effect(shapes.Capture, "take", payment=reference, **wired.money())
    for _ in range(2):
        payment = provider.capture(capture)
        assert (payment.status, payment.captured_minor) == ("captured", wired.amount)
    assert len(wired.parsed("payment.captured")) == 1


def test_a_part_of_it_is_taken_or_refused(wired: Wired) -> None:
    provider, reference = wired.provider(), wired.paid(capture_now=False)
    capture = wired.effect(shapes.Capture, "take", payment=reference, **wired.money(2000))
    if not provider.traits.captures_parts:
        with pytest.raises(Rejected) as refused:
            provider.capture(capture)
        assert refused.value.code == "not_offered"
        assert provider.retrieve(reference).status == "authorized"
        return
    payment = provider.capture(capture)
    assert (payment.status, payment.captured_minor) == ("captured", 2000)
    (event,) = wired.parsed("payment.captured")
    assert event.amount_minor == 2000


def test_reserved_money_is_released_once(wired: Wired) -> None:
    provider, reference = wired.provider(), wired.paid(capture_now=False)
    cancel = wired.effect(shapes.Cancel, "cancel", payment=reference)
    if not provider.traits.cancels:
        with pytest.raises(Rejected) as refused:
            provider.cancel(cancel)
        assert refused.value.code == "not_offered"
        return
    for _ in range(2):
        assert provider.cancel(cancel).status == "cancelled"
    again = wired.effect(shapes.Cancel, "cancel-again", payment=reference)
    assert provider.cancel(again).status == "cancelled"
    capture = wired.effect(shapes.Capture, "take", payment=reference, **wired.money())
    with pytest.raises(Rejected) as refused:
        provider.capture(capture)
    assert refused.value.code == "wrong_state"


def test_captured_money_is_not_cancelled(wired: Wired) -> None:
    provider, reference = wired.provider(), wired.paid()
    with pytest.raises(Rejected) as refused:
        provider.cancel(wired.effect(shapes.Cancel, "cancel", payment=reference))
    assert refused.value.code == "wrong_state"
    assert provider.retrieve(reference).status == "captured"


def test_refunds_never_exceed_what_was_captured(wired: Wired) -> None:
    provider, reference = wired.provider(), wired.paid()
    for key, amount in (("one", 1000), ("two", wired.amount - 1000)):
        refund = wired.effect(shapes.Refund, key, payment=reference, **wired.money(amount))
        made = provider.refund(refund)
        assert (made.status, made.amount_minor, made.currency) == (
            "succeeded",
            amount,
            wired.currency,
        )
        assert provider.retrieve_refund(reference, made.reference) == made
    assert provider.retrieve(reference).refunded_minor == wired.amount
    with pytest.raises(Rejected) as refused:
        over = wired.effect(shapes.Refund, "over", payment=reference, **wired.money(100))
        provider.refund(over)
    assert refused.value.code == "wrong_state"
    events = wired.parsed("refund.succeeded")
    assert [event.amount_minor for event in events] == [1000, wired.amount - 1000]
    assert {event.payment_reference for event in events} == {reference}
    assert [event.key for event in events] == ["one", "two"]


def test_a_bank_that_says_no_is_named_and_nothing_is_charged(wired: Wired) -> None:
    if wired.declined is None:  # the customer always chooses on a page
        return
    method, code = wired.declined
    with pytest.raises(Declined) as declined:
        wired.provider().create(wired.intent(method=method))
    assert declined.value.code == code
    if reference := declined.value.reference:
        assert wired.provider().retrieve(reference).status == "failed"
        (event,) = wired.parsed("payment.failed")
        assert event.object_reference == reference
    assert wired.parsed("payment.captured") == []


def test_an_unknown_payment_is_absent(wired: Wired) -> None:
    with pytest.raises(Absent):
        wired.provider().retrieve(wired.paid()[:-1] + "ZZZ")


def test_payments_since_a_moment_are_listed_page_by_page(wired: Wired) -> None:
    keys = {f"key-{number}" for number in range(5)}
    references = {wired.paid(key) for key in sorted(keys)}
    listed = list(wired.provider().list_since(wired.began_at - timedelta(minutes=1)))
    assert {payment.reference for payment in listed} == references
    assert {payment.key for payment in listed} == keys
    assert {payment.status for payment in listed} == {"captured"}
    assert list(wired.provider().list_since(wired.began_at + timedelta(hours=1))) == []


def test_only_what_the_provider_signed_is_believed(wired: Wired) -> None:
    wired.paid()
    provider = wired.provider()
    headers, raw = wired.webhooks()[-1]
    lower = {name.lower(): value for name, value in headers.items()}
    assert isinstance(provider.parse_event(lower, raw), shapes.ProviderEvent)
    forged: list[tuple[dict[str, str], bytes]] = [({}, raw), (headers, b""), (headers, b"\xff")]
    if wired.signs_bytes:
        for at in range(0, len(raw), max(1, len(raw) // 7)):
            forged.append((headers, raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]))
        forged.append((headers, raw + b" "))
    if wired.stamps_events:
        forged.append(wired.stale((headers, raw)))
    forged.append(({name: f"{value}0" for name, value in headers.items()}, raw))
    for given, body in forged:
        assert isinstance(provider.parse_event(given, body), shapes.Forged), (given, body)


def test_events_that_come_twice_and_backwards_say_the_same(wired: Wired) -> None:
    reference = wired.paid()
    refund = wired.effect(shapes.Refund, "refund", payment=reference, **wired.money(1000))
    wired.provider().refund(refund)
    webhooks = wired.webhooks()
    first = [wired.provider().parse_event(*webhook) for webhook in webhooks]
    again = [wired.provider().parse_event(*webhook) for webhook in reversed(webhooks)]
    assert again[::-1] == first
    ids = [event.event_id for event in first if not isinstance(event, shapes.Forged)]
    assert len(set(ids)) == len(webhooks)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.how}-{fault.when}")
def test_a_crash_and_a_repetition_charge_once(wired: Wired, fault: Fault) -> None:
    intent = wired.ready()
    started = _crashed(wired, fault, "create", intent)
    assert wired.charges("key-1") == 1
    if started.status == "requires_action":
        wired.pay(started)
    finish = wired.effect(shapes.Finish, "finish", payment=started.reference)
    payment = (
        _crashed(wired, fault, "finish", finish)
        if wired.provider().retrieve(started.reference).status == "approved"
        else wired.provider().retrieve(started.reference)
    )
    assert (payment.status, payment.captured_minor) == ("captured", wired.amount)
    assert len(wired.parsed("payment.captured")) == 1
    money = wired.money(1000)
    refund = wired.effect(shapes.Refund, "refund", payment=started.reference, **money)
    _crashed(wired, fault, "refund", refund)
    assert wired.refunds("refund") == 1
    assert wired.provider().retrieve(started.reference).refunded_minor == 1000


@pytest.mark.parametrize("fault", FAULTS[:2], ids=lambda fault: f"{fault.how}-{fault.when}")
def test_a_crash_and_a_repetition_take_or_release_once(wired: Wired, fault: Fault) -> None:
    reference = wired.paid("taken", capture_now=False)
    capture = wired.effect(shapes.Capture, "take", payment=reference, **wired.money())
    assert _crashed(wired, fault, "capture", capture).captured_minor == wired.amount
    assert len(wired.parsed("payment.captured")) == 1
    if not wired.provider().traits.cancels:
        return
    released = wired.paid("released", capture_now=False)
    cancel = wired.effect(shapes.Cancel, "cancel", payment=released)
    assert _crashed(wired, fault, "cancel", cancel).status == "cancelled"


def _crashed(wired: Wired, fault: Fault, name: str, effect: shapes.Effect) -> Any:
    """Make a call that fails, and then the same again by another process."""
    wired.simulator.faults.append(Fault(fault.how, fault.when, wired.mutations))
    seconds = 0.3 if fault.how == "hang" else 60.0
    with pytest.raises(TryLater) as failure:
        getattr(wired.provider(seconds=seconds), name)(effect)
    if fault.how == "busy":
        assert failure.value.retry_after == 7 and not isinstance(failure.value, Unanswered)
    else:
        assert isinstance(failure.value, Unanswered)
    assert not wired.simulator.faults
    return getattr(wired.provider(), name)(effect)


def test_a_key_is_for_one_payment(wired: Wired) -> None:
    provider = wired.provider()
    first = provider.create(wired.ready("same"))
    assert provider.create(wired.ready("same")).reference == first.reference
    with pytest.raises(Rejected) as refused:
        provider.create(wired.ready("same", amount_minor=wired.amount + 1000))
    assert refused.value.code == "key_reused"
    assert wired.charges("same") == 1


def test_wrong_credentials_are_the_operators_matter_and_stay_secret(wired: Wired) -> None:
    wrong = wired.provider(good=False)
    with pytest.raises(Misconfigured) as failure:
        wrong.create(wired.ready())
    assert "-wrong" not in failure.value.reason + repr(wrong) + str(vars(failure.value))
    assert wired.charges("key-1") == 0


def test_a_provider_that_is_not_there_is_tried_later(wired: Wired) -> None:
    intent = wired.ready()
    with pytest.raises(TryLater) as failure:
        wired.provider(url="http://127.0.0.1:9").create(intent)
    assert not isinstance(failure.value, Unanswered | Misconfigured)


def test_an_amount_beyond_the_limit_is_refused_without_a_call(wired: Wired) -> None:
    provider = wired.provider()
    limit = provider.limit(wired.currency)
    calls = len(wired.simulator.calls)
    for amount, code in (
        (limit.minimum_minor - 1, "amount_too_small"),
        (limit.maximum_minor + limit.step_minor, "amount_too_large"),
    ):
        if amount:
            with pytest.raises(Rejected) as refused:
                provider.create(wired.ready(amount_minor=amount))
            assert refused.value.code == code
    if provider.limit("XTS") is None:
        with pytest.raises(Rejected) as refused:
            provider.create(wired.ready(currency="XTS"))
        assert refused.value.code == "currency_not_offered"
    assert len(wired.simulator.calls) == calls
    provider.create(wired.ready(amount_minor=limit.minimum_minor))
