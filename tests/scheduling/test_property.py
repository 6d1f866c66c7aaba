"""What is offered can be booked and what is not cannot, whatever the hours and the zones."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import psycopg
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.harness.database import Database
from tests.scheduling.model import Hours, Resource, Span, SpecialDays, Window, World

# Zones with both of their clock changes (2031), and three without: odd offsets, no changes.
DAYS = [
    ("Europe/Berlin", dt.date(2031, 3, 30)),
    ("Europe/Berlin", dt.date(2031, 10, 26)),
    ("America/New_York", dt.date(2031, 3, 9)),
    ("America/New_York", dt.date(2031, 11, 2)),
    ("Australia/Lord_Howe", dt.date(2031, 4, 6)),
    ("Australia/Lord_Howe", dt.date(2031, 10, 5)),
    ("Asia/Kathmandu", dt.date(2031, 6, 15)),
]
ZONES = sorted({zone for zone, _day in DAYS})
TIMES = [dt.time(hour, minute) for hour in range(24) for minute in (0, 30)]
Draw = Any


@st.composite
def windows(draw: Draw) -> list[Window]:
    """Up to two openings of a day that do not overlap; they may touch, and reach midnight."""
    cuts = sorted(draw(st.lists(st.sampled_from(TIMES), min_size=2, max_size=4, unique=True)))
    found: list[Window] = [(cuts[0], cuts[1])]
    if len(cuts) >= 3:
        found.append(
            (draw(st.sampled_from([cuts[1], cuts[2]])), cuts[3] if len(cuts) > 3 else None)
        )
    return [window for window in found if window[1] is None or window[0] < window[1]]


@st.composite
def hours(draw: Draw, day: dt.date, *, may_be_empty: bool) -> Hours:
    """A weekly plan and exceptions around a day."""
    weekly = (
        {}
        if may_be_empty and draw(st.booleans())
        else {weekday: draw(windows()) for weekday in range(1, 8) if draw(st.integers(0, 5))}
    )
    exceptions = []
    for _ in range(draw(st.integers(0, 2))):
        first = day + dt.timedelta(days=draw(st.integers(-1, 1)))
        window = draw(st.one_of(st.none(), windows().map(lambda found: found[0])))
        exceptions.append(
            SpecialDays(first, first + dt.timedelta(days=draw(st.integers(0, 1))), window)
        )
    return Hours(weekly, exceptions)


@st.composite
def spans(draw: Draw, day: dt.date) -> list[Span]:
    """At most one blocked period around a day."""
    if draw(st.booleans()):
        return []
    low = dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(
        minutes=draw(st.integers(-600, 2000))
    )
    return [(low, low + dt.timedelta(minutes=draw(st.integers(1, 700))))]


@st.composite
def worlds(draw: Draw) -> tuple[World, dt.date]:
    """A business on a day on which clocks may change."""
    zone, day = draw(st.sampled_from(DAYS))

    def resource(kind: str, number: int, capacity: int) -> Resource:
        own_zone = draw(st.sampled_from([None, None, *ZONES]))
        return Resource(
            f"{kind} {number}",
            kind,
            capacity,
            own_zone,
            draw(hours(day, may_be_empty=True)),
            draw(spans(day)),
            [*draw(spans(day)), *draw(spans(day))],
        )

    party = draw(st.integers(1, 2))
    capacity = draw(st.sampled_from([1, 1, 3]))
    closures = []
    if not draw(st.integers(0, 2)):
        closed = day + dt.timedelta(days=draw(st.integers(-1, 1)))
        closures.append((closed, closed))
    world = World(
        zone=zone,
        hours=draw(hours(day, may_be_empty=False)),
        closures=closures,
        blocked=draw(spans(day)),
        staff=[resource("staff", n, capacity) for n in range(draw(st.integers(1, 3)))],
        rooms=[
            resource("room", n, draw(st.sampled_from([1, 4])))
            for n in range(draw(st.integers(0, 2)))
        ],
        rooms_mode=draw(st.sampled_from(["all", "any"])),
        minutes=draw(st.sampled_from([15, 30, 50, 90, 240])),
        before=draw(st.sampled_from([0, 0, 10, 45])),
        after=draw(st.sampled_from([0, 0, 15, 60])),
        interval=draw(st.sampled_from([15, 20, 45, 60, 100])),
        offset=draw(st.sampled_from([0, 0, 10])),
        notice=draw(st.sampled_from([0, 0, 600])),
        party=party,
    )
    return world, day


class Shop:
    """A world written into the database, and asked there."""

    def __init__(self, connection: psycopg.Connection, world: World) -> None:
        self.connection = connection
        self.world = world
        self.ids = {item.key: uuid.uuid4() for item in (*world.staff, *world.rooms)}
        self._run("select tests.person('owner'), tests.person('customer')")
        self._run("select tests.business('Shop', 'owner', %s)", world.zone)
        ((self.business, self.service),) = self._run(
            "select tests.id('Shop'), tests.service('Visit', 'Shop', %s)", world.minutes
        )
        self._run(
            "update catalog.services set buffer_before_minutes = %s, buffer_after_minutes = %s,"
            " slot_interval_minutes = %s, slot_offset_minutes = %s, min_notice_minutes = %s,"
            " max_party_size = 4 where id = %s",
            world.before,
            world.after,
            world.interval,
            world.offset,
            world.notice,
            self.service,
        )
        for item in (*world.staff, *world.rooms):
            self._write_resource(item)
        self._write_hours(world.hours, None)
        for first, last in world.closures:
            self._run(
                "insert into business.closures (business_id, starts_on, ends_on)"
                " values (%s, %s, %s)",
                self.business,
                first,
                last,
            )
        self._write_blocks(world.blocked, None)

    def _run(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        cursor = self.connection.execute(query.encode(), arguments or None)
        return cursor.fetchall() if cursor.description else []

    def _write_resource(self, item: Resource) -> None:
        key = self.ids[item.key]
        self._run(
            "insert into catalog.resources (id, business_id, kind, name, capacity, time_zone)"
            " values (%s, %s, %s, %s, %s, %s)",
            key,
            self.business,
            item.kind,
            item.key,
            item.capacity,
            item.zone,
        )
        mode = self.world.rooms_mode if item.kind == "room" else "any"
        self._run(
            "insert into catalog.service_resources (business_id, service_id, resource_id, mode,"
            " pool) values (%s, %s, %s, %s, %s)",
            self.business,
            self.service,
            key,
            mode,
            item.kind,
        )
        self._write_hours(item.hours, key)
        self._write_blocks(item.blocked, key)
        self._import_busy_time(item.busy, key)

    def _write_hours(self, plan: Hours, owner: uuid.UUID | None) -> None:
        for weekday, found in plan.weekly.items():
            for opens, closes in found:
                self._run(
                    "insert into catalog.working_hours (business_id, resource_id, weekday,"
                    " opens_at, closes_at) values (%s, %s, %s, %s, %s::time)",
                    self.business,
                    owner,
                    weekday,
                    opens,
                    str(closes) if closes else "24:00",
                )
        for rule in plan.exceptions:
            opens, closes = rule.window or (None, None)
            until = "24:00" if rule.window and closes is None else closes and str(closes)
            self._run(
                "insert into catalog.schedule_exceptions (business_id, resource_id, starts_on,"
                " ends_on, opens_at, closes_at) values (%s, %s, %s, %s, %s, %s::time)",
                self.business,
                owner,
                rule.first,
                rule.last,
                opens,
                until,
            )

    def _write_blocks(self, blocked: list[Span], owner: uuid.UUID | None) -> None:
        for low, high in blocked:
            self._run(
                "insert into catalog.blocked_periods (business_id, resource_id, during)"
                " values (%s, %s, tstzrange(%s, %s))",
                self.business,
                owner,
                low,
                high,
            )

    def _import_busy_time(self, busy: list[Span], owner: uuid.UUID) -> None:
        """As a worker does that has read a calendar, in which events may overlap."""
        events = [
            {"uid": "", "starts": f"{low:%Y-%m-%dT%H:%M:%S}Z", "ends": f"{high:%Y-%m-%dT%H:%M:%S}Z"}
            for low, high in busy
        ]
        self._run(
            "insert into catalog.calendar_imports (business_id, resource_id, url, requested_at)"
            " values (%s, %s, 'https://calendar.example/', now())",
            self.business,
            owner,
        )
        read = {"attempt": 0, "events": events, "skipped_count": 0}
        self._run(
            "select catalog.finish_import(id, %s) from catalog.calendar_imports"
            " where resource_id = %s",
            Jsonb(read),
            owner,
        )

    def slots(self, from_at: dt.datetime, to_at: dt.datetime) -> set[tuple[dt.datetime, str, int]]:
        """What the API offers."""
        names = {key: name for name, key in self.ids.items()}
        return {
            (start.astimezone(dt.UTC), names[key], left)
            for start, key, left in self._run(
                "select starts_at, resource_id, remaining from public.available_slots("
                "%s::text, %s::text, %s::text, party_size => %s::text)",
                self.service,
                from_at.isoformat(),
                to_at.isoformat(),
                self.world.party,
            )
        }

    def book(self, start: dt.datetime, name: str) -> str:
        """Try to book as the customer; gives `booked`, or the token of the refusal."""
        try:
            with self.connection.transaction():
                self._run("select tests.act_as('customer')")
                self._run(
                    "select public.book(%s::text, %s::text, %s::text, %s::text)",
                    self.service,
                    start.isoformat(),
                    self.ids[name],
                    self.world.party,
                )
                self._run("select tests.act_as_owner()")
        except psycopg.Error as error:
            return error.diag.message_detail or str(error)
        self._learn()
        return "booked"

    def _learn(self) -> None:
        """Tell the model what is taken now."""
        for item in (*self.world.staff, *self.world.rooms):
            item.taken = [
                (unit, (low.astimezone(dt.UTC), high.astimezone(dt.UTC)))
                for unit, low, high in self._run(
                    "select unit, lower(during), upper(during) from scheduling.allocations"
                    " where resource_id = %s and is_blocking",
                    self.ids[item.key],
                )
            ]


REFUSED = {"slot_taken", "outside_hours", "blocked_out", "too_soon", "too_far", "limit_reached"}


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=worlds(), data=st.data())
def test_slots_are_what_the_model_says_and_book_agrees(
    db: Database, drawn: tuple[World, dt.date], data: st.DataObject
) -> None:
    world, day = drawn
    noon = dt.datetime.combine(day, dt.time(12), dt.UTC)
    from_at, to_at, now = (
        noon - dt.timedelta(hours=26),
        noon + dt.timedelta(hours=26),
        (noon - dt.timedelta(hours=30)),
    )
    with psycopg.connect(db.dsn) as connection:
        connection.execute("select tests.at(%s)", (now,))
        shop = Shop(connection, world)
        for _ in range(3):
            offered = shop.slots(from_at, to_at)
            assert offered == world.free(now, from_at, to_at)
            if offered:
                event("something is offered")
                start, name, _left = data.draw(st.sampled_from(sorted(offered)))
                assert shop.book(start, name) == "booked"
        still_free = {(start, name) for start, name, _left in shop.slots(from_at, to_at)}
        for _ in range(3):
            start = from_at + dt.timedelta(minutes=5 * data.draw(st.integers(0, 620)))
            name = data.draw(st.sampled_from([person.key for person in world.staff]))
            if (start, name) not in still_free:
                assert shop.book(start, name) in REFUSED
        connection.rollback()
