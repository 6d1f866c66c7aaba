"""Cards that PAY.JP keeps for a customer.

A customer and a card carry our key in their metadata, by which a repetition finds them: the token
of a card is spent by the first attempt.

Source: https://pay.jp/docs/api/#customer-カスタマー
"""

from __future__ import annotations

from urllib.parse import quote

from workers.providers.payments import owned, repeating, shapes
from workers.providers.payments.failures import Absent, Rejected
from workers.providers.payments.payjp import reading
from workers.providers.payments.payjp.calls import Body, Calls
from workers.providers.payments.repeating import MARK


def save(calls: Calls, effect: shapes.Saving | shapes.Intent) -> shapes.Method:
    """Return the card of an effect's token, saved once for its customer.

    Raises:
        Rejected: without a token.
        Declined: when the bank says no to the card.
    """
    if effect.method is None:
        raise Rejected("PAY.JP needs a token of its script.", code="method_required")
    customer = effect.customer or _customer(calls, effect)
    path = _cards(customer)
    found = (it for it in calls.all(path) if _is_marked(it, effect))
    asked = {"card": effect.method, f"metadata[{MARK}]": effect.key}
    card = repeating.first(found) or calls.post(path, asked)
    return reading.method({**card, "customer": customer})


def method(calls: Calls, reference: str) -> shapes.Method:
    """Return a card by its reference."""
    customer, card = owned.parts(reference)
    found = calls.get(f"{_cards(customer)}/{quote(card)}")
    return reading.method({**found, "customer": customer})


def methods(calls: Calls, customer: str) -> list[shapes.Method]:
    """Return the cards of a customer."""
    found = calls.all(_cards(customer))
    return [reading.method({**card, "customer": customer}) for card in found]


def forget(calls: Calls, method: str) -> None:
    """Delete a card. One that is gone is fine."""
    customer, card = owned.parts(method)
    try:
        calls.delete(f"{_cards(customer)}/{quote(card)}")
    except Absent:
        return


def _customer(calls: Calls, effect: shapes.Saving | shapes.Intent) -> str:
    since = {"since": repeating.search_from(effect)}
    found = (it for it in calls.all("/v1/customers", since) if _is_marked(it, effect))
    asked = {f"metadata[{MARK}]": effect.key, **({"email": effect.email} if effect.email else {})}
    customer = repeating.first(found) or calls.post("/v1/customers", asked)
    return str(customer["id"])


def _is_marked(body: Body, effect: shapes.Effect) -> bool:
    return (body.get("metadata") or {}).get(MARK) == effect.key


def _cards(customer: str) -> str:
    return f"/v1/customers/{quote(customer)}/cards"
