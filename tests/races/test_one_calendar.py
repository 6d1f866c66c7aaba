"""Two businesses that race for one person: one gets the time, and nobody deadlocks."""

from __future__ import annotations

import random
from collections import Counter

import psycopg
import pytest

from tests.harness.acting import (
    BOOK,
    DEADLOCKS,
    NINE,
    answer,
    book,
    connected,
    number,
    say,
    together,
)
from tests.harness.database import Database
from tests.harness.waiting import wait_until
from tests.property.one_calendar import check_people

NOW = "timestamptz '2031-05-01 00:00Z'"
CLINIC = """
    select tests.person('ann'), tests.business('Clinic', 'owner'), tests.hours('Clinic'),
        tests.resource('Dr Ann', 'Clinic'), tests.resource('Dr Ben', 'Clinic'),
        tests.service('Peel', 'Clinic'), tests.takes('Peel', 'Dr Ann'),
        tests.service('Scrub', 'Clinic'), tests.takes('Scrub', 'Dr Ann'),
        tests.takes('Scrub', 'Dr Ben');
    select tests.member('ann', works_for, 'staff')
    from unnest('{Salon,Clinic}'::text[]) as works_for;
    update catalog.resources
    set member_id = (
        select id from business.business_members
        where business_id = resources.business_id and user_id = tests.id('ann')
    )
    where name in ('Ann', 'Dr Ann');
"""
SWITCH = """
    select tests.act_as('ann');
    update public.profiles set has_one_calendar = {}
"""


@pytest.fixture
def town(shop: Database) -> Database:
    """The salon, and a clinic where Ann works too."""
    shop.connection.execute(CLINIC)
    return shop


def test_of_bookings_in_two_businesses_at_once_one_succeeds(town: Database) -> None:
    assert answer(town, SWITCH.format("true")) == "ok"
    answers = together(40, lambda n: book(town, ["Cut", "Peel"][n % 2], NINE))
    assert answers == {"ok": 1, "slot_taken": 39}
    check_people(town, NOW)


def test_bookings_moves_and_switches_never_deadlock(town: Database) -> None:
    """Eight at once over two businesses that share Ann, who switches now and then."""
    assert answer(town, SWITCH.format("true")) == "ok"
    before = number(town, DEADLOCKS)

    def act(connection: psycopg.Connection, dice: random.Random) -> str:
        start = f"2031-05-{dice.randint(5, 7):02}T{dice.randint(9, 15):02}:00:00Z"
        one = "(select id::text from public.bookings where status = 'confirmed'"
        one += f" order by md5(id::text || '{dice.random()}') limit 1)"
        what = dice.random()
        if what < 0.6:
            service = dice.choice(["Cut", "Massage", "Facial", "Peel", "Scrub"])
            return say(connection, BOOK, service, start)
        if what < 0.8:
            return say(connection, f"select public.reschedule_booking({one}, '{start}')")
        if what < 0.95:
            return say(connection, f"select public.cancel_booking({one})")
        return say(connection, SWITCH.format(dice.choice(["true", "true", "false"])))

    def rush(seed: int) -> str:
        dice = random.Random(seed)
        with connected(town) as connection:
            return " ".join(act(connection, dice) for _ in range(60))

    tokens = Counter(" ".join(together(8, rush).elements()).split())
    allowed = {"ok", "slot_taken", "changed_meanwhile", "invalid_transition", "invalid_input"}
    assert set(tokens) <= allowed | {"double_booked"}
    assert number(town, DEADLOCKS) == before
    check_people(town, NOW)


def test_a_hold_that_ran_out_in_one_business_is_free_in_the_other(town: Database) -> None:
    assert answer(town, SWITCH.format("true")) == "ok"
    assert book(town, "Cut", NINE, hold="true") == "ok"
    assert book(town, "Peel", NINE) == "slot_taken"
    town.connection.execute(
        f"alter database {town.connection.info.dbname} set frontdesk.now = '2031-05-01 00:16Z'"
    )

    def worker() -> str:
        with psycopg.connect(town.dsn) as connection:
            connection.execute("select scheduling.apply_due_transitions(100)")
        return "worker"

    answers = together(
        12, lambda n: worker() if n % 3 == 0 else book(town, ["Cut", "Peel"][n % 2], NINE)
    )
    assert answers == {"worker": 4, "ok": 1, "slot_taken": 7}


def test_a_switch_waits_for_a_booking_and_sees_it(town: Database) -> None:
    assert book(town, "Cut", NINE) == "ok"
    with connected(town) as connection:
        connection.execute("begin; select tests.act_as('customer')")
        connection.execute(BOOK, ("Peel", NINE))

        def switch(n: int) -> str:
            if n == 0:
                return answer(town, SWITCH.format("true"))
            wait_until(lambda: town.lock_waits() == 1)
            connection.execute("commit")
            return "booked"

        assert together(2, switch) == {"double_booked": 1, "booked": 1}
    check_people(town, NOW)
