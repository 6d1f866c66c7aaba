"""Builds the configured payment providers. Only entry points call it.

Real money and the sandbox exclude each other: with a live key beside it, the settings are refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from workers.providers.http import Timeouts
from workers.providers.payments.protocol import PaymentProvider
from workers.providers.payments.sandbox import Sandbox

LIVE = ("sk_live_", "rk_live_", "rzp_live_")


class Choice(BaseModel):
    """The settings of one provider. Tests set the `url`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def is_live(self) -> bool:
        """Whether it moves real money."""
        return False


class SandboxChoice(Choice):
    """See `sandbox.Sandbox`."""

    key: SecretStr
    webhook_secret: SecretStr
    url: str


class Settings(BaseModel):
    """The payment providers that are set up. Limits are in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sandbox: SandboxChoice | None = None
    connect_seconds: Annotated[float, Field(gt=0)] = 5.0
    read_seconds: Annotated[float, Field(gt=0)] = 30.0

    @model_validator(mode="after")
    def _no_sandbox_beside_real_money(self) -> Settings:
        live = [name for name, choice in self if isinstance(choice, Choice) and choice.is_live]
        if self.sandbox and live:
            raise ValueError(f"the sandbox cannot run beside {live[0]} with a live key")
        return self

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        """Read FRONTDESK_PAYMENTS (JSON); without it there is no provider."""
        return cls.model_validate(json.loads(environment.get("FRONTDESK_PAYMENTS") or "{}"))


def build(settings: Settings) -> dict[str, PaymentProvider]:
    """Return the providers by name; they connect on first use, and threads may share them."""
    timeouts = Timeouts(settings.connect_seconds, settings.read_seconds)
    providers: dict[str, PaymentProvider] = {}
    if it := settings.sandbox:
        providers["sandbox"] = Sandbox(
            url=it.url,
            key=it.key.get_secret_value(),
            webhook_secret=it.webhook_secret.get_secret_value(),
            timeouts=timeouts,
        )
    return providers
