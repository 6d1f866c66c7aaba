"""Payment providers in the configuration: what each needs, and when the sandbox runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli import settings
from cli.commands.doctor.payments import in_words
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


def config(tmp_path: Path, text: str) -> settings.Config:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return settings.load(path)


def payments(tmp_path: Path, text: str) -> Payments:
    return config(tmp_path, text).frontdesk.payments


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


@pytest.mark.parametrize(
    ("text", "message", "next_step"),
    [
        (LIVE_STRIPE, "webhooks of stripe cannot reach", "[frontdesk.webhooks]"),
        (LIVE_STRIPE, "payouts never end", "connect_webhook_secret"),
        (
            LIVE_STRIPE + LIVE_PAYPAL.replace('"live"', '"sandbox"'),
            "paypal has test keys beside stripe's live ones",
            "live keys",
        ),
        ("[frontdesk.payments]\nsandbox = false\ncash = false\n", "Nobody can pay", "providers.md"),
    ],
)
def test_the_doctor_names_what_is_missing(
    tmp_path: Path, text: str, message: str, next_step: str
) -> None:
    result, words, step = in_words(config(tmp_path, text))
    assert (result, message in words, next_step in step) == ("warn", True, True), (words, step)


def test_the_doctor_says_how_money_moves(tmp_path: Path) -> None:
    assert in_words(config(tmp_path, "")) == ("ok", "Money moves by the sandbox, cash.", "")
    public = '[frontdesk.webhooks]\npublic_url = "https://pay.example"\n'
    complete = LIVE_STRIPE + 'connect_webhook_secret = "whsec_2"\n' + public
    assert in_words(config(tmp_path, complete)) == ("ok", "Money moves by stripe (live), cash.", "")
