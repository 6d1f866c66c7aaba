"""Stripe's objects and events in our shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workers.providers.payments import shapes
from workers.providers.payments.repeating import MARK, moment
from workers.providers.payments.stripe.units import from_stripe

Body = Mapping[str, Any]
STATUSES: dict[str, shapes.PaymentStatus] = {
    "requires_payment_method": "requires_action",
    "requires_confirmation": "requires_action",
    "requires_action": "requires_action",
    "processing": "processing",
    "requires_capture": "authorized",
    "succeeded": "captured",
    "canceled": "cancelled",
}
REFUND_STATUSES: dict[str, shapes.Status] = {
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}
PAYOUT_STATUSES: dict[str, shapes.Status] = {**REFUND_STATUSES, "paid": "succeeded"}


def reference_of(value: Any) -> str | None:
    """Return the id of what may be an id or an expanded object."""
    if isinstance(value, Mapping):
        return str(value["id"])
    return str(value) if value else None


def started(intent: Body, public_key: str) -> shapes.Started:
    """Return a payment intent or a setup intent that exists now."""
    status = STATUSES[intent["status"]]
    client = shapes.NOTHING_TO_DO
    if status == "requires_action":
        to = (intent.get("next_action") or {}).get("redirect_to_url")
        secret = intent["client_secret"]
        client = (
            shapes.Client(kind="redirect", url=to["url"])
            if to
            else shapes.Client(kind="client_secret", client_secret=secret, public_key=public_key)
        )
    return shapes.Started(
        reference=intent["id"],
        status=status,
        client=client,
        customer=reference_of(intent.get("customer")),
    )


def payment(intent: Body) -> shapes.Payment:
    """Return a payment intent whose latest charge is expanded."""
    currency = intent["currency"].upper()
    charge = intent.get("latest_charge")
    charge = charge if isinstance(charge, Mapping) else {}
    fees = charge.get("balance_transaction")
    fees = fees if isinstance(fees, Mapping) else {}
    fee_currency = fees["currency"].upper() if fees else None
    error = intent.get("last_payment_error") or {}
    status = STATUSES[intent["status"]]
    if intent["status"] == "requires_payment_method" and error:
        status = "failed"
    return shapes.Payment(
        reference=intent["id"],
        key=(intent.get("metadata") or {}).get(MARK),
        status=status,
        amount_minor=from_stripe(intent["amount"], currency),
        captured_minor=from_stripe(intent.get("amount_received") or 0, currency),
        refunded_minor=from_stripe(charge.get("amount_refunded") or 0, currency)
        if status == "captured"
        else 0,
        currency=currency,
        created_at=moment(intent["created"]),
        fee_minor=from_stripe(fees["fee"], str(fee_currency)) if fees else None,
        fee_currency=fee_currency,
        failure=error.get("decline_code") or error.get("code") if status == "failed" else None,
        customer=reference_of(intent.get("customer")),
        method=reference_of(intent.get("payment_method")),
    )


def refunded(refund: Body) -> shapes.Refunded:
    """Return a refund."""
    currency = refund["currency"].upper()
    return shapes.Refunded(
        reference=refund["id"],
        status=REFUND_STATUSES.get(refund["status"], "pending"),
        amount_minor=from_stripe(refund["amount"], currency),
        currency=currency,
    )


def paid_out(payout: Body) -> shapes.PaidOut:
    """Return a payout."""
    currency = payout["currency"].upper()
    return shapes.PaidOut(
        reference=payout["id"],
        status=PAYOUT_STATUSES.get(payout["status"], "pending"),
        amount_minor=from_stripe(payout["amount"], currency),
        currency=currency,
    )


def account(body: Body) -> shapes.Account:
    """Return a connected account."""
    transfers = (body.get("capabilities") or {}).get("transfers")
    return shapes.Account(
        reference=body["id"],
        can_be_paid_out=bool(body.get("payouts_enabled")) and transfers == "active",
        missing=tuple((body.get("requirements") or {}).get("currently_due") or ()),
    )


def method(body: Body) -> shapes.Method:
    """Return a saved payment method."""
    card = body.get("card") or {}
    return shapes.Method(
        reference=body["id"],
        customer=str(reference_of(body["customer"])),
        brand=card.get("brand") or body["type"],
        last4=card.get("last4") or "",
        expires_on=_expiry(card),
    )


def _of_payment(name: shapes.EventKind) -> Callable[[Body], dict[str, Any]]:
    def fields(about: Body) -> dict[str, Any]:
        failed = about.get("last_payment_error") or {}
        is_taken = name == "payment.captured"
        data = {
            "customer": reference_of(about.get("customer")),
            "method": reference_of(about.get("payment_method")),
            "failure": failed.get("decline_code") or failed.get("code"),
        }
        return {
            "kind": name,
            "amount": about["amount_received"] if is_taken else about["amount"],
            "data": data,
        }

    return fields


def _of_refund(about: Body) -> dict[str, Any] | None:
    status = REFUND_STATUSES.get(about["status"])
    if status is None:
        return None
    kind = "refund.succeeded" if status == "succeeded" else "refund.failed"
    data = {"reason": about.get("failure_reason")}
    return {"kind": kind, "amount": about["amount"], "data": data}


def _of_dispute(about: Body) -> dict[str, Any] | None:
    ends = {"won": "dispute.won", "warning_closed": "dispute.won", "lost": "dispute.lost"}
    kind = ends.get(about["status"], "dispute.opened")
    fee = sum(entry.get("fee", 0) for entry in about.get("balance_transactions") or ())
    due = (about.get("evidence_details") or {}).get("due_by")
    data = {
        "reason": about.get("reason"),
        "fee_minor": from_stripe(fee, about["currency"].upper()) or None,
        "due_at": moment(due).isoformat() if due else None,
    }
    return {"kind": kind, "amount": about["amount"], "data": data}


def _of_payout(about: Body) -> dict[str, Any] | None:
    if MARK not in (about.get("metadata") or {}):
        return None  # one of Stripe's own schedule
    kind = "payout.paid" if about["status"] == "paid" else "payout.failed"
    data = {"reason": about.get("failure_code")}
    return {"kind": kind, "amount": about["amount"], "data": data}


def _of_setup(about: Body) -> dict[str, Any]:
    data = {"customer": reference_of(about.get("customer"))}
    reference = reference_of(about["payment_method"])
    return {"kind": "method.saved", "reference": reference, "data": data}


def _of_method(name: shapes.EventKind) -> Callable[[Body], dict[str, Any] | None]:
    def fields(about: Body) -> dict[str, Any] | None:
        if name == "method.saved" and not about.get("customer"):
            return None
        card = about.get("card") or {}
        data = {
            "customer": reference_of(about.get("customer")),
            "brand": card.get("brand") or about["type"],
            "last4": card.get("last4"),
            "expires_on": _expiry(card),
        }
        return {"kind": name, "data": data}

    return fields


def _expiry(card: Body) -> str | None:
    return f"{card['exp_year']}-{card['exp_month']:02d}" if card else None


EVENTS: dict[str, Callable[[Body], dict[str, Any] | None]] = {
    "payment_intent.requires_action": _of_payment("payment.requires_action"),
    "payment_intent.amount_capturable_updated": _of_payment("payment.authorized"),
    "payment_intent.succeeded": _of_payment("payment.captured"),
    "payment_intent.payment_failed": _of_payment("payment.failed"),
    "payment_intent.canceled": _of_payment("payment.cancelled"),
    "refund.created": _of_refund,
    "refund.updated": _of_refund,
    "refund.failed": _of_refund,
    "charge.dispute.created": _of_dispute,
    "charge.dispute.closed": _of_dispute,
    "payout.paid": _of_payout,
    "payout.failed": _of_payout,
    "payout.canceled": _of_payout,
    "account.updated": lambda about: {"kind": "account.updated", "data": {}},
    "setup_intent.succeeded": _of_setup,
    "payment_method.attached": _of_method("method.saved"),
    "payment_method.updated": _of_method("method.updated"),
    "payment_method.automatically_updated": _of_method("method.updated"),
    "payment_method.detached": _of_method("method.removed"),
}


def event(body: Body, provider: str) -> shapes.ProviderEvent | shapes.Ignored:
    """Return what a verified event says."""
    about = body["data"]["object"]
    read = EVENTS.get(body["type"])
    fields = read(about) if read else None
    if fields is None:
        return shapes.Ignored(event_id=body["id"], name=body["type"])
    currency = about["currency"].upper() if about.get("currency") else None
    amount = fields.get("amount")
    data = {**fields["data"], "account": body.get("account")}
    return shapes.ProviderEvent(
        provider=provider,
        event_id=body["id"],
        kind=fields["kind"],
        object_reference=fields.get("reference") or about["id"],
        amount_minor=None if amount is None else from_stripe(amount, str(currency)),
        currency=None if amount is None else currency,
        occurred_at=moment(body["created"]),
        payment_reference=reference_of(about.get("payment_intent")),
        key=(about.get("metadata") or {}).get(MARK),
        data={name: str(value) for name, value in data.items() if value is not None},
    )
