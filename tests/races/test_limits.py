"""No limit is passed by two at once, whoever or whatever it is of."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.harness.acting import answer, book, together
from tests.harness.database import Database
from tests.harness.waiting import wait_until

LIMIT = """
    insert into catalog.booking_limits (
        business_id, service_id, resource_id, is_per_customer, period, max_bookings, max_minutes
    )
    values (
        tests.id('Salon'), (select id from tests.names where name = %s),
        (select id from tests.names where name = %s), %s, %s, %s, %s
    )
"""
BOOK = "select public.book(tests.id('Cut')::text, %s, tests.id(%s)::text)"
MOVE = "select public.reschedule_booking(%s::text, %s)"


@pytest.fixture
def team(db: Database) -> Database:
    """A salon whose four people all cut, for an hour each, from nine to five."""
    db.connection.execute(
        """
        select tests.person('owner'), tests.person('customer'),
            tests.business('Salon', 'owner'), tests.at('2031-05-01 00:00Z');
        select tests.hours('Salon'), tests.service('Cut', 'Salon');
        select tests.resource(person.name, 'Salon'), tests.takes('Cut', person.name)
        from unnest(array['Ann', 'Ben', 'Cleo', 'Dan']) as person (name);
        alter database """
        + db.connection.info.dbname
        + """ set frontdesk.now = '2031-05-01 00:00Z';
        """
    )
    return db


Call = tuple[str, tuple[object, ...]]


def while_open(team: Database, first: Call, second: Call) -> str:
    """What the second call is answered, begun while the first is done but not committed."""
    with ThreadPoolExecutor(1) as pool, psycopg.connect(team.dsn) as rival:
        rival.execute("select tests.act_as('customer')")
        rival.execute(first[0].encode(), first[1])
        call = pool.submit(answer, team, second[0], *second[1])
        wait_until(lambda: call.done() or team.lock_waits() > 0)
        assert not call.done(), "it did not wait"
        rival.commit()
        return call.result()


@pytest.mark.parametrize(
    "limit",
    [
        (None, None, False, "day", 1, None),
        (None, None, True, "day", None, 60),
        ("Cut", None, False, "day", None, 119),
        ("Cut", None, True, "day", 1, None),
        (None, None, True, "upcoming", 1, None),
    ],
    ids=[
        "of the business",
        "of each customer",
        "of a service",
        "of each and a service",
        "of each customer's bookings ahead",
    ],
)
def test_the_second_waits_for_the_first_and_is_refused(
    team: Database, limit: tuple[object, ...]
) -> None:
    """They want different people at different times: nothing but the limit is in their way."""
    team.connection.execute(LIMIT.encode(), limit)
    ann = (BOOK, ("2031-05-05T09:00:00Z", "Ann"))
    assert while_open(team, ann, (BOOK, ("2031-05-05T15:00:00Z", "Ben"))) == "limit_reached"


def test_without_a_limit_nobody_waits(team: Database) -> None:
    """The first booking makes them a customer of the salon; after it, nothing is in their way."""
    assert answer(team, BOOK, "2031-05-06T09:00:00Z", "Ann") == "ok"
    ann = (BOOK, ("2031-05-05T09:00:00Z", "Ann"))
    with pytest.raises(AssertionError, match="it did not wait"):
        while_open(team, ann, (BOOK, ("2031-05-05T15:00:00Z", "Ben")))


def test_only_one_of_two_bookings_moves_into_a_day_with_a_limit_of_one(team: Database) -> None:
    team.connection.execute(LIMIT.encode(), (None, None, False, "day", 1, None))
    assert answer(team, BOOK, "2031-05-05T09:00:00Z", "Ann") == "ok"
    assert answer(team, BOOK, "2031-05-06T09:00:00Z", "Ben") == "ok"
    ids = [row[0] for row in team.rows("select id from scheduling.bookings order by starts_at")]
    first = (MOVE, (ids[0], "2031-05-12T10:00:00Z"))
    assert while_open(team, first, (MOVE, (ids[1], "2031-05-12T12:00:00Z"))) == "limit_reached"


def test_a_person_at_their_limit_is_skipped_for_the_next(team: Database) -> None:
    for name in ("Ann", "Ben", "Cleo"):
        team.connection.execute(LIMIT.encode(), (None, name, False, "day", 2, None))
    for _ in range(2):  # who lost a race for somebody's last hour may try again
        answers = together(16, lambda n: book(team, "Cut", f"2031-05-05T{9 + n % 8:02}:00:00Z"))
        assert set(answers) <= {"ok", "slot_taken", "limit_reached"}
    assert team.rows(
        "select resources.name, count(*) from scheduling.booking_items"
        " inner join catalog.resources on resources.id = booking_items.resource_id"
        " group by 1 order by 1"
    ) == [("Ann", 2), ("Ben", 2), ("Cleo", 2), ("Dan", 8)]


@pytest.mark.parametrize("limit", ["max_holds_per_customer", "max_holds_per_address"])
def test_nobody_holds_more_than_is_allowed_by_holding_at_once(team: Database, limit: str) -> None:
    """They hold different people at different times: nothing but the limit is in their way."""
    team.connection.execute(
        f"""
        update business.businesses set max_holds_per_customer = 100, max_holds_per_address = 100;
        update business.businesses set {limit} = 3;
        """.encode()
    )
    hold = """
        select set_config('request.headers', '{"x-real-ip": "192.0.2.7"}', true);
        select public.book(tests.id('Cut')::text, %s, hold => 'true')
    """
    answers = together(16, lambda n: answer(team, hold, f"2031-05-{5 + n:02}T09:00:00Z"))
    assert answers == {"ok": 3, "limit_reached": 13}
