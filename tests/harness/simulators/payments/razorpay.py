"""Razorpay: orders, the customers' attempts to pay them, captures and refunds.

Source: https://razorpay.com/docs/api/orders, /payments and /refunds
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from tests.harness.simulators.payments import razorpay_cards as kept_cards
from tests.harness.simulators.payments.server import (
    Answer,
    Body,
    Call,
    PaymentSimulator,
    Refusal,
    Step,
    now,
)

KEY_ID, KEY_SECRET, WEBHOOK_SECRET = "rzp_test_frontdesk", "razorpay-secret", "razorpay-webhooks"


class RazorpaySimulator(PaymentSimulator):
    """One account in India."""

    def __init__(self) -> None:
        super().__init__()
        self.refund_keys: dict[str, Body] = {}
        # The kept cards whose bank says no, and why.
        self.refusing: dict[str, str] = {}

    @property
    def steps(self) -> list[tuple[str, Step]]:
        return [
            (r"POST /v1/orders", self._create),
            (r"GET /v1/orders", self._list),
            (r"GET /v1/orders/(\w+)", lambda _call, one: self.get(one, "order")),
            (r"GET /v1/orders/(\w+)/payments", lambda _call, one: self._attempts(one)),
            (r"POST /v1/payments/(\w+)/capture", self._capture),
            (r"POST /v1/payments/(\w+)/refund", self._refund),
            (r"GET /v1/payments/(\w+)/refunds", lambda _call, one: self._refunds(one)),
            (r"GET /v1/refunds/(\w+)", lambda _call, one: self.get(one, "refund")),
            (r"POST /v1/payments/create/recurring", self._charge),
            *kept_cards.steps(self),
        ]

    def is_allowed(self, call: Call) -> bool:
        token = call.headers.get("authorization", "").removeprefix("Basic ")
        return base64.b64decode(token).decode() == f"{KEY_ID}:{KEY_SECRET}"

    def refused(self, status: int, code: str, message: str) -> Answer:
        name = "SERVER_ERROR" if status >= 500 else "BAD_REQUEST_ERROR"
        return Answer(status, {"error": {"code": name, "description": message, "reason": code}})

    def absent(self, reference: str) -> tuple[int, str, str]:
        return 400, "input_validation_failed", f"{reference} is not a valid id"

    def require(self, is_so: bool, message: str) -> None:
        """Refuse a call unless something is so."""
        if not is_so:
            raise Refusal(self.refused(400, "input_validation_failed", message))

    def make(self, kind: str, prefix: str, **fields: object) -> Body:
        """Write a new object."""
        body = {"id": f"{prefix}_{self.number()}", "entity": kind, "object": kind}
        body |= {"created_at": now(), **fields}
        self.objects[str(body["id"])] = body
        return body

    def _create(self, call: Call) -> Answer | Body:
        asked = call.body
        if asked["amount"] < 100:
            return self.refused(400, "input_validation_failed", "Minimum is INR 1.00")
        if asked.get("token"):
            self.get(asked["customer_id"], "customer")
        return self.make("order", "order", status="created", **asked)

    def _list(self, call: Call) -> Body:
        query = call.query
        found = [
            order
            for order in self.of_kind("order")
            if order["created_at"] >= int(query.get("from", 0))
            and query.get("receipt") in (None, order["receipt"])
        ]
        start = int(query.get("skip", 0))
        page = found[start : start + min(2, int(query["count"]))]  # small, so that paging is tested
        if query.get("expand"):
            page = [{**order, "payments": self._attempts(order["id"])} for order in page]
        return {"entity": "collection", "count": len(page), "items": page}

    def _attempts(self, order: str) -> Body:
        self.get(order, "order")
        items = [it for it in self.of_kind("payment") if it["order_id"] == order]
        return {"entity": "collection", "count": len(items), "items": items}

    def _refunds(self, payment: str) -> Body:
        items = [it for it in self.of_kind("refund") if it["payment_id"] == payment]
        return {"entity": "collection", "count": len(items), "items": items}

    def attempt(
        self, reference: str, *, error: str | None = None, card: Body | None = None
    ) -> Body:
        """Let the customer try to pay; with an error the bank says no.

        An order with a token keeps their card, and `card` is one that was kept before.
        """
        order = self.objects[reference]
        if card is None and order.get("token") and not error:
            card = kept_cards.keep(self, order)
        made = self.make(
            "payment",
            "pay",
            order_id=reference,
            amount=order["amount"],
            currency=order["currency"],
            status="failed" if error else "authorized",
            captured=False,
            amount_refunded=0,
            error_reason=error,
            notes=[],
            fee=None,
            contact="+919000090000",
            customer_id=card and card["customer_id"],
            token_id=card and card["id"],
        )
        self.announce("payment.failed" if error else "payment.authorized", payment=made)
        if not error and order["payment"]["capture"] == "automatic":
            self._take(made)
        return made

    def _charge(self, call: Call) -> Answer | Body:
        """Charge a kept card for an order, while the customer is away."""
        asked = call.body
        order = self.get(asked["order_id"], "order")
        self.require(asked["recurring"] == "1", "The recurring field is required.")
        self.require(bool(asked.get("contact")), "The contact field is required.")
        self.require(order["amount"] == asked["amount"], "The amount differs from the order's.")
        self.require(order["status"] != "paid", "Order already paid.")
        card = self.get(asked["token"], "token")
        self.require(card["customer_id"] == asked["customer_id"], "The token is invalid.")
        error = self.refusing.get(card["id"])
        made = self.attempt(order["id"], error=error, card=card)
        if error:
            return self.refused(400, error, "Payment failed.")
        return {"razorpay_payment_id": made["id"], "razorpay_order_id": order["id"]}

    def _take(self, made: Body) -> None:
        made |= {"status": "captured", "captured": True, "fee": made["amount"] * 2 // 100}
        order = self.objects[made["order_id"]]
        order["status"] = "paid"
        self.announce("order.paid", payment=made, order=order)
        self.announce("payment.captured", payment=made)

    def _capture(self, call: Call, reference: str) -> Answer | Body:
        made = self.get(reference, "payment")
        if made["status"] != "authorized":
            words = "This payment has already been captured"
            return self.refused(400, "input_validation_failed", words)
        if call.body["amount"] != made["amount"]:
            words = "Capture amount must be equal to the amount authorized"
            return self.refused(400, "input_validation_failed", words)
        self._take(made)
        return made

    def release(self, reference: str) -> None:
        """Five days have passed, and nobody captured."""
        for made in self._attempts(reference)["items"]:
            made |= {"status": "refunded", "amount_refunded": made["amount"]}

    def _refund(self, call: Call, reference: str) -> Answer | Body:
        key = call.headers["x-refund-idempotency"]
        assert len(key) >= 10
        if key in self.refund_keys:
            return self.refund_keys[key]
        made, amount = self.get(reference, "payment"), call.body["amount"]
        if not made["captured"] or amount > made["amount"] - made["amount_refunded"]:
            words = "The total refund amount is greater than the refund payment amount"
            return self.refused(400, "input_validation_failed", words)
        made["amount_refunded"] += amount
        if made["amount_refunded"] == made["amount"]:
            made["status"] = "refunded"
        refund = self.make(
            "refund",
            "rfnd",
            payment_id=reference,
            amount=amount,
            currency=made["currency"],
            notes=call.body["notes"],
            status="processed",
        )
        self.refund_keys[key] = refund
        self.announce("refund.processed", refund=refund, payment=made)
        return refund

    def announce(self, kind: str, **held: Body) -> None:
        """Write an event."""
        payload = {name: {"entity": json.loads(json.dumps(it))} for name, it in held.items()}
        event = {"entity": "event", "event": kind, "contains": list(held), "payload": payload}
        self.events.append({**event, "created_at": now()})

    def signed(self, event: Body) -> tuple[dict[str, str], bytes]:
        """Return the headers and the bytes of an event as Razorpay sends it."""
        raw = json.dumps(event).encode()
        code = hmac.new(WEBHOOK_SECRET.encode(), raw, hashlib.sha256).hexdigest()
        number = self.events.index(event)
        return {"X-Razorpay-Signature": code, "X-Razorpay-Event-Id": f"evt_{number}"}, raw
