"""Razorpay as a provider.

An order carries our key as its receipt. A repetition finds the order by it, and an order is paid
once. Refunds have a key of their own, which goes into a header.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import razorpay
from razorpay.errors import BadRequestError, SignatureVerificationError

from workers.providers.http import Timeouts
from workers.providers.payments import repeating, shapes
from workers.providers.payments.failures import Absent, Rejected
from workers.providers.payments.protocol import Event, Traits
from workers.providers.payments.razorpay import reading
from workers.providers.payments.razorpay import saving as saving_cards
from workers.providers.payments.razorpay.session import Session
from workers.providers.payments.repeating import MARK
from workers.providers.payments.units import require_payable

NAME = "razorpay"
URL = "https://api.razorpay.com"
PAGE = 100
# Source: https://razorpay.com/docs/payments/payments/international-payments; INR without them
LIMITS = {"INR": shapes.Limit(minimum_minor=100, maximum_minor=50_000_000)}
# Minutes after which Razorpay returns reserved money itself: five days, its longest.
RELEASED_AFTER = 7200
Body = dict[str, Any]


class Razorpay:
    """A `PaymentProvider` that `SavesMethods`. Its `reference` of a payment is the order."""

    def __init__(
        self,
        *,
        key_id: str,
        key_secret: str,
        webhook_secret: str,
        timeouts: Timeouts,
        url: str = URL,
    ) -> None:
        self._client: Any = razorpay.Client(
            session=Session(timeouts), auth=(key_id, key_secret), base_url=url
        )
        self._webhook_secret = webhook_secret
        self.traits = Traits(
            NAME,
            "natural",
            captures_parts=False,
            cancels=False,
            saves_methods=True,
            asks_about_events=True,
            public_key=key_id,
        )

    def limit(self, currency: str) -> shapes.Limit | None:
        """See `PaymentProvider.limit`."""
        return LIMITS.get(currency)

    def create(self, intent: shapes.Intent) -> shapes.Started:
        """See `PaymentProvider.create`: an order, which the customer pays in Razorpay's script.

        A card that is kept pays it at once.
        """
        require_payable(intent.amount_minor, intent.currency, self.limit(intent.currency))
        order = self._order(intent)
        if (order["amount"], order["currency"]) != (intent.amount_minor, intent.currency):
            raise Rejected("This key came with another amount.", code="key_reused")
        if intent.method is None:
            return self._to_pay(order)
        saving_cards.charge(self._client, order, intent)
        payment = self.retrieve(order["id"])
        return shapes.Started(
            reference=order["id"], status=payment.status, customer=payment.customer
        )

    def finish(self, finish: shapes.Finish) -> shapes.Payment:
        """See `PaymentProvider.finish`: nothing is ever left to do."""
        return self.retrieve(finish.payment)

    def capture(self, capture: shapes.Capture) -> shapes.Payment:
        """See `PaymentProvider.capture`."""
        before = self.retrieve(capture.payment)
        if before.status == "captured":
            return before
        if before.status != "authorized":
            raise Rejected(f"The payment is {before.status}.", code="wrong_state")
        if capture.amount_minor != before.amount_minor:
            raise Rejected("Razorpay captures the whole amount.", code="not_offered")
        attempt = self._attempt(capture.payment)
        money = {"currency": capture.currency}
        try:
            self._client.payment.capture(attempt["id"], capture.amount_minor, money)
        except BadRequestError:
            raise Rejected("Razorpay does not capture this payment.", code="wrong_state") from None
        return self.retrieve(capture.payment)

    def cancel(self, cancel: shapes.Cancel) -> shapes.Payment:
        """See `PaymentProvider.cancel`: Razorpay releases reserved money by itself."""
        before = self.retrieve(cancel.payment)
        if before.status == "captured":
            raise Rejected("The payment is captured.", code="wrong_state")
        if before.status == "cancelled":
            return before
        raise Rejected("Razorpay returns what nobody captures by itself.", code="not_offered")

    def refund(self, refund: shapes.Refund) -> shapes.Refunded:
        """See `PaymentProvider.refund`."""
        attempt = self._attempt(refund.payment)
        made = repeating.first(
            it
            for it in self._client.payment.fetch_multiple_refund(attempt["id"], {"count": PAGE})[
                "items"
            ]
            if reading.key_of(it) == refund.key
        )
        asked = {
            "amount": refund.amount_minor,
            "notes": {MARK: refund.key},
            "receipt": refund.key,
        }
        headers = {"X-Refund-Idempotency": f"frontdesk-{refund.key}"}
        try:
            made = made or self._client.payment.refund(attempt["id"], asked, headers=headers)
        except BadRequestError:
            raise Rejected("Razorpay does not refund this amount.", code="wrong_state") from None
        return reading.refunded(made)

    def retrieve(self, payment: str) -> shapes.Payment:
        """See `PaymentProvider.retrieve`."""
        try:
            order = self._client.order.fetch(payment)
            return reading.payment(order, self._client.order.payments(payment)["items"])
        except BadRequestError:
            raise Absent(payment) from None

    def retrieve_refund(self, payment: str, refund: str) -> shapes.Refunded:
        """See `PaymentProvider.retrieve_refund`."""
        try:
            return reading.refunded(self._client.refund.fetch(refund))
        except BadRequestError:
            raise Absent(refund) from None

    def list_since(self, moment: datetime) -> Iterator[shapes.Payment]:
        """See `PaymentProvider.list_since`."""
        query: Body = {"from": int(moment.timestamp()), "count": PAGE, "expand[]": "payments"}
        skip = 0
        while found := self._client.order.all({**query, "skip": skip})["items"]:
            for order in found:
                if reading.saves(order) != reading.ALONE:
                    yield reading.payment(order, order["payments"]["items"])
            skip += len(found)

    def save_method(self, saving: shapes.Saving) -> shapes.Started:
        """See `SavesMethods.save_method`: an order of one rupee, which `finish_saving` returns."""
        query = {"receipt": saving.key, "count": 1}
        order = repeating.first(self._client.order.all(query)["items"])
        if order is None:
            notes = {MARK: saving.key, reading.SAVES: reading.ALONE}
            money = {"amount": saving_cards.LEAST, "currency": saving_cards.CURRENCY}
            terms = saving_cards.terms(saving_cards.customer(self._client, saving))
            asked = {**money, **terms, "receipt": saving.key, "notes": notes}
            order = self._made(asked, capture_now=True)
        return self._to_pay(order)

    def finish_saving(self, finish: shapes.FinishSaving) -> shapes.Method | None:
        """See `SavesMethods.finish_saving`."""
        return saving_cards.finish(self._client, finish)

    def methods(self, customer: str) -> list[shapes.Method]:
        """See `SavesMethods.methods`."""
        return saving_cards.methods(self._client, customer)

    def forget_method(self, method: str) -> None:
        """See `SavesMethods.forget_method`."""
        saving_cards.forget(self._client, method)

    def parse_event(self, headers: Mapping[str, str], raw: bytes) -> Event:
        """See `PaymentProvider.parse_event`.

        The signature has no time in it, so an old call looks like a repetition; `event_id` tells.
        """
        given = {name.lower(): value for name, value in headers.items()}
        signature = given.get("x-razorpay-signature", "")
        try:
            self._client.utility.verify_webhook_signature(
                raw.decode(), signature, self._webhook_secret
            )
        except (SignatureVerificationError, ValueError, TypeError):
            return shapes.Forged(reason="The signature does not match.")
        event_id = given.get("x-razorpay-event-id") or hashlib.sha256(raw).hexdigest()
        body = json.loads(raw)
        if reading.EVENTS.get(body["event"], "").startswith("method."):
            told = saving_cards.told(self._client, body)
            return reading.method_event(body, event_id, NAME, told)
        return reading.event(body, event_id, NAME)

    def _order(self, intent: shapes.Intent) -> Body:
        """Return the order of an intent, made once."""
        query = {"receipt": intent.key, "count": 1}
        if found := repeating.first(self._client.order.all(query)["items"]):
            return dict(found)
        asked: Body = {
            "amount": intent.amount_minor,
            "currency": intent.currency,
            "receipt": intent.key,
            "notes": {MARK: intent.key},
        }
        if intent.save_method and intent.method is None:
            asked |= saving_cards.terms(saving_cards.customer(self._client, intent))
            asked["notes"] = {MARK: intent.key, reading.SAVES: reading.WITH_PAYMENT}
        return self._made(asked, capture_now=intent.capture_now)

    def _to_pay(self, order: Body) -> shapes.Started:
        """Return an order that the customer has to pay."""
        whose = order.get("customer_id")
        client = shapes.Client(
            kind="order", order=order["id"], public_key=self.traits.public_key, customer=whose
        )
        return shapes.Started(
            reference=order["id"], status="requires_action", client=client, customer=whose
        )

    def _made(self, asked: Body, *, capture_now: bool) -> Body:
        options: Body = {"manual_expiry_period": RELEASED_AFTER, "refund_speed": "normal"}
        if capture_now:
            options["automatic_expiry_period"] = RELEASED_AFTER
        capture = {
            "capture": "automatic" if capture_now else "manual",
            "capture_options": options,
        }
        try:
            order: Body = self._client.order.create({**asked, "payment": capture})
        except BadRequestError:
            raise Rejected("Razorpay refuses this order.", code="invalid_request") from None
        return order

    def _attempt(self, order: str) -> Body:
        """Return the attempt that reserved or took the money."""
        try:
            attempt = reading.deciding(self._client.order.payments(order)["items"])
        except BadRequestError:
            raise Absent(order) from None
        if attempt is None:
            raise Rejected("Nobody has paid yet.", code="wrong_state")
        return dict(attempt)
