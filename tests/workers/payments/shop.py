"""A salon with one sale, and a provider that pays it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg_pool import ConnectionPool

from tests.harness.database import Database as Declared
from tests.workers.payments.doomed import HOME, TIMEOUTS, killed
from tests.workers.payments.wired import Wired
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
