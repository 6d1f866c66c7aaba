"""References of saved methods that a provider knows only together with their customer."""

from __future__ import annotations

BETWEEN = "/"  # in no id of a provider


def of(customer: str, method: str) -> str:
    """Return the reference of a customer's method."""
    return f"{customer}{BETWEEN}{method}"


def is_owned(reference: str) -> bool:
    """Whether it is the reference of a customer's method, and not a one-time token."""
    return BETWEEN in reference


def parts(reference: str) -> tuple[str, str]:
    """Return the customer and the method of a reference."""
    customer, _, method = reference.partition(BETWEEN)
    return customer, method
