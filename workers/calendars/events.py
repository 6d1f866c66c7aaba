"""One event (VEVENT) as what it says about time."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from workers.calendars.components import Component, Property
from workers.calendars.moments import (
    DAY,
    Length,
    Moment,
    length_between,
    length_of,
    moment_of,
)
from workers.calendars.unreadable import Skipped
from workers.calendars.zones import Zones

T = TypeVar("T")
FREE = ("FREE", "WORKINGELSEWHERE")


@dataclass(frozen=True)
class Reading:
    """What it takes to read an event: its calendar's zones, and the zone of whoever looks."""

    zones: Zones
    viewer: datetime.tzinfo
    series_zone: datetime.tzinfo | None = None  # of X-WR-TIMEZONE
    is_cancelled: bool = False  # METHOD:CANCEL
    problems: list[str] = field(default_factory=list)  # of events that block all the same

    def try_all(self, read: Callable[[str], T], line: Property, problem: str) -> Iterator[T]:
        """Read each value of a property; note a problem for each that cannot be read."""
        for text in line.value.split(","):
            try:
                if text.strip():
                    yield read(text)
            except Skipped:
                self.problems.append(problem)


@dataclass(frozen=True)
class Event:
    """An event, or one occurrence of a series that differs from the others.

    `added` are single further occurrences, some with a length of their own. `left_out` are dates or
    times that do not take place.
    """

    uid: str
    start: Moment
    length: Length
    blocks: bool
    sequence: int = 0
    replaces: Moment | None = None
    replaces_later_ones: bool = False
    rules: tuple[str, ...] = ()
    rules_left_out: tuple[str, ...] = ()  # EXRULE, which old programs still write. Source: RFC 2445
    added: tuple[tuple[Moment, Length | None], ...] = ()
    left_out: tuple[Moment, ...] = ()


def event_of(component: Component, reading: Reading) -> Event:
    """Return what a component says.

    Raises:
        Skipped: its time cannot be read.
    """
    line = component.first("DTSTART")
    if line is None:
        raise Skipped("It has no start.")
    rules = tuple(rule.value for rule in component.all("RRULE") if rule.value.strip())
    start = moment_of(line.value, line.zone, reading.zones)
    if rules and reading.series_zone and start.zone == reading.zones.find("UTC"):
        start = _in_zone(start, reading.series_zone)
    replaced = component.first("RECURRENCE-ID")
    return Event(
        uid=component.text("UID"),
        start=start,
        length=_length(component, start, reading),
        blocks=not (reading.is_cancelled or _is_free(component)),
        sequence=_whole_number(component.text("SEQUENCE")),
        replaces=moment_of(replaced.value, replaced.zone, reading.zones) if replaced else None,
        replaces_later_ones=replaced is not None and replaced.is_of_all_later_ones,
        rules=rules,
        rules_left_out=tuple(line.value for line in component.all("EXRULE") if line.value.strip()),
        added=tuple(_added(component, reading)),
        left_out=tuple(_left_out(component, reading)),
    )


def _length(component: Component, start: Moment, reading: Reading) -> Length:
    """How long it lasts: a date for a day, a time for no time, unless it says more."""
    end = component.first("DTEND")
    if end is not None and end.value:
        return length_between(start, moment_of(end.value, end.zone, reading.zones), reading.viewer)
    duration = component.text("DURATION")
    length = length_of(duration) if duration else Length()
    return length if length.total or not start.is_date else Length(DAY)


def _added(component: Component, reading: Reading) -> Iterator[tuple[Moment, Length | None]]:
    """Its further occurrences: times, or periods with a length of their own."""
    for line in component.all("RDATE"):

        def read(text: str, zone: str | None = line.zone) -> tuple[Moment, Length | None]:
            first, _, rest = text.partition("/")
            start = moment_of(first, zone, reading.zones)
            return start, period_length(start, rest, zone, reading) if rest else None

        yield from reading.try_all(read, line, "A further date of it cannot be read.")


def _left_out(component: Component, reading: Reading) -> Iterator[Moment]:
    """The dates and times at which it does not take place."""
    for line in component.all("EXDATE"):
        read = partial(moment_of, zone=line.zone, zones=reading.zones)
        yield from reading.try_all(
            read, line, "A date that it leaves out cannot be read, so that date blocks."
        )


def period_length(start: Moment, rest: str, zone: str | None, reading: Reading) -> Length:
    """Return how long a period is, from what stands behind its slash.

    Raises:
        Skipped: it cannot be read.
    """
    if rest.strip()[:1].upper() in ("P", "+", "-"):
        return length_of(rest)
    return length_between(start, moment_of(rest, zone, reading.zones), reading.viewer)


def _is_free(component: Component) -> bool:
    """Whether other programs show it as free: called off, or transparent."""
    if component.text("STATUS").upper() == "CANCELLED":
        return True
    if shown := component.text("TRANSP").upper():
        return shown == "TRANSPARENT"
    return component.text("X-MICROSOFT-CDO-BUSYSTATUS").upper() in FREE


def _in_zone(moment: Moment, zone: datetime.tzinfo) -> Moment:
    wall = moment.wall.replace(tzinfo=moment.zone).astimezone(zone).replace(tzinfo=None)
    return Moment(wall, zone)


def _whole_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
