"""[frontdesk.payments] of the configuration: the providers that move money, and the sandbox."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from cli.settings.auth import Section

LIVE = ("sk_live_", "rk_live_", "rzp_live_")  # keys of real money begin so
Delay = Annotated[float, Field(ge=0, le=3600)]


class Provider(Section):
    """A provider, which is used once it is `enabled`."""

    # Keys without which it cannot be used.
    needed: ClassVar[tuple[str, ...]]
    enabled: bool = False

    @property
    def is_live(self) -> bool:
        """Whether it moves real money."""
        return self.enabled and str(getattr(self, self.needed[0])).startswith(LIVE)

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        missing = [name for name in self.needed if not getattr(self, name)]
        if self.enabled and missing:
            raise ValueError(f"it needs {' and '.join(missing)}")
        return self


class Stripe(Provider):
    """`connect_webhook_secret` signs the events of connected accounts; payouts need it."""

    needed = ("secret_key", "publishable_key", "webhook_secret")
    secret_key: str = ""
    publishable_key: str = ""
    webhook_secret: str = ""
    connect_webhook_secret: str = ""


class Razorpay(Provider):
    """The webhook's secret is chosen where the webhook is set up."""

    needed = ("key_id", "key_secret", "webhook_secret")
    key_id: str = ""
    key_secret: str = ""
    webhook_secret: str = ""


class PayJp(Provider):
    """`webhook_token` is the X-Payjp-Webhook-Token of the account."""

    needed = ("secret_key", "public_key", "webhook_token")
    secret_key: str = ""
    public_key: str = ""
    webhook_token: str = ""


class PayPal(Provider):
    """`webhook_id` is the id of our webhook, with which PayPal verifies events."""

    needed = ("client_id", "client_secret", "webhook_id")
    client_id: str = ""
    client_secret: str = ""
    webhook_id: str = ""
    environment: Literal["sandbox", "live"] = "sandbox"

    @property
    def is_live(self) -> bool:
        """See `Provider.is_live`."""
        return self.enabled and self.environment == "live"


class Payments(Section):
    """Without `sandbox`, the sandbox runs as long as no provider has a live key."""

    sandbox: bool | None = None
    # Seconds until the sandbox sends an event, and until what is slow there has happened.
    sandbox_delay_seconds: Delay = 0.1
    sandbox_slow_seconds: Delay = 2.0
    cash: bool = True
    stripe: Stripe = Stripe()
    razorpay: Razorpay = Razorpay()
    payjp: PayJp = PayJp()
    paypal: PayPal = PayPal()

    @property
    def enabled(self) -> dict[str, Provider]:
        """Return the real providers that are switched on."""
        found = {name: getattr(self, name) for name in ("stripe", "razorpay", "payjp", "paypal")}
        return {name: provider for name, provider in found.items() if provider.enabled}

    @property
    def live(self) -> list[str]:
        """Return the providers that move real money."""
        return [name for name, provider in self.enabled.items() if provider.is_live]

    @property
    def has_sandbox(self) -> bool:
        """Whether the sandbox runs."""
        return not self.live if self.sandbox is None else self.sandbox

    @model_validator(mode="after")
    def _no_sandbox_beside_real_money(self) -> Self:
        if self.sandbox and self.live:
            raise ValueError(f"the sandbox cannot run beside {self.live[0]} with a live key")
        return self
