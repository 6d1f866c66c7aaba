"""Random histories of a waitlist, against a model of who must have which offer."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import psycopg
import pytest

from tests.harness.database import Database
from tests.property.waitlist_model import SERVICES, Entry, Place, Taken, Waitlist

PEOPLE = ["ada", "bob", "cyd", "dan", "eve"]
DAY = dt.datetime(2031, 5, 5, tzinfo=dt.UTC)
BEGIN = dt.datetime(2031, 5, 1, 8, tzinfo=dt.UTC)
HOURS = (9, 12)
SALON = """
    select tests.person(called) from unnest('{owner,ada,bob,cyd,dan,eve}'::text[]) as called;
    select tests.business('Salon', 'owner'), tests.resource('Ann', 'Salon'),
        tests.resource('Ben', 'Salon'), tests.resource('Room', 'Salon', 'room'),
        tests.hours('Salon');
    update catalog.resources set capacity = 3 where id = tests.id('Room');
    select tests.service('Cut', 'Salon'), tests.service('Perm', 'Salon', 120),
        tests.service('Dye', 'Salon'), tests.service('Wash', 'Salon'),
        tests.service('Spa', 'Salon');
    select tests.takes('Cut', 'Ann'), tests.takes('Perm', 'Ann'), tests.takes('Dye', 'Ben'),
        tests.takes('Wash', 'Ann'), tests.takes('Wash', 'Ben'), tests.takes('Spa', 'Room');
    update catalog.services
    set offer_minutes = 30, max_party_size = 3, slot_interval_minutes = 60;
"""


class History:
    """One day of a salon, in the database and in the model."""

    def __init__(self, connection: psycopg.Connection, seed: int) -> None:
        """Begin with a full day."""
        self.connection = connection
        self.dice = random.Random(seed)
        self.model = Waitlist(BEGIN)
        self.names = dict(self.run("select id::text, name from tests.names"))
        self.ids = {name: key for key, name in self.names.items()} | {None: None}
        self.at(BEGIN)
        for hour in range(*HOURS):
            self.book("ada", self.dice.choice(["Cut", "Wash"]), hour, "Ann", 1)
            self.book("bob", self.dice.choice(["Dye", "Wash"]), hour, "Ben", 1)
            self.book("cyd", "Spa", hour, None, self.dice.choice([1, 3]))

    def run(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Run a statement of the test; returns its rows."""
        cursor = self.connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []

    def act(self, who: str, statement: str, **values: Any) -> str:
        """Act as somebody; returns ok or the token of the refusal."""
        try:
            with self.connection.transaction():
                self.run(f"select tests.act_as('{who}')")
                self.run(statement, **values)
                self.run("select tests.act_as_owner()")
        except psycopg.Error as error:
            return error.diag.message_detail or str(error)
        return "ok"

    def at(self, now: dt.datetime) -> None:
        """Move the clock, and expire every hold when its last turn ends."""
        while ended := [hold for hold in self.model.holds if hold.until() <= now]:
            hold = min(ended, key=lambda each: (each.until(), each.key))
            self.model.now = max(hold.until(), self.model.now)
            self.run("select tests.at(%(now)s)", now=self.model.now)
            self.run("select scheduling.expire_holds(array[%(key)s::uuid])", key=hold.key)
            self.model.expire(hold)
            self.compare()
        self.model.now = now
        self.run("select tests.at(%(now)s)", now=now)

    def book(self, who: str, service: str, hour: int, resource: str | None, party: int) -> None:
        """Book, in one's own turn with what is held, otherwise what is free."""
        turns = [
            (hold, turn)
            for hold, turn in self.model.open_turns(who)
            if (hold.service, hold.place.start) == (service, hour)
            and resource in (None, hold.place.resource)
        ]
        hold = turns[0][0] if turns else None
        wish = Entry("", who, service, resource, party, hour, hour + 1)
        expected = "ok" if self.model.vacancies(wish, hour, hold) else "slot_taken"
        answer = self.act(
            who,
            "select public.book(%(service)s, %(start)s, %(resource)s::text, %(party)s::text)",
            service=self.ids[service], start=self.start(hour),
            resource=self.ids[resource], party=party,
        )  # fmt: skip
        assert answer == expected
        if answer == "ok":
            booking = self.learn(who)
            if hold:
                turns[0][1].entry.status = "accepted"
                self.model.holds.remove(hold)
                self.model.bookings.append(booking)
                self.model.drop(turns[0][1].entry)
                self.model.offer(hold.place, hold.freed)
            else:
                self.model.bookings.append(booking)

    def start(self, hour: int) -> str:
        """An hour of the day as clients write it."""
        return (DAY + dt.timedelta(hours=hour)).isoformat()

    def learn(self, who: str) -> Taken:
        """Read the newest booking: the model does not say who of several provides it."""
        known = [each.key for each in self.model.bookings]
        ((key, service, resource, start, party),) = self.run(
            "select bookings.id::text, booking_items.service_id::text, resource_id::text,"
            " bookings.starts_at, bookings.party_size from scheduling.bookings"
            " inner join scheduling.booking_items on booking_id = bookings.id"
            " where status = 'confirmed' and bookings.id::text <> all(%(known)s)",
            known=known,
        )
        hour, name = start.astimezone(dt.UTC).hour, self.names[service]
        place = Place(self.names[resource], hour, hour + SERVICES[name][1])
        return Taken(name, place, party, who, key)

    def join(self) -> None:
        """Join with a random wish."""
        who, service = self.dice.choice(PEOPLE), self.dice.choice(list(SERVICES))
        resources, _hours = SERVICES[service]
        resource = self.dice.choice([None, *resources]) if service != "Spa" else None
        party = self.dice.randint(1, 3) if service == "Spa" else 1
        low = self.dice.randrange(*HOURS)
        entry = Entry("", who, service, resource, party, low, self.dice.randint(low + 1, HOURS[1]))
        hours = range(entry.from_hour, entry.to_hour)
        answer = self.act(
            who,
            "select public.join_waitlist(%(service)s, %(low)s, %(high)s, %(resource)s::text,"
            " %(party)s::text)",
            service=self.ids[service], low=self.start(low), high=self.start(entry.to_hour),
            resource=self.ids[resource], party=party,
        )  # fmt: skip
        mine = [
            one
            for one in self.model.entries
            if (one.who, one.service, one.resource, one.status)
            == (who, service, resource, "waiting")
            and one.from_hour < entry.to_hour and low < one.to_hour
        ]  # fmt: skip
        if any(
            (one.from_hour, one.to_hour, one.party) == (low, entry.to_hour, party) for one in mine
        ):
            # The same call again has the same answer, and no second entry.
            assert answer == "ok"
        elif mine:
            assert answer == "already_waiting"
        elif any(self.model.vacancies(entry, hour) for hour in hours):
            assert answer == "available_now"
        else:
            assert answer == "ok"
            ((entry.key,),) = self.run(
                "select id::text from scheduling.waitlist_entries order by turn desc limit 1"
            )
            self.model.entries.append(entry)

    def step(self) -> None:
        """Let something happen."""
        waiting = [entry for entry in self.model.entries if entry.status == "waiting"]
        offered = [pair for who in PEOPLE for pair in self.model.open_turns(who)[:1]]
        match self.dice.choice(
            ["join", "join", "cancel", "leave", "accept", "book", "own", "wait"]
        ):
            case "join":
                self.join()
            case "cancel" if self.model.bookings:
                booking = self.dice.choice(self.model.bookings)
                cancel = "select public.cancel_booking(%(key)s)"
                assert self.act(booking.who, cancel, key=booking.key) == "ok"
                self.model.cancel(booking)
            case "leave" if waiting:
                entry = self.dice.choice(waiting)
                leave = "select public.leave_waitlist(%(key)s)"
                assert self.act(entry.who, leave, key=entry.key) == "ok"
                self.model.leave(entry)
            case "accept" if offered:
                hold, turn = self.dice.choice(offered)
                accept = "select public.accept_waitlist_offer(%(key)s)"
                assert self.act(turn.entry.who, accept, key=turn.entry.key) == "ok"
                self.model.accept(hold, turn)
                self.model.bookings[-1].key = hold.key
            case "own" if offered:
                hold, turn = self.dice.choice(offered)
                entry = turn.entry
                self.book(entry.who, entry.service, hold.place.start, entry.resource, entry.party)
            case "book":
                service = self.dice.choice(list(SERVICES))
                self.book(self.dice.choice(PEOPLE), service, self.dice.randrange(*HOURS), None, 1)
            case "wait":
                self.at(self.model.now + dt.timedelta(minutes=self.dice.choice([5, 10, 30, 45])))
            case _:
                self.join()

    def compare(self) -> None:
        """The database offers what the model says, to whom it says."""
        shown = {
            key: (status, None if start is None else start.astimezone(dt.UTC).hour, until)
            for key, status, start, until in self.run(
                "select id::text, status, offered_starts_at, offer_expires_at"
                " from public.waitlist_entries"
            )
        }
        assert shown == self.model.seen()
        for hold in [hold for hold in self.model.holds if not hold.key]:
            known = [each.key for each in self.model.holds if each.key]
            ((hold.key,),) = self.run(
                "select booking_id::text from scheduling.waitlist_offers"
                " inner join scheduling.bookings on bookings.id = booking_id"
                " where entry_id::text = %(entry)s and status = 'held' and opens_at = %(opens)s"
                " and booking_id::text <> all(%(known)s)",
                entry=hold.turns[0].entry.key, opens=hold.turns[0].opens_at, known=known,
            )  # fmt: skip


@pytest.mark.parametrize("first", range(0, 100, 25))
def test_everybody_has_the_offers_that_they_must_have(db: Database, first: int) -> None:
    db.connection.execute(SALON)
    accepted = 0
    for seed in range(first, first + 25):
        with db.connection.transaction(force_rollback=True):
            history = History(db.connection, seed)
            for _ in range(30):
                history.step()
                history.compare()
            accepted += sum(entry.status == "accepted" for entry in history.model.entries)
    assert accepted > 20
