"""The real adapters, each with its simulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers.payments.wired import Wired
from tests.workers.payments.wired_payjp import WiredPayJp
from tests.workers.payments.wired_paypal import WiredPayPal
from tests.workers.payments.wired_razorpay import WiredRazorpay
from tests.workers.payments.wired_sandbox import WiredSandbox
from tests.workers.payments.wired_stripe import WiredStripe

WIRED: dict[str, type[Wired]] = {
    "stripe": WiredStripe,
    "razorpay": WiredRazorpay,
    "payjp": WiredPayJp,
    "paypal": WiredPayPal,
}


@pytest.fixture(params=["sandbox", *WIRED])
def wired(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wired]:
    """Each real adapter in turn."""
    name = request.param
    one = WiredSandbox(tmp_path) if name == "sandbox" else WIRED[name]()
    one.simulator.open()
    yield one
    one.simulator.close()
