"""A worker that is killed between a provider's answer and our commit acts once.

So say the provider's own books: by a key (Stripe, the sandbox), by the nature of the call
(Razorpay), or because we look first (PAY.JP).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.database import Database as Declared
from tests.harness.waiting import wait_until
from tests.workers.payments.conftest import WIRED
from tests.workers.payments.shop import Shop, opened
from tests.workers.payments.wired_sandbox import WiredSandbox


@pytest.fixture
def shop(db: Declared, tmp_path: Path) -> Iterator[Shop]:
    """The salon with the sandbox."""
    with opened(db, WiredSandbox(tmp_path)) as found:
        yield found


@pytest.fixture(params=["stripe", "razorpay", "payjp"])
def far_shop(db: Declared, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """The salon with a provider of each repeat rule."""
    with opened(db, WIRED[request.param]()) as found:
        yield found


def test_a_payment_is_made_once(far_shop: Shop) -> None:
    payment_id = far_shop.start()
    far_shop.ask("create", payment_id)
    assert far_shop.status(payment_id) in ("captured", "requires_action")
    assert far_shop.wired.charges(far_shop.key(payment_id)) == 1


def test_a_refund_is_made_once(far_shop: Shop) -> None:
    payment_id = far_shop.paid()
    refund_id = far_shop.value(
        "select money.refund_payment(%s, null, 2000, null, 'Sorry')::text", payment_id
    )
    far_shop.ask("refund", refund_id)
    assert far_shop.wired.refunds(far_shop.key(refund_id)) == 1
    assert far_shop.wired.provider().retrieve(reference(far_shop)).refunded_minor == 2000


def reference(shop: Shop) -> str:
    """Return the provider's id of the one payment."""
    return str(shop.value("select provider_reference from money.payments"))


def test_a_payment_is_captured_once(shop: Shop) -> None:
    payment_id = shop.start(capture="later")
    shop.cashier.ask("create", payment_id)
    assert shop.status(payment_id) == "authorized"
    shop.ask("capture", payment_id)
    assert shop.status(payment_id) == "captured"
    (booked,) = shop.wired.sandbox.all("/payments")
    assert booked["captured_minor"] == 5000


def test_what_webhooks_missed_is_found_in_the_list(shop: Shop) -> None:
    payment_id = shop.start(is_alone=False)
    shop.cashier.ask("create", payment_id)
    url = shop.value("select client ->> 'url' from money.payments where id = %s", payment_id)
    shop.wired.sandbox.press(url, choice="pay")
    wait_until(lambda: shop.wired.sandbox.all("/payments")[0]["status"] == "captured")
    assert shop.status(payment_id) == "requires_action"
    shop.cashier.reconcile("sandbox")
    assert shop.status(payment_id) == "captured"
    assert shop.value("select kind from money.payment_findings where resolved_at is not null") == (
        "missed_event"
    )
    shop.cashier.reconcile("sandbox")
    assert shop.value("select count(*) from money.payment_findings") == 1
