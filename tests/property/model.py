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
    travels: list[tuple[dt.date, dt.date, str]] = field(default_factory=list)
    priority: int = 0
    weight: int = 100


@dataclass
class Limit:
    """So much in a period: of the service, of a resource (its key), or of the business."""

    subject: str
    is_per_customer: bool
    period: str
    max_bookings: int | None
    max_minutes: int | None


@dataclass
class Booked:
    """A booking: whose, when, and what it takes."""

    customer: str
    start: dt.datetime
    resources: set[str]


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
    limits: list[Limit] = field(default_factory=list)
    booked: list[Booked] = field(default_factory=list)

    def free(
        self, now: dt.datetime, from_at: dt.datetime, to_at: dt.datetime, customer: str
    ) -> set[tuple[dt.datetime, str, int]]:
        """Every (start, staff, places left over all staff) between two instants, for a customer."""
        found = set()
        for person in self.staff:
            for start in self._starts(person, from_at, to_at):
                left = self._left(person, start)
                if (
                    start >= now + self.notice * MINUTE
                    and self._is_ready(person, start, customer)
                    and self._rooms_free(start, customer)
                    and self._allows("service", start, customer)
                    and self._allows("business", start, customer)
                ):
                    found.add((start, person.key, left))
        return {
            (start, key, sum(left for other, _key, left in found if other == start))
            for start, key, _left in found
        }

    def in_order(self, start: dt.datetime, names: list[str]) -> list[str]:
        """Who is assigned first, second, …: by priority, load in thirty days for weight, name."""
        reach = dt.timedelta(days=15)

        def place(person: Resource) -> tuple[int, float, str]:
            near = [low for _unit, (low, _high) in person.taken if -reach <= low - start < reach]
            return -person.priority, len(near) / person.weight, person.key

        free = [person for person in self.staff if person.key in names]
        return [person.key for person in sorted(free, key=place)]

    def _is_ready(self, resource: Resource, start: dt.datetime, customer: str) -> bool:
        """Whether it has enough places then, and no limit in its way."""
        units = self.party if resource.capacity > 1 else 1
        enough = self._left(resource, start) >= units
        return enough and self._allows(resource.key, start, customer)

    def _rooms_free(self, start: dt.datetime, customer: str) -> bool:
        ready = [self._is_ready(room, start, customer) for room in self.rooms]
        return not ready or (all(ready) if self.rooms_mode == "all" else any(ready))

    def _allows(self, subject: str, start: dt.datetime, customer: str) -> bool:
        """Whether the limits of a subject leave room for one more."""
        for limit in self.limits:
            if limit.subject != subject:
                continue
            used = sum(
                1
                for other in self.booked
                if self._period(limit, other.start) == self._period(limit, start)
                and (subject in ("service", "business") or subject in other.resources)
                and (not limit.is_per_customer or other.customer == customer)
            )
            if limit.max_bookings is not None and used + 1 > limit.max_bookings:
                return False
            if limit.max_minutes is not None and (used + 1) * self.minutes > limit.max_minutes:
                return False
        return True

    def _period(self, limit: Limit, start: dt.datetime) -> tuple[int, ...]:
        """Which day, week, month or year of the business's zone an instant is in; all lie ahead."""
        day = start.astimezone(ZoneInfo(self.zone)).date()
        return {
            "day": (day.year, day.month, day.day),
            "week": tuple(day.isocalendar())[:2],
            "month": (day.year, day.month),
            "year": (day.year,),
            "upcoming": (),
        }[limit.period]

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
        home = resource.zone or self.zone
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
            zone = next(
                (there for first, last, there in resource.travels if first <= day <= last), home
            )
            for opens, closes in windows:
                span = instant(day, opens, zone), instant(day, closes, zone)
                exists = span[0].astimezone(ZoneInfo(zone)).date() == day
                if exists and span[0] < span[1]:
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
