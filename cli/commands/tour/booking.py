"""The story of one booking: a shop opens, a customer books, moves, comes, and hears of it."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from typing import Any

from cli.commands.tour.people import Step, Story
from cli.refusal import Refusal

HERE = {"latitude": 52.5163, "longitude": 13.3777}  # the Brandenburg Gate


def open_shop(story: Story) -> Iterator[Step]:
    """The owner creates a business, and the platform approves it."""
    business = story.owner.rpc(
        "create_business",
        name=f"Tour Salon {uuid.uuid4().hex[:6]}",
        vertical="salon",
        country="DE",
        time_zone="Europe/Berlin",
        currency="EUR",
    )
    story.owner.change(f"businesses?id=eq.{business['id']}", HERE)
    story.facts["business_id"] = business["id"]
    story.facts["name"] = business["name"]
    yield Step("The owner", "creates a business", f"{business['name']}: {business['status']}")
    story.owner.rpc("submit_business", business_id=business["id"])
    approved = story.admin.rpc("approve_business", business_id=business["id"])
    yield Step("The platform", "approves it", f"{approved['name']}: {approved['status']}")


def fill_catalog(story: Story) -> Iterator[Step]:
    """The owner offers a service, with a resource and hours."""
    business_id = story.facts["business_id"]
    (service,) = story.owner.add(
        "services",
        {
            "business_id": business_id,
            "name": "Haircut",
            "duration_minutes": 45,
            "price_minor": 4500,
            "currency": "EUR",
            "buffer_after_minutes": 15,
        },
    )
    (ann,) = story.owner.add(
        "resources", {"business_id": business_id, "kind": "staff", "name": "Ann"}
    )
    story.owner.add(
        "service_resources",
        {"business_id": business_id, "service_id": service["id"], "resource_id": ann["id"]},
    )
    story.owner.add(
        "working_hours",
        [
            {"business_id": business_id, "weekday": day, "opens_at": "09:00", "closes_at": "18:00"}
            for day in range(1, 8)
        ],
    )
    story.facts["service_id"] = service["id"]
    yield Step("The owner", "offers a haircut by Ann, 9 to 18 every day", "45 min · 45.00 EUR")


def find_time(story: Story) -> Iterator[Step]:
    """Anyone asks for free times, and the customer for the price."""
    story.facts["slots"] = slots = free_slots(story)
    if len(slots) < 8:
        raise Refusal("Too few free starts were offered.", "Please report this.")
    yield Step("Anyone", "asks for slots", f"{len(slots)} free, the first {slots[0]['starts_at']}")
    quote = story.customer.rpc("quote", items=[{"service_id": story.facts["service_id"]}])
    yield Step(
        "The customer", "asks for the price", f"{quote['total_minor']} cents {quote['currency']}"
    )


def search(story: Story) -> Iterator[Step]:
    """A stranger finds the business, with the same times as its slots."""
    first = story.facts["slots"][0]
    found = story.anyone.rpc(
        "search_availability",
        from_at=first["starts_at"],
        to_at=first["ends_at"],
        near=HERE,
        radius_km=1,
        q=f"{story.facts['name']} hairc",
    )
    if not found or found[0]["slots"][0]["starts_at"] != first["starts_at"]:
        raise Refusal("The search did not find the time.", "Please report this.")
    yield Step(
        "Anyone",
        "searches for a haircut near the Brandenburg Gate",
        f"{found[0]['name']}, {found[0]['distance_km']} km, has time at {first['starts_at']}",
    )


def book(story: Story) -> Iterator[Step]:
    """The customer holds a time that a rival also wants, and books it."""
    service_id, slot = story.facts["service_id"], story.facts["slots"][0]
    booking = story.customer.rpc(
        "book",
        service_id=service_id,
        starts_at=slot["starts_at"],
        hold=True,
        idempotency_key=str(uuid.uuid4()),
    )
    story.facts["booking"] = booking
    yield Step(
        "The customer",
        "holds the first one",
        f"{booking['reference']}: {booking['status']} until {booking['hold_expires_at']}",
    )
    refusal = story.rival.refused("book", service_id=service_id, starts_at=slot["starts_at"])
    if refusal["details"] != "slot_taken":
        raise Refusal(f"The rival was refused with {refusal['details']}.", "Please report this.")
    yield Step("A rival", "wants the same time", f"{refusal['details']}: {refusal['message']}")
    confirmed = story.customer.rpc("confirm_booking", booking_id=booking["id"])
    story.facts["booking"] = confirmed
    yield Step("The customer", "makes it a booking", f"{confirmed['status']}")


def move(story: Story) -> Iterator[Step]:
    """The customer takes another time, and the old one is free."""
    booking, later = story.facts["booking"], story.facts["slots"][-1]
    moved = story.customer.rpc(
        "reschedule_booking", booking_id=booking["id"], starts_at=later["starts_at"]
    )
    yield Step("The customer", "moves it", f"{moved['reference']}: now {moved['starts_at']}")
    if booking["starts_at"] not in {slot["starts_at"] for slot in free_slots(story)}:
        raise Refusal("The old time is not free again.", "Please report this.")
    yield Step("Anyone", "sees the old time free again", booking["starts_at"])
    found = story.anyone.rpc("lookup_booking", reference=booking["reference"], email=story.email)
    yield Step("A guest", "looks it up by reference and e-mail", f"{found['services']}")


def finish(story: Story) -> Iterator[Step]:
    """Nothing is over before it begins."""
    booking_id = story.facts["booking"]["id"]
    refusal = story.owner.refused("complete_booking", booking_id=booking_id)
    if refusal["details"] != "too_soon":
        raise Refusal(f"The owner was refused with {refusal['details']}.", "Please report this.")
    yield Step("The owner", "cannot complete it yet", f"{refusal['details']}: {refusal['message']}")
    history = story.customer.read(
        f"booking_history?booking_id=eq.{booking_id}&select=to_status&order=id"
    )
    yield Step(
        "The customer",
        "reads the history",
        " → ".join(entry["to_status"] for entry in history),
    )


def serve(story: Story) -> Iterator[Step]:
    """The owner books for somebody who walked in, and completes the visit."""
    came = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=75)
    booking = story.owner.rpc(
        "book_for",
        service_id=story.facts["service_id"],
        starts_at=came.replace(second=0, microsecond=0).isoformat(),
        customer_name="Wilma Walk-in",
        override=["notice", "hours"],
    )
    ignored = " and ".join(booking["overridden"])
    yield Step(
        "The owner",
        "books for a walk-in",
        f"{booking['reference']}: {booking['status']}, whatever {ignored} say",
    )
    for function in ("check_in_booking", "complete_booking"):
        booking = story.owner.rpc(function, booking_id=booking["id"])
    yield Step("The owner", "checks her in and completes the visit", booking["status"])


def hear(story: Story) -> Iterator[Step]:
    """The workers notify people; without workers the tour says so."""
    path = f"notifications?booking_id=eq.{story.facts['booking']['id']}&order=created_at"
    heard = story.customer.wait_for(
        path, lambda rows: any(row["event"] == "booking.moved" for row in rows)
    )
    if heard is None:
        yield Step("The customer", "is not notified", "No worker runs; start with `up`.")
        return
    titles = " · ".join(row["title"] for row in heard)
    yield Step("The customer", "reads in the app what has happened", titles)
    told = story.customer.read(
        f"notification_deliveries?booking_id=eq.{story.facts['booking']['id']}&channel=eq.mail"
    )
    yield Step("The customer", "gets it by mail as well", f"{len(told)} mails: ./frontdesk mail")


def free_slots(story: Story) -> list[dict[str, Any]]:
    """Return the free starts of the next three days."""
    now = datetime.datetime.now(datetime.UTC)
    return list(
        story.anyone.rpc(
            "available_slots",
            service_id=story.facts["service_id"],
            from_at=now.isoformat(),
            to_at=(now + datetime.timedelta(days=3)).isoformat(),
        )
    )
