"""Razorpay's orders, payments and events in our shapes.

An order is our payment; the attempts of the customer to pay it are Razorpay's payments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workers.providers.payments import shapes
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
REFUND_STATUSES: dict[str, shapes.Status] = {"processed": "succeeded", "failed": "failed"}
EVENTS: dict[str, shapes.EventKind] = {
    "payment.authorized": "payment.authorized",
    "payment.captured": "payment.captured",
    "payment.failed": "payment.failed",
    "refund.processed": "refund.succeeded",
    "refund.failed": "refund.failed",
    "payment.dispute.created": "dispute.opened",
    "payment.dispute.won": "dispute.won",
    "payment.dispute.lost": "dispute.lost",
}


def key_of(body: Body) -> str | None:
    """Return our key in the notes, which are a list when they are empty."""
    notes = body.get("notes")
    return notes.get(MARK) if isinstance(notes, Mapping) else None


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
    )


def refunded(refund: Body) -> shapes.Refunded:
    """Return a refund."""
    return shapes.Refunded(
        reference=refund["id"],
        status=REFUND_STATUSES.get(refund["status"], "pending"),
        amount_minor=refund["amount"],
        currency=refund["currency"],
    )


def event(body: Body, event_id: str, provider: str) -> shapes.ProviderEvent | shapes.Ignored:
    """Return what a verified event says."""
    kind = EVENTS.get(body["event"])
    held = {name: part["entity"] for name, part in body["payload"].items()}
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
