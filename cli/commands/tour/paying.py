"""The chapters in which the customer pays, in the sandbox, and the owner is to be paid out."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator

import httpx

from cli.commands.tour.people import PATIENCE_SECONDS, Step, Story
from cli.refusal import Refusal


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
    story.facts["has_sandbox"] = True
    amount = f"{payment['amount_minor']} {payment['currency']}"
    yield Step("The customer", "starts to pay in the sandbox", f"{amount}: {payment['status']}")
    httpx.post(payment["client"]["url"], data={"choice": "pay"}, timeout=PATIENCE_SECONDS)
    path = f"payments?id=eq.{payment['id']}&status=eq.captured"
    if story.customer.wait_for(path, bool) is None:
        yield Step("The customer", "sees no payment", "No worker runs; start with `up`.")
        return
    sale = story.customer.read(f"sales?id=eq.{booking['sale_id']}&select=paid_minor,balance_minor")
    if not sale or sale[0]["balance_minor"] != 0:
        raise Refusal(f"The sale is not paid: {sale}.", "Please report this.")
    yield Step("The customer", "pays on its page", "captured, nothing is owed any more")


def earn(story: Story) -> Iterator[Step]:
    """The owner opens a payout account; what was earned waits for refunds to come first."""
    if "has_sandbox" not in story.facts:
        return
    mine = {"business_id": story.facts["business_id"], "currency": "EUR"}
    account = story.owner.function("payout-accounts", provider="sandbox", **mine)
    missing = " and ".join(account["missing"])
    yield Step("The owner", "opens a payout account", f"{account['status']}: {missing} are missing")
    httpx.post(account["onboarding_url"], data={"choice": "complete"}, timeout=PATIENCE_SECONDS)
    path = f"payout_accounts?business_id=eq.{mine['business_id']}&status=eq.active"
    accounts = story.owner.wait_for(path, bool)
    if accounts is None:
        yield Step("The owner", "waits for the provider", "No worker runs; start with `up`.")
        return
    run = f"active, the first payout on {accounts[0]['next_run_at'][:10]}"
    yield Step("The owner", "hands in what the provider asks for", run)
    month = datetime.datetime.now(datetime.UTC).date().isoformat()
    lines = story.owner.rpc("payout_statement", month=month, **mine)
    moved = [line for line in lines if line["movements"] or line["kind"] in ("opening", "closing")]
    said = ", ".join(f"{line['kind']} {line['amount_minor']}" for line in moved)
    yield Step("The owner", "reads the statement of the month", said)
    refusal = story.owner.refused("request_payout", **mine)
    if refusal["details"] != "nothing_to_pay_out":
        raise Refusal(f"The owner was refused with {refusal['details']}.", "Please report this.")
    yield Step("The owner", "asks for a payout too soon", refusal["message"])
