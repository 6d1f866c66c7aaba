"""The chapter of members: the owner offers a membership, and the customer joins."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import httpx

from cli.commands.tour.people import PATIENCE_SECONDS, Step, Story
from cli.refusal import Refusal


def offer(story: Story) -> Iterator[Step]:
    """The owner offers a membership with a visit each month."""
    mine = {"business_id": story.facts["business_id"]}
    (plan,) = story.owner.add(
        "membership_plans", {**mine, "name": "Gold", "access": "gold", "advance_days": 14}
    )
    story.owner.add(
        "membership_plan_prices",
        {**mine, "plan_id": plan["id"], "currency": "EUR", "price_minor": 2900},
    )
    story.facts["plan_id"] = plan["id"]
    yield Step("The owner", "offers a membership", "29.00 EUR a month, dates before others")


def join(story: Story) -> Iterator[Step]:
    """The customer joins, pays, and is a member; a second membership is refused."""
    plan_id = story.facts["plan_id"]
    joined = story.customer.rpc(
        "join_membership", plan_id=plan_id, idempotency_key=str(uuid.uuid4())
    )
    yield Step("The customer", "joins", f"{joined['status']} until the first month is paid")
    payment = story.customer.function(
        "payments",
        provider="sandbox",
        membership_id=joined["id"],
        idempotency_key=str(uuid.uuid4()),
    )
    if payment is None:
        yield Step("The customer", "pays later", "There is no sandbox where real money moves.")
        return
    httpx.post(payment["client"]["url"], data={"choice": "pay"}, timeout=PATIENCE_SECONDS)
    path = f"memberships?id=eq.{joined['id']}&status=eq.active"
    found = story.customer.wait_for(path, bool)
    if found is None:
        yield Step("The customer", "sees no payment", "No worker runs; start with `up`.")
        return
    if story.customer.rpc("is_member", plan_id=plan_id) is not True:
        raise Refusal("The customer paid and is no member.", "Please report this.")
    renews_on = found[0]["renews_at"][:10]
    yield Step("The customer", "pays on the sandbox's page", f"a member, renewed on {renews_on}")
    refusal = story.customer.refused("join_membership", plan_id=plan_id)
    if refusal["details"] != "already_member":
        raise Refusal(f"The customer was refused with {refusal['details']}.", "Please report this.")
    yield Step("The customer", "joins again", f"{refusal['details']}: {refusal['message']}")
