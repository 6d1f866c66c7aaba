"""PayPal's orders and events in our shapes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from workers.providers.payments import shapes
from workers.providers.payments.paypal.units import minor

Body = Mapping[str, Any]
REFUND_STATUSES: dict[str, shapes.Status] = {
    "COMPLETED": "succeeded",
    "FAILED": "failed",
    "CANCELLED": "failed",
}
EVENTS: dict[str, shapes.EventKind] = {
    "CHECKOUT.ORDER.APPROVED": "payment.approved",
    "PAYMENT.AUTHORIZATION.CREATED": "payment.authorized",
    "PAYMENT.AUTHORIZATION.VOIDED": "payment.cancelled",
    "PAYMENT.CAPTURE.COMPLETED": "payment.captured",
    "PAYMENT.CAPTURE.DENIED": "payment.failed",
    "PAYMENT.CAPTURE.DECLINED": "payment.failed",
    "PAYMENT.CAPTURE.REFUNDED": "refund.succeeded",
    "PAYMENT.REFUND.FAILED": "refund.failed",
    "CUSTOMER.DISPUTE.CREATED": "dispute.opened",
    "CUSTOMER.DISPUTE.RESOLVED": "dispute.won",
    "VAULT.PAYMENT-TOKEN.CREATED": "method.saved",
    "VAULT.PAYMENT-TOKEN.DELETED": "method.removed",
}
WON = ("RESOLVED_SELLER_FAVOUR", "RESOLVED_WITH_PAYOUT", "CANCELED_BY_BUYER")
WALLET, NO_NUMBER = "paypal", "····"
PAGES = ("payer-action", "approve")  # links to the page on which the buyer approves


def moment(text: str) -> datetime:
    """Return a time of PayPal's."""
    return datetime.fromisoformat(text)


def unit_of(order: Body) -> Body:
    """Return the one purchase unit of an order of ours."""
    unit: Body = order["purchase_units"][0]
    return unit


def refunds_of(order: Body) -> list[Body]:
    """Return the refunds of an order."""
    return (unit_of(order).get("payments") or {}).get("refunds") or []


def part_of(order: Body, name: str) -> Body | None:
    """Return the latest authorization or capture of an order."""
    found = (unit_of(order).get("payments") or {}).get(name) or []
    return found[-1] if found else None


def started(order: Body) -> shapes.Started:
    """Return an order that exists now."""
    status, client = status_of(order), shapes.NOTHING_TO_DO
    if status == "requires_action":
        url = next(link["href"] for link in order["links"] if link["rel"] in PAGES)
        client = shapes.Client(kind="redirect", url=url)
    customer = _kept(order).get("customer")
    return shapes.Started(reference=order["id"], status=status, client=client, customer=customer)


def _kept(order: Body) -> dict[str, str]:
    """Return the wallet that an order keeps, and its customer, once it is known."""
    wallet = (order.get("payment_source") or {}).get("paypal") or {}
    kept = (wallet.get("attributes") or {}).get("vault") or {}
    found = {"method": kept.get("id"), "customer": (kept.get("customer") or {}).get("id")}
    return {name: value for name, value in found.items() if value}


def method(token: Body) -> shapes.Method:
    """Return a wallet that PayPal keeps. It has no number to show."""
    return shapes.Method(
        reference=token["id"], customer=token["customer"]["id"], brand=WALLET, last4=NO_NUMBER
    )


def method_event(
    body: Body, kind: shapes.EventKind, provider: str
) -> shapes.ProviderEvent | shapes.Ignored:
    """Return an event about a wallet; cards in the vault are not ours."""
    token = body["resource"]
    if kind == "method.saved" and "paypal" not in (token.get("payment_source") or {}):
        return shapes.Ignored(event_id=body["id"], name=body["event_type"])
    data = {}
    if kind == "method.saved":
        data = method(token).model_dump(exclude={"reference"}, exclude_none=True)
    return shapes.ProviderEvent(
        provider=provider,
        event_id=body["id"],
        kind=kind,
        object_reference=token["id"],
        occurred_at=moment(body["create_time"]),
        data=data,
    )


def status_of(order: Body) -> shapes.PaymentStatus:
    """Return how an order stands: its capture decides, then its authorization."""
    if capture := part_of(order, "captures"):
        if capture["status"] in ("DECLINED", "FAILED"):
            return "failed"
        return "processing" if capture["status"] == "PENDING" else "captured"
    if authorization := part_of(order, "authorizations"):
        states: dict[str, shapes.PaymentStatus] = {"CREATED": "authorized", "PENDING": "processing"}
        return states.get(authorization["status"], "cancelled")
    by_order: dict[str, shapes.PaymentStatus] = {"APPROVED": "approved", "VOIDED": "cancelled"}
    return by_order.get(order["status"], "requires_action")


def payment(order: Body) -> shapes.Payment:
    """Return an order."""
    unit, status = unit_of(order), status_of(order)
    capture = part_of(order, "captures") if status == "captured" else None
    fee = ((capture or {}).get("seller_receivable_breakdown") or {}).get("paypal_fee")
    returned = [it for it in refunds_of(order) if it["status"] not in ("FAILED", "CANCELLED")]
    return shapes.Payment(
        reference=order["id"],
        key=unit.get("custom_id"),
        status=status,
        amount_minor=minor(unit["amount"]),
        captured_minor=minor(capture["amount"]) if capture else 0,
        refunded_minor=sum(minor(it["amount"]) for it in returned),
        currency=unit["amount"]["currency_code"],
        created_at=moment(order["create_time"]),
        fee_minor=minor(fee) if fee else None,
        fee_currency=fee["currency_code"] if fee else None,
        failure="card_declined" if status == "failed" else None,
        **_kept(order),
    )


def refunded(refund: Body) -> shapes.Refunded:
    """Return a refund."""
    return shapes.Refunded(
        reference=refund["id"],
        status=REFUND_STATUSES.get(refund["status"], "pending"),
        amount_minor=minor(refund["amount"]),
        currency=refund["amount"]["currency_code"],
    )


def kind_of(event: Body) -> shapes.EventKind | None:
    """Return what an event says."""
    kind = EVENTS.get(event["event_type"])
    if kind == "dispute.won":
        outcome = (event["resource"].get("dispute_outcome") or {}).get("outcome_code")
        return "dispute.won" if outcome in WON else "dispute.lost"
    return kind


def event(body: Body, kind: shapes.EventKind, order: str, provider: str) -> shapes.ProviderEvent:
    """Return an event about a payment, or about a refund or a dispute of it."""
    about = body["resource"]
    if kind == "payment.approved":
        about = {**unit_of(about), "id": about["id"]}
    amount = about["dispute_amount"] if kind.startswith("dispute.") else about["amount"]
    fee = (about.get("seller_receivable_breakdown") or {}).get("paypal_fee")
    data = {"reason": about.get("reason"), "fee_minor": str(minor(fee)) if fee else None}
    is_payment = kind.startswith("payment.")
    return shapes.ProviderEvent(
        provider=provider,
        event_id=body["id"],
        kind=kind,
        object_reference=order if is_payment else about.get("dispute_id") or about["id"],
        amount_minor=minor(amount),
        currency=amount["currency_code"],
        occurred_at=moment(body["create_time"]),
        payment_reference=None if is_payment else order,
        key=about.get("custom_id"),
        data={name: value for name, value in data.items() if value},
    )
