"""PayPal wallets that PayPal keeps for a buyer, and charges without them.

A payment keeps its wallet, or the buyer approves a setup token, which is exchanged for a payment
token. The payment token then stands for the wallet.

Source: https://developer.paypal.com/docs/checkout/save-payment-methods
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from workers.providers.payments import shapes
from workers.providers.payments.failures import Absent
from workers.providers.payments.paypal import reading
from workers.providers.payments.paypal.calls import Calls

TOKENS = "/v3/vault/payment-tokens"
SETUPS = "/v3/vault/setup-tokens"
APPROVED = ("APPROVED", "VAULTED")


def source(intent: shapes.Intent) -> dict[str, Any]:
    """Return from what an order is paid: a kept wallet, or one that the buyer chooses."""
    if intent.method:
        return {"paypal": {"vault_id": intent.method}}
    wallet: dict[str, Any] = {
        "experience_context": {**_pages(intent.return_url), "user_action": "PAY_NOW"}
    }
    if intent.save_method:
        customer = {"customer": {"id": intent.customer}} if intent.customer else {}
        keep = {"store_in_vault": "ON_SUCCESS", "usage_type": "MERCHANT"}
        wallet["attributes"] = {"vault": keep, **customer}
    return {"paypal": wallet}


def begin(calls: Calls, saving: shapes.Saving) -> shapes.Started:
    """Begin to keep a wallet, which the buyer approves on PayPal's page."""
    wallet = {"usage_type": "MERCHANT", "experience_context": _pages(saving.return_url)}
    customer = {"customer": {"id": saving.customer}} if saving.customer else {}
    asked = {"payment_source": {"paypal": wallet}, **customer}
    setup = calls.post(SETUPS, asked, key=f"save-{saving.key}")
    url = next(link["href"] for link in setup["links"] if link["rel"] in reading.PAGES)
    return shapes.Started(
        reference=setup["id"],
        status="requires_action",
        client=shapes.Client(kind="redirect", url=url),
        customer=setup["customer"]["id"],
    )


def finish(calls: Calls, saving: shapes.FinishSaving) -> shapes.Method | None:
    """Exchange a setup token that the buyer approved for the wallet; the key does it once."""
    setup = calls.get(f"{SETUPS}/{quote(saving.saving)}")
    if setup["status"] not in APPROVED:
        return None
    token = {"id": saving.saving, "type": "SETUP_TOKEN"}
    asked = {"payment_source": {"token": token}}
    return reading.method(calls.post(TOKENS, asked, key=f"keep-{saving.key}"))


def _pages(return_url: str) -> dict[str, str]:
    return {
        "return_url": return_url,
        "cancel_url": return_url,
        "shipping_preference": "NO_SHIPPING",
    }


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
