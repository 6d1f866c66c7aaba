"""Which payment providers a process has, and that the sandbox is never beside real money."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from workers.providers.payments.from_settings import Settings, build

SANDBOX = {"key": "k", "webhook_secret": "w", "url": "http://127.0.0.1:9"}
STRIPE = {"secret_key": "sk_test_1", "publishable_key": "pk", "webhook_secret": "whsec"}


def settings(**chosen: Any) -> Settings:
    return Settings.of({"FRONTDESK_PAYMENTS": json.dumps(chosen)})


def test_each_chosen_provider_is_built_under_its_name() -> None:
    assert build(Settings.of({})) == {}
    built = build(settings(sandbox=SANDBOX, cash={}, stripe=STRIPE))
    assert {name: provider.traits.name for name, provider in built.items()} == {
        name: name for name in ("sandbox", "cash", "stripe")
    }


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1"])
def test_the_sandbox_is_refused_beside_real_money(key: str) -> None:
    live = {**STRIPE, "secret_key": key}
    assert build(settings(stripe=live))
    with pytest.raises(ValidationError) as refused:
        settings(sandbox=SANDBOX, stripe=live)
    assert "the sandbox cannot run beside stripe" in str(refused.value)
    assert key not in str(refused.value)


def test_secrets_are_not_shown() -> None:
    shown = repr(settings(sandbox=SANDBOX, stripe=STRIPE))
    assert "sk_test_1" not in shown and "whsec" not in shown
