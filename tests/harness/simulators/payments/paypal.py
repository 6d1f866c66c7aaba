"""PayPal: orders, authorizations, captures and refunds, transactions, and its word on webhooks.

Source: https://developer.paypal.com/docs/api/orders/v2, /payments/v2 and /webhooks/v1
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from typing import Any

from tests.harness.simulators.payments.server import (
    Answer,
    Body,
    Call,
    PaymentSimulator,
    Refusal,
    Step,
)

CLIENT_ID, CLIENT_SECRET, WEBHOOK_ID = "paypal-client", "paypal-secret", "WH1"
TOKEN, PRIVATE = "A21AA-token", b"PayPal's private key"
WHOLE = ("JPY", "HUF", "TWD")


class PayPalSimulator(PaymentSimulator):
    """One merchant. `keys` has the first answer to each key, until it is forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[str, Answer] = {}
        # The buyers whose card is refused when their order is finished.
        self.refusing: set[str] = set()

    @property
    def steps(self) -> list[tuple[str, Step]]:
        return [
            (r"POST /v1/oauth2/token", self._token),
            (r"POST /v2/checkout/orders", self._create),
            (r"GET /v2/checkout/orders/(\w+)", lambda _call, one: self.get(one, "order")),
            (r"POST /v2/checkout/orders/(\w+)/(capture|authorize)", self._finish),
            (r"POST /v2/payments/authorizations/(\w+)/capture", self._capture),
            (r"POST /v2/payments/authorizations/(\w+)/void", self._void),
            (r"GET /v2/payments/captures/(\w+)", lambda _call, one: self.get(one, "capture")),
            (r"POST /v2/payments/captures/(\w+)/refund", self._refund),
            (r"GET /v2/payments/refunds/(\w+)", lambda _call, one: self.get(one, "refund")),
            (r"POST /v3/vault/setup-tokens", self._setup),
            (r"GET /v3/vault/setup-tokens/(\w+)", lambda _call, one: self.get(one, "setup")),
            (r"POST /v3/vault/payment-tokens", self._exchange),
            (r"GET /v3/vault/payment-tokens", self._tokens),
            (r"DELETE /v3/vault/payment-tokens/(\w+)", self._forget),
            (r"GET /v1/reporting/transactions", self._transactions),
            (r"POST /v1/notifications/verify-webhook-signature", self._verify),
        ]

    def is_allowed(self, call: Call) -> bool:
        authorization = call.headers.get("authorization", "")
        if call.path == "/v1/oauth2/token":
            login = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
            return authorization == f"Basic {login}"
        return authorization == f"Bearer {TOKEN}"

    def refused(self, status: int, code: str, message: str) -> Answer:
        name = {404: "RESOURCE_NOT_FOUND", 422: "UNPROCESSABLE_ENTITY"}.get(status, code)
        return Answer(status, {"name": name, "details": [{"issue": code, "description": message}]})

    def perform(self, call: Call) -> Answer:
        """Answer a known key with its first success."""
        key = call.headers.get("paypal-request-id")
        if key in self.keys:
            return self.keys[key]
        answer = super().perform(call)
        if key and answer.status < 300:
            self.keys[key] = answer
        return answer

    def _token(self, _call: Call) -> Body:
        return {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 32400}

    def make(self, kind: str, **fields: Any) -> Body:
        """Write a new object."""
        body = {"id": f"{kind.upper()}{self.number()}", "object": kind, "create_time": _now()}
        self.objects[body["id"]] = body | fields
        return self.objects[body["id"]]

    def _create(self, call: Call) -> Answer | Body:
        (unit,) = call.body["purchase_units"]
        amount = unit["amount"]
        pattern = r"\d{1,7}" if amount["currency_code"] in WHOLE else r"\d{1,7}\.\d{2}"
        if not re.fullmatch(pattern, amount["value"]):
            return self.refused(422, "DECIMAL_PRECISION", "Wrong decimals.")
        kept = call.body["payment_source"]["paypal"].get("vault_id")
        if kept:
            self.get(kept, "token")
            self._require(kept not in self.refusing, "INSTRUMENT_DECLINED")
        order = self.make(
            "order",
            payment_source=call.body["payment_source"],
            intent=call.body["intent"],
            status="PAYER_ACTION_REQUIRED",
            purchase_units=[{**unit, "payments": {}}],
        )
        if kept:
            order["status"] = "APPROVED"
            step = "capture" if order["intent"] == "CAPTURE" else "authorize"
            return self._finish(None, order["id"], step)
        page = f"https://www.paypal.example/checkoutnow?token={order['id']}"
        order["links"] = [{"rel": "self", "href": page}, {"rel": "payer-action", "href": page}]
        return order

    def _keep(self, order: Body) -> None:
        """Keep the wallet of an order that says so."""
        wallet = order["payment_source"]["paypal"]
        asked = wallet.get("attributes")
        if not asked:
            return
        customer = asked.get("customer", {"id": f"customer{self.number()}"})
        token = self._vault(customer)
        kept = {"id": token["id"], "status": "VAULTED", "customer": customer}
        wallet["attributes"] = {"vault": kept}

    def _vault(self, customer: Body) -> Body:
        source = {"paypal": {"email_address": "ada@example.com"}}
        token = self.make("token", customer=customer, payment_source=source)
        self.announce("VAULT.PAYMENT-TOKEN.CREATED", token)
        return token

    def _setup(self, call: Call) -> Body:
        assert call.body["payment_source"]["paypal"]["usage_type"] == "MERCHANT"
        customer = call.body.get("customer", {"id": f"customer{self.number()}"})
        setup = self.make("setup", customer=customer, status="PAYER_ACTION_REQUIRED")
        page = f"https://www.paypal.example/agreements/approve?approval_session_id={setup['id']}"
        return {**setup, "links": [{"rel": "approve", "href": page}]}

    def _exchange(self, call: Call) -> Body:
        source = call.body["payment_source"]["token"]
        assert source["type"] == "SETUP_TOKEN"
        setup = self.get(source["id"], "setup")
        self._require(setup["status"] == "APPROVED", "INVALID_SETUP_TOKEN")
        setup["status"] = "VAULTED"
        return self._vault(setup["customer"])

    def _tokens(self, call: Call) -> Body:
        whose = {"id": call.query["customer_id"]}
        return {"payment_tokens": [it for it in self.of_kind("token") if it["customer"] == whose]}

    def _forget(self, _call: Call, reference: str) -> Answer:
        token = self.get(reference, "token")
        del self.objects[reference]
        self.announce("VAULT.PAYMENT-TOKEN.DELETED", {"id": token["id"]})
        return Answer(204, {})

    def approve(self, reference: str) -> None:
        """Let the buyer approve."""
        order = self.objects[reference]
        order["status"] = "APPROVED"
        self.announce("CHECKOUT.ORDER.APPROVED", order)

    def approve_setup(self, reference: str) -> None:
        """Let the buyer allow that their wallet is kept."""
        self.objects[reference]["status"] = "APPROVED"

    def _finish(self, _call: Call | None, reference: str, step: str) -> Body:
        order = self.get(reference, "order")
        wanted = "CAPTURE" if step == "capture" else "AUTHORIZE"
        self._require(order["status"] == "APPROVED", f"ORDER_ALREADY_{wanted}D")
        self._require(order["intent"] == wanted, "ACTION_DOES_NOT_MATCH_INTENT")
        self._require(reference not in self.refusing, "INSTRUMENT_DECLINED")
        order["status"] = "COMPLETED"
        self._keep(order)
        if step == "capture":
            self._take(order, order["purchase_units"][0]["amount"])
        else:
            made = self._part(order, "authorization", order["purchase_units"][0]["amount"])
            made["status"] = "CREATED"
            self.announce("PAYMENT.AUTHORIZATION.CREATED", made)
        return order

    def _part(self, order: Body, kind: str, amount: Body, **fields: Any) -> Body:
        unit = order["purchase_units"][0]
        related = {"related_ids": {"order_id": order["id"]}}
        made = self.make(
            kind,
            amount=amount,
            custom_id=unit["custom_id"],
            supplementary_data=related,
            **fields,
        )
        unit["payments"].setdefault(f"{kind}s", []).append(made)
        return made

    def _take(self, order: Body, amount: Body) -> Body:
        fee = {"currency_code": amount["currency_code"], "value": "0.79"}
        made = self._part(order, "capture", amount, status="COMPLETED")
        made["seller_receivable_breakdown"] = {"paypal_fee": fee}
        self.announce("PAYMENT.CAPTURE.COMPLETED", made)
        return made

    def _order_of(self, made: Body) -> Body:
        return self.objects[made["supplementary_data"]["related_ids"]["order_id"]]

    def _capture(self, call: Call, reference: str) -> Body:
        made = self.get(reference, "authorization")
        self._require(made["status"] != "VOIDED", "AUTHORIZATION_VOIDED")
        self._require(made["status"] == "CREATED", "AUTHORIZATION_ALREADY_CAPTURED")
        made["status"] = "CAPTURED"
        return self._take(self._order_of(made), call.body["amount"])

    def _void(self, _call: Call, reference: str) -> Body:
        made = self.get(reference, "authorization")
        self._require(made["status"] == "CREATED", "PREVIOUSLY_VOIDED")
        made["status"] = "VOIDED"
        self.announce("PAYMENT.AUTHORIZATION.VOIDED", made)
        return made

    def _refund(self, call: Call, reference: str) -> Body:
        capture, amount = self.get(reference, "capture"), call.body["amount"]
        order = self._order_of(capture)
        payments = order["purchase_units"][0]["payments"]
        before = sum(_cents(it["amount"]) for it in payments.get("refunds", []))
        left = _cents(capture["amount"]) - before
        self._require(left > 0, "CAPTURE_FULLY_REFUNDED")
        self._require(_cents(amount) <= left, "REFUND_AMOUNT_EXCEEDED")
        made = self.make(
            "refund",
            amount=amount,
            custom_id=call.body["custom_id"],
            status="COMPLETED",
            links=[{"rel": "up", "href": f"{self.url}/v2/payments/captures/{reference}"}],
        )
        payments.setdefault("refunds", []).append(made)
        self.announce("PAYMENT.CAPTURE.REFUNDED", made)
        return made

    def dispute(self, reference: str, outcome: str | None = None) -> None:
        """Let the buyer open a dispute over an order, or let it end."""
        (capture,) = self.objects[reference]["purchase_units"][0]["payments"]["captures"]
        about = {"dispute_id": "PP-D-1", "dispute_amount": capture["amount"]}
        about["disputed_transactions"] = [{"seller_transaction_id": capture["id"]}]
        about |= {"reason": "UNAUTHORISED", "dispute_outcome": {"outcome_code": outcome}}
        self.announce(f"CUSTOMER.DISPUTE.{'RESOLVED' if outcome else 'CREATED'}", about)

    def _transactions(self, call: Call) -> Body:
        start, end = call.query["start_date"], call.query["end_date"]
        found = [it for it in self.of_kind("capture") if start <= it["create_time"] <= end]
        number = int(call.query["page"])
        page = found[2 * (number - 1) : 2 * number]  # small pages, so that paging is tested
        details = [
            {
                "transaction_info": {
                    "transaction_id": it["id"],
                    "transaction_event_code": "T0006",
                    "custom_field": it["custom_id"],
                }
            }
            for it in page
        ]
        return {"transaction_details": details, "total_pages": -(-len(found) // 2)}

    def _require(self, is_so: bool, issue: str) -> None:
        if not is_so:
            raise Refusal(self.refused(422, issue, "The requested action cannot be performed."))

    def announce(self, kind: str, about: Body) -> None:
        """Write an event."""
        event = {"id": f"WH-{self.number()}", "event_type": kind, "create_time": _now()}
        self.events.append({**event, "resource": json.loads(json.dumps(about))})

    def signed(self, event: Body) -> tuple[dict[str, str], bytes]:
        """Return the headers and the bytes of an event as PayPal sends it."""
        raw, moment = json.dumps(event).encode(), _now()
        return {
            "PAYPAL-AUTH-ALGO": "SHA256withRSA",
            "PAYPAL-CERT-URL": "https://api.paypal.example/cert",
            "PAYPAL-TRANSMISSION-ID": "t1",
            "PAYPAL-TRANSMISSION-TIME": moment,
            "PAYPAL-TRANSMISSION-SIG": _signature("t1", moment, raw),
        }, raw

    def _verify(self, call: Call) -> Body:
        asked = call.body
        raw = call.raw.partition(b'"webhook_event": ')[2][:-1]
        wanted = _signature(asked["transmission_id"], asked["transmission_time"], raw)
        stamped = (asked["auth_algo"], asked["cert_url"], asked["webhook_id"])
        is_ours = stamped == ("SHA256withRSA", "https://api.paypal.example/cert", WEBHOOK_ID)
        is_sent = is_ours and asked["transmission_sig"] == wanted
        return {"verification_status": "SUCCESS" if is_sent else "FAILURE"}


def _signature(identity: str, moment: str, raw: bytes) -> str:
    signed = f"{identity}|{moment}|{WEBHOOK_ID}|".encode() + raw
    return hmac.new(PRIVATE, signed, hashlib.sha256).hexdigest()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _cents(amount: Body) -> int:
    return round(float(amount["value"]) * 100)
