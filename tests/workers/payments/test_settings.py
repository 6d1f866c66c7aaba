"""Which payment providers a process has, and that the sandbox is never beside real money."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from workers.providers.payments.from_settings import Settings, build

SANDBOX = {"key": "k", "webhook_secret": "w", "url": "http://127.0.0.1:9"}
RAZORPAY = {"key_id": "rzp_test_1", "key_secret": "s", "webhook_secret": "w"}
PAYJP = {"secret_key": "sk_test_2", "public_key": "pk", "webhook_token": "t"}
PAYPAL = {"client_id": "c", "client_secret": "s", "webhook_id": "1"}
STRIPE = {"secret_key": "sk_test_1", "publishable_key": "pk", "webhook_secret": "whsec"}


def settings(**chosen: Any) -> Settings:
    return Settings.of({"FRONTDESK_PAYMENTS": json.dumps(chosen)})


def test_each_chosen_provider_is_built_under_its_name() -> None:
    assert build(Settings.of({})) == {}
    real = {"stripe": STRIPE, "razorpay": RAZORPAY, "payjp": PAYJP, "paypal": PAYPAL}
    built = build(settings(sandbox=SANDBOX, cash={}, **real))
    names = {name: provider.traits.name for name, provider in built.items()}
    assert names == {name: name for name in ("sandbox", "cash", *real)}


@pytest.mark.parametrize(
    ("name", "live"),
    [
        ("stripe", {**STRIPE, "secret_key": "sk_live_1"}),
        ("stripe", {**STRIPE, "secret_key": "rk_live_1"}),
        ("razorpay", {**RAZORPAY, "key_id": "rzp_live_1"}),
        ("payjp", {**PAYJP, "secret_key": "sk_live_2"}),
        ("paypal", {**PAYPAL, "environment": "live"}),
    ],
)
def test_the_sandbox_is_refused_beside_real_money(name: str, live: dict[str, Any]) -> None:
    assert build(settings(**{name: live}))
    with pytest.raises(ValidationError) as refused:
        settings(sandbox=SANDBOX, **{name: live})
    assert f"the sandbox cannot run beside {name}" in str(refused.value)
    assert "_live_" not in str(refused.value)


def test_secrets_are_not_shown() -> None:
    shown = repr(settings(sandbox=SANDBOX, stripe=STRIPE))
    assert "sk_test_1" not in shown and "whsec" not in shown
