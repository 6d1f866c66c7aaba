"""The busy time that a calendar holds: every occurrence of every event that blocks."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, TypeGuard

import recurring_ical_events
from icalendar import Calendar, Event

from workers.calendars.unreadable import Unreadable

MOST = 5000  # occurrences that block
# What the libraries raise for events that nobody can understand.
NONSENSE = (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, IndexError)


@dataclass(frozen=True)
class Busy:
    """One occurrence. With Z at its end a time is an instant, without it is a wall clock."""

    uid: str
    starts: str
    ends: str


@dataclass(frozen=True)
class Read:
    """What a calendar holds, and how many events could not be understood."""

    events: list[Busy]
    skipped_count: int

    def as_json(self) -> dict[str, Any]:
        """As catalog.finish_import takes it."""
        return asdict(self)


def busy_time(content: bytes, *, start: datetime.datetime, stop: datetime.datetime) -> Read:
    """What blocks between two instants.

    Raises:
        Unreadable: it is no calendar, or holds too much.
    """
    found: list[Busy] = []
    skipped = 0
    for calendar in _calendars(content):
        for series in _series(calendar):
            try:
                found.extend(_occurrences(series, start, stop))
            except NONSENSE:
                skipped += 1
            if len(found) > MOST:
                days = (stop - start).days
                raise Unreadable(f"It has more than {MOST} events in {days} days.")
    return Read(found, skipped)


def _calendars(content: bytes) -> list[Calendar]:
    try:
        found = Calendar.from_ical(content.decode("utf-8-sig", "replace"), multiple=True)
    except NONSENSE:
        found = []
    calendars = [component for component in found if component.name == "VCALENDAR"]
    if not calendars:
        raise Unreadable("It is not a calendar in iCalendar's form.")
    return calendars


def _series(calendar: Calendar) -> Iterator[Calendar]:
    """A calendar for each UID, so that one that cannot be understood leaves the others alone."""
    by_uid: dict[object, list[Event]] = defaultdict(list)
    for number, event in enumerate(calendar.events):
        by_uid[event.get("uid", number)].append(event)
    for events in by_uid.values():
        series = Calendar()
        series.update(calendar)
        series.subcomponents = list(events)
        yield series


def _occurrences(
    series: Calendar, start: datetime.datetime, stop: datetime.datetime
) -> Iterator[Busy]:
    for event in recurring_ical_events.of(series).between(start, stop):
        if event.get("transp", "").upper() == "TRANSPARENT":
            continue
        if event.get("status", "").upper() == "CANCELLED":
            continue
        if event.end > event.start:
            yield _busy(str(event.get("uid", "")), event.start, event.end)


def _busy(uid: str, start: datetime.date, end: datetime.date) -> Busy:
    if not (_is_instant(start) and _is_instant(end)):
        return Busy(uid, _text(start), _text(end))
    starts, ends = start.astimezone(datetime.UTC), end.astimezone(datetime.UTC)
    # Where the clock skips all of it, it is as long as it is on paper.
    return Busy(uid, _text(starts), _text(ends if ends > starts else starts + (end - start)))


def _is_instant(moment: datetime.date) -> TypeGuard[datetime.datetime]:
    return isinstance(moment, datetime.datetime) and moment.tzinfo is not None


def _text(moment: datetime.date) -> str:
    if _is_instant(moment):
        return moment.astimezone(datetime.UTC).replace(tzinfo=None).isoformat() + "Z"
    return moment.isoformat()
