"""PayPal as a provider.

A payment is an order with one purchase unit. The buyer approves it on PayPal's page, and nothing
is taken before `finish` captures or authorizes it. PayPal remembers our keys for hours or days,
and what they did can be seen in the order afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from workers.providers.http import Timeouts
from workers.providers.payments import repeating, shapes
from workers.providers.payments.failures import Declined, Rejected
from workers.providers.payments.paypal import reading, searching, vault
from workers.providers.payments.paypal.calls import Calls
from workers.providers.payments.paypal.units import limit, money
from workers.providers.payments.protocol import Event, Traits
from workers.providers.payments.units import require_payable, require_step

NAME = "paypal"
URLS = {
    "sandbox": "https://api-m.sandbox.paypal.com",
    "live": "https://api-m.paypal.com",
}
KEY_HOURS = 5  # PayPal promises 6 for orders
VERIFY = "/v1/notifications/verify-webhook-signature"
SIGNED = {
    "auth_algo": "paypal-auth-algo",
    "cert_url": "paypal-cert-url",
    "transmission_id": "paypal-transmission-id",
    "transmission_sig": "paypal-transmission-sig",
    "transmission_time": "paypal-transmission-time",
}
Body = dict[str, Any]


class PayPal:
    """A `PaymentProvider` that `SavesMethods`. Its `reference` of a payment is the order."""

    traits = Traits(NAME, "key", key_hours=KEY_HOURS, saves_methods=True, asks_about_events=True)

    def __init__(
        self, *, client_id: str, client_secret: str, webhook_id: str, timeouts: Timeouts, url: str
    ) -> None:
        self._calls = Calls(url, login=(client_id, client_secret), timeouts=timeouts)
        self._webhook_id = webhook_id

    def limit(self, currency: str) -> shapes.Limit | None:
        """See `PaymentProvider.limit`."""
        return limit(currency)

    def create(self, intent: shapes.Intent) -> shapes.Started:
        """See `PaymentProvider.create`: an order, which the buyer approves on PayPal's page.

        An order on a wallet that is kept is paid at once.
        """
        require_payable(intent.amount_minor, intent.currency, limit(intent.currency))
        amount = money(intent.amount_minor, intent.currency)
        unit = {"custom_id": intent.key, "description": intent.description, "amount": amount}
        asked = {
            "intent": "CAPTURE" if intent.capture_now else "AUTHORIZE",
            "purchase_units": [unit],
            "payment_source": vault.source(intent),
        }
        order = self._calls.post("/v2/checkout/orders", asked, key=f"create-{intent.key}")
        # PayPal answers a known key with its first order, whatever comes with it.
        if reading.unit_of(order)["amount"] != amount:
            raise Rejected("This key came with another amount.", code="key_reused")
        return reading.started(order)

    def finish(self, finish: shapes.Finish) -> shapes.Payment:
        """See `PaymentProvider.finish`: captures or authorizes what the buyer approved."""
        before = self.retrieve(finish.payment)
        if before.status != "approved":
            return before
        step = "capture" if finish.capture_now else "authorize"
        path = f"/v2/checkout/orders/{finish.payment}/{step}"
        try:
            self._calls.post(path, {}, key=f"finish-{finish.key}")
        except Declined as declined:
            reason, code = declined.reason, declined.code
            raise Declined(reason, code=code, reference=finish.payment) from None
        except Rejected as refused:
            # Somebody else finished it meanwhile.
            if refused.code != "wrong_state":
                raise
        return self.retrieve(finish.payment)

    def capture(self, capture: shapes.Capture) -> shapes.Payment:
        """See `PaymentProvider.capture`."""
        require_step(capture.amount_minor, capture.currency, limit(capture.currency))
        order = self._order(capture.payment)
        status = reading.status_of(order)
        if status == "captured":
            return reading.payment(order)
        authorization = reading.part_of(order, "authorizations")
        if status != "authorized" or authorization is None:
            raise Rejected(f"The payment is {status}.", code="wrong_state")
        amount = money(capture.amount_minor, capture.currency)
        path = f"/v2/payments/authorizations/{authorization['id']}/capture"
        asked = {"amount": amount, "final_capture": True}
        self._calls.post(path, asked, key=f"capture-{capture.key}")
        return self.retrieve(capture.payment)

    def cancel(self, cancel: shapes.Cancel) -> shapes.Payment:
        """See `PaymentProvider.cancel`. An order that is not finished never takes money."""
        order = self._order(cancel.payment)
        status = reading.status_of(order)
        if status == "captured":
            raise Rejected("The payment is captured.", code="wrong_state")
        authorization = reading.part_of(order, "authorizations")
        if status == "authorized" and authorization:
            path = f"/v2/payments/authorizations/{authorization['id']}/void"
            self._calls.post(path, {}, key=f"cancel-{cancel.key}")
            return self.retrieve(cancel.payment)
        return reading.payment(order).model_copy(update={"status": "cancelled"})

    def refund(self, refund: shapes.Refund) -> shapes.Refunded:
        """See `PaymentProvider.refund`."""
        require_step(refund.amount_minor, refund.currency, limit(refund.currency))
        order = self._order(refund.payment)
        done = (it for it in reading.refunds_of(order) if it.get("custom_id") == refund.key)
        if made := repeating.first(done):
            return reading.refunded(made)
        capture = reading.part_of(order, "captures")
        if capture is None or reading.status_of(order) != "captured":
            raise Rejected("Nothing is captured.", code="wrong_state")
        amount = money(refund.amount_minor, refund.currency)
        path = f"/v2/payments/captures/{capture['id']}/refund"
        asked = {"amount": amount, "custom_id": refund.key}
        return reading.refunded(self._calls.post(path, asked, key=f"refund-{refund.key}"))

    def retrieve(self, payment: str) -> shapes.Payment:
        """See `PaymentProvider.retrieve`."""
        return reading.payment(self._order(payment))

    def retrieve_refund(self, payment: str, refund: str) -> shapes.Refunded:
        """See `PaymentProvider.retrieve_refund`."""
        return reading.refunded(self._calls.get(f"/v2/payments/refunds/{quote(refund)}"))

    def list_since(self, moment: datetime) -> Iterator[shapes.Payment]:
        """See `PaymentProvider.list_since`.

        PayPal lists transactions, not orders: what was captured, up to three hours late.
        """
        return map(self.retrieve, searching.orders_since(self._calls, moment))

    def save_method(self, saving: shapes.Saving) -> shapes.Started:
        """See `SavesMethods.save_method`: a setup token, which the buyer approves."""
        return vault.begin(self._calls, saving)

    def finish_saving(self, finish: shapes.FinishSaving) -> shapes.Method | None:
        """See `SavesMethods.finish_saving`: makes a payment token of what the buyer approved."""
        return vault.finish(self._calls, finish)

    def methods(self, customer: str) -> list[shapes.Method]:
        """See `SavesMethods.methods`."""
        return vault.methods(self._calls, customer)

    def forget_method(self, method: str) -> None:
        """See `SavesMethods.forget_method`."""
        vault.forget(self._calls, method)

    def parse_event(self, headers: Mapping[str, str], raw: bytes) -> Event:
        """See `PaymentProvider.parse_event`: PayPal itself says whether it sent these bytes."""
        given = {name.lower(): value for name, value in headers.items()}
        signed = {name: given.get(header, "") for name, header in SIGNED.items()}
        try:
            body = json.loads(raw)
        except ValueError:
            return shapes.Forged(reason="The body is no JSON.")
        if not isinstance(body, dict) or not all(signed.values()) or not self._is_sent(signed, raw):
            return shapes.Forged(reason="PayPal does not know this call.")
        kind = reading.kind_of(body)
        if kind and kind.startswith("method."):
            return reading.method_event(body, kind, NAME)
        order = searching.order_in(self._calls, body, kind) if kind else None
        if kind is None or order is None:
            return shapes.Ignored(event_id=body["id"], name=body["event_type"])
        return reading.event(body, kind, order, NAME)

    def _is_sent(self, signed: Mapping[str, str], raw: bytes) -> bool:
        """Ask PayPal; the event goes there byte for byte, because its checksum is signed."""
        asked = json.dumps({**signed, "webhook_id": self._webhook_id})
        content = asked[:-1].encode() + b', "webhook_event": ' + raw + b"}"
        try:
            answer = self._calls.post_raw(VERIFY, content)
        except Rejected:
            return False
        return answer.get("verification_status") == "SUCCESS"

    def _order(self, reference: str) -> Body:
        return self._calls.get(f"/v2/checkout/orders/{quote(reference)}")
