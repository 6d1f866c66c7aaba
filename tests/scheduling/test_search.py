"""A search finds a business exactly when slots are offered, and with the same first starts."""

from __future__ import annotations

import datetime as dt

import psycopg
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.harness.database import Database
from tests.scheduling.model import World
from tests.scheduling.test_property import Shop, worlds

MINUTE = dt.timedelta(minutes=1)
Slots = list[tuple[dt.datetime, str, int]]


def sample(slots: Slots) -> st.SearchStrategy[Slots]:
    """The first, the last and a few others."""
    if not slots:
        return st.just([])
    return st.lists(st.sampled_from(slots), max_size=6).map(lambda few: [slots[0], slots[-1], *few])


def found(connection: psycopg.Connection, low: dt.datetime, high: dt.datetime) -> list[dt.datetime]:
    """The starts that a search gives for the shop; none when it does not find it."""
    rows = connection.execute(
        "select slot.starts_at from public.search_availability(%s, %s, q => 'shop') as found"
        " cross join unnest(found.slots) as slot",
        (low.isoformat(), high.isoformat()),
    )
    return [start.astimezone(dt.UTC) for (start,) in rows]


@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=worlds(), data=st.data())
def test_a_search_finds_whom_slots_find_and_what_it_gives_can_be_booked(
    db: Database, drawn: tuple[World, dt.date], data: st.DataObject
) -> None:
    world, day = drawn
    world.party = 1
    noon = dt.datetime.combine(day, dt.time(12), dt.UTC)
    with psycopg.connect(db.dsn) as connection:
        connection.execute("select tests.at(%s)", (noon - dt.timedelta(hours=30),))
        shop = Shop(connection, world)
        for _ in range(2):
            offered = sorted(
                shop.slots(noon - dt.timedelta(hours=26), noon + dt.timedelta(hours=26))
            )
            # Just each start, so that nothing else in the period can lead there.
            for start in {slot[0] for slot in data.draw(sample(offered))}:
                assert found(connection, start, start + MINUTE) == [start]
            low = noon + 5 * MINUTE * data.draw(st.integers(-300, 300))
            high = low + MINUTE * data.draw(st.sampled_from([15, 60, 300, 3000]))
            starts = sorted({start for start, _name, _left in shop.slots(low, high)})
            assert found(connection, low, high) == starts[:3]
            if offered:
                event("the shop is found")
                start, name, _left = data.draw(st.sampled_from(offered))
                assert shop.book(start, name) == "booked"
                again = {slot[0] for slot in shop.slots(start, start + MINUTE)}
                assert found(connection, start, start + MINUTE) == sorted(again)
        connection.rollback()
