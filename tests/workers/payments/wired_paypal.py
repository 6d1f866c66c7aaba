"""PayPal's adapter on its simulator."""

from __future__ import annotations

from tests.harness.simulators.payments import paypal as simulated
from tests.harness.simulators.payments.paypal import PayPalSimulator
from tests.workers.payments.wired import Webhook, Wired
from workers.providers.http import Timeouts
from workers.providers.payments import shapes
from workers.providers.payments.paypal import PayPal


class WiredPayPal(Wired):
    name = "paypal"
    # PayPal checks the time itself, and sends an event for days.
    stamps_events = False
    mutations = r"POST /v[23]/.*"

    def __init__(self) -> None:
        super().__init__()
        self.simulator = self.paypal = PayPalSimulator()

    def make(self, wrong: str, url: str, timeouts: Timeouts) -> PayPal:
        return PayPal(
            client_id=simulated.CLIENT_ID,
            client_secret=simulated.CLIENT_SECRET + wrong,
            webhook_id=simulated.WEBHOOK_ID,
            timeouts=timeouts,
            url=url,
        )

    def pay(self, started: shapes.Started) -> None:
        assert started.client.url and started.reference in started.client.url
        self.paypal.approve(started.reference)

    def keep(self, started: shapes.Started) -> None:
        assert started.client.url and started.reference in started.client.url
        self.paypal.approve_setup(started.reference)

    def charges(self, key: str) -> int:
        found = self.paypal.of_kind("order")
        return sum(order["purchase_units"][0]["custom_id"] == key for order in found)

    def refunds(self, key: str) -> int:
        return sum(refund["custom_id"] == key for refund in self.paypal.of_kind("refund"))

    def webhooks(self) -> list[Webhook]:
        return [self.paypal.signed(event) for event in self.paypal.events]
