"""Payments: asks providers, applies their events, settles sales, compares lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dramatiq
from dramatiq.errors import Retry
from psycopg.types.json import Jsonb

from workers.actors.database import Database
from workers.actors.retrying import PATIENCE, later
from workers.providers.failures import TryLater
from workers.providers.payments import calls
from workers.providers.payments.protocol import PaymentProvider

QUEUE = "payments"
WAIT = 1_000  # milliseconds until a call is tried again that somebody else is making


@dataclass(frozen=True)
class Cashier:
    """Calls the providers, by name, and records what they answer. `home` is as in `calls.ask`."""

    database: Database
    providers: Mapping[str, PaymentProvider]
    home: str

    def ask(self, call: str, subject_id: str) -> None:
        """Make a call whose key is stored, unless its outcome is known, and record the answer.

        Raises:
            Retry: while somebody else makes the call, or when there was no answer.
        """
        job = self.database.call(
            "select money.start_call(%s::money.provider_call, %s)", call, subject_id
        )
        if job is None:
            return
        if job.get("wait"):
            raise Retry("Somebody else is asking the provider.", delay=WAIT)
        try:
            answer = calls.ask(self.providers, job, self.home)
        except TryLater as error:
            self.database.call(
                "select money.release_call(%s::money.provider_call, %s)::text", call, subject_id
            )
            raise later(error) from None
        self.database.call(
            "select money.finish_call(%s::money.provider_call, %s, %s)",
            call,
            subject_id,
            Jsonb(answer),
        )

    def reconcile(self, name: str) -> None:
        """Compare a provider's list with ours, from where the last comparison ended."""
        began_at = datetime.now(UTC)
        since = self.database.call("select money.reconcile_from(%s)", name)
        for payment in self.providers[name].list_since(since):
            listed = {
                **calls.state(payment),
                "status": payment.status,
                "key": payment.key,
                "amount_minor": payment.amount_minor,
                "captured_minor": payment.captured_minor,
                "refunded_minor": payment.refunded_minor,
            }
            self.database.call("select money.reconcile_payment(%s, %s)", name, Jsonb(listed))
        self.database.call("select money.finish_reconciliation(%s, %s)::text", name, began_at)


def declare(broker: dramatiq.Broker, cashier: Cashier) -> None:
    """Declare the actors."""
    database = cashier.database

    def ask_provider(call: str, subject_id: str) -> None:
        """Make one call of a provider."""
        cashier.ask(call, subject_id)

    def apply_event(event_id: str) -> None:
        """Apply one event of a provider."""
        database.call("select money.apply_event(%s)", event_id)

    def settle_sale(business_id: str, sale_id: str) -> None:
        """Give back what was paid too much for a sale, or charge what guarantees it."""
        database.call("select money.settle_sale(%s, %s)", business_id, sale_id)

    def sweep_payments(topic: str, payload: dict[str, Any]) -> None:
        """Send again what waits, close what nobody finished, and tell of cards that expire."""
        database.call("select money.retry_events()")
        database.call("select money.sweep_payments()")
        database.call("select money.tell_of_expiring_methods()")

    def sweep_gift_cards(topic: str, payload: dict[str, Any]) -> None:
        """Announce gift cards that expire soon, and book what was left on expired ones."""
        database.call("select money.announce_expiring_gift_cards()")
        database.call("select money.sweep_gift_cards()")
        database.call("select money.release_breakages()")

    def reconcile(topic: str, payload: dict[str, Any]) -> None:
        """Compare the lists of all providers with ours."""
        for name in cashier.providers:
            try:
                cashier.reconcile(name)
            except TryLater as error:
                raise later(error) from None

    actors = (ask_provider, apply_event, settle_sale, sweep_payments, sweep_gift_cards, reconcile)
    for actor in actors:
        dramatiq.actor(broker=broker, queue_name=QUEUE, **PATIENCE)(actor)
