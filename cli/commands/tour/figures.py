"""A visitor is counted, and the owner looks at the week in figures."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from cli.commands.tour.people import Step, Story

NAMES = ("visited", "added_to_cart", "checkout_started", "paid")


def count(story: Story) -> Iterator[Step]:
    """Events come in with consent, and one call returns the page of the owner."""
    business_id = story.facts["business_id"]
    session_id = str(uuid.uuid4())
    taken = story.anyone.rpc(
        "track",
        events=[
            {
                "name": name,
                "business_id": business_id,
                "session_id": session_id,
                "consent": True,
            }
            for name in NAMES
        ],
    )
    yield Step("A visitor", "is counted on the way to the checkout", f"{taken} events, no name")
    today = story.owner.rpc(
        "business_dashboard", business_id=business_id, from_on="2031-01-01", to_on="2031-01-01"
    )["today"]["day"]
    page = story.owner.rpc(
        "business_dashboard", business_id=business_id, from_on=today, to_on=today
    )
    (money,) = [row for row in page["money"] if row["currency"] == page["currency"]] or [{}]
    yield Step(
        "The owner",
        "looks at the figures of today",
        f"{page['new_customers']} new customers, revenue {money.get('revenue_minor', 0)}"
        f" of {money.get('sold_minor', 0)} sold ({page['currency']}, minor units)",
    )
    services = story.owner.rpc(
        "run_report",
        report={
            "business_id": business_id,
            "subject": "services",
            "period": "this_year",
            "dimensions": ["service"],
            "measures": ["sold_minor"],
            "sort": ["-sold_minor"],
        },
    )["rows"]
    best = ", ".join(f"{row['service']} {row['sold_minor']} {row['currency']}" for row in services)
    yield Step("The owner", "puts a report together", f"{best or 'nothing'} sold this year")
