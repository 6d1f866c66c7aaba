"""PAY.JP's adapter on its simulator."""

from __future__ import annotations

from tests.harness.simulators.payments import payjp as simulated
from tests.harness.simulators.payments.payjp import PayJpSimulator
from tests.workers.payments.wired import Webhook, Wired
from workers.providers.http import Timeouts
from workers.providers.payments import shapes
from workers.providers.payments.payjp import PayJp
from workers.providers.payments.repeating import MARK


class WiredPayJp(Wired):
    name = "payjp"
    currency = "JPY"
    declined = ("tok_expired", "expired_card")
    method = "tok_visa"
    stamps_events = False
    signs_bytes = False
    unknown_saving = "cus_1/car_unknown"

    def __init__(self) -> None:
        super().__init__()
        self.simulator = self.payjp = PayJpSimulator()

    def make(self, wrong: str, url: str, timeouts: Timeouts) -> PayJp:
        return PayJp(
            secret_key=simulated.SECRET_KEY + wrong,
            public_key=simulated.PUBLIC_KEY,
            webhook_token=simulated.WEBHOOK_TOKEN,
            timeouts=timeouts,
            url=url,
        )

    def pay(self, started: shapes.Started) -> None:
        assert started.client.url and f"/v1/tds/{started.reference}/start?" in started.client.url
        self.payjp.pass_challenge(started.reference)

    def charges(self, key: str) -> int:
        return sum(it["metadata"].get(MARK) == key for it in self.payjp.of_kind("charge"))

    def refunds(self, key: str) -> int:
        return sum(
            (event["data"]["refund_reason"] or "").endswith(f" {key}")
            for event in self.payjp.events
            if event["type"] == "charge.refunded"
        )

    def webhooks(self) -> list[Webhook]:
        return [self.payjp.signed(event) for event in self.payjp.events]
