"""Payments, refunds and disputes of the sandbox: their states, and the events that follow."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from workers.sandbox import methods
from workers.sandbox.errors import Problem, invalid, wrong_state
from workers.sandbox.outcomes import AMOUNTS, METHODS, PLAIN
from workers.sandbox.settings import Settings
from workers.sandbox.store import Body, Books

FEE_BPS = 100
DISPUTE_FEE = 1500  # minor units


def create(books: Books, settings: Settings, asked: Body) -> Body:
    """Make a payment, and let it happen if its method needs no page.

    A declined payment is returned as one that failed.
    """
    payment = books.add(
        "payment",
        "pay",
        key=asked["key"],
        status="requires_action",
        amount_minor=_amount(asked),
        currency=asked["currency"],
        description=asked["description"],
        capture_now=asked.get("capture_now", True),
        captured_minor=0,
        refunded_minor=0,
        fee_minor=None,
        failure=None,
        save_method=asked.get("save_method", False),
        customer=methods.customer_for(books, asked),
        method=asked.get("method"),
        return_url=return_url(asked),
    )
    payment["url"] = f"{settings.url}/pay/{payment['id']}"
    behaves = methods.behaviour(books, asked) or AMOUNTS.get(payment["amount_minor"])
    if behaves is None or (METHODS[behaves].needs_customer and not asked.get("off_session")):
        payment["behaves"] = behaves
        books.save(payment)
        books.announce("payment.requires_action", payment, after=settings.delay_seconds)
        return payment
    pay(books, settings, payment, behaves, is_customer_here=not asked.get("off_session"))
    return payment


def pay(
    books: Books, settings: Settings, payment: Body, behaves: str, *, is_customer_here: bool = True
) -> None:
    """Let an open payment happen with a method."""
    if payment["status"] != "requires_action":
        raise wrong_state(f"The payment is {payment['status']}.")
    outcome = METHODS[behaves]
    payment["behaves"] = behaves
    decline = outcome.decline
    if outcome.needs_customer and not is_customer_here:
        decline = "authentication_required"
    if decline:
        _fail(books, settings, payment, decline)
    elif outcome.later in ("captured", "failed"):
        payment["status"] = "processing"
        books.save(payment)
        books.plan(payment, outcome.later, after=settings.slow_seconds)
    else:
        _succeed(books, settings, payment)
        if outcome.later == "dispute":
            books.plan(payment, "dispute", after=settings.slow_seconds)


def fail_challenge(books: Books, settings: Settings, payment: Body) -> None:
    """End an open payment whose customer did not pass 3-D Secure."""
    if payment["status"] != "requires_action":
        raise wrong_state(f"The payment is {payment['status']}.")
    _fail(books, settings, payment, "authentication_failed")


def _fail(books: Books, settings: Settings, payment: Body, code: str) -> None:
    payment |= {"status": "failed", "failure": code}
    books.save(payment)
    books.announce("payment.failed", payment, after=settings.delay_seconds)


def _succeed(books: Books, settings: Settings, payment: Body) -> None:
    if payment["save_method"]:
        payment["method"] = methods.save(books, settings, payment)["id"]
    if payment["capture_now"]:
        _take(books, settings, payment, payment["amount_minor"])
    else:
        payment["status"] = "authorized"
        books.save(payment)
        books.announce("payment.authorized", payment, after=settings.delay_seconds)


def _take(books: Books, settings: Settings, payment: Body, amount: int) -> None:
    fee = amount * FEE_BPS // 10_000
    payment |= {"status": "captured", "captured_minor": amount, "fee_minor": fee}
    books.save(payment)
    books.announce("payment.captured", payment, after=settings.delay_seconds)


def capture(books: Books, settings: Settings, payment: Body, asked: Body) -> Body:
    """Take what was reserved, or less."""
    amount = _amount(asked)
    if payment["status"] != "authorized":
        raise wrong_state(f"The payment is {payment['status']}.")
    if amount > payment["amount_minor"]:
        raise invalid("More would be captured than was authorized.")
    _take(books, settings, payment, amount)
    return payment


def cancel(books: Books, settings: Settings, payment: Body) -> Body:
    """Release what was reserved, or close an open payment."""
    if payment["status"] == "cancelled":
        return payment
    if payment["status"] not in ("requires_action", "authorized"):
        raise wrong_state(f"The payment is {payment['status']}.")
    payment["status"] = "cancelled"
    books.save(payment)
    books.announce("payment.cancelled", payment, after=settings.delay_seconds)
    return payment


def refund(books: Books, settings: Settings, payment: Body, asked: Body) -> Body:
    """Return money; it ends as the payment's method says."""
    amount = _amount(asked)
    if amount > payment["captured_minor"] - payment["refunded_minor"]:
        raise wrong_state("Less than this amount is left to refund.")
    payment["refunded_minor"] += amount
    books.save(payment)
    made = books.add(
        "refund",
        "ref",
        payment=payment["id"],
        key=asked["key"],
        amount_minor=amount,
        currency=payment["currency"],
        status="pending",
    )
    how = METHODS[payment.get("behaves") or PLAIN].refund
    if how == "succeeded":
        end_refund(books, settings, made, "succeeded")
    else:
        ends = "failed" if how == "fails" else "succeeded"
        books.plan(made, ends, after=settings.slow_seconds)
    return made


def end_refund(books: Books, settings: Settings, made: Body, status: str) -> None:
    """Let a pending refund succeed or fail; the money of a failed one stays with us."""
    if made["status"] != "pending":
        return
    made["status"] = status
    books.save(made)
    if status == "failed":
        payment = books.get("payment", made["payment"])
        payment["refunded_minor"] -= made["amount_minor"]
        books.save(payment)
    books.announce(f"refund.{status}", made, after=settings.delay_seconds)


def dispute(books: Books, settings: Settings, payment: Body) -> Body:
    """Open a dispute over what is left of a captured payment."""
    amount = payment["captured_minor"] - payment["refunded_minor"]
    if amount <= 0:
        raise wrong_state("There is nothing captured to dispute.")
    made = books.add(
        "dispute",
        "dis",
        payment=payment["id"],
        amount_minor=amount,
        currency=payment["currency"],
        fee_minor=DISPUTE_FEE,
        reason="fraudulent",
        status="opened",
    )
    books.announce("dispute.opened", made, after=settings.delay_seconds)
    return made


def end_dispute(books: Books, settings: Settings, made: Body, status: str) -> Body:
    """Let us win or lose a dispute."""
    if made["status"] != "opened":
        raise wrong_state(f"The dispute is {made['status']}.")
    made["status"] = status
    books.save(made)
    books.announce(f"dispute.{status}", made, after=settings.delay_seconds)
    return made


def happen(books: Books, settings: Settings, payment: Body, what: str) -> None:
    """Do what was planned for a payment."""
    if what == "dispute":
        if payment["captured_minor"] > payment["refunded_minor"]:
            dispute(books, settings, payment)
    elif payment["status"] != "processing":
        return
    elif what == "failed":
        _fail(books, settings, payment, "card_declined")
    else:
        _succeed(books, settings, payment)


def _amount(asked: Body) -> int:
    amount: Any = asked["amount_minor"]
    if not isinstance(amount, int) or isinstance(amount, bool) or amount <= 0:
        raise invalid("amount_minor must be a positive integer.")
    return amount


def return_url(asked: Body) -> str:
    """Return the address to which a page leads back.

    Raises:
        Problem: when it is no address of a page.
    """
    url = str(asked["return_url"])
    if urlsplit(url).scheme not in ("http", "https"):
        raise Problem(400, "invalid_request", "return_url must begin with http:// or https://.")
    return url
