"""The story of one picture: sent to a signed address, looked into, shown to everybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cli.commands.tour.people import Step, Story
from cli.picture import slope
from cli.refusal import Refusal


def show_window(story: Story) -> Iterator[Step]:
    """The owner sends a picture of the shop, and anyone sees it."""
    picture = slope((240, 120, 60), (60, 120, 240))
    place = story.owner.rpc(
        "create_upload",
        subject=f"business:{story.facts['business_id']}",
        kind="gallery",
        name="Shop window.png",
        size=len(picture),
        content_type="image/png",
    )
    if not story.owner.sends(place["sign_url"], picture, "image/png"):
        yield Step("The owner", "has a picture", "this stack serves no files")
        return
    medium = story.owner.rpc("complete_upload", upload_id=place["upload_id"])
    yield Step(
        "The owner", "sends a picture of the shop", f"{len(picture)} bytes: {medium['state']}"
    )
    ready = _looked_into(story, medium["id"])
    story.owner.change(f"media?id=eq.{medium['id']}", {"alt": {"en": "Our shop window"}})
    (seen,) = story.anyone.read(f"media?id=eq.{medium['id']}&select=url,media_renditions(format)")
    sizes = f"{ready['width']}×{ready['height']}, {len(seen['media_renditions'])} renditions"
    yield Step("Anyone", "sees it in every size", f"{sizes}: {seen['url']}")


def _looked_into(story: Story, medium_id: str) -> dict[str, Any]:
    path = f"media?id=eq.{medium_id}&state=in.(ready,refused)"
    media = story.owner.wait_for(path, bool)
    if media is None:
        raise Refusal(
            "No worker looked into the picture.",
            "Start the stack with workers, and see `./frontdesk logs worker`.",
        )
    (medium,) = media
    if medium["state"] == "refused":
        raise Refusal(f"The picture was refused: {medium['refusal']}.", "Please report this.")
    return medium
