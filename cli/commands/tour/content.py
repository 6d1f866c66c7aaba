"""The admin shapes the front page, the owner writes a page, the customer asks for their data."""

from __future__ import annotations

from collections.abc import Iterator

from cli.commands.tour.people import Step, Story


def shape(story: Story) -> Iterator[Step]:
    """A banner, a page in two languages, and everything that is known about the customer."""
    story.admin.add("banners", {"place": "home", "title": "Welcome to the tour", "priority": 100})
    page = story.anyone.rpc("home", locale="en")
    yield Step(
        "The admin",
        "puts a banner on the front page",
        f"home returns {len(page['banners'])} banners and {len(page['pages'])} pages in one call",
    )
    mine = {"business_id": story.facts["business_id"], "slug": "our-rules"}
    page_id = story.owner.rpc("save_page", **mine, locale="en", title="Our rules", body="Be kind.")
    story.owner.rpc("save_page", **mine, locale="de", title="Regeln", body="Sei nett.")
    story.owner.rpc("publish_page", page_id=page_id)
    shown = story.anyone.rpc("page", **mine, locale="de-AT")
    yield Step(
        "The owner",
        "publishes a page in two languages",
        f"a reader from Austria gets “{shown['title']}”, version {shown['version']} for good",
    )
    request = story.customer.rpc("export_person")
    refused = story.customer.refused("erase_person")
    yield Step(
        "The customer",
        "asks for everything that is known about them",
        f"the request is {request['state']}; erasing says: {refused['message']}",
    )
