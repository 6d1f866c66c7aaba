"""The sandbox's adapter on the sandbox itself."""

from __future__ import annotations

import time
from pathlib import Path

from tests.harness.simulators.payments.sandbox import KEY, WEBHOOK_SECRET, SandboxSimulator
from tests.workers.payments.wired import Webhook, Wired
from workers.providers.http import Timeouts
from workers.providers.payments import shapes
from workers.providers.payments.sandbox import Sandbox
from workers.sandbox.postman import SIGNATURE, signature


class WiredSandbox(Wired):
    name = "sandbox"
    declined = ("test_insufficient_funds", "insufficient_funds")
    method = "test_ok"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.simulator = self.sandbox = SandboxSimulator(folder)

    def make(self, wrong: str, url: str, timeouts: Timeouts) -> Sandbox:
        return Sandbox(url=url, key=KEY + wrong, webhook_secret=WEBHOOK_SECRET, timeouts=timeouts)

    def pay(self, started: shapes.Started) -> None:
        assert started.client.url
        back = self.sandbox.press(started.client.url, choice="pay")
        assert back.endswith(f"?payment={started.reference}")

    def keep(self, started: shapes.Started) -> None:
        self.sandbox.press(str(started.client.url), choice="save", method="test_ok")

    def charges(self, key: str) -> int:
        return sum(body["key"] == key for body in self.sandbox.all("/payments"))

    def refunds(self, key: str) -> int:
        return sum(body["data"]["object"]["key"] == key for body in self._announced("refund."))

    def _announced(self, kind: str) -> list[dict[str, dict[str, dict[str, str]]]]:
        return [body for body in self.sandbox.all("/events") if body["type"].startswith(kind)]

    def webhooks(self) -> list[Webhook]:
        return self.sandbox.settled()

    def stale(self, webhook: Webhook) -> Webhook:
        return {SIGNATURE: signature(WEBHOOK_SECRET, int(time.time()) - 360, webhook[1])}, webhook[
            1
        ]
