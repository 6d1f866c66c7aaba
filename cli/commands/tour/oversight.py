"""The admin tries a flag on one user, and everybody reads what was done."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from cli.commands.tour.people import Step, Story

FLAG = "tour_reminders"
PATH = f"/ofrep/v1/evaluate/flags/{FLAG}"


def oversee(story: Story) -> Iterator[Step]:
    """A flag goes to one customer first, and the audit trail has who did what."""
    (customer,) = story.customer.read("profiles?select=id")
    if not story.admin.read(f"feature_flags?key=eq.{FLAG}"):
        flag = {"key": FLAG, "is_enabled": True, "is_public": True, "rules": [{"percentage": 0}]}
        story.admin.add("feature_flags", flag)
    story.admin.add("flag_targets", {"flag_key": FLAG, "subject": customer["id"]})
    outcome = (
        f"{_said(story.customer.http)} for the customer, {_said(story.anyone.http)} for others"
    )
    yield Step("The admin", "gives a feature to one customer", f"{FLAG}: {outcome}")
    business = f"business_id=eq.{story.facts['business_id']}"
    entries = story.owner.read(f"audit_log?{business}&select=cause&order=id.desc&limit=1000")
    causes = sorted({entry["cause"] for entry in entries})
    yield Step(
        "The owner",
        "reads what was done to the business",
        f"{len(entries)} changes by {len(causes)} calls, such as {causes[0]}",
    )


def _said(http: httpx.Client) -> str:
    answer = http.post(http.base_url.join(PATH), json={"context": {}})
    return "on" if answer.raise_for_status().json()["value"] else "off"
