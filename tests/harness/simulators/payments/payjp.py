"""PAY.JP, version 1: charges on tokens, with 3-D Secure, and the list of events. No idempotency.

Source: https://pay.jp/docs/api/
"""

from __future__ import annotations

import base64
import json

from tests.harness.simulators.payments.server import (
    Answer,
    Body,
    Call,
    PaymentSimulator,
    Refusal,
    Step,
    now,
)

SECRET_KEY, PUBLIC_KEY = "sk_test_c62fade9d045b54cd76d7036", "pk_test_0383a1b8f91e8a6e3ea0e2a9"
WEBHOOK_TOKEN = "whook_1"
DECLINED = {"tok_declined": "card_declined", "tok_expired": "expired_card"}


class PayJpSimulator(PaymentSimulator):
    """One account in Japan. A card that is kept spends its token."""

    def __init__(self) -> None:
        super().__init__()
        self.spent: set[str] = set()

    @property
    def steps(self) -> list[tuple[str, Step]]:
        return [
            (r"POST /v1/charges", self._create),
            (r"GET /v1/charges", lambda call: self._list(self.of_kind("charge"), call)),
            (r"GET /v1/charges/(\w+)", lambda _call, one: self.get(one, "charge")),
            (r"POST /v1/charges/(\w+)/tds_finish", lambda _call, one: self._finish(one)),
            (r"POST /v1/charges/(\w+)/capture", lambda _call, one: self._capture(one)),
            (r"POST /v1/charges/(\w+)/refund", self._refund),
            (r"POST /v1/customers", self._new_customer),
            (r"GET /v1/customers", lambda call: self._list(self.of_kind("customer"), call)),
            (r"POST /v1/customers/(\w+)/cards", self._new_card),
            (r"GET /v1/customers/(\w+)/cards", self._cards),
            (r"GET /v1/customers/\w+/cards/(\w+)", lambda _call, one: self.get(one, "card")),
            (r"DELETE /v1/customers/(\w+)/cards/(\w+)", self._delete_card),
            (r"GET /v1/events", self._events),
            (r"GET /v1/events/(\w+)", lambda _call, one: self._event(one)),
        ]

    def is_allowed(self, call: Call) -> bool:
        token = call.headers.get("authorization", "").removeprefix("Basic ")
        return base64.b64decode(token).decode() == f"{SECRET_KEY}:"

    def refused(self, status: int, code: str, message: str) -> Answer:
        return Answer(status, {"error": {"code": code, "message": message, "status": status}})

    def _new_customer(self, call: Call) -> Body:
        customer = {
            "id": f"cus_{self.number()}",
            "object": "customer",
            "created": now(),
            "email": call.body.get("email"),
            "metadata": call.body.get("metadata", {}),
        }
        self.objects[str(customer["id"])] = customer
        return customer

    def _new_card(self, call: Call, customer: str) -> Answer | Body:
        token = call.body["card"]
        if code := DECLINED.get(token):
            return self.refused(402, code, "The card was declined.")
        if token in self.spent:
            return self.refused(400, "token_already_used", "The token was used.")
        self.spent.add(token)
        card = {
            "id": f"car_{self.number()}",
            "object": "card",
            "created": now(),
            "customer": self.get(customer, "customer")["id"],
            "brand": "Visa",
            "last4": "4242",
            "exp_year": 2034,
            "exp_month": 8,
            "three_d_secure_status": "verified",
            "metadata": call.body.get("metadata", {}),
        }
        self.objects[str(card["id"])] = card
        self.announce("customer.card.created", card)
        return card

    def _cards(self, call: Call, customer: str) -> Body:
        self.get(customer, "customer")
        return self._list([it for it in self.of_kind("card") if it["customer"] == customer], call)

    def _delete_card(self, _call: Call, customer: str, reference: str) -> Answer | Body:
        card = self.get(reference, "card")
        if card["customer"] != customer:
            return self.refused(404, "invalid_id", "No such card.")
        del self.objects[reference]
        self.announce("customer.card.deleted", card)
        return {"id": reference, "deleted": True}

    def renew(self, reference: str, year: int) -> None:
        """Let the bank replace a card that is kept."""
        self.objects[reference]["exp_year"] = year
        self.announce("customer.card.updated", self.objects[reference])

    def _source(self, asked: Body) -> tuple[str, Body | None]:
        """Return the token that is charged, or the kept card of a customer."""
        if "customer" not in asked:
            return asked["card"], None
        card = self.get(asked["card"], "card")
        if card["customer"] != asked["customer"]:
            raise Refusal(self.refused(400, "invalid_id", "No such card."))
        return "", card

    def _create(self, call: Call) -> Answer | Body:
        asked = call.body
        token, card = self._source(asked)
        if code := DECLINED.get(token):
            return self.refused(402, code, "The card was declined.")
        if token in self.spent:
            return self.refused(400, "token_already_used", "The token was used.")
        if not 50 <= int(asked["amount"]) <= 9_999_999:
            return self.refused(400, "invalid_amount", "Between 50 and 9,999,999.")
        charge = {
            "id": f"ch_{self.number()}",
            "object": "charge",
            "created": now(),
            "amount": int(asked["amount"]),
            "amount_refunded": 0,
            "captured": False,
            "currency": "jpy",
            "card": card or {"id": "car_once", "object": "card"},
            "customer": card and card["customer"],
            "failure_code": None,
            "metadata": asked.get("metadata", {}),
            "paid": False,
            "refund_reason": None,
            "refunded": False,
            "three_d_secure_status": None,
            "is_to_capture": asked["capture"] == "true",
        }
        self.objects[str(charge["id"])] = charge
        if asked.get("three_d_secure") == "true":
            charge["three_d_secure_status"] = "unverified"
        else:
            self._charge(charge)
        return charge

    def _charge(self, charge: Body) -> None:
        charge |= {"paid": True, "captured": charge["is_to_capture"]}
        self.announce("charge.succeeded", charge)

    def pass_challenge(self, reference: str, status: str = "verified") -> None:
        """Let the customer pass 3-D Secure, or not."""
        self.objects[reference]["three_d_secure_status"] = status

    def _finish(self, reference: str) -> Answer | Body:
        charge = self.get(reference, "charge")
        if charge["paid"] or charge["three_d_secure_status"] != "verified":
            return self.refused(400, "invalid_status", "There is nothing to finish.")
        self._charge(charge)
        return charge

    def _capture(self, reference: str) -> Answer | Body:
        charge = self.get(reference, "charge")
        if charge["captured"] or charge["refunded"] or not charge["paid"]:
            return self.refused(400, "already_captured", "It cannot be captured.")
        charge["captured"] = True
        self.announce("charge.captured", charge)
        return charge

    def _refund(self, call: Call, reference: str) -> Answer | Body:
        charge = self.get(reference, "charge")
        amount = int(call.body.get("amount", charge["amount"]))
        if not charge["paid"] or amount > charge["amount"] - charge["amount_refunded"]:
            return self.refused(400, "already_refunded", "Less is left.")
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        charge["refund_reason"] = call.body.get("refund_reason")
        self.announce("charge.refunded", charge)
        return charge

    def announce(self, kind: str, charge: Body) -> None:
        """Write an event."""
        event = {"id": f"evnt_{self.number()}", "object": "event", "type": kind, "created": now()}
        self.events.append({**event, "data": json.loads(json.dumps(charge))})

    def _events(self, call: Call) -> Body:
        found = [
            event
            for event in reversed(self.events)
            if event["data"]["id"] == call.query["resource_id"]
            and event["type"] == call.query["type"]
        ]
        return self._list(found, call)

    def _event(self, reference: str) -> Answer | Body:
        found = [event for event in self.events if event["id"] == reference]
        return found[0] if found else self.refused(404, "invalid_id", "No such event.")

    def _list(self, found: list[Body], call: Call) -> Body:
        since = int(call.query.get("since", 0))
        found = [body for body in found if body["created"] >= since]
        start, size = int(call.query["offset"]), min(2, int(call.query["limit"]))
        page = found[start : start + size]  # small, so that paging is tested
        more = len(found) > start + size
        return {"object": "list", "count": len(page), "data": page, "has_more": more}

    def signed(self, event: Body) -> tuple[dict[str, str], bytes]:
        """Return the headers and the bytes of an event as PAY.JP sends it."""
        return {"X-Payjp-Webhook-Token": WEBHOOK_TOKEN}, json.dumps(event).encode()
