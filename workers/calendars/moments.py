"""What calendars write about time: dates, wall clocks of a zone, and how long something lasts."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, replace

from workers.calendars.components import Property
from workers.calendars.unreadable import Skipped
from workers.calendars.zones import Zones

# Real files leave out seconds, write small letters, 24:00, leap seconds and offsets.
MOMENT = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d))?(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?)?",
    re.IGNORECASE,
)
DURATION = re.compile(
    r"([+-])?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE
)
DAY = datetime.timedelta(days=1)
ZERO = datetime.timedelta(0)


@dataclass(frozen=True)
class Moment:
    """A time on the wall clock of a zone, or the beginning of a date.

    Without a zone it is of the clock of whoever looks: the resource's.
    """

    wall: datetime.datetime
    zone: datetime.tzinfo | None = None
    is_date: bool = False

    def instant(self, viewer: datetime.tzinfo) -> datetime.datetime:
        """Return the instant, in UTC. `viewer` is the zone of times without one."""
        return self.wall.replace(tzinfo=self.zone or viewer).astimezone(datetime.UTC)

    def like(self, other: Moment, viewer: datetime.tzinfo) -> Moment:
        """Return this in the form of another, as programs mean it that mix the forms.

        A date among times is that day at the other's time of day; a midnight among dates is its
        day; a time without a zone among times of a zone is of that zone.
        """
        is_midnight = self.wall.time() == datetime.time()
        if self.is_date and not other.is_date:
            wall = _at(self.wall, other.wall.time())
        elif self.zone in (None, other.zone) or (other.is_date and is_midnight):
            wall = self.wall
        else:
            there = other.zone or viewer
            wall = self.instant(viewer).astimezone(there).replace(tzinfo=None)
        return replace(other, wall=_at(wall, datetime.time()) if other.is_date else wall)


@dataclass(frozen=True)
class Length:
    """How long something lasts: so far on the clock, and then so much elapsed time.

    A day is one on the clock, an hour is elapsed time. Source: RFC 5545, 3.3.6
    """

    nominal: datetime.timedelta = ZERO
    elapsed: datetime.timedelta = ZERO

    @property
    def total(self) -> datetime.timedelta:
        """Return it as if no clock ever changed."""
        return self.nominal + self.elapsed


def moments_of(line: Property, zones: Zones) -> list[Moment]:
    """Return the times of a property, which may have several.

    Raises:
        Skipped: one of them cannot be read.
    """
    return [moment_of(text, line.zone, zones) for text in line.value.split(",") if text.strip()]


def moment_of(text: str, zone: str | None, zones: Zones) -> Moment:
    """Return the time that a text names. A Z or an offset counts before the zone's name.

    Raises:
        Skipped: it cannot be read.
    """
    found = MOMENT.fullmatch(text.strip())
    if found is None:
        raise Skipped("A date or time in it cannot be read.")
    year, month, day = (int(part) for part in found.group(1, 2, 3))
    try:
        date = datetime.datetime(year, month, day)
        if found[4] is None:
            return Moment(date, is_date=True)
        hours, minutes, seconds = (int(part or 0) for part in found.group(4, 5, 6))
        time = datetime.timedelta(hours=hours % 24, minutes=minutes, seconds=min(seconds, 59))
        wall = date + hours // 24 * DAY + time
    except (ValueError, OverflowError):
        raise Skipped("A date or time in it does not exist.") from None
    if hours > 24 or minutes > 59 or seconds > 60:
        raise Skipped("A date or time in it does not exist.")
    if offset := found[7]:
        return Moment(wall, zones.find("UTC" if offset in "Zz" else offset))
    return Moment(wall, zones.find(zone) if zone is not None and zone.strip() else None)


def length_of(text: str) -> Length:
    """Return what a DURATION says.

    Raises:
        Skipped: it cannot be read, or is negative.
    """
    found = DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()[1:]):
        raise Skipped("Its duration cannot be read.")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    try:
        length = Length(
            datetime.timedelta(weeks=weeks, days=days),
            datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds),
        )
    except OverflowError:
        raise Skipped("Its duration cannot be read.") from None
    if found[1] == "-" and length.total:
        raise Skipped("It ends before it starts.")
    return length


def length_between(start: Moment, end: Moment, viewer: datetime.tzinfo) -> Length:
    """Return how long it is from a start to an end, which may be written in another form.

    A date that ends on the day on which it starts is that day.

    Raises:
        Skipped: it ends before it starts.
    """
    if start.is_date and end.is_date:
        return Length(max(end.wall - start.wall, DAY))
    if end.is_date and not start.is_date:
        midnight = replace(end, zone=start.zone, is_date=False)
        end = midnight if midnight.wall > start.wall else replace(midnight, wall=end.wall + DAY)
    elif end.zone is None and not start.is_date:
        end = replace(end, zone=start.zone)
    if end.zone == start.zone:
        length = Length(end.wall - start.wall)
    else:
        length = Length(elapsed=end.instant(viewer) - start.instant(viewer))
    if length.total < ZERO:
        raise Skipped("It ends before it starts.")
    return length


def _at(day: datetime.datetime, time: datetime.time) -> datetime.datetime:
    return datetime.datetime.combine(day.date(), time)
