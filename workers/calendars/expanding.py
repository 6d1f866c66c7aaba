"""The busy time that a calendar holds: every occurrence of every event that blocks.

What cannot be read is counted with its reason. Each series is read by itself, within limits of its
own, so that none of them can take the others with it.
"""

from __future__ import annotations

import contextlib
import datetime
import time
import zoneinfo
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from workers.calendars.components import Component, calendars
from workers.calendars.definitions import defined_zone
from workers.calendars.events import Event, Reading, event_of, period_length
from workers.calendars.limits import limit
from workers.calendars.moments import DAY, moment_of
from workers.calendars.series import Occurrence, Period, Series, newest, once
from workers.calendars.unreadable import OutOfTime, Skipped
from workers.calendars.zones import Zones

MOST = 20_000  # occurrences of a calendar
SERIES_SECONDS = 1.0  # of the processor, for each series
ALL_SECONDS = 15.0  # of the processor; after that only events that do not repeat are read
REASONS = 10  # that are told apart
NOT_UNDERSTOOD = "It cannot be understood."
FREE = "FREE"


@dataclass(frozen=True)
class Busy:
    """One occurrence. With Z at its end a time is an instant, without it is a wall clock."""

    uid: str
    starts: str
    ends: str


@dataclass(frozen=True)
class Reason:
    """Why events do not block, and how many they are."""

    reason: str
    count: int


@dataclass(frozen=True)
class Read:
    """What a calendar holds, and what of it could not be read."""

    events: list[Busy]
    skipped_count: int
    skipped: list[Reason]

    def as_json(self) -> dict[str, Any]:
        """Return it as catalog.finish_import takes it."""
        return asdict(self)


def busy_time(
    content: bytes, *, start: datetime.datetime, stop: datetime.datetime, time_zone: str
) -> Read:
    """Return what blocks between two instants. `time_zone` is the resource's.

    Raises:
        Unreadable: it is no calendar.
    """
    reader = _Reader(Period(start, stop, zoneinfo.ZoneInfo(time_zone)))
    for calendar in calendars(content):
        reader.read(calendar)
    return Read(reader.found, reader.skipped.total(), _reasons(reader.skipped))


class _Reader:
    """Collects what blocks, and why something does not."""

    def __init__(self, period: Period) -> None:
        self._period = period
        self._ends_at = time.process_time() + ALL_SECONDS
        self.found: list[Busy] = []
        self.skipped: Counter[str] = Counter()

    def read(self, calendar: Component) -> None:
        """Read a calendar: first what does not repeat, which is quick."""
        reading = self._reading(calendar)
        for part in calendar.parts:
            if part.name == "VFREEBUSY":
                self._guard(partial(self._free_busy, part, reading))
            elif part.name == "VAVAILABILITY":
                self.skipped["Availability (VAVAILABILITY) is not supported."] += 1
        series = _by_uid(calendar)
        series.sort(key=_repeats)
        for events in series:
            if _repeats(events) and time.process_time() >= self._ends_at:
                self.skipped["The calendar takes too long to read."] += len(events)
            else:
                self._guard(partial(self._series, events, reading))

    def _guard(self, read: Callable[[], None]) -> None:
        """Read one part, which a stranger has written, whatever comes of it."""
        before = len(self.found)
        try:
            with limit(SERIES_SECONDS, clock="processor"):
                read()
            return
        except Skipped as skipped:
            reason = str(skipped)
        except OutOfTime:
            reason = "It takes too long to find out when it takes place."
        except Exception:  # no part may take the others with it
            reason = NOT_UNDERSTOOD
        del self.found[before:]
        self.skipped[reason] += 1

    def _reading(self, calendar: Component) -> Reading:
        """What its events have in common."""
        defined: dict[str, datetime.tzinfo] = {}
        for part in calendar.parts:
            if part.name == "VTIMEZONE":
                self._guard(partial(self._define, part, defined))
        zones = Zones(defined, self._period.start.year)
        return Reading(
            zones,
            self._period.viewer,
            series_zone=_series_zone(calendar, zones),
            is_cancelled=calendar.text("METHOD").upper() == "CANCEL",
        )

    def _define(self, component: Component, defined: dict[str, datetime.tzinfo]) -> None:
        """Add a zone. One that cannot be read may still have a known name."""
        until = self._period.stop.replace(tzinfo=None) + DAY
        with contextlib.suppress(Skipped):
            defined[component.text("TZID")] = defined_zone(component, until)

    def _series(self, components: list[Component], reading: Reading) -> None:
        """The events of one UID: a series, or several that have it by mistake."""
        events = list(self._events(components, reading))
        changes = [event for event in events if event.replaces]
        cores = [event for event in events if not event.replaces]
        for core in newest(cores):
            try:
                found = list(Series(core, changes, reading.zones, self._period).occurrences())
            except Skipped as skipped:
                self.skipped[str(skipped)] += 1
                found = once(changes)
            self._add(core.uid, found)
        if not cores:
            self._add(components[0].text("UID"), once(changes))

    def _events(self, components: list[Component], reading: Reading) -> Iterator[Event]:
        """Those of the events that can be read."""
        for component in components:
            try:
                yield event_of(component, reading)
            except Skipped as skipped:
                self.skipped[str(skipped)] += 1
        self.skipped.update(reading.problems)
        reading.problems.clear()

    def _free_busy(self, component: Component, reading: Reading) -> None:
        """Periods that another program has published instead of events."""
        uid = component.text("UID")
        for line in component.all("FREEBUSY"):
            if line.free_or_busy == FREE:
                continue
            for text in filter(None, line.value.split(",")):
                first, _, rest = text.partition("/")
                try:
                    start = moment_of(first, line.zone, reading.zones)
                    length = period_length(start, rest, line.zone, reading)
                except Skipped as skipped:
                    self.skipped[str(skipped)] += 1
                else:
                    self._add(uid, [Occurrence(start, length)])

    def _add(self, uid: str, occurrences: Iterable[Occurrence]) -> None:
        """Add what is in the period and takes any time."""
        for occurrence in occurrences:
            starts, ends = _instants(occurrence, self._period.viewer)
            if starts >= ends or ends <= self._period.start or starts >= self._period.stop:
                continue
            if len(self.found) >= MOST:
                days = self._period.days
                raise Skipped(f"The calendar has more than {MOST:,} events in {days} days.")
            self.found.append(_busy(uid, occurrence, (starts, ends), self._period.viewer))


def _by_uid(calendar: Component) -> list[list[Component]]:
    """The events of a calendar, those of a UID together. One without is by itself."""
    found: dict[object, list[Component]] = defaultdict(list)
    for number, part in enumerate(calendar.parts):
        if part.name == "VEVENT":
            found[part.text("UID") or number].append(part)
    return list(found.values())


def _repeats(events: list[Component]) -> bool:
    return any(event.first("RRULE") for event in events)


def _series_zone(calendar: Component, zones: Zones) -> datetime.tzinfo | None:
    """The zone whose clock series in UTC follow, as Google reads it."""
    name = calendar.text("X-WR-TIMEZONE")
    try:
        return zones.find(name) if name else None
    except Skipped:
        return None


def _instants(
    occurrence: Occurrence, viewer: datetime.tzinfo
) -> tuple[datetime.datetime, datetime.datetime]:
    """From when to when it is. An hour that the clock skips is as long as it is on paper."""
    start, length = occurrence.start, occurrence.length
    starts = start.instant(viewer)
    end = start.wall + length.nominal
    ends = end.replace(tzinfo=start.zone or viewer).astimezone(datetime.UTC) + length.elapsed
    return starts, ends if ends > starts else starts + length.total


def _busy(
    uid: str,
    occurrence: Occurrence,
    instants: tuple[datetime.datetime, datetime.datetime],
    viewer: datetime.tzinfo,
) -> Busy:
    """An occurrence in words; whose clock a time without a zone is of is decided elsewhere."""
    plain_uid = "".join(letter for letter in uid if letter.isprintable())[:255]
    start, length = occurrence.start, occurrence.length
    if start.zone is not None:
        return Busy(plain_uid, *(f"{at.replace(tzinfo=None).isoformat()}Z" for at in instants))
    end = start.wall + length.nominal
    if length.elapsed:
        end = instants[1].astimezone(viewer).replace(tzinfo=None)
    return Busy(plain_uid, start.wall.isoformat(), end.isoformat())


def _reasons(skipped: Counter[str]) -> list[Reason]:
    """The most frequent reasons, and the others as one."""
    reasons = [Reason(reason, count) for reason, count in skipped.most_common()]
    others = sum(reason.count for reason in reasons[REASONS - 1 :])
    if len(reasons) <= REASONS:
        return reasons
    return [*reasons[: REASONS - 1], Reason("Other reasons.", others)]
