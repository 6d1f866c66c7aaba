"""A booking as a calendar entry, for the mail that tells of it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from icalendar import Calendar, Event, vCalAddress

from workers.providers.mail import Attachment

# Events whose mail carries the entry, and what it does to the reader's calendar.
METHODS = {
    "booking.confirmed": "PUBLISH",
    "booking.moved": "PUBLISH",
    "reminder.day": "PUBLISH",
    "booking.cancelled": "CANCEL",
}


def entry(event: str, data: Mapping[str, Any]) -> Attachment | None:
    """The entry as a file, for events that have one.

    The UID is the booking's for ever; SEQUENCE grows with every step of the booking, so a calendar
    that already has the entry changes it. Source: RFC 5545, 3.8.4.7 and 3.8.7.4.
    """
    method = METHODS.get(event)
    if method is None:
        return None
    calendar = Calendar()
    calendar.add("prodid", "-//Frontdesk//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(_event(method, data))
    return Attachment("booking.ics", f"text/calendar; method={method}", calendar.to_ical())


def _event(method: str, data: Mapping[str, Any]) -> Event:
    event = Event()
    event.add("uid", f"{data['booking_id']}@frontdesk")
    event.add("sequence", data["sequence"])
    event.add("dtstamp", datetime.datetime.now(datetime.UTC))
    event.add("dtstart", _instant(data["starts_at"]))
    event.add("dtend", _instant(data["ends_at"]))
    event.add("summary", f"{data['service_names']} · {data['business_name']}")
    event.add("description", data["reference"])
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    if data["address"]:
        event.add("location", data["address"])
    if data["business_email"]:
        event.add("organizer", vCalAddress(f"mailto:{data['business_email']}"))
    return event


def _instant(value: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(value).astimezone(datetime.UTC)
