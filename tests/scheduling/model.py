"""An independent model of what is free: no SQL, no multiranges, one start at a time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

Span = tuple[dt.datetime, dt.datetime]
Window = tuple[dt.time, dt.time | None]  # None: until midnight
MINUTE = dt.timedelta(minutes=1)


def instant(day: dt.date, wall: dt.time | None, zone: str) -> dt.datetime:
    """A wall clock as PostgreSQL reads it: the later of two, and past a gap."""
    if wall is None:
        day, wall = day + dt.timedelta(days=1), dt.time()
    first = dt.datetime.combine(day, wall, ZoneInfo(zone))
    second = first.replace(fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None and after is not None
    return (second if before > after else first).astimezone(dt.UTC)


@dataclass
class SpecialDays:
    """Other hours on some dates; without windows, none."""

    first: dt.date
    last: dt.date
    window: Window | None


@dataclass
class Hours:
    """A weekly plan (ISO weekday → windows) and its exceptions."""

    weekly: dict[int, list[Window]] = field(default_factory=dict)
    exceptions: list[SpecialDays] = field(default_factory=list)

    def on(self, day: dt.date) -> list[Window] | None:
        """The exceptional windows of a date; null when the date is not exceptional."""
        touching = [rule for rule in self.exceptions if rule.first <= day <= rule.last]
        return [rule.window for rule in touching if rule.window] if touching else None


@dataclass
class Resource:
    """Somebody or something that a service takes."""

    key: str
    kind: str
    capacity: int
    zone: str | None
    hours: Hours
    blocked: list[Span] = field(default_factory=list)
    # Busy in a calendar that it imports.
    busy: list[Span] = field(default_factory=list)
    taken: list[tuple[int, Span]] = field(default_factory=list)


@dataclass
class World:
    """One business, one service, and what it takes."""

    zone: str
    hours: Hours
    closures: list[tuple[dt.date, dt.date]]
    blocked: list[Span]
    staff: list[Resource]
    rooms: list[Resource]
    rooms_mode: str
    minutes: int
    before: int
    after: int
    interval: int
    offset: int
    notice: int
    party: int

    def free(
        self, now: dt.datetime, from_at: dt.datetime, to_at: dt.datetime
    ) -> set[tuple[dt.datetime, str, int]]:
        """Every (start, staff, places left) between two instants."""
        found = set()
        for person in self.staff:
            for start in self._starts(person, from_at, to_at):
                left = self._left(person, start)
                enough = left >= self._units(person)
                if start >= now + self.notice * MINUTE and enough and self._rooms_free(start):
                    found.add((start, person.key, left))
        return found

    def _units(self, resource: Resource) -> int:
        return self.party if resource.capacity > 1 else 1

    def _rooms_free(self, start: dt.datetime) -> bool:
        ready = [self._left(room, start) >= self._units(room) for room in self.rooms]
        return not ready or (all(ready) if self.rooms_mode == "all" else any(ready))

    def _starts(
        self, person: Resource, from_at: dt.datetime, to_at: dt.datetime
    ) -> set[dt.datetime]:
        found = set()
        for low, high in self._windows(person, from_at, to_at):
            start = low + self.offset * MINUTE
            while start < high:
                if from_at <= start < to_at:
                    found.add(start)
                start += self.interval * MINUTE
        return found

    def _windows(self, resource: Resource, from_at: dt.datetime, to_at: dt.datetime) -> list[Span]:
        own = bool(resource.hours.weekly)
        zone = resource.zone or self.zone
        spans = []
        day = from_at.date() - dt.timedelta(days=3)
        while day <= to_at.date() + dt.timedelta(days=3):
            windows = resource.hours.on(day)
            if windows is None and not own:
                windows = self.hours.on(day)
            if windows is None:
                plan = resource.hours if own else self.hours
                windows = plan.weekly.get(day.isoweekday(), [])
                if resource.kind == "room" and not plan.weekly:
                    windows = [(dt.time(), None)]
            for opens, closes in windows:
                span = instant(day, opens, zone), instant(day, closes, zone)
                if span[0] < span[1]:
                    spans.append(span)
            day += dt.timedelta(days=1)
        return spans

    def _left(self, resource: Resource, start: dt.datetime) -> int:
        """Places of a resource that are free for a start; none when it does not work then."""
        end = start + self.minutes * MINUTE
        windows = self._windows(resource, start, end)
        if not _covered(start, end, windows):
            return 0
        shut = [
            (instant(first, dt.time(), self.zone), instant(last, None, self.zone))
            for first, last in self.closures
        ]
        if any(
            low < end and start < high
            for low, high in (*shut, *self.blocked, *resource.blocked, *resource.busy)
        ):
            return 0
        low, high = start - self.before * MINUTE, end + self.after * MINUTE
        busy = {unit for unit, span in resource.taken if span[0] < high and low < span[1]}
        return resource.capacity - len(busy)


def _covered(start: dt.datetime, end: dt.datetime, windows: list[Span]) -> bool:
    """Whether the windows together cover the time from start to end."""
    reached = start
    while reached < end:
        further = [high for low, high in windows if low <= reached < high]
        if not further:
            return False
        reached = max(further)
    return True
