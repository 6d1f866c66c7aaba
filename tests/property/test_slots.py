"""What is offered can be booked and what is not cannot, whatever the hours and the zones."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.harness.database import Database
from tests.property.model import (
    Hours,
    Limit,
    Resource,
    Span,
    SpecialDays,
    Window,
    World,
)
from tests.property.shop import Shop

# Zones with both of their clock changes (2031), and three without: odd offsets, no changes.
DAYS = [
    ("Europe/Berlin", dt.date(2031, 3, 30)),
    ("Europe/Berlin", dt.date(2031, 10, 26)),
    ("America/New_York", dt.date(2031, 3, 9)),
    ("America/New_York", dt.date(2031, 11, 2)),
    ("Australia/Lord_Howe", dt.date(2031, 4, 6)),
    ("Australia/Lord_Howe", dt.date(2031, 10, 5)),
    ("Asia/Kathmandu", dt.date(2031, 6, 15)),
    ("Pacific/Apia", dt.date(2011, 12, 30)),  # a date that it skipped
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
def travels(draw: Draw, day: dt.date) -> list[tuple[dt.date, dt.date, str]]:
    """At most one journey around a day."""
    if draw(st.integers(0, 2)):
        return []
    first = day + dt.timedelta(days=draw(st.integers(-1, 1)))
    return [
        (first, first + dt.timedelta(days=draw(st.integers(0, 1))), draw(st.sampled_from(ZONES)))
    ]


@st.composite
def limits(draw: Draw, subjects: list[str], minutes: int) -> list[Limit]:
    """Up to two limits that a booking or two fill."""
    found: dict[tuple[str, bool, str], Limit] = {}
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        subject = draw(st.sampled_from(subjects))
        is_per_customer = draw(st.booleans())
        period = draw(st.sampled_from(["day", "day", "week", "month", "year", "upcoming"]))
        bookings = draw(st.sampled_from([None, 0, 1, 2]))
        limit = minutes * draw(st.integers(1, 2)) - draw(st.integers(0, 1))
        found[subject, is_per_customer, period] = Limit(
            subject, is_per_customer, period, bookings, limit if bookings is None else None
        )
    return list(found.values())


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
            travels=draw(travels(day)),
            priority=draw(st.sampled_from([0, 0, 0, 5])),
            weight=draw(st.sampled_from([100, 100, 300])),
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
    keys = [item.key for item in (*world.staff, *world.rooms)]
    world.limits = draw(limits(["service", "business", *keys], world.minutes))
    return world, day


REFUSED = {"slot_taken", "outside_hours", "blocked_out", "too_soon", "too_far", "limit_reached"}


@settings(max_examples=50)
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
            who = data.draw(st.sampled_from(["customer", "customer", "rival"]))
            offered = shop.slots(from_at, to_at, who)
            assert offered == world.free(now, from_at, to_at, who)
            if offered:
                event("something is offered")
                book_one(shop, data, (from_at, to_at), who)
        check_holds(shop, data, now, (from_at, to_at))
        still_free = {(at, name) for at, name, _left in shop.slots(from_at, to_at, "customer")}
        for _ in range(3):
            start = from_at + dt.timedelta(minutes=5 * data.draw(st.integers(0, 620)))
            name = data.draw(st.sampled_from([person.key for person in world.staff]))
            if (start, name) not in still_free:
                answer = shop.book(start, name, "customer")
                event(answer)
                assert answer in REFUSED
        connection.rollback()


def book_one(
    shop: Shop, data: st.DataObject, period: tuple[dt.datetime, dt.datetime], who: str
) -> None:
    """Book one of the offered starts: with somebody by name, or with whoever is first in order."""
    rows = shop.starts(*period, who)
    for start, names, _left in rows:
        assert names == shop.world.in_order(start, names)
    start, names, _left = data.draw(st.sampled_from(rows))
    if data.draw(st.booleans()):
        assert shop.book(start, data.draw(st.sampled_from(names)), who) == "booked"
    else:
        event(f"one of {len(names)} is assigned")
        assert shop.assigned(start, who) == names[0]


def check_holds(
    shop: Shop, data: st.DataObject, now: dt.datetime, period: tuple[dt.datetime, dt.datetime]
) -> None:
    """Holds are taken until they run out, series every time, and what is freed while offered."""

    def agree() -> None:
        for who in ("customer", "rival"):
            assert shop.slots(*period, who) == shop.world.free(now, *period, who)

    if offered := shop.slots(*period, "customer"):
        start, name, _left = data.draw(st.sampled_from(sorted(offered)))
        assert shop.book(start, name, "customer", is_hold=True) == "booked"
        agree()
        now += dt.timedelta(minutes=15)
        shop.connection.execute("select tests.at(%s)", (now,))
        shop.learn()
        agree()
    if offered := shop.slots(*period, "rival"):
        start, name, _left = data.draw(st.sampled_from(sorted(offered)))
        shop.repeat(start, name, "rival")
        agree()
    if mine := [booked for booked in shop.world.booked if booked.customer == "customer"]:
        booked = data.draw(st.sampled_from(sorted(mine, key=lambda found: found.start)))
        (name,) = [one.key for one in shop.world.staff if one.key in booked.resources]
        shop.cancel_for_who_waits(booked.start, name)
        offered_at = {one.start for one in shop.world.booked if one.customer == "nobody yet"}
        event(f"{len(offered_at)} are offered")
        assert shop.slots(*period, "customer") == shop.world.free(now, *period, "customer")
        # In their turn, the rival sees the time that is held for them.
        seen = {
            slot for slot in shop.world.free(now, *period, "rival") if slot[0] not in offered_at
        }
        shop.learn(with_offers=False)
        own = {slot for slot in shop.world.free(now, *period, "rival") if slot[0] in offered_at}
        assert shop.slots(*period, "rival") == seen | own
