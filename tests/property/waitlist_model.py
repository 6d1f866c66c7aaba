"""Who must have which offer: the waitlist's rules once more, hour by hour, in plain Python."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass, field

TURN = dt.timedelta(minutes=30)
MOST_TURNS = 10
CAPACITY = {"Ann": 1, "Ben": 1, "Room": 3}
# The resources that could provide a service, and its hours.
SERVICES = {
    "Cut": (["Ann"], 1),
    "Perm": (["Ann"], 2),
    "Dye": (["Ben"], 1),
    "Wash": (["Ann", "Ben"], 1),
    "Spa": (["Room"], 1),
}


@dataclass(eq=False)
class Place:
    """Places of a resource from one hour of the day to another."""

    resource: str
    start: int
    end: int

    def meets(self, resource: str, start: int, end: int) -> bool:
        """Whether it is the same resource at an overlapping time."""
        return self.resource == resource and self.start < end and start < self.end


@dataclass(eq=False)
class Entry:
    """Somebody who waits for a start from an hour (included) to another (excluded)."""

    key: str
    who: str
    service: str
    resource: str | None
    party: int
    from_hour: int
    to_hour: int
    status: str = "waiting"

    def wish(self) -> tuple[str, str | None, int]:
        """What it wants, whenever that is."""
        return self.service, self.resource, self.party


@dataclass(eq=False)
class Turn:
    """When an entry may accept."""

    entry: Entry
    opens_at: dt.datetime
    expires_at: dt.datetime

    def is_open(self, now: dt.datetime) -> bool:
        """Whether it is this entry's turn."""
        return self.opens_at <= now < self.expires_at


@dataclass(eq=False)
class Taken:
    """What somebody has: a booking, or a hold with turns."""

    service: str
    place: Place
    party: int
    who: str = ""
    key: str = ""
    freed: int = 0
    turns: list[Turn] = field(default_factory=list)

    def until(self) -> dt.datetime:
        """When the last turn of a hold ends."""
        return self.turns[-1].expires_at


class Waitlist:
    """The state of one day, and what each event makes of it."""

    def __init__(self, now: dt.datetime) -> None:
        """Begin with nothing."""
        self.now = now
        self.entries: list[Entry] = []
        self.bookings: list[Taken] = []
        self.holds: list[Taken] = []
        self.asked: set[tuple[Entry, int]] = set()
        self._freed = itertools.count(1)

    def free(self, resource: str, start: int, end: int, ignored: Taken | None = None) -> int:
        """How many places of a resource are free all the time."""
        live = [hold for hold in self.holds if hold.until() > self.now]
        return CAPACITY[resource] - sum(
            one.party
            for one in (*self.bookings, *live)
            if one is not ignored and one.place.meets(resource, start, end)
        )

    def vacancies(
        self, entry: Entry, hour: int, ignored: Taken | None = None
    ) -> list[tuple[str, int, int]]:
        """Every (resource, start, end) with which an entry could be served at an hour."""
        resources, hours = SERVICES[entry.service]
        return [
            (name, hour, hour + hours)
            for name in resources
            if entry.resource in (None, name)
            and self.free(name, hour, hour + hours, ignored) >= entry.party
        ]

    def fit(self, entry: Entry, place: Place, ignored: Taken | None = None) -> Place | None:
        """The first time that an entry could have with what was freed."""
        for hour in range(entry.from_hour, entry.to_hour):
            for found in self.vacancies(entry, hour, ignored):
                if place.meets(*found):
                    return Place(*found)
        return None

    def open_turns(self, who: str) -> list[tuple[Taken, Turn]]:
        """The turns that somebody has now, the oldest first."""
        found = [
            (hold, turn)
            for hold in self.holds
            for turn in hold.turns
            if turn.entry.who == who and turn.is_open(self.now)
        ]
        return sorted(found, key=lambda each: (each[1].opens_at, each[0].key))

    def candidates(self, freed: int) -> list[Entry]:
        """Those who wait, have no turn now and were not asked yet, in the order of joining."""
        busy = {turn.entry for hold in self.holds for turn in hold.turns if turn.is_open(self.now)}
        for hold in self.holds:
            self.asked |= {
                (turn.entry, hold.freed) for turn in hold.turns if turn.is_open(self.now)
            }
        return [
            entry
            for entry in self.entries
            if entry.status == "waiting" and entry not in busy and (entry, freed) not in self.asked
        ]

    def offer(self, place: Place, freed: int = 0) -> None:
        """Offer what was freed: a hold for each who fits, then the turns behind them."""
        freed = freed or next(self._freed)
        made = []
        for entry in self.candidates(freed):
            found = self.fit(entry, place)
            if found is None or entry not in self.candidates(freed):
                continue
            for lapsed in [hold for hold in self.holds if hold.until() <= self.now]:
                if lapsed.place.meets(found.resource, found.start, found.end):
                    self.expire(lapsed)
            found = self.fit(entry, place)
            if found is not None:
                turn = Turn(entry, self.now, self.now + TURN)
                hold = Taken(entry.service, found, entry.party, freed=freed, turns=[turn])
                self.holds.append(hold)
                made.append(hold)
        for hold in made:
            self.add_turns(hold)

    def add_turns(self, hold: Taken) -> None:
        """Let those follow who want the very same, up to somebody who wants something else."""
        first = hold.turns[0].entry
        queued = {
            turn.entry
            for other in self.holds
            for turn in other.turns
            if other.freed == hold.freed and turn.expires_at > self.now
        }
        for entry in self.candidates(hold.freed):
            if self.entries.index(entry) < self.entries.index(first) or entry in queued:
                continue
            if entry.wish() == first.wish():
                if entry.from_hour <= hold.place.start < entry.to_hour:
                    hold.turns.append(Turn(entry, hold.until(), hold.until() + TURN))
                if len(hold.turns) == MOST_TURNS:
                    return
            elif self.fit(entry, hold.place, ignored=hold):
                return

    def expire(self, hold: Taken) -> None:
        """End a hold that nobody accepted."""
        self.holds.remove(hold)
        self.asked |= {(turn.entry, hold.freed) for turn in hold.turns if turn.opens_at <= self.now}
        self.offer(hold.place, hold.freed)

    def drop(self, entry: Entry, kept: Taken | None = None) -> None:
        """End the turns of an entry that waits no longer; those behind it move up."""
        for hold in sorted(self.holds, key=lambda each: each.key):
            turns = [t for t in hold.turns if t.entry is entry and t.expires_at > self.now]
            if hold is kept or hold not in self.holds or not turns:
                continue
            (turn,) = turns
            saved = turn.expires_at - max(turn.opens_at, self.now)
            for later in hold.turns[hold.turns.index(turn) + 1 :]:
                later.opens_at -= saved
                later.expires_at -= saved
            if turn.opens_at <= self.now:
                self.asked.add((entry, hold.freed))
                turn.expires_at = self.now
            else:
                hold.turns.remove(turn)
            if hold.until() <= self.now:
                self.expire(hold)

    def cancel(self, booking: Taken) -> None:
        """Free the time of a booking."""
        self.bookings.remove(booking)
        self.offer(booking.place)

    def leave(self, entry: Entry) -> None:
        """Wait no longer."""
        entry.status = "left"
        self.drop(entry)

    def accept(self, hold: Taken, turn: Turn) -> None:
        """Make a hold a booking."""
        turn.entry.status = "accepted"
        self.holds.remove(hold)
        self.bookings.append(Taken(hold.service, hold.place, hold.party, turn.entry.who))
        self.drop(turn.entry)

    def seen(self) -> dict[str, tuple[str, int | None, dt.datetime | None]]:
        """What each entry shows: its status, the hour that is offered, and until when."""
        shown: dict[str, tuple[str, int | None, dt.datetime | None]] = {}
        for entry in self.entries:
            turns = [each for each in self.open_turns(entry.who) if each[1].entry is entry]
            if entry.status == "waiting" and turns:
                hold, turn = turns[0]
                shown[entry.key] = ("offered", hold.place.start, turn.expires_at)
            else:
                shown[entry.key] = (entry.status, None, None)
        return shown
