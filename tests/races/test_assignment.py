"""Whoever is lost to a rival, the next one is tried, inside the same call."""

from __future__ import annotations

import threading

import psycopg
import pytest

from tests.harness.acting import NINE, OVERLAPS, answer, book, number, together
from tests.harness.database import Database
from tests.harness.waiting import wait_until

GIVEN_BY = """
    select resources.name
    from scheduling.booking_items
    inner join catalog.resources on resources.id = booking_items.resource_id
    where booking_items.starts_at = '2031-05-05 09:00Z'
    order by resources.name
"""


@pytest.fixture
def team(db: Database) -> Database:
    """A salon whose three people all cut."""
    db.connection.execute(
        """
        select tests.person('owner'), tests.person('customer'),
            tests.business('Salon', 'owner'), tests.at('2031-05-01 00:00Z');
        select tests.resource('Ann', 'Salon'), tests.resource('Ben', 'Salon'),
            tests.resource('Cleo', 'Salon'), tests.hours('Salon'), tests.service('Cut', 'Salon');
        select tests.takes('Cut', 'Ann'), tests.takes('Cut', 'Ben'), tests.takes('Cut', 'Cleo');
        alter database """
        + db.connection.info.dbname
        + """ set frontdesk.now = '2031-05-01 00:00Z';
        """
    )
    return db


def reassign(db: Database, booking_id: object, name: str) -> str:
    """Give a booking to somebody else, as the owner."""
    with psycopg.connect(db.dsn) as connection:
        connection.execute("select tests.act_as('owner')")
        try:
            connection.execute(
                "select public.reassign_booking(%s::text, tests.id(%s)::text)", (booking_id, name)
            )
        except psycopg.Error as error:
            connection.rollback()
            return str(error.diag.message_detail)
    return "ok"


def test_forty_who_name_nobody_get_each_of_three_once(team: Database) -> None:
    assert together(40, lambda _n: book(team, "Cut", NINE)) == {"ok": 3, "slot_taken": 37}
    assert team.rows(GIVEN_BY) == [("Ann",), ("Ben",), ("Cleo",)]


def test_the_next_person_is_tried_when_another_writer_took_the_first(
    team: Database,
) -> None:
    """The rival has written, not committed: nobody sees it, but the constraint waits for it."""
    assert book(team, "Cut", "2031-05-05T15:00:00Z") == "ok"  # Ben's and Cleo's load is lower now
    assert book(team, "Cut", "2031-05-05T15:00:00Z") == "ok"  # only Cleo's
    answers: list[str] = []
    with psycopg.connect(team.dsn) as rival:
        rival.execute(
            "update scheduling.allocations set resource_id = tests.id('Cleo'),"
            " during = '[2031-05-05 09:00Z, 2031-05-05 10:00Z)'"
            " where resource_id = tests.id('Ann')"
        )
        caller = threading.Thread(target=lambda: answers.append(book(team, "Cut", NINE)))
        caller.start()
        wait_until(lambda: team.lock_waits() == 1)
        rival.commit()
        caller.join()
    assert answers == ["ok"]
    assert team.rows(GIVEN_BY) == [("Ann",)]
    assert number(team, OVERLAPS) == 0


def test_two_bookings_reassigned_to_one_person_at_once_end_with_one(team: Database) -> None:
    assert book(team, "Cut", NINE) == book(team, "Cut", NINE) == "ok"  # Ann's and Ben's
    ids = [row[0] for row in team.rows("select id from scheduling.bookings order by id")]
    assert together(2, lambda n: reassign(team, ids[n], "Cleo")) == {"ok": 1, "slot_taken": 1}
    assert number(team, OVERLAPS) == 0
    told = "select count(*) from scheduling.booking_history where to_resource_id = tests.id('Cleo')"
    assert number(team, told) == 1


def test_a_person_who_is_reassigned_to_and_booked_at_once_has_one_booking(team: Database) -> None:
    assert book(team, "Cut", NINE) == "ok"
    ((booking_id,),) = team.rows("select id from scheduling.bookings")
    cleo = "select public.book(tests.id('Cut')::text, %s, tests.id('Cleo')::text)"
    answers = together(
        6, lambda n: reassign(team, booking_id, "Cleo") if n == 0 else answer(team, cleo, NINE)
    )
    assert answers == {"ok": 1, "slot_taken": 5}
    assert number(team, OVERLAPS) == 0
