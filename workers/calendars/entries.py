"""A booking as a calendar entry; mails and feeds share it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from icalendar import Calendar, Event, vCalAddress, vDuration

Method = Literal["REQUEST", "CANCEL"]
# Of what people have written, everything but tabs and line feeds: no calendar may hold them.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
PRODUCT = "-//Frontdesk//EN"
# How often we ask programs to read a feed again; most have their own interval.
EVERY = datetime.timedelta(minutes=15)


@dataclass(frozen=True)
class Party:
    """An organizer or an attendee."""

    address: str
    name: str


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

    def event(self) -> Event:
        """Return the entry as a component.

        The UID is the booking's for ever. SEQUENCE grows with every step of it, so a calendar
        that already has the entry changes it.

        Source: RFC 5545, 3.8.4.7 and 3.8.7.4.
        """
        event = Event()
        event.add("uid", f"{self.key}@frontdesk")
        event.add("sequence", self.sequence)
        event.add("dtstamp", self.changed_at)
        event.add("dtstart", self.starts_at)
        event.add("dtend", self.ends_at)
        event.add("summary", _text(self.summary))
        event.add("description", _text(self.description))
        event.add("status", self.status.upper())
        if self.location:
            event.add("location", _text(self.location))
        return event


def invitation(entry: Entry, method: Method, *, organizer: Party, attendee: Party) -> bytes:
    """Return what mail programs put into a calendar, change there, or take out again.

    A change is a REQUEST with a higher SEQUENCE. The attendee has accepted: they have booked.

    Source: RFC 5546, 3.2.2 and 3.2.5: an organizer and the attendee in both.
    """
    event = entry.event()
    event.add("organizer", _address(organizer))
    answer = {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}
    event.add("attendee", _address(attendee), parameters=answer)
    calendar = _calendar()
    calendar.add("method", method)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def feed(name: str, entries: Iterable[Entry]) -> bytes:
    """Return a calendar to subscribe to; the same entries give the same bytes."""
    calendar = _calendar()
    # RFC 7986 has a name and an interval; the others are what older programs read.
    for key in ("name", "x-wr-calname"):
        calendar.add(key, _line(name))
    calendar.add("refresh-interval", vDuration(EVERY), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(EVERY))
    for entry in entries:
        calendar.add_component(entry.event())
    return bytes(calendar.to_ical())


def instant(value: str) -> datetime.datetime:
    """Return an ISO 8601 instant in UTC."""
    return datetime.datetime.fromisoformat(value).astimezone(datetime.UTC)


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    return calendar


def _address(party: Party) -> vCalAddress:
    address = vCalAddress(f"mailto:{party.address}")
    if name := _line(party.name).replace('"', "'"):
        address.params["CN"] = name
    return address


def _line(text: str) -> str:
    return " ".join(_text(text).split())


def _text(text: str) -> str:
    return CONTROLS.sub("", text.replace("\r\n", "\n"))
