"""The chapter of points: the owner gives some, and the customer sees what they take off."""

from __future__ import annotations

from collections.abc import Iterator

from cli.commands.tour.people import Step, Story


def reward(story: Story) -> Iterator[Step]:
    """The owner opens a loyalty program and gives the customer points, who redeems them."""
    business_id = story.facts["business_id"]
    story.owner.add(
        "loyalty_programs",
        {
            "business_id": business_id,
            "name": "Salon points",
            "currency": "EUR",
            "earn_points": 1,
            "earn_minor": 100,
            "redeem_points": 100,
            "redeem_minor": 500,
            "referrer_points": 50,
            "referred_points": 50,
        },
    )
    yield Step("The owner", "opens a loyalty program", "1 point for a euro · 100 take 5.00 EUR off")
    (known,) = story.owner.read(
        f"customers?business_id=eq.{business_id}&user_id=eq.{story.facts['booking']['customer_id']}"
    )
    balance = story.owner.rpc(
        "adjust_points",
        business_id=business_id,
        customer_id=known["id"],
        points=100,
        reason="Welcome",
    )
    yield Step("The owner", "welcomes the customer", f"{balance['points']} points")
    quote = story.customer.rpc(
        "quote", items=[{"service_id": story.facts["service_id"]}], redeem_points=100
    )
    (discount,) = quote["lines"][0]["discounts"]
    yield Step(
        "The customer",
        "asks what they take off the next visit",
        f"{discount['name']}: {discount['amount_minor']} cents, borne by the {discount['bearer']}",
    )
    code = story.customer.rpc("referral_code", business_id=business_id)
    referral = story.rival.rpc("accept_referral", business_id=business_id, code=code)
    yield Step(
        "A rival",
        "comes by the customer's referral code",
        f"{code}: {referral['referred_points']} points after the first visit",
    )
