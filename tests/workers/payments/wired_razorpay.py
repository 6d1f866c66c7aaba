"""Razorpay's adapter on its simulator."""

from __future__ import annotations

from tests.harness.simulators.payments import razorpay as simulated
from tests.harness.simulators.payments.razorpay import RazorpaySimulator
from tests.workers.payments.wired import Webhook, Wired
from workers.providers.http import Timeouts
from workers.providers.payments import shapes
from workers.providers.payments.razorpay import Razorpay
from workers.providers.payments.repeating import MARK


class WiredRazorpay(Wired):
    name = "razorpay"
    currency = "INR"
    stamps_events = False

    def __init__(self) -> None:
        super().__init__()
        self.simulator = self.razorpay = RazorpaySimulator()

    def make(self, wrong: str, url: str, timeouts: Timeouts) -> Razorpay:
        return Razorpay(
            key_id=simulated.KEY_ID,
            key_secret=simulated.KEY_SECRET + wrong,
            webhook_secret=simulated.WEBHOOK_SECRET,
            timeouts=timeouts,
            url=url,
        )

    def pay(self, started: shapes.Started) -> None:
        assert started.client.order == started.reference
        self.razorpay.attempt(started.reference)

    def keep(self, started: shapes.Started) -> None:
        assert started.client.customer == started.customer
        self.pay(started)

    def charges(self, key: str) -> int:
        return sum(order["receipt"] == key for order in self.razorpay.of_kind("order"))

    def refunds(self, key: str) -> int:
        return sum(it["notes"].get(MARK) == key for it in self.razorpay.of_kind("refund"))

    def taken(self) -> int:
        made = [it for it in self.razorpay.of_kind("payment") if it["captured"]]
        return sum(it["amount"] - it["amount_refunded"] for it in made)

    def webhooks(self) -> list[Webhook]:
        return [self.razorpay.signed(event) for event in self.razorpay.events]
