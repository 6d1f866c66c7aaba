"""Payment providers in the configuration: what each needs, and when the sandbox runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli import settings
from cli.refusal import Refusal
from cli.settings.payments import Payments

LIVE_STRIPE = """
[frontdesk.payments.stripe]
enabled = true
secret_key = "sk_live_1"
publishable_key = "pk_live_1"
webhook_secret = "whsec_1"
"""
LIVE_PAYPAL = """
[frontdesk.payments.paypal]
enabled = true
client_id = "id"
client_secret = "secret"
webhook_id = "1"
environment = "live"
"""
FORCED = "[frontdesk.payments]\nsandbox = true\n"


def payments(tmp_path: Path, text: str) -> Payments:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return settings.load(path).frontdesk.payments


def test_the_sandbox_runs_until_a_key_is_live(tmp_path: Path) -> None:
    assert payments(tmp_path, "").has_sandbox
    assert payments(tmp_path, LIVE_STRIPE.replace("_live_", "_test_")).has_sandbox
    assert not payments(tmp_path, LIVE_STRIPE).has_sandbox
    assert not payments(tmp_path, LIVE_STRIPE.replace("sk_live", "rk_live")).has_sandbox
    assert not payments(tmp_path, LIVE_PAYPAL).has_sandbox
    assert not payments(tmp_path, FORCED.replace("true", "false")).has_sandbox


@pytest.mark.parametrize("live", [LIVE_STRIPE, LIVE_PAYPAL])
def test_the_sandbox_is_refused_beside_real_money(tmp_path: Path, live: str) -> None:
    assert payments(tmp_path, FORCED + live.replace("live", "test_").replace("test_", "sandbox"))
    with pytest.raises(Refusal) as refusal:
        payments(tmp_path, FORCED + live)
    assert "the sandbox cannot run beside" in refusal.value.message


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("stripe", "secret_key and publishable_key and webhook_secret"),
        ("razorpay", "key_id and key_secret and webhook_secret"),
        ("payjp", "secret_key and public_key and webhook_token"),
        ("paypal", "client_id and client_secret and webhook_id"),
    ],
)
def test_a_provider_names_what_it_needs(tmp_path: Path, name: str, needed: str) -> None:
    assert payments(tmp_path, f"[frontdesk.payments.{name}]\nenabled = false\n")
    with pytest.raises(Refusal) as refusal:
        payments(tmp_path, f"[frontdesk.payments.{name}]\nenabled = true\n")
    assert f"frontdesk.payments.{name}: it needs {needed}" in refusal.value.message
