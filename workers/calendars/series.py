"""When a series takes place: its rule, what was added, left out, moved and called off."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from dateutil.rrule import rrule

from workers.calendars.events import Event
from workers.calendars.moments import DAY, ZERO, Length, Moment, moment_of
from workers.calendars.rules import rule_of
from workers.calendars.unreadable import Skipped
from workers.calendars.zones import Zones

MOST = 5000  # occurrences of a series


@dataclass(frozen=True)
class Period:
    """From when to when something is looked for, in UTC, by a viewer in a zone."""

    start: datetime.datetime
    stop: datetime.datetime
    viewer: datetime.tzinfo

    @property
    def days(self) -> int:
        """Return how long it is."""
        return (self.stop - self.start).days


@dataclass(frozen=True)
class Occurrence:
    """Once of an event: when it starts, and how long it lasts."""

    start: Moment
    length: Length


class Series:
    """An event and the occurrences of it that were changed, for as long as it goes on."""

    def __init__(self, core: Event, changes: Iterable[Event], zones: Zones, period: Period) -> None:
        self._core, self._zones, self._period = core, zones, period
        self._left_out = {self._wall(moment) for moment in core.left_out if not moment.is_date}
        self._dates_left_out = {moment.wall.date() for moment in core.left_out if moment.is_date}
        self._changes = self._by_wall(changes)
        self._lengths = {self._wall(moment): length for moment, length in core.added}
        later = [
            change
            for changes_of_one in self._changes.values()
            for change in changes_of_one
            if change.replaces_later_ones
        ]
        by_wall = ((self._replaced(change), change) for change in later)
        self._later = sorted(by_wall, key=lambda pair: pair[0])

    def occurrences(self) -> Iterator[Occurrence]:
        """Return what blocks, perhaps with some that are before or after the period.

        Raises:
            Skipped: there are too many.
        """
        for wall in self._walls():
            if wall in self._changes or self._is_left_out(wall):
                continue
            event, shift = self._at(wall)
            if event.blocks:
                start = replace(event.start, wall=wall + shift)
                yield Occurrence(start, self._lengths.get(wall) or event.length)
        for wall, changes in self._changes.items():
            yield from once(
                change for change in changes if not self._was_left_out_later(wall, change)
            )

    def _wall(self, moment: Moment) -> datetime.datetime:
        """A time in the series' own form."""
        return moment.like(self._core.start, self._period.viewer).wall

    def _replaced(self, change: Event) -> datetime.datetime:
        return self._wall(change.replaces or change.start)

    def _by_wall(self, changes: Iterable[Event]) -> Mapping[datetime.datetime, list[Event]]:
        """The newest changes of each occurrence."""
        found: dict[datetime.datetime, list[Event]] = {}
        for change in changes:
            found.setdefault(self._replaced(change), []).append(change)
        return {wall: newest(events) for wall, events in found.items()}

    def _at(self, wall: datetime.datetime) -> tuple[Event, datetime.timedelta]:
        """The event that an occurrence follows, and by how much it has moved."""
        event, shift = self._core, ZERO
        for since, change in self._later:
            if since < wall:
                moved_to = change.start.like(self._core.start, self._period.viewer).wall
                event = replace(change, start=self._core.start)
                shift = moved_to - since
        return event, shift

    def _is_left_out(self, wall: datetime.datetime) -> bool:
        return wall in self._left_out or wall.date() in self._dates_left_out

    def _was_left_out_later(self, wall: datetime.datetime, change: Event) -> bool:
        """Whether a changed occurrence was called off after it was changed."""
        return self._is_left_out(wall) and self._core.sequence > change.sequence

    def _walls(self) -> Sequence[datetime.datetime]:
        """The wall clocks at which it would take place if nothing had been changed."""
        first, last = self._reach()
        rules = self._rules(self._core.rules)
        found = {wall for wall in self._lengths if first <= wall <= last}
        # The start belongs to a series even where its rule does not name it.
        if not rules or any(_goes_on(rule, self._core.start.wall) for rule in rules):
            found.add(self._core.start.wall)
        for wall in _between(rules, first, last):
            found.add(wall)
            if len(found) > MOST:
                raise Skipped(
                    f"It takes place more than {MOST:,} times in {self._period.days} days."
                )
        return sorted(
            found.difference(_between(self._rules(self._core.rules_left_out), first, last))
        )

    def _rules(self, texts: Iterable[str]) -> list[rrule]:
        return [rule_of(text, self._core.start.wall, self._until) for text in texts]

    def _reach(self) -> tuple[datetime.datetime, datetime.datetime]:
        """Between which wall clocks an occurrence may lie that is in the period, or moves there."""
        lengths = [self._core.length, *(change.length for _, change in self._later)]
        lengths.extend(length for length in self._lengths.values() if length)
        longest = max(length.total for length in lengths)
        moves = [abs(self._at(since + DAY)[1]) for since, _ in self._later]
        margin = max(moves, default=ZERO) + DAY
        zone = self._core.start.zone or self._period.viewer
        first, last = (
            moment.astimezone(zone).replace(tzinfo=None)
            for moment in (self._period.start, self._period.stop)
        )
        return first - longest - margin, last + margin

    def _until(self, text: str) -> datetime.datetime:
        """The last wall clock of a rule. A date among times is all of that day."""
        until = moment_of(text, None, self._zones)
        if until.is_date and not self._core.start.is_date:
            return until.wall + DAY - datetime.timedelta(seconds=1)
        return self._wall(until)


def once(events: Iterable[Event]) -> list[Occurrence]:
    """Return those that block, each as it stands."""
    return [Occurrence(event.start, event.length) for event in events if event.blocks]


def newest(events: list[Event]) -> list[Event]:
    """Return those that no later revision has replaced."""
    latest = max((event.sequence for event in events), default=0)
    return [event for event in events if event.sequence == latest]


def _between(
    rules: Iterable[rrule], first: datetime.datetime, last: datetime.datetime
) -> Iterator[datetime.datetime]:
    for rule in rules:
        yield from takewhile(lambda wall: wall <= last, rule.xafter(first, inc=True))


def _goes_on(rule: rrule, start: datetime.datetime) -> bool:
    """Whether a rule reaches its own start: programs end a deleted series before it."""
    until: datetime.datetime | None = rule._until
    return until is None or until >= start
