"""Razorpay's customers, and the cards that it keeps for them.

Source: https://razorpay.com/docs/api/customers and /docs/api/payments/recurring-payments/cards
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.harness.simulators.payments.server import Body, Call, Step

if TYPE_CHECKING:
    from tests.harness.simulators.payments.razorpay import RazorpaySimulator


def steps(books: RazorpaySimulator) -> list[tuple[str, Step]]:
    """Return what answers the calls about customers and tokens."""

    def create(call: Call) -> Body:
        asked = call.body
        books.require(3 <= len(asked["name"]) <= 50, "The name is invalid.")
        whose = (asked.get("email"), asked.get("contact"))
        for known in books.of_kind("customer"):
            if (known["email"], known["contact"]) == whose:
                books.require(asked["fail_existing"] == "0", "Customer already exists.")
                return known
        named = {"name": asked["name"], "email": whose[0], "contact": whose[1]}
        return books.make("customer", "cust", **named)

    def edit(call: Call, reference: str) -> Body:
        customer = books.get(reference, "customer")
        customer |= call.body
        return customer

    def tokens(_call: Call, customer: str) -> Body:
        books.get(customer, "customer")
        items = [it for it in books.of_kind("token") if it["customer_id"] == customer]
        return {"entity": "collection", "count": len(items), "items": items}

    def delete(_call: Call, customer: str, reference: str) -> Body:
        token = books.get(reference, "token")
        books.require(token["customer_id"] == customer, "The token is invalid.")
        del books.objects[reference]
        books.announce("token.cancelled", token=token)
        return {"deleted": True}

    return [
        (r"POST /v1/customers", create),
        (r"GET /v1/customers/(\w+)", lambda _call, one: books.get(one, "customer")),
        (r"PUT /v1/customers/(\w+)", edit),
        (r"GET /v1/customers/(\w+)/tokens", tokens),
        (r"GET /v1/customers/\w+/tokens/(\w+)", lambda _call, one: books.get(one, "token")),
        (r"DELETE /v1/customers/(\w+)/tokens/(\w+)", delete),
    ]


def keep(books: RazorpaySimulator, order: Body) -> Body:
    """Keep the card of an order, and say that its bank agrees."""
    card = {"last4": "1111", "network": "Visa", "expiry_month": "08", "expiry_year": "2034"}
    token = books.make(
        "token",
        "token",
        customer_id=order["customer_id"],
        method="card",
        card=card,
        recurring=True,
        recurring_details={"status": "confirmed", "failure_reason": None},
        max_amount=order["token"]["max_amount"],
        expired_at=order["token"]["expire_at"],
    )
    books.announce("token.confirmed", token=token)
    return token
