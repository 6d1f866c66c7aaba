"""Stripe's adapter on its simulator."""

from __future__ import annotations

from tests.harness.simulators.payments import stripe as simulated
from tests.harness.simulators.payments.server import now
from tests.harness.simulators.payments.stripe_connect import ConnectSimulator
from tests.workers.payments.wired import Webhook, Wired
from workers.providers.http import Timeouts
from workers.providers.payments import shapes
from workers.providers.payments.repeating import MARK
from workers.providers.payments.stripe import Stripe


class WiredStripe(Wired):
    name = "stripe"
    declined = ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds")
    method = "pm_card_visa"

    def __init__(self) -> None:
        super().__init__()
        self.simulator = self.stripe = ConnectSimulator()

    def make(self, wrong: str, url: str, timeouts: Timeouts) -> Stripe:
        return Stripe(
            secret_key=simulated.SECRET_KEY + wrong,
            publishable_key=simulated.PUBLISHABLE_KEY,
            webhook_secrets=("whsec_other", simulated.WEBHOOK_SECRET),
            timeouts=timeouts,
            url=url,
        )

    def pay(self, started: shapes.Started) -> None:
        assert started.client.client_secret or started.client.url
        self.stripe.pay(started.reference)

    def keep(self, started: shapes.Started) -> None:
        self.stripe.save(started.reference)

    def charges(self, key: str) -> int:
        found = self.stripe.of_kind("payment_intent")
        return sum(body["metadata"].get(MARK) == key for body in found)

    def refunds(self, key: str) -> int:
        return sum(body["metadata"].get(MARK) == key for body in self.stripe.of_kind("refund"))

    def webhooks(self) -> list[Webhook]:
        return [self.stripe.signed(event) for event in self.stripe.events]

    def stale(self, webhook: Webhook) -> Webhook:
        return self.stripe.signed(self.stripe.events[0], at=now() - 360)
