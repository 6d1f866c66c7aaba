"""Finding things: suggestions, typing errors, words that mean the same, and what to buy again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cli.commands.tour.people import Step, Story
from cli.refusal import Refusal


def find(story: Story) -> Iterator[Step]:
    """Anyone finds the shampoo while typing, misspelled and by another word."""
    suggested = story.anyone.rpc("autocomplete", q="sham", kinds=["product"])
    if "Shampoo" not in {each["name"] for each in suggested}:
        raise Refusal("Autocomplete did not suggest the shampoo.", "Please report this.")
    yield Step("Anyone", "types sham", f"suggested: {suggested[0]['name']}")
    found = _found(story, "shmapoo")
    yield Step(
        "Anyone",
        "searches for shmapoo",
        f"{found['results'][0]['name']}, {found['facets']['count']} found",
    )
    story.owner.add(
        "search_synonyms",
        {"business_id": story.facts["business_id"], "terms": ["shampoo", "hair wash"]},
    )
    found = _found(story, "hair wash")
    yield Step(
        "The owner",
        "writes that hair wash means shampoo",
        f"hair wash finds {found['results'][0]['name']}",
    )
    again = story.customer.rpc("recommend", kind="again", limit=50)
    names = ", ".join(each["name"] for each in again) or "nothing yet; no order is paid"
    yield Step("The customer", "asks what to buy again", names)


def _found(story: Story, query: str) -> Any:
    filters = {"business_id": story.facts["business_id"]}
    found = story.anyone.rpc("search", q=query, kinds=["product"], filters=filters, facets=True)
    if [each["name"] for each in found["results"]] != ["Shampoo"]:
        raise Refusal(f"The search for {query} did not find the shampoo.", "Please report this.")
    return found
