"""The chapter of reviews: the customer reviews what has arrived, and the owner replies."""

from __future__ import annotations

from collections.abc import Iterator

from cli.commands.tour.people import Step, Story
from cli.refusal import Refusal


def review(story: Story) -> Iterator[Step]:
    """The customer reviews what has arrived, the owner replies, and everybody reads both."""
    business_id = story.facts["business_id"]
    booking_id = story.facts["booking"]["id"]
    refusal = story.customer.refused("review_booking", booking_id=booking_id, rating=5)
    if refusal["details"] != "too_soon":
        raise Refusal(f"The customer was refused with {refusal['details']}.", "Please report this.")
    yield Step("The customer", "cannot review a visit before it", refusal["message"])
    (order,) = story.customer.read(
        f"orders?business_id=eq.{business_id}&order=placed_at.desc&limit=1"
    )
    if order["status"] == "pending":
        yield Step("The customer", "has nothing else to review", "The order is not paid.")
        return
    (line,) = story.customer.read(
        f"sale_lines?sale_id=eq.{order['sale_id']}&kind=eq.product&revision=eq.0"
    )
    written = story.customer.rpc(
        "review_product", sale_line_id=line["id"], rating=5, body="It smells of cedar."
    )
    yield Step(
        "The customer",
        "reviews what has arrived",
        f"{written['rating']} of 5 stars by {written['author_name']}: {written['status']}",
    )
    story.owner.rpc("reply_to_review", review_id=written["id"], body="Thank you!")
    page = story.anyone.rpc("review_page", business_id=business_id)
    shown = page["reviews"][0]
    yield Step(
        "Anyone",
        "reads it with the owner's reply",
        f"“{shown['body']}” “{shown['reply']}” · average {page['summary']['average']}, "
        f"score {page['summary']['score']}",
    )
