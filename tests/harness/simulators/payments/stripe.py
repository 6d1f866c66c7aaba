"""Stripe: payment intents, refunds, disputes, saved methods and idempotency keys.

Source: https://docs.stripe.com/api
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from tests.harness.simulators.payments.server import (
    Answer,
    Body,
    Call,
    PaymentSimulator,
    Refusal,
    Step,
    now,
)

SECRET_KEY, PUBLISHABLE_KEY, WEBHOOK_SECRET = "sk_test_frontdesk", "pk_test_frontdesk", "whsec_1"
DECLINES = {
    "pm_card_chargeDeclined": "generic_decline",
    "pm_card_chargeDeclinedInsufficientFunds": "insufficient_funds",
    "pm_card_chargeDeclinedLostCard": "lost_card",
}
CHALLENGED = "pm_card_authenticationRequired"
CARD = {"brand": "visa", "last4": "4242", "exp_month": 8, "exp_year": 2034}
LEAST = {"usd": 50, "jpy": 50, "kwd": 50, "isk": 50}


class StripeSimulator(PaymentSimulator):
    """Stripe's payments. `stripe_connect.ConnectSimulator` adds accounts and payouts."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, tuple[str, Answer]] = {}

    @property
    def steps(self) -> list[tuple[str, Step]]:
        return [
            (r"POST /v1/customers", lambda call: self.make("customer", "cus", call)),
            (r"GET /v1/customers", lambda call: self.list("customer", call)),
            (r"GET /v1/customers/(\w+)/payment_methods", self._methods),
            (r"POST /v1/payment_intents", self._create),
            (r"GET /v1/payment_intents", lambda call: self.list("payment_intent", call)),
            (r"GET /v1/payment_intents/(\w+)", lambda call, one: self.shown(self.get(one), call)),
            (r"POST /v1/payment_intents/(\w+)/capture", self._capture),
            (r"POST /v1/payment_intents/(\w+)/cancel", self._cancel),
            (r"POST /v1/refunds", self._refund),
            (r"GET /v1/refunds", lambda call: self.list("refund", call)),
            (r"GET /v1/refunds/(\w+)", lambda _call, one: self.get(one, "refund")),
            (r"POST /v1/setup_intents", self._setup),
            (r"GET /v1/setup_intents", lambda call: self.list("setup_intent", call)),
            (r"GET /v1/setup_intents/(\w+)", self._setup_with_method),
            (r"POST /v1/payment_methods/(\w+)/detach", self._detach),
        ]

    def is_allowed(self, call: Call) -> bool:
        kind, _, token = call.headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            return base64.b64decode(token).decode() == f"{SECRET_KEY}:"
        return (kind, token) == ("Bearer", SECRET_KEY)

    def refused(self, status: int, code: str, message: str) -> Answer:
        kind = {402: "card_error", 500: "api_error"}.get(status, "invalid_request_error")
        return Answer(status, {"error": {"type": kind, "code": code, "message": message}})

    def perform(self, call: Call) -> Answer:
        """Keep the first answer to each idempotency key, errors included."""
        key = call.headers.get("idempotency-key")
        if key is None or call.method != "POST":
            return super().perform(call)
        asked = f"{call.path} {json.dumps(call.body, sort_keys=True)}"
        if key in self.kept:
            before, answer = self.kept[key]
            if before != asked:
                kind = {"type": "idempotency_error", "message": "Keys are for one request."}
                return Answer(400, {"error": kind})
            return Answer(answer.status, answer.body, {"Idempotent-Replayed": "true"})
        answer = super().perform(call)
        copy = Answer(answer.status, json.loads(json.dumps(answer.body)))
        self.kept[key] = (asked, copy)
        return copy

    def keep_500(self, key: str) -> None:
        """Let the kept answer of a key be a failure, as after a crash of Stripe's own."""
        self.kept[key] = (self.kept[key][0], self.broken())

    def forget_keys(self) -> None:
        """A day has passed."""
        self.kept.clear()

    def make(self, kind: str, prefix: str, call: Call, **fields: Any) -> Body:
        """Write a new object."""
        body = {"id": f"{prefix}_{self.number()}", "object": kind, "created": now()}
        body |= {"metadata": call.body.get("metadata", {}), **fields}
        self.objects[body["id"]] = body
        return body

    def list(self, kind: str, call: Call) -> Body:
        """Return a page of a kind; `created[gte]` and references filter."""
        query = call.query
        since = int(query.get("created", {}).get("gte", 0))
        wanted = {name: query[name] for name in ("payment_intent", "destination") if name in query}
        found = [
            body
            for body in self.of_kind(kind)
            if body["created"] >= since
            and all(body.get(name) == value for name, value in wanted.items())
            and body.get("account") == call.headers.get("stripe-account")
        ]
        ids = [body["id"] for body in found]
        after = query.get("starting_after")
        start = ids.index(after) + 1 if after else 0
        size = min(2, int(query.get("limit", 10)))  # small pages, so that paging is tested
        data = [self.shown(body, call) for body in found[start : start + size]]
        return {
            "object": "list",
            "url": call.path,
            "data": data,
            "has_more": len(found) > start + size,
        }

    def shown(self, body: Body, call: Call) -> Body:
        """Return an object; its charge is expanded if the call asks for it."""
        expands = {**call.body.get("expand", {}), **call.query.get("expand", {})}
        charge = body.get("latest_charge")
        if charge and not any("latest_charge" in value for value in expands.values()):
            return {**body, "latest_charge": charge["id"]}
        return body

    def announce(self, kind: str, about: Body, *, account: str | None = None) -> None:
        """Write an event."""
        event = {"id": f"evt_{self.number()}", "object": "event", "type": kind, "created": now()}
        event |= {"data": {"object": json.loads(json.dumps(about))}}
        self.events.append({**event, **({"account": account} if account else {})})

    def signed(self, event: Body, *, at: int | None = None) -> tuple[dict[str, str], bytes]:
        """Return the headers and the bytes of an event as Stripe sends it."""
        raw, moment = json.dumps(event).encode(), at or now()
        code = hmac.new(WEBHOOK_SECRET.encode(), f"{moment}.".encode() + raw, hashlib.sha256)
        return {"Stripe-Signature": f"t={moment},v1={code.hexdigest()}"}, raw

    def _create(self, call: Call) -> Answer | Body:
        asked = call.body
        amount, currency = int(asked["amount"]), asked["currency"]
        if amount < LEAST.get(currency, 1):
            return self.refused(400, "amount_too_small", "Amount must be more.")
        if currency == "kwd" and amount % 10:
            return self.refused(400, "invalid_amount", "The last digit must be 0.")
        if not asked.get("payment_method", "pm_card_").startswith("pm_card_"):
            self.get(asked["payment_method"], "payment_method")
        intent = self.make(
            "payment_intent",
            "pi",
            call,
            amount=amount,
            currency=currency,
            status="requires_payment_method",
            amount_received=0,
            capture_method=asked["capture_method"],
            client_secret=f"pi_secret_{self.number()}",
            customer=asked.get("customer"),
            payment_method=asked.get("payment_method"),
            setup_future_usage=asked.get("setup_future_usage"),
            latest_charge=None,
            last_payment_error=None,
            next_action=None,
        )
        if asked.get("confirm") != "true":
            return intent
        return self._confirm(intent, asked) or self.shown(intent, call)

    def _confirm(self, intent: Body, asked: Body) -> Answer | None:
        method, is_away = asked["payment_method"], asked.get("off_session") == "true"
        if code := DECLINES.get(method):
            return self.decline(intent, code)
        if method == CHALLENGED and is_away:
            return self.decline(intent, "authentication_required", code="authentication_required")
        if method == CHALLENGED:
            to = {"url": f"{self.url}/3ds/{intent['id']}", "return_url": asked["return_url"]}
            intent |= {"status": "requires_action", "next_action": {"redirect_to_url": to}}
            self.announce("payment_intent.requires_action", intent)
        else:
            self.pay(intent["id"])
        return None

    def decline(self, intent: Body, decline: str, *, code: str = "card_declined") -> Answer:
        """Let the bank say no."""
        error = {"code": code, "decline_code": decline, "type": "card_error", "message": "No."}
        intent |= {"status": "requires_payment_method", "last_payment_error": error}
        self.announce("payment_intent.payment_failed", intent)
        return Answer(402, {"error": {**error, "payment_intent": intent}})

    def pay(self, reference: str) -> None:
        """Let the customer do their part."""
        intent = self.objects[reference]
        if intent["setup_future_usage"]:
            intent["payment_method"] = self._attach(intent["customer"])
        charge = {"id": f"ch_{self.number()}", "amount_refunded": 0, "balance_transaction": None}
        intent |= {"latest_charge": charge, "last_payment_error": None, "next_action": None}
        if intent["capture_method"] == "manual":
            intent["status"] = "requires_capture"
            self.announce("payment_intent.amount_capturable_updated", intent)
        else:
            self._take(intent, intent["amount"])

    def _take(self, intent: Body, amount: int) -> None:
        fee = {"fee": amount * 29 // 1000, "currency": intent["currency"]}
        intent["latest_charge"]["balance_transaction"] = fee
        intent |= {"status": "succeeded", "amount_received": amount}
        self.announce("payment_intent.succeeded", intent)

    def _require(self, intent: Body, *statuses: str) -> None:
        if intent["status"] not in statuses:
            code, words = "payment_intent_unexpected_state", f"It is {intent['status']}."
            raise Refusal(self.refused(400, code, words))

    def _capture(self, call: Call, reference: str) -> Body:
        intent = self.get(reference, "payment_intent")
        self._require(intent, "requires_capture")
        self._take(intent, int(call.body.get("amount_to_capture", intent["amount"])))
        return self.shown(intent, call)

    def _cancel(self, call: Call, reference: str) -> Body:
        intent = self.get(reference, "payment_intent")
        self._require(intent, "requires_payment_method", "requires_action", "requires_capture")
        intent["status"] = "canceled"
        self.announce("payment_intent.canceled", intent)
        return self.shown(intent, call)

    def _refund(self, call: Call) -> Answer | Body:
        intent = self.get(call.body["payment_intent"], "payment_intent")
        charge, amount = intent["latest_charge"], int(call.body["amount"])
        if not charge or amount > intent["amount_received"] - charge["amount_refunded"]:
            error = {"type": "invalid_request_error", "message": "Greater than unrefunded amount."}
            return Answer(400, {"error": error})
        charge["amount_refunded"] += amount
        refund = self.make(
            "refund",
            "re",
            call,
            amount=amount,
            currency=intent["currency"],
            payment_intent=intent["id"],
            status="succeeded",
        )
        self.announce("refund.created", refund)
        return refund

    def dispute(self, reference: str, kind: str = "charge.dispute.created", **fields: Any) -> None:
        """Let the customer's bank open or close a dispute over a payment."""
        intent = self.objects[reference]
        about = {"id": "du_1", "object": "dispute", "payment_intent": reference}
        about |= {"amount": intent["amount"], "currency": intent["currency"], "metadata": {}}
        about |= {"status": "needs_response", "reason": "fraudulent", **fields}
        about |= {"balance_transactions": [{"fee": 1500}], "evidence_details": {"due_by": now()}}
        self.announce(kind, about)

    def _setup(self, call: Call) -> Body:
        return self.make(
            "setup_intent",
            "seti",
            call,
            status="requires_payment_method",
            customer=call.body["customer"],
            client_secret=f"seti_secret_{self.number()}",
        )

    def _setup_with_method(self, _call: Call, reference: str) -> Body:
        setup = self.get(reference, "setup_intent")
        method = setup.get("payment_method")
        return {**setup, "payment_method": method and self.get(method)}

    def save(self, reference: str) -> None:
        """Let the customer enter a card for a setup intent."""
        setup = self.objects[reference]
        setup |= {"status": "succeeded", "payment_method": self._attach(setup["customer"])}
        self.announce("setup_intent.succeeded", setup)

    def _attach(self, customer: str) -> str:
        saved = {"id": f"pm_{self.number()}", "object": "payment_method", "type": "card"}
        saved |= {"card": CARD, "customer": customer, "created": now()}
        self.objects[str(saved["id"])] = saved
        self.announce("payment_method.attached", saved)
        return str(saved["id"])

    def renew(self, method: str, year: int) -> None:
        """Let the bank replace a saved card by one that is valid until another year."""
        saved = self.objects[method]
        saved["card"] = {**saved["card"], "exp_year": year}
        self.announce("payment_method.automatically_updated", saved)

    def _methods(self, call: Call, customer: str) -> Body:
        data = [it for it in self.of_kind("payment_method") if it["customer"] == customer]
        return {"object": "list", "url": call.path, "data": data, "has_more": False}

    def _detach(self, _call: Call, reference: str) -> Body:
        gone = self.objects.pop(self.get(reference, "payment_method")["id"])
        self.announce("payment_method.detached", {**gone, "customer": None})
        return gone
