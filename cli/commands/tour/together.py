"""The chapters about several people: the waitlist, a series, a class."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from cli.commands.tour.people import Step, Story
from cli.refusal import Refusal


def wait(story: Story) -> Iterator[Step]:
    """The rival waits for the customer's new time, and gets it when it becomes free."""
    service_id, booking = story.facts["service_id"], story.facts["booking"]
    wanted = story.facts["slots"][-1]
    entry = story.rival.rpc(
        "join_waitlist",
        service_id=service_id,
        from_at=wanted["starts_at"],
        to_at=wanted["ends_at"],
    )
    yield Step("The rival", "waits for the customer's time", entry["status"])
    story.customer.rpc(
        "reschedule_booking",
        booking_id=booking["id"],
        starts_at=story.facts["slots"][0]["starts_at"],
    )
    (entry,) = story.rival.read(f"waitlist_entries?id=eq.{entry['id']}")
    if entry["status"] != "offered":
        raise Refusal("The freed time was not offered.", "Please report this.")
    yield Step(
        "The customer",
        "moves back, and the time is held for the rival",
        f"{entry['status']} until {entry['offer_expires_at']}",
    )
    accepted = story.rival.rpc("accept_waitlist_offer", entry_id=entry["id"])
    yield Step("The rival", "accepts", f"{accepted['reference']}: {accepted['status']}")


def repeat(story: Story) -> Iterator[Step]:
    """The rival books every week, and cancels the rest."""
    first = _later(story.facts["slots"][1]["starts_at"], days=7)
    series = story.rival.rpc(
        "book_series",
        service_id=story.facts["service_id"],
        starts_at=first,
        rrule="FREQ=WEEKLY;COUNT=4",
    )
    bookings = story.rival.read(f"bookings?series_id=eq.{series['id']}&order=starts_at")
    yield Step("The rival", "books every week, four times", f"{len(bookings)} bookings")
    story.rival.rpc("cancel_series", series_id=series["id"], from_booking_id=bookings[2]["id"])
    left = story.rival.read(f"bookings?series_id=eq.{series['id']}&status=eq.confirmed")
    yield Step("The rival", "cancels the third and those after it", f"{len(left)} are left")


def teach(story: Story) -> Iterator[Step]:
    """The owner gives a class, and two people come."""
    (service,) = story.owner.add(
        "services",
        {
            "business_id": story.facts["business_id"],
            "name": "Braiding class",
            "duration_minutes": 60,
            "price_minor": 2000,
            "currency": "EUR",
            "is_class": True,
            "max_party_size": 2,
        },
    )
    day = _later(story.facts["slots"][0]["starts_at"], days=5)[:10]
    sessions = story.owner.rpc(
        "create_slots",
        service_id=service["id"],
        from_date=day,
        opens_at="19:00",
        closes_at="21:00",
        capacity=6,
    )
    yield Step("The owner", "makes the sessions of a class", f"{len(sessions)} with 6 seats each")
    booking = story.customer.rpc(
        "book", service_id=service["id"], starts_at=sessions[0]["starts_at"], party_size=2
    )
    seats = story.customer.read(f"seats?booking_id=eq.{booking['id']}&order=number")
    yield Step(
        "The customer",
        "brings a friend",
        "seats " + " and ".join(str(seat["number"]) for seat in seats),
    )


def _later(instant: str, *, days: int) -> str:
    moment = datetime.datetime.fromisoformat(instant) + datetime.timedelta(days=days)
    return moment.isoformat()
