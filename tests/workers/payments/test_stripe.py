"""Stripe beyond the contract: its keys, saved methods, Connect, disputes and units."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.harness.simulators.payments.server import Fault
from tests.harness.simulators.payments.stripe_connect import OURS
from tests.workers.payments.wired_stripe import WiredStripe
from workers.providers.payments import shapes
from workers.providers.payments.failures import (
    Declined,
    Misconfigured,
    Rejected,
    TryLater,
    Unanswered,
)
from workers.providers.payments.repeating import MARK
from workers.providers.payments.stripe import units


@pytest.fixture
def wired() -> Iterator[WiredStripe]:
    one = WiredStripe()
    one.simulator.open()
    yield one
    one.simulator.close()


def test_a_kept_500_is_looked_behind(wired: WiredStripe) -> None:
    provider, intent = wired.provider(), wired.intent(method="pm_card_visa")
    reference = provider.create(intent).reference
    wired.stripe.keep_500("create-key-1")
    assert provider.create(intent).reference == reference
    assert wired.charges("key-1") == 1


def test_a_kept_500_without_an_effect_does_not_block_the_payment(wired: WiredStripe) -> None:
    provider, intent = wired.provider(), wired.intent(method="pm_card_visa")
    provider.create(intent)
    wired.stripe.keep_500("create-key-1")
    wired.stripe.objects.clear()
    provider.create(intent)
    provider.create(intent)
    assert wired.charges("key-1") == 1


def test_after_a_day_the_effect_is_found_without_its_key(wired: WiredStripe) -> None:
    provider = wired.provider()
    wired.began_at -= timedelta(hours=25)
    intent = wired.intent(method="pm_card_visa")
    reference = provider.create(intent).reference
    refund = wired.effect(shapes.Refund, "refund", payment=reference, **wired.money(1000))
    made = provider.refund(refund)
    wired.stripe.forget_keys()
    assert provider.create(intent).reference == reference
    assert provider.refund(refund) == made
    assert (wired.charges("key-1"), wired.refunds("refund")) == (1, 1)


def test_a_challenge_leads_to_the_banks_page_and_is_passed_there(wired: WiredStripe) -> None:
    provider = wired.provider()
    started = provider.create(wired.intent(method="pm_card_authenticationRequired"))
    assert started.status == "requires_action"
    assert started.client.kind == "redirect" and "/3ds/" in str(started.client.url)
    assert [event.key for event in wired.parsed("payment.requires_action")] == ["key-1"]
    wired.pay(started)
    assert provider.retrieve(started.reference).status == "captured"


def test_a_saved_card_pays_without_the_customer_unless_the_bank_asks(wired: WiredStripe) -> None:
    provider = wired.provider()
    saving = wired.effect(shapes.Saving, "save", email="ada@example.com", return_url="https://a.b")
    started = provider.save_method(saving)
    assert provider.save_method(saving).reference == started.reference
    assert started.client.client_secret and started.customer
    wired.stripe.save(started.reference)
    attached, event = wired.parsed("method.saved")
    (method,) = provider.methods(started.customer)
    assert (event.object_reference, event.key) == (method.reference, "save")
    shown = {"customer": method.customer, "brand": "visa", "last4": "4242", "expires_on": "2034-08"}
    assert (attached.object_reference, attached.data) == (method.reference, shown)
    assert (method.brand, method.last4, method.expires_on) == ("visa", "4242", "2034-08")
    whose = {"customer": started.customer, "off_session": True}
    paid = provider.create(wired.intent("pay", method=method.reference, **whose))
    assert paid.status == "captured"
    with pytest.raises(Declined) as declined:
        provider.create(wired.intent("no", method="pm_card_authenticationRequired", **whose))
    assert declined.value.code == "authentication_required"
    for _ in range(2):
        provider.forget_method(method.reference)
    assert provider.methods(started.customer) == []
    (gone,) = wired.parsed("method.removed")
    assert gone.object_reference == method.reference


def test_a_bank_may_replace_a_saved_card(wired: WiredStripe) -> None:
    reference = wired.paid(save_method=True)
    method = str(wired.provider().retrieve(reference).method)
    wired.stripe.renew(method, 2039)
    (event,) = wired.parsed("method.updated")
    assert (event.object_reference, event.data["expires_on"]) == (method, "2039-08")


def test_a_payment_may_save_its_card(wired: WiredStripe) -> None:
    reference = wired.paid(save_method=True)
    payment = wired.provider().retrieve(reference)
    assert payment.customer
    (method,) = wired.provider().methods(payment.customer)
    assert method.reference == payment.method
    (event,) = wired.parsed("payment.captured")
    assert event.data["method"] == method.reference


def test_fees_are_known_once_the_money_is_taken(wired: WiredStripe) -> None:
    payment = wired.provider().retrieve(wired.paid())
    assert (payment.fee_minor, payment.fee_currency) == (145, "USD")


def test_disputes_open_and_end(wired: WiredStripe) -> None:
    reference = wired.paid()
    closed = "charge.dispute.closed"
    wired.stripe.dispute(reference)
    wired.stripe.dispute(reference, closed, status="won")
    wired.stripe.dispute(reference, closed, status="lost")
    for kind in ("dispute.opened", "dispute.won", "dispute.lost"):
        (event,) = wired.parsed(kind)
        assert (event.payment_reference, event.amount_minor) == (reference, wired.amount)
        assert event.data["fee_minor"] == "1500" and event.data["reason"] == "fraudulent"


def account(wired: WiredStripe) -> str:
    """Return an account that can be paid out."""
    new = wired.effect(
        shapes.NewAccount, "account", name="Salon", email="s@example.com", country="US"
    )
    made = wired.provider().create_account(new)
    assert wired.provider().create_account(new) == made
    assert not made.can_be_paid_out and "external_account" in made.missing
    url = wired.provider().onboarding_url(made.reference, return_url="https://a.b")
    assert made.reference in url
    wired.stripe.onboard(made.reference)
    (event,) = wired.parsed("account.updated")
    assert event.object_reference == made.reference
    assert wired.provider().account(made.reference).can_be_paid_out
    return made.reference


def payout(wired: WiredStripe, to: str, key: str = "payout") -> shapes.Payout:
    made: shapes.Payout = wired.effect(
        shapes.Payout, key, account=to, description="Week 48", **wired.money()
    )
    return made


def balances(wired: WiredStripe, to: str) -> tuple[int, int, int]:
    """Return what we, the account and banks have."""
    found = wired.stripe.balances
    return tuple(found[who, "usd"] for who in (OURS, to, "bank"))  # type: ignore[return-value]


@pytest.mark.parametrize("step", ["transfers", "payouts"])
@pytest.mark.parametrize("how", ["500", "drop", "busy"])
def test_a_crash_in_either_step_pays_out_once(wired: WiredStripe, step: str, how: str) -> None:
    to = account(wired)
    when = "before" if how == "busy" else "after"
    wired.stripe.faults.append(Fault(how, when, rf"POST /v1/{step}"))  # type: ignore[arg-type]
    with pytest.raises(TryLater):
        wired.provider().pay_out(payout(wired, to))
    made = wired.provider().pay_out(payout(wired, to))
    assert made.status == "pending"
    assert balances(wired, to) == (1_000_000 - wired.amount, 0, wired.amount)
    wired.stripe.end_payout(made.reference, "paid")
    assert wired.provider().retrieve_payout(to, made.reference).status == "succeeded"
    (event,) = wired.parsed("payout.paid")
    assert (event.object_reference, event.key) == (made.reference, "payout")
    assert event.data["account"] == to


def test_a_payout_that_is_refused_leaves_the_money_with_us(wired: WiredStripe) -> None:
    to = account(wired)
    wired.stripe.without_bank.add(to)
    for _ in range(2):
        with pytest.raises(Rejected) as refused:
            wired.provider().pay_out(payout(wired, to))
        assert refused.value.code == "payouts_not_allowed"
        assert balances(wired, to) == (1_000_000, 0, 0)
    wired.stripe.without_bank.clear()
    wired.provider().pay_out(payout(wired, to, "next"))
    assert balances(wired, to) == (1_000_000 - wired.amount, 0, wired.amount)


def test_a_reversed_transfer_is_not_paid_out_of(wired: WiredStripe) -> None:
    wired.began_at -= timedelta(hours=25)
    to = account(wired)
    wired.stripe.without_bank.add(to)
    with pytest.raises(Rejected):
        wired.provider().pay_out(payout(wired, to))
    wired.stripe.without_bank.clear()
    wired.stripe.forget_keys()
    assert wired.provider().pay_out(payout(wired, to)).status == "pending"
    assert balances(wired, to) == (1_000_000 - wired.amount, 0, wired.amount)


def test_the_money_of_a_failed_payout_is_recalled_once(wired: WiredStripe) -> None:
    to = account(wired)
    made = wired.provider().pay_out(payout(wired, to))
    wired.stripe.end_payout(made.reference, "failed")
    (event,) = wired.parsed("payout.failed")
    assert event.object_reference == made.reference
    recall = wired.effect(shapes.Recall, "recall", payout=made.reference, account=to)
    wired.stripe.faults.append(Fault("drop", "after", r"POST .*/reversals"))
    with pytest.raises(Unanswered):
        wired.provider().recall(recall)
    for _ in range(2):
        wired.provider().recall(recall)
    assert balances(wired, to) == (1_000_000, 0, 0)


def test_payouts_of_stripes_own_schedule_are_not_ours(wired: WiredStripe) -> None:
    about = {"id": "po_9", "amount": 1, "currency": "usd", "status": "paid", "metadata": {}}
    wired.stripe.announce("payout.paid", about)
    (webhook,) = wired.webhooks()
    assert isinstance(wired.provider().parse_event(*webhook), shapes.Ignored)


@pytest.mark.parametrize(
    ("currency", "ours", "stripes"),
    [
        ("USD", 1050, 1050),
        ("JPY", 1050, 1050),
        ("KWD", 10_500, 10_500),
        ("ISK", 105, 10_500),
        ("UGX", 105, 10_500),
        ("HUF", 105_000, 105_000),
        ("MGA", 10_500, 105),
    ],
)
def test_amounts_go_in_stripes_units_and_come_back(
    wired: WiredStripe, currency: str, ours: int, stripes: int
) -> None:
    provider = wired.provider()
    intent = wired.intent(method="pm_card_visa", currency=currency, amount_minor=ours)
    reference = provider.create(intent).reference
    assert wired.stripe.objects[reference]["amount"] == stripes
    assert provider.retrieve(reference).captured_minor == ours


def test_what_stripe_cannot_express_is_refused_here(wired: WiredStripe) -> None:
    for currency, amount in (("KWD", 10_501), ("MGA", 10_550)):
        with pytest.raises(Rejected) as refused:
            wired.provider().create(wired.intent(currency=currency, amount_minor=amount))
        assert refused.value.code == "amount_not_payable"
    assert wired.stripe.calls == []
    least = {currency: units.limit(currency) for currency in ("USD", "HUF", "GBP", "ISK", "JPY")}
    minimums = {name: limit.minimum_minor for name, limit in least.items() if limit}
    assert minimums == {"USD": 50, "HUF": 17_500, "GBP": 30, "ISK": 1, "JPY": 50}
    steps = {it: units.payout_limit(it) for it in ("HUF", "TWD", "USD", "KWD")}
    assert [limit.step_minor for limit in steps.values() if limit] == [100, 100, 1, 10]


def test_a_key_without_rights_is_the_operators_matter(wired: WiredStripe) -> None:
    with pytest.raises(Misconfigured):
        list(wired.provider(good=False).list_since(wired.began_at))


def test_the_key_travels_in_metadata(wired: WiredStripe) -> None:
    reference = wired.paid("abc")
    assert wired.stripe.objects[reference]["metadata"] == {MARK: "abc"}
