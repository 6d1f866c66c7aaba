"""Customers and saved methods of the sandbox. A saved method behaves as the one it came from."""

from __future__ import annotations

from workers.sandbox.errors import Problem, invalid
from workers.sandbox.outcomes import METHODS, PLAIN
from workers.sandbox.settings import Settings
from workers.sandbox.store import Body, Books


def behaviour(books: Books, asked: Body) -> str | None:
    """Return the test method behind the method of a payment; None when it names none."""
    method = asked.get("method")
    if method is None or method in METHODS:
        return method
    try:
        saved = books.get("method", method)
    except Problem:
        raise invalid(f"There is no method {method}.") from None
    if saved["customer"] != asked.get("customer"):
        raise invalid("This method belongs to another customer.")
    return str(saved["behaves"])


def customer_for(books: Books, asked: Body) -> str | None:
    """Return the customer of a payment; one whose method is saved gets one if it has none."""
    if named := asked.get("customer"):
        return str(books.get("customer", named)["id"])
    if not asked.get("save_method"):
        return None
    return str(books.add("customer", "cus", email=asked.get("email"))["id"])


def save(books: Books, settings: Settings, source: Body) -> Body:
    """Save the method of a payment or a setup for its customer."""
    saved = books.add(
        "method",
        "met",
        customer=source["customer"],
        behaves=source.get("behaves") or PLAIN,
        key=source["key"],
        brand="visa",
        last4="4242",
        expires_on="2035-12",
    )
    books.announce("method.saved", saved, after=settings.delay_seconds)
    return saved


def forget(books: Books, settings: Settings, method: Body) -> None:
    """Delete a saved method."""
    books.announce("method.removed", method, after=settings.delay_seconds)
    books.delete(method)


def renew(books: Books, settings: Settings, method: Body, asked: Body) -> Body:
    """Let the bank replace a saved card by one that is valid longer."""
    method |= {name: str(asked[name]) for name in ("last4", "expires_on")}
    books.save(method)
    books.announce("method.updated", method, after=settings.delay_seconds)
    return method


def of(books: Books, customer: str) -> list[Body]:
    """Return the methods of a customer."""
    return [method for method in books.all("method") if method["customer"] == customer]
