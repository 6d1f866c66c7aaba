"""A worker that is killed between a provider's answer and our commit acts once.

So say the provider's own books: by a key (Stripe, the sandbox), by the nature of the call
(Razorpay), or because we look first (PAY.JP).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from tests.harness.database import Database as Declared
from tests.harness.waiting import wait_until
from tests.workers.payments.conftest import WIRED
from tests.workers.payments.doomed import HOME, TIMEOUTS, killed
from tests.workers.payments.wired import Wired
from tests.workers.payments.wired_sandbox import WiredSandbox
from workers.actors.database import Database
from workers.actors.payments import Cashier

SALON = """
    select sales.place_sale(
        tests.id('Salon'), null, null, null, null, jsonb_build_object('currency', %s::text)
        || '{"lines": [{"kind": "service", "name": "Cut", "quantity": 1,
        "unit_minor": 5000, "amount_minor": 5000, "discount_minor": 0, "tax_minor": 0,
        "tax_is_included": true}],
        "taxes": [{"component": "none", "rate_bps": 0, "base_minor": 5000, "tax_minor": 0}]}'
    )
"""


@dataclass
class Shop:
    """A sale of 50.00, a cashier, and the books of a provider."""

    db: Declared
    cashier: Cashier
    wired: Any

    def value(self, query: str, *arguments: object) -> Any:
        """Return one value, as the database's owner."""
        ((found,),) = self.db.rows(query, *arguments)
        return found

    def start(self, *, capture: str = "now", is_alone: bool = True) -> str:
        """Begin a payment of the sale, by a card whose owner is not there, or on a page."""
        payment_id = self.value(
            "insert into money.payments (provider, method_token, is_off_session, currency,"
            " amount_minor, to_capture_minor, capture, return_url, expires_at) values (%s, %s, %s,"
            " %s, 5000, 5000, %s, '', '2031-01-01Z') returning id",
            self.wired.name,
            self.wired.method if is_alone else None,
            is_alone,
            self.wired.currency,
            capture,
        )
        self.db.rows(
            "insert into money.payment_parts (business_id, sale_id, payment_id, provider,"
            " currency, amount_minor) select business_id, id, %s, %s, %s, 5000"
            " from sales.sales returning 1",
            payment_id,
            self.wired.name,
            self.wired.currency,
        )
        return str(payment_id)

    def key(self, subject_id: str) -> str:
        """Return the key of the one call about something."""
        return str(
            self.value(
                "select idempotency_key from private.effects where message_id = %s", subject_id
            )
        )

    def paid(self) -> str:
        """Return a payment that is captured."""
        payment_id = self.start()
        self.cashier.ask("create", payment_id)
        if self.status(payment_id) == "requires_action":
            reference = self.value("select provider_reference from money.payments")
            self.wired.razorpay.attempt(reference)
            self.cashier.reconcile(self.wired.name)
        assert self.status(payment_id) == "captured"
        return payment_id

    def ask(self, call: str, subject_id: str) -> None:
        """Make a call twice: the first worker is killed after the provider's answer."""
        killed(self.db.dsn, self.wired, call, subject_id)
        table = "refunds" if call == "refund" else "payments"
        # The lease of the dead one runs out.
        self.db.rows(f"update money.{table} set asked_until = null returning 1")
        self.cashier.ask(call, subject_id)

    def status(self, payment_id: str) -> str:
        """Return a payment's status."""
        return str(self.value("select status from money.payments where id = %s", payment_id))


@contextmanager
def opened(db: Declared, wired: Wired) -> Iterator[Shop]:
    """Open a salon with one sale, and a provider."""
    db.rows("select tests.person('owner')")
    db.rows("select tests.business('Salon', 'owner', 'UTC', %s)", wired.currency)
    db.rows(SALON, wired.currency)
    wired.simulator.open()
    with ConnectionPool(db.dsn, min_size=1, max_size=3, kwargs={"autocommit": True}) as pool:
        provider = wired.make("", wired.simulator.url, TIMEOUTS)
        yield Shop(db, Cashier(Database(pool), {wired.name: provider}, HOME), wired)
    wired.simulator.close()


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
