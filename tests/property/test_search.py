"""A search finds a business exactly when slots are offered, with the same starts, by an index."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.harness.database import Database
from tests.harness.session import DatabaseSession
from tests.property.model import World
from tests.property.shop import Shop
from tests.property.test_slots import worlds

MANY = """
    set local session_replication_role = replica;
    insert into business.businesses (
        id, slug, name, vertical_id, country, time_zone, currency, status, latitude, longitude,
        is_verified
    )
    select
        md5('business' || n)::uuid, 'business-' || n, 'Business w' || n,
        case when n % 50 = 0 then 'clinic' else 'salon' end, 'DE', 'UTC', 'EUR', 'approved',
        n % 60, n % 170, n % 2 = 0
    from generate_series(1, 5000) as n;
    insert into catalog.service_categories (id, business_id, name)
    select md5('category' || n)::uuid, md5('business' || n)::uuid, 'Rare ' || n % 500
    from generate_series(1, 5000) as n;
    insert into catalog.services (
        business_id, category_id, name, duration_minutes, price_minor, currency
    )
    select md5('business' || n)::uuid, md5('category' || n)::uuid, 'S', 60, 100, 'EUR'
    from generate_series(1, 5000) as n;
    set local session_replication_role = origin;
    select search.refresh_all();
"""
SHAPES = {
    """near => '{"latitude": 30, "longitude": 30}'""": "documents_place_idx",
    "q => 'w44'": "documents_words_idx",
    "category => 'rare-44'": "documents_categories_idx",
    "vertical => 'clinic'": "documents_vertical_idx",
    "price_max => '100'": "documents_rank_idx",
}
MINUTE, AROUND = dt.timedelta(minutes=1), dt.timedelta(hours=26)
Slots = list[tuple[dt.datetime, str, int]]


def sample(slots: Slots) -> st.SearchStrategy[Slots]:
    """The first, the last and a few others."""
    if not slots:
        return st.just([])
    return st.lists(st.sampled_from(slots), max_size=6).map(lambda few: [slots[0], slots[-1], *few])


def found(connection: psycopg.Connection, low: dt.datetime, high: dt.datetime) -> list[dt.datetime]:
    """The starts that a search gives a customer for the shop; none when it does not find it."""
    connection.execute("select tests.act_as('customer')")
    rows = connection.execute(
        "select slot.starts_at from public.search_availability(%s, %s, q => 'shop') as found"
        " cross join unnest(found.slots) as slot",
        (low.isoformat(), high.isoformat()),
    )
    starts = [start.astimezone(dt.UTC) for (start,) in rows]
    connection.execute("select tests.act_as_owner()")
    return starts


@settings(max_examples=30)
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
            offered = sorted(shop.slots(noon - AROUND, noon + AROUND, "customer"))
            # Just each start, so that nothing else in the period can lead there.
            for start in {slot[0] for slot in data.draw(sample(offered))}:
                assert found(connection, start, start + MINUTE) == [start]
            low = noon + 5 * MINUTE * data.draw(st.integers(-300, 300))
            high = low + MINUTE * data.draw(st.sampled_from([15, 60, 300, 3000]))
            starts = sorted({start for start, _name, _left in shop.slots(low, high, "customer")})
            assert found(connection, low, high) == starts[:3]
            if offered:
                event("the shop is found")
                start, name, _left = data.draw(st.sampled_from(offered))
                assert shop.book(start, name, "customer") == "booked"
                again = {slot[0] for slot in shop.slots(start, start + MINUTE, "customer")}
                assert found(connection, start, start + MINUTE) == sorted(again)
        connection.rollback()


@pytest.fixture(scope="module")
def many(databases: DatabaseSession) -> Iterator[Database]:
    with databases.clone() as database:
        with database.connection.transaction():
            database.connection.execute(MANY.encode())
        yield database


def scans(db: Database, index: str) -> tuple[int, int]:
    """How often this session read documents by an index, and whole."""
    ((by_index, whole),) = db.rows(
        "select pg_stat_get_xact_numscans(('search.' || %s)::regclass),"
        " pg_stat_get_xact_numscans('search.documents'::regclass)",
        index,
    )
    return int(str(by_index)), int(str(whole))


@pytest.mark.parametrize("shape", SHAPES)
def test_candidates_are_found_by_an_index(many: Database, shape: str) -> None:
    with many.connection.transaction():
        before = scans(many, SHAPES[shape])
        many.connection.execute(
            "select count(*) from public.search_availability("
            f"'2031-05-05T09:00:00Z', '2031-05-06T09:00:00Z', {shape})".encode()
        )
        assert scans(many, SHAPES[shape]) == (before[0] + 1, before[1])
