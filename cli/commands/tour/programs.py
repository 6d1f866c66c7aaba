"""A program of somebody else gets a key of the business, reads with it, and loses it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from cli.commands.tour.people import PATIENCE_SECONDS, Person, Step, Story
from cli.refusal import Refusal


def connect(story: Story) -> Iterator[Step]:
    """A key does what its scope names, and nothing once it is revoked."""
    business_id = story.facts["business_id"]
    made = story.owner.rpc(
        "create_api_key", business_id=business_id, name="Till", scopes=["bookings:read"]
    )
    yield Step("The owner", "creates an API key for a till", "its scope is bookings:read")
    with httpx.Client(
        base_url=story.anyone.http.base_url,
        headers={"apikey": made["key"]},
        timeout=PATIENCE_SECONDS,
    ) as http:
        till = Person("till", http)
        rows = till.read(f"bookings?business_id=eq.{business_id}&select=id")
        yield Step("The till", "reads with its key", f"{len(rows)} bookings of the business")
        story.owner.rpc("revoke_api_key", api_key_id=made["id"])
        refusal = http.get("bookings?select=id").json()["details"]
    if refusal != "invalid_api_key":
        raise Refusal("A revoked key should have been refused.", "Please report this.")
    yield Step("The owner", "revokes the key", f"the till's next request is refused: {refusal}")
