"""Features of sign-in that a configuration switches on and that this version does not offer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from cli.settings.auth import Auth

SWITCHES = ("enabled", "enroll_enabled", "verify_enabled")
PROVIDERS = frozenset({"google", "apple", "github", "facebook"})
# Tables that Supabase reads for its own mails and tests. Switching them on offers no feature.
CONTENTS = frozenset({"auth.email.template", "auth.email.notification", "auth.sms.test_otp"})


def not_offered(auth: Auth) -> list[str]:
    """Return the tables, such as auth.passkey, that are switched on without effect."""
    of_providers = [
        f"auth.external.{name}"
        for name, provider in auth.external.items()
        if provider.enabled and name not in PROVIDERS
    ]
    return sorted([*_tables(auth, "auth"), *of_providers])


def sentence(tables: list[str]) -> str:
    """Return the sentence that names them."""
    return f"The configuration switches on what this version does not offer: {', '.join(tables)}."


def _tables(model: BaseModel, key: str) -> Iterator[str]:
    """Yield the switched-on tables among those that no model describes."""
    for name, value in model:
        below = f"{key}.{name}"
        if isinstance(value, BaseModel):
            yield from _tables(value, below)
        elif isinstance(value, dict) and below not in CONTENTS:
            yield from _switched_on(value, below)


def _switched_on(table: dict[str, Any], key: str) -> Iterator[str]:
    if any(str(table.get(switch)).lower() == "true" for switch in SWITCHES):
        yield key
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _switched_on(value, f"{key}.{name}")
