"""Says through whom money moves, and what is missing for it."""

from __future__ import annotations

from typing import Literal

from cli.settings import Config

DOCS = "docs/money/providers.md"


def in_words(config: Config) -> tuple[Literal["ok", "warn"], str, str]:
    """Return whether payments are set up as they should be, in words with a next step."""
    payments = config.frontdesk.payments
    ways = [
        f"{name} ({'live' if provider.is_live else 'test'})"
        for name, provider in payments.enabled.items()
    ]
    ways += ["the sandbox"] if payments.has_sandbox else []
    ways += ["cash"] if payments.cash else []
    if problems := _problems(config):
        words = " ".join(problem for problem, _ in problems)
        return "warn", words, " · ".join(step for _, step in problems)
    if not ways:
        return "warn", "Nobody can pay: there is no payment provider.", f"Set one up: {DOCS}"
    return "ok", f"Money moves by {', '.join(ways)}.", ""


def _problems(config: Config) -> list[tuple[str, str]]:
    """Return what is missing, each with its next step."""
    payments = config.frontdesk.payments
    found = []
    if payments.enabled and not config.frontdesk.webhooks.public_url:
        names = " and ".join(payments.enabled)
        words = f"The webhooks of {names} cannot reach an address of this machine."
        found.append((words, "Set public_url in [frontdesk.webhooks]."))
    if payments.stripe.enabled and not payments.stripe.connect_webhook_secret:
        words = "Stripe's events about connected accounts are refused, so payouts never end."
        found.append((words, "Set connect_webhook_secret in [frontdesk.payments.stripe]."))
    if payments.live and (tests := [it for it in payments.enabled if it not in payments.live]):
        words = f"{' and '.join(tests)} has test keys beside {payments.live[0]}'s live ones."
        found.append((words, "Set its live keys, or enabled = false."))
    return found
