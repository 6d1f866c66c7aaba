"""Accounts of businesses at the sandbox, and payouts to them."""

from __future__ import annotations

from workers.sandbox.errors import Problem, wrong_state
from workers.sandbox.outcomes import PAYOUT_FAILS, PAYOUT_REFUSED
from workers.sandbox.settings import Settings
from workers.sandbox.store import Body, Books

MISSING = ["bank_account", "identity"]


def create(books: Books, asked: Body) -> Body:
    """Open an account that cannot be paid out yet."""
    return books.add(
        "account",
        "acc",
        key=asked["key"],
        name=asked["name"],
        country=asked["country"],
        can_be_paid_out=False,
        missing=MISSING,
    )


def onboard(books: Books, settings: Settings, account: Body, *, is_complete: bool) -> None:
    """Record what the business handed in, or that more is asked for."""
    account |= {"can_be_paid_out": is_complete, "missing": [] if is_complete else MISSING}
    books.save(account)
    books.announce("account.updated", account, after=settings.delay_seconds)


def pay_out(books: Books, settings: Settings, asked: Body) -> Body:
    """Send money to an account; the bank needs a while."""
    account = books.get("account", asked["account"])
    if not account["can_be_paid_out"]:
        raise Problem(400, "account_incomplete", "The account cannot be paid out yet.")
    amount = int(asked["amount_minor"])
    if amount == PAYOUT_REFUSED:
        raise Problem(400, "balance_insufficient", "There is too little money for this payout.")
    payout = books.add(
        "payout",
        "out",
        account=account["id"],
        key=asked["key"],
        amount_minor=amount,
        currency=asked["currency"],
        status="pending",
    )
    ends = "failed" if amount == PAYOUT_FAILS else "paid"
    books.plan(payout, ends, after=settings.slow_seconds)
    return payout


def end_payout(books: Books, settings: Settings, payout: Body, status: str) -> Body:
    """Let a payout arrive, or come back."""
    if payout["status"] != "pending":
        raise wrong_state(f"The payout is {payout['status']}.")
    payout["status"] = status
    books.save(payout)
    books.announce(f"payout.{status}", payout, after=settings.delay_seconds)
    return payout
