"""Cards that Razorpay keeps for a customer, and charges without them.

A card is kept by an order with a `token`, which the customer pays in Razorpay's script. It is known
by its token and its customer. A card that is saved without a payment pays the least that Razorpay
takes, and gets it back.

Source: https://razorpay.com/docs/api/payments/recurring-payments/cards
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from razorpay.errors import BadRequestError

from workers.providers.payments import owned, repeating, shapes
from workers.providers.payments.failures import Absent, Declined, Rejected
from workers.providers.payments.razorpay import reading

Body = dict[str, Any]
LEAST, MOST = 100, 10_000_000  # what a card pays to be kept, and the most of a later charge
KEPT_FOR = timedelta(days=3650)
CURRENCY = "INR"


def customer(client: Any, effect: shapes.Saving | shapes.Intent) -> str:
    """Return the customer of an effect; Razorpay has one for each address."""
    if effect.customer:
        return effect.customer
    asked = {"name": "Customer", "fail_existing": "0"}
    made = client.customer.create({**asked, **({"email": effect.email} if effect.email else {})})
    return str(made["id"])


def terms(whose: str) -> Body:
    """Return what an order says so that its card is kept for a customer."""
    ends = int((datetime.now(UTC) + KEPT_FOR).timestamp())
    token = {"max_amount": MOST, "expire_at": ends, "frequency": "as_presented"}
    return {"customer_id": whose, "method": "card", "token": token}


def method(client: Any, attempt: Body) -> shapes.Method:
    """Return the card that an attempt kept.

    A later charge must name the customer's phone number, which they told Razorpay's script.
    """
    whose = str(attempt["customer_id"])
    token = client.token.fetch(whose, attempt["token_id"])
    if attempt.get("contact") and not client.customer.fetch(whose).get("contact"):
        client.customer.edit(whose, {"contact": attempt["contact"]})
    return reading.method(token, whose)


def told(client: Any, body: Body) -> shapes.Method | None:
    """Return the card that an event tells of; None when it is gone again, or was none of ours."""
    attempt = reading.kept_by(body)
    try:
        return method(client, dict(attempt)) if attempt else None
    except BadRequestError:
        return None


def methods(client: Any, whose: str) -> list[shapes.Method]:
    """Return the cards of a customer that can be charged."""
    found = client.token.all(whose)["items"]
    kept = (it for it in found if it["recurring_details"]["status"] == "confirmed")
    return [reading.method(token, whose) for token in kept]


def forget(client: Any, reference: str) -> None:
    """Delete a card. One that is gone is fine."""
    try:
        client.token.delete(*owned.parts(reference))
    except BadRequestError:
        return


def charge(client: Any, order: Body, intent: shapes.Intent) -> None:
    """Charge a kept card for an order, unless it was charged for it already.

    Raises:
        Declined: when the bank says no.
        Rejected: when Razorpay does not know the card (any more).
    """
    attempt = _attempt(client, order["id"])
    if attempt is None:
        try:
            client.payment.createRecurring(_recurring(client, order, intent))
        except BadRequestError:
            # Razorpay refuses so what the bank declined, too.
            if _attempt(client, order["id"]) is None:
                reason = "Razorpay does not charge this card."
                raise Rejected(reason, code="invalid_request") from None
        attempt = _attempt(client, order["id"])
    if attempt and attempt["status"] == "failed":
        code = reading.decline(attempt)
        raise Declined(f"The payment was declined: {code}.", code=code, reference=order["id"])


def _recurring(client: Any, order: Body, intent: shapes.Intent) -> Body:
    whose, token = owned.parts(str(intent.method))
    known = client.customer.fetch(whose)
    return {
        "amount": intent.amount_minor,
        "currency": intent.currency,
        "order_id": order["id"],
        "customer_id": whose,
        "token": token,
        "recurring": "1",
        "description": intent.description,
        "notes": order["notes"],
        **{name: known[name] for name in ("email", "contact") if known.get(name)},
    }


def _attempt(client: Any, order: str) -> Body | None:
    """Return the attempt that decides how an order stands."""
    found = reading.deciding(client.order.payments(order)["items"])
    return dict(found) if found else None


def finish(client: Any, saving: shapes.FinishSaving) -> shapes.Method | None:
    """Return the card that an order kept, and give back what it paid for that."""
    try:
        attempt = _attempt(client, saving.saving)
    except BadRequestError:
        raise Absent(saving.saving) from None
    if attempt is None or not attempt.get("captured") or not attempt.get("token_id"):
        return None
    kept = method(client, attempt)
    if not attempt["amount_refunded"]:
        asked = {"amount": attempt["amount"], "notes": {repeating.MARK: saving.key}}
        headers = {"X-Refund-Idempotency": f"frontdesk-{saving.key}"}
        client.payment.refund(attempt["id"], asked, headers=headers)
    return kept
