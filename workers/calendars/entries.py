"""A booking as a calendar entry, the same in mails and in feeds."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from icalendar import Calendar, Event, vCalAddress, vDuration

PRODUCT = "-//Frontdesk//EN"
# How often programs are asked to look again; most have a rhythm of their own.
EVERY = datetime.timedelta(minutes=15)


@dataclass(frozen=True)
class Entry:
    """A booking, or a session of a class. `changed_at` is its last change; instants are in UTC."""

    key: str
    sequence: int
    status: Literal["confirmed", "tentative", "cancelled"]
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    changed_at: datetime.datetime
    summary: str
    description: str
    location: str | None = None
    organizer: str | None = None

    def event(self) -> Event:
        """As a component.

        The UID is the booking's for ever; SEQUENCE grows with every step of it, so a calendar
        that already has the entry changes it. Source: RFC 5545, 3.8.4.7 and 3.8.7.4.
        """
        event = Event()
        event.add("uid", f"{self.key}@frontdesk")
        event.add("sequence", self.sequence)
        event.add("dtstamp", self.changed_at)
        event.add("dtstart", self.starts_at)
        event.add("dtend", self.ends_at)
        event.add("summary", self.summary)
        event.add("description", self.description)
        event.add("status", self.status.upper())
        if self.location:
            event.add("location", self.location)
        if self.organizer:
            event.add("organizer", vCalAddress(f"mailto:{self.organizer}"))
        return event


def message(entry: Entry, method: str) -> bytes:
    """One entry as what mail programs take into a calendar, or out of it."""
    calendar = _calendar()
    calendar.add("method", method)
    calendar.add_component(entry.event())
    return bytes(calendar.to_ical())


def feed(name: str, entries: Iterable[Entry]) -> bytes:
    """A calendar to subscribe to; the same entries give the same bytes."""
    calendar = _calendar()
    # RFC 7986 has a name and an interval; the others are what older programs read.
    for key in ("name", "x-wr-calname"):
        calendar.add(key, name)
    calendar.add("refresh-interval", vDuration(EVERY), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(EVERY))
    for entry in entries:
        calendar.add_component(entry.event())
    return bytes(calendar.to_ical())


def instant(value: str) -> datetime.datetime:
    """An ISO 8601 instant in UTC."""
    return datetime.datetime.fromisoformat(value).astimezone(datetime.UTC)


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    return calendar
