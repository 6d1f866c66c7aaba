"""PayPal wallets that PayPal keeps for a buyer, and charges without them.

A payment keeps its wallet; the payment token of the vault then stands for it.

Source: https://developer.paypal.com/docs/checkout/save-payment-methods/during-purchase/orders-api/paypal
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from workers.providers.payments import shapes
from workers.providers.payments.failures import Absent
from workers.providers.payments.paypal import reading
from workers.providers.payments.paypal.calls import Calls

TOKENS = "/v3/vault/payment-tokens"


def source(intent: shapes.Intent) -> dict[str, Any]:
    """Return from what an order is paid: a kept wallet, or one that the buyer chooses."""
    if intent.method:
        return {"paypal": {"vault_id": intent.method}}
    pages = {
        "return_url": intent.return_url,
        "cancel_url": intent.return_url,
        "shipping_preference": "NO_SHIPPING",
        "user_action": "PAY_NOW",
    }
    wallet: dict[str, Any] = {"experience_context": pages}
    if intent.save_method:
        customer = {"customer": {"id": intent.customer}} if intent.customer else {}
        keep = {"store_in_vault": "ON_SUCCESS", "usage_type": "MERCHANT"}
        wallet["attributes"] = {"vault": keep, **customer}
    return {"paypal": wallet}


def methods(calls: Calls, customer: str) -> list[shapes.Method]:
    """Return the wallets that are kept for a customer."""
    found = calls.get(TOKENS, {"customer_id": customer})
    return [reading.method({**it, "customer": {"id": customer}}) for it in found["payment_tokens"]]


def forget(calls: Calls, method: str) -> None:
    """Delete a wallet. One that is gone is fine."""
    try:
        calls.delete(f"{TOKENS}/{quote(method)}")
    except Absent:
        return
