"""A booking as an invitation, for the mail that tells of it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from workers.calendars.entries import Entry, Method, Party, instant, invitation
from workers.providers.mail import Attachment

# Events whose mail carries the booking, and what it does to the reader's calendar. Only what came
# as a REQUEST can be changed and cancelled: calendars keep a PUBLISH for ever.
METHODS: Mapping[str, Method] = {
    "booking.confirmed": "REQUEST",
    "booking.moved": "REQUEST",
    "booking.item_cancelled": "REQUEST",
    "reminder.day": "REQUEST",
    "booking.cancelled": "CANCEL",
}


def entry(event: str, data: Mapping[str, Any], *, sender: str, recipient: str) -> Attachment | None:
    """Return the booking as a file, for events that have one.

    The organizer is the sender of the mail, in the name of the business: mail programs let nobody
    else change or cancel what they have taken into a calendar.
    """
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
    )
    content = invitation(
        booking,
        method,
        organizer=Party(sender, data["business_name"]),
        attendee=Party(recipient, data["customer_name"]),
    )
    return Attachment("booking.ics", f"text/calendar; method={method}", content)
