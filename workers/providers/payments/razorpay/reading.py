"""Razorpay's orders, payments and events in our shapes.

An order is our payment; the attempts of the customer to pay it are Razorpay's payments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workers.providers.payments import owned, shapes
from workers.providers.payments.repeating import MARK, moment

Body = Mapping[str, Any]
# The attempt that decides, from the left.
RANKS = ("captured", "refunded", "authorized", "created", "failed")
STATUSES: dict[str, shapes.PaymentStatus] = {
    "captured": "captured",
    "authorized": "authorized",
    "created": "processing",
    "failed": "failed",
}
# Whether an order keeps a card, and pays nothing else, stands in its notes.
SAVES, ALONE, WITH_PAYMENT = "frontdesk_saves", "alone", "with_payment"
DECLINES = {"card_expired": "expired_card", "payment_failed": "card_declined"}
REFUND_STATUSES: dict[str, shapes.Status] = {"processed": "succeeded", "failed": "failed"}
EVENTS: dict[str, shapes.EventKind] = {
    "payment.authorized": "payment.authorized",
    "payment.captured": "payment.captured",
    "payment.failed": "payment.failed",
    "refund.processed": "refund.succeeded",
    "refund.failed": "refund.failed",
    "order.paid": "method.saved",
    "token.cancelled": "method.removed",
    "payment.dispute.created": "dispute.opened",
    "payment.dispute.won": "dispute.won",
    "payment.dispute.lost": "dispute.lost",
}


def key_of(body: Body) -> str | None:
    """Return our key in the notes, which are a list when they are empty."""
    notes = body.get("notes")
    return notes.get(MARK) if isinstance(notes, Mapping) else None


def saves(order: Body) -> str | None:
    """Return how an order keeps a card, if it does."""
    notes = order.get("notes")
    return notes.get(SAVES) if isinstance(notes, Mapping) else None


def decline(attempt: Body) -> str:
    """Return why an attempt failed, as a code of `Declined`."""
    reason = attempt.get("error_reason") or "payment_failed"
    return DECLINES.get(reason, reason)


def method(token: Body, customer: str) -> shapes.Method:
    """Return a card that Razorpay keeps for a customer."""
    card = token["card"]
    expires_on = None
    if card.get("expiry_year"):
        expires_on = f"{int(card['expiry_year']):04}-{int(card['expiry_month']):02}"
    return shapes.Method(
        reference=owned.of(customer, token["id"]),
        customer=customer,
        brand=str(card["network"]).lower(),
        last4=card["last4"],
        expires_on=expires_on,
    )


def _payer(attempt: Body) -> dict[str, str]:
    """Return whose card an attempt charged, when Razorpay keeps it."""
    customer, token = attempt.get("customer_id"), attempt.get("token_id")
    if not customer or not token:
        return {}
    return {"customer": customer, "method": owned.of(customer, token)}


def deciding(attempts: Sequence[Body]) -> Body | None:
    """Return the attempt that decides how the order stands."""
    return min(attempts, key=lambda attempt: RANKS.index(attempt["status"]), default=None)


def payment(order: Body, attempts: Sequence[Body]) -> shapes.Payment:
    """Return an order with its attempts."""
    attempt = deciding(attempts) or {}
    is_taken = bool(attempt.get("captured"))
    status: shapes.PaymentStatus = "requires_action"
    if is_taken:
        status = "captured"
    elif attempt:
        # One that was refunded uncaptured was released.
        status = STATUSES.get(attempt["status"], "cancelled")
    return shapes.Payment(
        reference=order["id"],
        key=key_of(order),
        status=status,
        amount_minor=order["amount"],
        captured_minor=attempt["amount"] if is_taken else 0,
        refunded_minor=attempt["amount_refunded"] if is_taken else 0,
        currency=order["currency"],
        created_at=moment(order["created_at"]),
        fee_minor=attempt.get("fee") if is_taken else None,
        fee_currency=order["currency"],
        failure=attempt.get("error_reason") if status == "failed" else None,
        **_payer(attempt),
    )


def refunded(refund: Body) -> shapes.Refunded:
    """Return a refund."""
    return shapes.Refunded(
        reference=refund["id"],
        status=REFUND_STATUSES.get(refund["status"], "pending"),
        amount_minor=refund["amount"],
        currency=refund["currency"],
    )


def kept_by(body: Body) -> Body | None:
    """Return the payment of a verified event by which an order kept a card."""
    held = _held(body)
    if body["event"] != "order.paid" or not saves(held["order"]):
        return None
    attempt: Body = held["payment"]
    return attempt if _payer(attempt) else None


def method_event(
    body: Body, event_id: str, provider: str, kept: shapes.Method | None
) -> shapes.ProviderEvent | shapes.Ignored:
    """Return what a verified event says of a card, which is `kept` unless it is gone."""
    token = _held(body).get("token") or {}
    reference = kept.reference if kept else None
    if token.get("customer_id"):
        reference = owned.of(token["customer_id"], token["id"])
    if reference is None:
        return shapes.Ignored(event_id=event_id, name=body["event"])
    return shapes.ProviderEvent(
        provider=provider,
        event_id=event_id,
        kind=EVENTS[body["event"]],
        object_reference=reference,
        occurred_at=moment(body["created_at"]),
        data=kept.model_dump(exclude={"reference"}, exclude_none=True) if kept else {},
    )


def _held(body: Body) -> dict[str, Any]:
    return {name: part["entity"] for name, part in body["payload"].items()}


def event(body: Body, event_id: str, provider: str) -> shapes.ProviderEvent | shapes.Ignored:
    """Return what a verified event says of a payment, a refund or a dispute."""
    kind, held = EVENTS.get(body["event"]), _held(body)
    attempt = held.get("payment", {})
    # Payments beside orders are not ours.
    if kind is None or not attempt.get("order_id"):
        return shapes.Ignored(event_id=event_id, name=body["event"])
    about = held.get("refund") or held.get("dispute") or attempt
    is_payment = about is attempt
    data = {
        "fee_minor": attempt.get("fee") if is_payment else None,
        "failure": attempt.get("error_reason"),
        "reason": about.get("reason_code"),
        "due_at": moment(about["respond_by"]).isoformat() if about.get("respond_by") else None,
    }
    return shapes.ProviderEvent(
        provider=provider,
        event_id=event_id,
        kind=kind,
        object_reference=attempt["order_id"] if is_payment else about["id"],
        amount_minor=about["amount"],
        currency=about["currency"],
        occurred_at=moment(body["created_at"]),
        payment_reference=None if is_payment else attempt["order_id"],
        key=key_of(about),
        data={name: str(value) for name, value in data.items() if value is not None},
    )
