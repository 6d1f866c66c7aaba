"""A booking as a calendar entry, for the mail that tells of it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from workers.calendars.entries import Entry, instant, message
from workers.providers.mail import Attachment

# Events whose mail carries the entry, and what it does to the reader's calendar.
METHODS = {
    "booking.confirmed": "PUBLISH",
    "booking.moved": "PUBLISH",
    "booking.item_cancelled": "PUBLISH",
    "reminder.day": "PUBLISH",
    "booking.cancelled": "CANCEL",
}


def entry(event: str, data: Mapping[str, Any]) -> Attachment | None:
    """The entry as a file, for events that have one."""
    method = METHODS.get(event)
    if method is None:
        return None
    booking = Entry(
        key=data["booking_id"],
        sequence=data["sequence"],
        status="cancelled" if method == "CANCEL" else "confirmed",
        starts_at=instant(data["starts_at"]),
        ends_at=instant(data["ends_at"]),
        changed_at=datetime.datetime.now(datetime.UTC),
        summary=f"{data['service_names']} · {data['business_name']}",
        description=data["reference"],
        location=data["address"],
        organizer=data["business_email"],
    )
    return Attachment("booking.ics", f"text/calendar; method={method}", message(booking, method))
