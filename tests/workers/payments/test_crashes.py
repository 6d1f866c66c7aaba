"""A worker that dies between a provider's answer and our commit charges, captures and refunds once.

The sandbox's own books are the judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import pytest
from psycopg_pool import ConnectionPool

from tests.harness.database import Database as Declared
from tests.harness.waiting import wait_until
from tests.workers.payments.wired_sandbox import WiredSandbox
from workers.actors.database import Database
from workers.actors.payments import Cashier
from workers.providers.http import Timeouts


class KilledError(BaseException):
    """The worker is gone."""


class Doomed(Database):
    """Dies before it records the answer of a provider."""

    dies = False

    def call(self, statement: LiteralString, *arguments: object) -> Any:
        if self.dies and "finish_call" in statement:
            raise KilledError
        return super().call(statement, *arguments)


@dataclass
class Shop:
    """A sale of 50.00, a cashier that may die, and the sandbox's books."""

    db: Declared
    cashier: Cashier
    database: Doomed
    wired: WiredSandbox
    ids: dict[str, Any] = field(default_factory=dict)

    def value(self, query: str, *arguments: object) -> Any:
        """Return one value, as the database's owner."""
        ((found,),) = self.db.rows(query, *arguments)
        return found

    def start(self, *, capture: str = "now", method: str = "test_ok") -> str:
        """Begin a payment of the sale; nobody has asked the provider yet."""
        return str(
            self.value(
                "insert into money.payments (provider, method_token, currency, amount_minor,"
                " to_capture_minor, capture, return_url, expires_at) values ('sandbox', %s, 'EUR',"
                " 5000, 5000, %s, 'https://example.com', '2031-01-01Z') returning id",
                method,
                capture,
            )
        )

    def part(self, payment_id: str) -> None:
        """Give a payment its part of the sale."""
        self.db.rows(
            "insert into money.payment_parts (business_id, sale_id, payment_id, provider,"
            " currency, amount_minor) select business_id, id, %s, 'sandbox', 'EUR', 5000"
            " from sales.sales returning 1",
            payment_id,
        )

    def ask(self, call: str, subject_id: str) -> None:
        """Make a call twice: the first worker dies after the provider's answer."""
        self.database.dies = True
        with pytest.raises(KilledError):
            self.cashier.ask(call, subject_id)
        self.database.dies = False
        table = "refunds" if call == "refund" else "payments"
        # The lease of the dead one runs out.
        self.db.rows(f"update money.{table} set asked_until = null returning 1")
        self.cashier.ask(call, subject_id)

    def status(self, payment_id: str) -> str:
        """Return a payment's status."""
        return str(self.value("select status from money.payments where id = %s", payment_id))


@pytest.fixture
def shop(db: Declared, tmp_path: Path) -> Iterator[Shop]:
    """A salon with one sale, and the sandbox."""
    db.connection.execute(
        """
        select tests.person('owner'), tests.business('Salon', 'owner');
        select sales.place_sale(
            tests.id('Salon'), null, null, null, null,
            '{"currency": "EUR", "lines": [{"kind": "service", "name": "Cut", "quantity": 1,
            "unit_minor": 5000, "amount_minor": 5000, "discount_minor": 0, "tax_minor": 0,
        "tax_is_included": true}],
            "taxes": [{"component": "none", "rate_bps": 0, "base_minor": 5000, "tax_minor": 0}]}'
        );
        """
    )
    wired = WiredSandbox(tmp_path)
    wired.simulator.open()
    with ConnectionPool(db.dsn, min_size=1, max_size=3, kwargs={"autocommit": True}) as pool:
        doomed = Doomed(pool)
        provider = wired.make("", wired.simulator.url, Timeouts(5.0, 30.0))
        yield Shop(db, Cashier(doomed, {"sandbox": provider}), doomed, wired)
    wired.simulator.close()


def test_a_payment_is_made_once(shop: Shop) -> None:
    payment_id = shop.start()
    shop.part(payment_id)
    shop.ask("create", payment_id)
    assert shop.status(payment_id) == "captured"
    assert len(shop.wired.sandbox.all("/payments")) == 1


def test_a_payment_is_captured_once(shop: Shop) -> None:
    payment_id = shop.start(capture="later")
    shop.part(payment_id)
    shop.cashier.ask("create", payment_id)
    assert shop.status(payment_id) == "authorized"
    shop.ask("capture", payment_id)
    assert shop.status(payment_id) == "captured"
    (booked,) = shop.wired.sandbox.all("/payments")
    assert booked["captured_minor"] == 5000


def test_a_refund_is_made_once(shop: Shop) -> None:
    payment_id = shop.start()
    shop.part(payment_id)
    shop.cashier.ask("create", payment_id)
    refund_id = shop.value(
        "select money.refund_payment(%s, null, 2000, null, 'Sorry')::text", payment_id
    )
    shop.ask("refund", refund_id)
    assert shop.status(payment_id) == "partially_refunded"
    (booked,) = shop.wired.sandbox.all("/payments")
    assert booked["refunded_minor"] == 2000


def test_what_webhooks_missed_is_found_in_the_list(shop: Shop) -> None:
    payment_id = shop.start(method="")
    shop.db.rows("update money.payments set method_token = null returning 1")
    shop.part(payment_id)
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
