"""PAY.JP's charges and events in our shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workers.providers.payments import shapes
from workers.providers.payments.repeating import MARK, moment

Body = Mapping[str, Any]
CURRENCY = "JPY"
# The states of 3-D Secure in which the customer has passed it, and those in which they have not.
PASSED = ("verified", "attempted")
NOT_PASSED = ("failed", "error", "aborted")
DECLINES = {"invalid_cvc": "incorrect_cvc", "card_flagged": "card_declined"}


def status_of(charge: Body) -> shapes.PaymentStatus:
    """Return how a charge stands."""
    if charge.get("failure_code") or charge.get("three_d_secure_status") in NOT_PASSED:
        return "failed"
    if charge["captured"]:
        return "captured"
    # Reserved money is returned as a refund of the whole, by us or when it expires.
    if charge["refunded"]:
        return "cancelled"
    if charge["paid"]:
        return "authorized"
    return "approved" if charge.get("three_d_secure_status") in PASSED else "requires_action"


def payment(charge: Body) -> shapes.Payment:
    """Return a charge."""
    status = status_of(charge)
    is_taken = status == "captured"
    return shapes.Payment(
        reference=charge["id"],
        key=(charge.get("metadata") or {}).get(MARK),
        status=status,
        amount_minor=charge["amount"],
        captured_minor=charge["amount"] if is_taken else 0,
        refunded_minor=charge["amount_refunded"] if is_taken else 0,
        currency=CURRENCY,
        created_at=moment(charge["created"]),
        failure=decline(charge.get("failure_code") or "authentication_failed")
        if status == "failed"
        else None,
    )


def decline(code: str) -> str:
    """Return a code of PAY.JP as one of `Declined`."""
    return DECLINES.get(code, code)


def kind_of(name: str, charge: Body) -> shapes.EventKind | None:
    """Return what an event of PAY.JP says; some say it of a charge in different states."""
    status = status_of(charge)
    if name == "charge.failed":
        return "payment.failed"
    if name in ("charge.succeeded", "charge.captured"):
        return "payment.captured" if status == "captured" else "payment.authorized"
    if name == "charge.refunded":
        return "refund.succeeded" if charge["captured"] else "payment.cancelled"
    return None
