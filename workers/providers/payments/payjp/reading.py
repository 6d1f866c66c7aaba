"""PAY.JP's charges and events in our shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workers.providers.payments import owned, shapes
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
        **_payer(charge),
        failure=decline(charge.get("failure_code") or "authentication_failed")
        if status == "failed"
        else None,
    )


def _payer(charge: Body) -> dict[str, str]:
    """Return whose card is charged, when PAY.JP keeps it."""
    customer = charge.get("customer")
    if not customer:
        return {}
    return {"customer": customer, "method": owned.of(customer, charge["card"]["id"])}


def method(card: Body) -> shapes.Method:
    """Return a card that PAY.JP keeps; its reference names the customer too."""
    return shapes.Method(
        reference=owned.of(card["customer"], card["id"]),
        customer=card["customer"],
        brand=str(card["brand"]).lower(),
        last4=card["last4"],
        expires_on=f"{card['exp_year']:04}-{card['exp_month']:02}",
    )


def decline(code: str) -> str:
    """Return a code of PAY.JP as one of `Declined`."""
    return DECLINES.get(code, code)


CARD_EVENTS: dict[str, shapes.EventKind] = {
    "customer.card.created": "method.saved",
    "customer.card.updated": "method.updated",
    "customer.card.deleted": "method.removed",
}


def card_event(event: Body, provider: str) -> shapes.ProviderEvent | shapes.Ignored:
    """Return what an event says of a card."""
    kind, card = CARD_EVENTS.get(event["type"]), event["data"]
    if kind is None or not card.get("customer"):
        return shapes.Ignored(event_id=event["id"], name=event["type"])
    data = {}
    if kind != "method.removed":
        data = method(card).model_dump(exclude={"reference"}, exclude_none=True)
    return shapes.ProviderEvent(
        provider=provider,
        event_id=event["id"],
        kind=kind,
        object_reference=owned.of(card["customer"], card["id"]),
        occurred_at=moment(event["created"]),
        key=(card.get("metadata") or {}).get(MARK),
        data=data,
    )


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
