"""The chapter in which the customer pays, in the sandbox."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

import httpx

from cli.commands.tour.people import Step, Story
from cli.refusal import Refusal

PATIENCE_SECONDS = 60.0


def pay(story: Story) -> Iterator[Step]:
    """The customer pays the booking on the sandbox's page; without a sandbox the tour says so."""
    booking = story.facts["booking"]
    payment = story.customer.function(
        "payments",
        provider="sandbox",
        booking_id=booking["id"],
        idempotency_key=str(uuid.uuid4()),
    )
    if payment is None:
        yield Step("The customer", "does not pay", "There is no sandbox where real money moves.")
        return
    amount = f"{payment['amount_minor']} {payment['currency']}"
    yield Step("The customer", "starts to pay in the sandbox", f"{amount}: {payment['status']}")
    httpx.post(payment["client"]["url"], data={"choice": "pay"}, timeout=30)
    deadline = time.monotonic() + PATIENCE_SECONDS
    path = f"payments?id=eq.{payment['id']}&select=status"
    while (status := story.customer.read(path)[0]["status"]) != "captured":
        if time.monotonic() > deadline:
            yield Step("The customer", "sees no payment", "No worker runs; start with `up`.")
            return
        time.sleep(0.1)
    sale = story.customer.read(f"sales?id=eq.{booking['sale_id']}&select=paid_minor,balance_minor")
    if not sale or sale[0]["balance_minor"] != 0:
        raise Refusal(f"The sale is not paid: {sale}.", "Please report this.")
    yield Step("The customer", "pays on its page", f"{status}, nothing is owed any more")
