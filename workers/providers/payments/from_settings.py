"""Builds the configured payment providers. Only entry points call it.

Real money and the sandbox exclude each other: with a live key beside it, the settings are refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from workers.providers.http import Timeouts
from workers.providers.payments import payjp, paypal, razorpay
from workers.providers.payments.cash import Cash
from workers.providers.payments.protocol import PaymentProvider
from workers.providers.payments.sandbox import Sandbox
from workers.providers.payments.stripe import Stripe

LIVE = ("sk_live_", "rk_live_", "rzp_live_")  # keys of real money begin so


class Choice(BaseModel):
    """The settings of one provider. Tests set the `url`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @property
    def is_live(self) -> bool:
        """Whether it moves real money."""
        return False

    def build(self, timeouts: Timeouts) -> PaymentProvider:
        """Return the provider."""
        raise NotImplementedError


class SandboxChoice(Choice):
    """See `sandbox.Sandbox`."""

    key: SecretStr
    webhook_secret: SecretStr
    url: str

    def build(self, timeouts: Timeouts) -> PaymentProvider:
        """See `Choice.build`."""
        return Sandbox(
            url=self.url,
            key=self.key.get_secret_value(),
            webhook_secret=self.webhook_secret.get_secret_value(),
            timeouts=timeouts,
        )


class CashChoice(Choice):
    """Cash needs nothing."""

    def build(self, timeouts: Timeouts) -> PaymentProvider:
        """See `Choice.build`."""
        return Cash()


class StripeChoice(Choice):
    """See `stripe.Stripe`."""

    secret_key: SecretStr
    publishable_key: str
    webhook_secret: SecretStr
    connect_webhook_secret: SecretStr = SecretStr("")
    url: str | None = None

    @property
    def is_live(self) -> bool:
        """See `Choice.is_live`."""
        return self.secret_key.get_secret_value().startswith(LIVE)

    def build(self, timeouts: Timeouts) -> PaymentProvider:
        """See `Choice.build`."""
        secrets = (self.webhook_secret, self.connect_webhook_secret)
        return Stripe(
            secret_key=self.secret_key.get_secret_value(),
            publishable_key=self.publishable_key,
            webhook_secrets=tuple(it.get_secret_value() for it in secrets if it),
            timeouts=timeouts,
            url=self.url,
        )


class RazorpayChoice(Choice):
    """See `razorpay.Razorpay`."""

    key_id: str
    key_secret: SecretStr
    webhook_secret: SecretStr
    url: str = razorpay.URL

    @property
    def is_live(self) -> bool:
        """See `Choice.is_live`."""
        return self.key_id.startswith(LIVE)

    def build(self, timeouts: Timeouts) -> PaymentProvider:
        """See `Choice.build`."""
        return razorpay.Razorpay(
            key_id=self.key_id,
            key_secret=self.key_secret.get_secret_value(),
            webhook_secret=self.webhook_secret.get_secret_value(),
            timeouts=timeouts,
            url=self.url,
        )


class PayJpChoice(Choice):
    """See `payjp.PayJp`."""

    secret_key: SecretStr
    public_key: str
    webhook_token: SecretStr
    url: str = payjp.URL

    @property
    def is_live(self) -> bool:
        """See `Choice.is_live`."""
        return self.secret_key.get_secret_value().startswith(LIVE)

    def build(self, timeouts: Timeouts) -> PaymentProvider:
        """See `Choice.build`."""
        return payjp.PayJp(
            secret_key=self.secret_key.get_secret_value(),
            public_key=self.public_key,
            webhook_token=self.webhook_token.get_secret_value(),
            timeouts=timeouts,
            url=self.url,
        )


class PayPalChoice(Choice):
    """See `paypal.PayPal`."""

    client_id: str
    client_secret: SecretStr
    webhook_id: str
    environment: Literal["sandbox", "live"] = "sandbox"
    url: str | None = None

    @property
    def is_live(self) -> bool:
        """See `Choice.is_live`."""
        return self.environment == "live"

    def build(self, timeouts: Timeouts) -> PaymentProvider:
        """See `Choice.build`."""
        return paypal.PayPal(
            client_id=self.client_id,
            client_secret=self.client_secret.get_secret_value(),
            webhook_id=self.webhook_id,
            timeouts=timeouts,
            url=self.url or paypal.URLS[self.environment],
        )


class Settings(BaseModel):
    """The payment providers that are set up. Limits are in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    sandbox: SandboxChoice | None = None
    cash: CashChoice | None = None
    stripe: StripeChoice | None = None
    razorpay: RazorpayChoice | None = None
    payjp: PayJpChoice | None = None
    paypal: PayPalChoice | None = None
    connect_seconds: Annotated[float, Field(gt=0)] = 5.0
    read_seconds: Annotated[float, Field(gt=0)] = 30.0

    @property
    def chosen(self) -> dict[str, Choice]:
        """Return the choices by the name of their provider."""
        return {name: choice for name, choice in self if isinstance(choice, Choice)}

    @model_validator(mode="after")
    def _no_sandbox_beside_real_money(self) -> Settings:
        live = [name for name, choice in self.chosen.items() if choice.is_live]
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
    return {name: choice.build(timeouts) for name, choice in settings.chosen.items()}
