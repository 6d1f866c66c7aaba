"""Time zones that a calendar defines itself (VTIMEZONE).

Source: RFC 5545, 3.6.5.
"""

from __future__ import annotations

import datetime
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile

from workers.calendars.components import Component
from workers.calendars.moments import moment_of, moments_of
from workers.calendars.rules import rule_of
from workers.calendars.unreadable import Skipped
from workers.calendars.zones import Zones

OFFSET = re.compile(r"([+-]?)(\d\d):?(\d\d)(?::?(\d\d))?")
FIRST = datetime.datetime(1970, 1, 1)
MOST_ONSETS = 2000
NO_ZONE = "Its time zone is defined in a way that cannot be read."
ZERO = datetime.timedelta(0)


@dataclass(frozen=True)
class Onset:
    """The instant, in UTC, from which a zone has an offset."""

    at: datetime.datetime
    before: datetime.timedelta
    after: datetime.timedelta


class DefinedZone(datetime.tzinfo):
    """A zone as a list of onsets. A wall clock in a gap or an overlap is the one before it."""

    def __init__(self, onsets: list[Onset]) -> None:
        self._onsets = sorted(onsets, key=lambda onset: onset.at)
        self._instants = [onset.at for onset in self._onsets]
        self._walls = [onset.at + max(onset.before, onset.after) for onset in self._onsets]

    def utcoffset(self, moment: datetime.datetime | None) -> datetime.timedelta | None:
        """Return the offset at a wall clock."""
        if moment is None:
            return None
        return self._offset(bisect_right(self._walls, moment.replace(tzinfo=None)))

    def fromutc(self, moment: datetime.datetime) -> datetime.datetime:
        """Return the wall clock of an instant."""
        return moment + self._offset(bisect_right(self._instants, moment.replace(tzinfo=None)))

    def dst(self, moment: datetime.datetime | None) -> datetime.timedelta | None:
        """Nobody asks for it."""

    def tzname(self, moment: datetime.datetime | None) -> str | None:
        """Nobody asks for it."""

    def _offset(self, count: int) -> datetime.timedelta:
        """The offset after so many onsets."""
        return self._onsets[count - 1].after if count else self._onsets[0].before


def defined_zone(component: Component, until: datetime.datetime) -> DefinedZone:
    """Return a zone that a calendar defines, as it is until a wall clock.

    Raises:
        Skipped: it cannot be read.
    """
    onsets = [onset for part in component.parts for onset in _onsets(part, until)]
    if not onsets:
        raise Skipped(NO_ZONE)
    return DefinedZone(onsets)


def _onsets(part: Component, until: datetime.datetime) -> Iterator[Onset]:
    """The onsets of standard time or of daylight saving time, the last one before 1970 included."""
    before, after = (_offset(part.text(name)) for name in ("TZOFFSETFROM", "TZOFFSETTO"))
    walls: set[datetime.datetime] = set()
    for source in _sources(part, before):
        walls.update(takewhile(lambda wall: wall <= until, islice(source, MOST_ONSETS)))
    long_ago = [wall for wall in walls if wall < FIRST]
    for wall in walls.difference(long_ago) | set(sorted(long_ago)[-1:]):
        yield Onset(wall - before, before, after)


def _sources(part: Component, before: datetime.timedelta) -> Iterator[Iterable[datetime.datetime]]:
    """The wall clocks at which an offset begins: the first, single ones, those of rules."""
    no_zones = Zones({}, FIRST.year)
    start = moment_of(part.text("DTSTART"), None, no_zones).wall

    def until_of(text: str) -> datetime.datetime:
        moment = moment_of(text, None, no_zones)
        return moment.wall + (before if moment.zone else ZERO)

    yield [start]
    for line in part.all("RDATE"):
        yield sorted(moment.wall for moment in moments_of(line, no_zones))
    for line in part.all("RRULE"):
        yield rule_of(line.value, start, until_of)


def _offset(text: str) -> datetime.timedelta:
    found = OFFSET.fullmatch(text)
    if found is None:
        raise Skipped(NO_ZONE)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    size = datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if size >= datetime.timedelta(days=1):
        raise Skipped(NO_ZONE)
    return -size if found[1] == "-" else size
