"""Stripe as a provider: payments, refunds, saved methods and events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import stripe

from workers.providers.http import Timeouts
from workers.providers.payments import shapes
from workers.providers.payments.failures import Absent, Rejected
from workers.providers.payments.protocol import Event, Traits
from workers.providers.payments.repeating import MARK
from workers.providers.payments.stripe import reading
from workers.providers.payments.stripe.calls import KEY_HOURS, client, failures, once
from workers.providers.payments.stripe.connect import Connect
from workers.providers.payments.stripe.units import limit, to_stripe
from workers.providers.payments.units import require_payable, require_step

NAME = "stripe"
TOLERANCE = 300  # seconds
# With the latest charge come the sum of refunds and Stripe's fee.
WITH_CHARGE = "latest_charge.balance_transaction"
Body = dict[str, Any]


class Stripe(Connect):
    """A `FullProvider`. `webhook_secrets`: of our endpoint, and of that for connected accounts."""

    def __init__(
        self,
        *,
        secret_key: str,
        publishable_key: str,
        webhook_secrets: tuple[str, ...],
        timeouts: Timeouts,
        url: str | None = None,
    ) -> None:
        self._api = client(secret_key, url=url, timeouts=timeouts).v1
        self._secrets = webhook_secrets
        self.traits = Traits(
            NAME,
            "key",
            key_hours=KEY_HOURS,
            saves_methods=True,
            pays_out=True,
            public_key=publishable_key,
        )

    def limit(self, currency: str) -> shapes.Limit | None:
        """See `PaymentProvider.limit`."""
        return limit(currency)

    def create(self, intent: shapes.Intent) -> shapes.Started:
        """See `PaymentProvider.create`."""
        require_payable(intent.amount_minor, intent.currency, limit(intent.currency))
        customer = intent.customer
        if intent.save_method and customer is None:
            customer = self._new_customer(intent, intent.email)
        params: Body = {
            "amount": to_stripe(intent.amount_minor, intent.currency),
            "currency": intent.currency.lower(),
            "description": intent.description,
            "capture_method": "automatic" if intent.capture_now else "manual",
            "automatic_payment_methods": {"enabled": True},
            "metadata": {MARK: intent.key},
            **({"customer": customer} if customer else {}),
            **({"setup_future_usage": "off_session"} if intent.save_method else {}),
            **(_confirmation(intent) if intent.method else {}),
        }
        made = once(
            intent,
            "create",
            lambda options: self._api.payment_intents.create(params, options),
            self._look(intent, self._api.payment_intents.list),
        )
        return reading.started(made, str(self.traits.public_key))

    def finish(self, finish: shapes.Finish) -> shapes.Payment:
        """See `PaymentProvider.finish`: nothing is ever left to do."""
        return self.retrieve(finish.payment)

    def capture(self, capture: shapes.Capture) -> shapes.Payment:
        """See `PaymentProvider.capture`."""
        require_step(capture.amount_minor, capture.currency, limit(capture.currency))
        params: Body = {
            "amount_to_capture": to_stripe(capture.amount_minor, capture.currency),
            "expand": [WITH_CHARGE],
        }
        ask = self._api.payment_intents.capture
        look = self._look_at(capture.payment, "succeeded")
        made = once(
            capture,
            "capture",
            lambda options: ask(capture.payment, params, options),
            look,
        )
        return reading.payment(made)

    def cancel(self, cancel: shapes.Cancel) -> shapes.Payment:
        """See `PaymentProvider.cancel`."""
        ask = self._api.payment_intents.cancel
        look = self._look_at(cancel.payment, "canceled")
        try:
            made = once(cancel, "cancel", lambda options: ask(cancel.payment, {}, options), look)
        except Rejected as refused:
            found = look() if refused.code == "wrong_state" else None
            if found is None:
                raise
            made = found
        return reading.payment(made)

    def refund(self, refund: shapes.Refund) -> shapes.Refunded:
        """See `PaymentProvider.refund`."""
        require_step(refund.amount_minor, refund.currency, limit(refund.currency))
        params: Body = {
            "payment_intent": refund.payment,
            "amount": to_stripe(refund.amount_minor, refund.currency),
            "metadata": {MARK: refund.key},
        }
        try:
            made = once(
                refund,
                "refund",
                lambda options: self._api.refunds.create(params, options),
                self._look(refund, self._api.refunds.list, payment_intent=refund.payment),
            )
        except Rejected as refused:
            # More than is left is refused without a code.
            if refused.code != "invalid_request":
                raise
            raise Rejected(refused.reason, code="wrong_state") from None
        return reading.refunded(made)

    def retrieve(self, payment: str) -> shapes.Payment:
        """See `PaymentProvider.retrieve`."""
        try:
            with failures():
                params: Any = {"expand": [WITH_CHARGE]}
                return reading.payment(
                    self._api.payment_intents.retrieve(payment, params).to_dict()
                )
        except Absent:
            raise Absent(payment) from None

    def retrieve_refund(self, payment: str, refund: str) -> shapes.Refunded:
        """See `PaymentProvider.retrieve_refund`."""
        with failures():
            return reading.refunded(self._api.refunds.retrieve(refund).to_dict())

    def list_since(self, moment: datetime) -> Iterator[shapes.Payment]:
        """See `PaymentProvider.list_since`."""
        params: Any = {
            "created": {"gte": int(moment.timestamp())},
            "limit": 100,
            "expand": [f"data.{WITH_CHARGE}"],
        }
        with failures():
            for intent in self._api.payment_intents.list(params).auto_paging_iter():
                yield reading.payment(intent.to_dict())

    def save_method(self, saving: shapes.Saving) -> shapes.Started:
        """See `SavesMethods.save_method`."""
        params: Body = {
            "customer": saving.customer or self._new_customer(saving, saving.email),
            "usage": "off_session",
            "automatic_payment_methods": {"enabled": True},
            "metadata": {MARK: saving.key},
        }
        made = once(
            saving,
            "save",
            lambda options: self._api.setup_intents.create(params, options),
            self._look(saving, self._api.setup_intents.list),
        )
        return reading.started(made, str(self.traits.public_key))

    def finish_saving(self, finish: shapes.FinishSaving) -> shapes.Method | None:
        """See `SavesMethods.finish_saving`."""
        with failures():
            params: Any = {"expand": ["payment_method"]}
            setup = self._api.setup_intents.retrieve(finish.saving, params).to_dict()
        return reading.method(setup["payment_method"]) if setup["status"] == "succeeded" else None

    def methods(self, customer: str) -> list[shapes.Method]:
        """See `SavesMethods.methods`."""
        with failures():
            found = self._api.customers.payment_methods.list(customer, {"limit": 100})
            return [reading.method(it.to_dict()) for it in found.auto_paging_iter()]

    def forget_method(self, method: str) -> None:
        """See `SavesMethods.forget_method`."""
        try:
            with failures():
                self._api.payment_methods.detach(method)
        except Rejected as refused:
            # One that is detached already is refused without a code.
            if refused.code not in ("absent", "invalid_request"):
                raise

    def parse_event(self, headers: Mapping[str, str], raw: bytes) -> Event:
        """See `PaymentProvider.parse_event`."""
        given = {name.lower(): value for name, value in headers.items()}
        signature = given.get("stripe-signature", "")
        if not any(_is_signed(raw, signature, secret) for secret in self._secrets):
            return shapes.Forged(reason="The signature does not match, or is too old.")
        return reading.event(json.loads(raw), NAME)

    def _new_customer(self, effect: shapes.Effect, email: str | None) -> str:
        params: Body = {"metadata": {MARK: effect.key}, **({"email": email} if email else {})}
        made = once(
            effect,
            "customer",
            lambda options: self._api.customers.create(params, options),
            self._look(effect, self._api.customers.list),
        )
        return str(made["id"])

    def _look_at(self, payment: str, status: str) -> Callable[[], Body | None]:
        """Return what finds the payment once it has this status."""

        def look() -> Body | None:
            with failures():
                params: Any = {"expand": [WITH_CHARGE]}
                intent: Body = self._api.payment_intents.retrieve(payment, params).to_dict()
            return intent if intent["status"] == status else None

        return look


def _confirmation(intent: shapes.Intent) -> Body:
    """Return what lets the payment happen in the same call."""
    return {
        "payment_method": intent.method,
        "confirm": True,
        "return_url": intent.return_url,
        **({"off_session": True} if intent.off_session else {}),
    }


def _is_signed(raw: bytes, signature: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(raw, signature, secret, TOLERANCE)
    except (stripe.SignatureVerificationError, ValueError):
        return False
    return True
