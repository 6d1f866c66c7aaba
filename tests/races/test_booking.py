"""Races on real connections: one wins, the others are told so, and nobody waits for long."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.harness.acting import (
    BOOK,
    DEADLOCKS,
    NINE,
    OVERLAPS,
    answer,
    book,
    connected,
    number,
    say,
    together,
)
from tests.harness.database import Database


def test_of_fifty_bookings_of_one_slot_one_succeeds(shop: Database) -> None:
    answers = together(50, lambda _n: book(shop, "Cut", NINE))
    assert answers == {"ok": 1, "slot_taken": 49}


def test_a_resource_with_five_places_takes_five(shop: Database) -> None:
    answers = together(20, lambda _n: book(shop, "Yoga", NINE))
    assert answers == {"ok": 5, "slot_taken": 15}
    units = shop.rows("select unit from scheduling.allocations where is_blocking order by unit")
    assert units == [(1,), (2,), (3,), (4,), (5,)]


def test_a_link_for_three_bookings_makes_three(shop: Database) -> None:
    """Twelve at once, each at a time of their own: nothing but the link keeps them apart."""
    shop.connection.execute("update catalog.services set visibility = 'hidden'")
    ((token,),) = shop.rows(
        "select token from tests.act_as('owner'),"
        " public.create_private_link(tests.id('Cut')::text, max_uses => '3')"
    )
    shop.connection.execute("select tests.act_as_owner()")
    times = [f"2031-05-{5 + n:02}T09:00:00Z" for n in range(12)]
    answers = together(12, lambda n: book(shop, "Cut", times[n], link_token=str(token)))
    assert answers == {"ok": 3, "link_expired": 9}


STALLED = """
    with recursive line (waiting, waited, pid) as (
        select pid, extract(epoch from clock_timestamp() - waitstart), pid
        from pg_locks
        where not granted and clock_timestamp() - waitstart > interval '100 milliseconds'
        union
        select line.waiting, line.waited, ahead.pid
        from line
        cross join lateral unnest(pg_blocking_pids(line.pid)) as ahead (pid)
    )
    select max(line.waited) as waited
    from line
    left join pg_stat_activity as session on session.pid = line.pid
    group by line.waiting
    having not bool_or(
        session.state = 'active'
        and coalesce(session.wait_event_type, '') not in ('Client', 'Timeout')
        and pg_blocking_pids(line.pid) = '{}'
    )
    order by waited desc
    limit 1
"""


def stalls_seen(db: Database, is_warm: threading.Barrier) -> list[float]:
    """Look all the time for fifteen seconds; gives the longest stall, in seconds, of each look."""
    stalls: list[float] = []
    with psycopg.connect(db.dsn, autocommit=True) as connection:
        is_warm.wait()
        until = time.monotonic() + 15
        while time.monotonic() < until:
            stalls += [float(waited) for (waited,) in connection.execute(STALLED)]
            time.sleep(0.004)
    return stalls


def test_services_of_several_resources_never_deadlock_nor_stall(shop: Database) -> None:
    """Fifteen seconds of booking, moving and cancelling over three people and rooms.

    A stall is a wait for a lock of over 100 ms in whose line nobody works: all wait for each other
    or for a client. How long a line takes whose first works says more about the cores that
    everybody shares (some 30 ms where nothing else runs).
    """
    before = number(shop, DEADLOCKS)
    is_warm = threading.Barrier(9)

    def take_or_give(connection: psycopg.Connection, dice: random.Random) -> str:
        service = dice.choice(["Cut", "Massage", "Facial"])
        start = f"2031-05-{dice.randint(5, 12):02}T{dice.randint(9, 15):02}:00:00Z"
        what = dice.random()
        if what < 0.6:
            return say(connection, BOOK, service, start)
        one = "(select id::text from public.bookings where status = 'confirmed'"
        one += f" order by md5(id::text || '{dice.random()}') limit 1)"
        if what < 0.8:
            return say(connection, f"select public.reschedule_booking({one}, '{start}')")
        return say(connection, f"select public.cancel_booking({one})")

    def rush(seed: int) -> str:
        dice, tokens = random.Random(seed), Counter[str]()
        with connected(shop) as connection:
            # A pool's connections have their plans; new ones would make theirs under the locks.
            for _ in range(7):
                take_or_give(connection, dice)
            is_warm.wait()
            until = time.monotonic() + 15
            while time.monotonic() < until:
                tokens[take_or_give(connection, dice)] += 1
        return " ".join(sorted(tokens))

    with ThreadPoolExecutor(1) as watch:
        looks = watch.submit(stalls_seen, shop, is_warm)
        answers = together(8, rush)
        stalls = looks.result()
    expected = {"ok", "slot_taken", "changed_meanwhile", "invalid_transition", "invalid_input"}
    assert set(" ".join(answers).split()) <= expected
    assert number(shop, DEADLOCKS) == before
    assert number(shop, OVERLAPS) == 0
    # A look is no snapshot: who worked may be done before its state is read. A deadlock is looked
    # at for the second that PostgreSQL waits before it ends one.
    assert len(stalls) <= 20, f"waits of {max(stalls):.2f} s"


def test_one_key_in_parallel_is_one_booking(shop: Database) -> None:
    key = str(uuid.uuid4())
    assert together(10, lambda _n: book(shop, "Cut", NINE, idempotency_key=key)) == {"ok": 10}
    assert number(shop, "select count(*) from scheduling.bookings") == 1


def test_only_one_of_two_requests_for_one_time_can_be_confirmed(shop: Database) -> None:
    shop.connection.execute(
        "update catalog.services set requires_confirmation = true, is_blocked_by_pending = false"
    )
    assert book(shop, "Cut", NINE) == book(shop, "Cut", NINE) == "ok"
    ids = [row[0] for row in shop.rows("select id from scheduling.bookings")]

    def confirm(n: int) -> str:
        with psycopg.connect(shop.dsn) as connection:
            connection.execute("select tests.act_as('owner')")
            try:
                connection.execute("select public.confirm_booking(%s::text)", (ids[n],))
            except psycopg.Error as error:
                connection.rollback()
                return str(error.diag.message_detail)
        return "ok"

    assert together(2, confirm) == {"ok": 1, "slot_taken": 1}


def test_bookings_that_race_to_move_to_one_time_do_not_meet(shop: Database) -> None:
    for hour in ("09", "11", "13"):
        assert book(shop, "Cut", f"2031-05-05T{hour}:00:00Z") == "ok"
    ids = [row[0] for row in shop.rows("select id from scheduling.bookings")]
    answers = together(
        3,
        lambda n: answer(
            shop,
            "select public.reschedule_booking(%s::text, '2031-05-05T15:00:00Z')",
            ids[n],
        ),
    )
    assert answers == {"ok": 1, "slot_taken": 2}
    assert number(shop, OVERLAPS) == 0


def test_an_expired_hold_is_free_whoever_writes_it_down(shop: Database) -> None:
    assert book(shop, "Cut", NINE, hold="true") == "ok"
    assert book(shop, "Cut", NINE) == "slot_taken"
    shop.connection.execute(
        "alter database " + shop.connection.info.dbname + " set frontdesk.now = '2031-05-01 00:16Z'"
    )

    def worker() -> str:
        with psycopg.connect(shop.dsn) as connection:
            connection.execute("select scheduling.apply_due_transitions(100)")
        return "worker"

    answers = together(12, lambda n: worker() if n % 3 == 0 else book(shop, "Cut", NINE))
    assert answers == {"worker": 4, "ok": 1, "slot_taken": 7}
    statuses = shop.rows("select status from scheduling.bookings order by created_at")
    assert statuses == [("expired",), ("confirmed",)]


def test_the_tables_owner_cannot_book_twice_either(shop: Database) -> None:
    assert book(shop, "Cut", NINE) == book(shop, "Cut", "2031-05-05T11:00:00Z") == "ok"
    with pytest.raises(psycopg.errors.ExclusionViolation):
        shop.connection.execute(
            "update scheduling.allocations set during = '[2031-05-05 09:30Z, 2031-05-05 10:30Z)'"
        )


def test_guests_and_a_shrinking_class_end_with_a_seat_each(shop: Database) -> None:
    shop.connection.execute(
        """
        update catalog.services set is_class = true where id = tests.id('Yoga');
        select tests.act_as('owner');
        select public.create_slots(tests.id('Yoga')::text, '2031-05-05', '09:00', '10:00', '5');
        """
    )

    def one(number: int) -> str:
        if number % 8 == 7:
            return answer(
                shop, "update scheduling.sessions set capacity = greatest(capacity - 1, 1)"
            )
        return book(shop, "Yoga", NINE)

    answers = together(40, one)
    assert set(answers) <= {"ok", "slot_taken", "capacity_in_use"}
    (seats, highest, capacity) = shop.rows(
        "select count(*), max(number), max(sessions.capacity) from scheduling.seats"
        " inner join scheduling.sessions on sessions.id = session_id where is_blocking"
    )[0]
    assert seats == highest == capacity


# As a worker that tells whose turn it is.
TELL = """
    select set_config('role', 'none', true);
    select engagement.plan(jsonb_agg(jsonb_build_object(
        'message_id', message -> 'message_id', 'topic', 'waitlist.offered',
        'payload', message -> 'kwargs' -> 'payload'
    ))) from pgmq.q_notifications where message -> 'kwargs' ->> 'topic' = 'waitlist.offered'
"""


def test_a_freed_slot_never_goes_to_both_the_waitlist_and_a_passer_by(shop: Database) -> None:
    shop.connection.execute(
        """
        select tests.person('first'), tests.person('second');
        select tests.act_as('customer');
        select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z');
        select tests.act_as('first');
        select public.join_waitlist(
            tests.id('Cut')::text, '2031-05-05T09:00:00Z', '2031-05-05T10:00:00Z');
        select tests.act_as('second');
        select public.join_waitlist(
            tests.id('Cut')::text, '2031-05-05T09:00:00Z', '2031-05-05T10:00:00Z');
        """
    )
    accept = (
        "select tests.act_as('{}'); select public.accept_waitlist_offer(id::text)"
        " from public.waitlist_entries"
    )

    def one(n: int) -> str:
        match n % 6:
            case 5:
                return answer(shop, TELL)
            case 0:
                return book(shop, "Cut", NINE)
            case 1:
                return answer(shop, accept.format("first"))
            case 2:
                return answer(shop, accept.format("second"))
            case 3:
                return answer(shop, "select public.cancel_booking(id::text) from public.bookings")
            case _:
                return answer(
                    shop,
                    "select tests.act_as('first'); select public.leave_waitlist(id::text)"
                    " from public.waitlist_entries",
                )

    before = number(shop, DEADLOCKS)
    answers = together(48, one)
    allowed = {"ok", "slot_taken", "offer_expired", "invalid_transition", "changed_meanwhile"}
    assert set(answers) <= allowed
    assert number(shop, OVERLAPS) == 0
    assert number(shop, DEADLOCKS) == before
    live = "select count(*) from scheduling.allocations where is_blocking"
    assert number(shop, live) <= 1


def test_joining_a_waitlist_twice_at_once_makes_one_entry(shop: Database) -> None:
    assert book(shop, "Cut", NINE) == "ok"
    before = number(shop, DEADLOCKS)
    join = (
        "select public.join_waitlist("
        "tests.id('Cut')::text, '2031-05-05T09:00:00Z', '2031-05-05T10:00:00Z')"
    )
    answers = together(40, lambda _n: answer(shop, join))
    assert answers == {"ok": 40}
    assert number(shop, "select count(*) from scheduling.waitlist_entries") == 1
    assert number(shop, DEADLOCKS) == before


def test_of_members_and_customers_who_want_one_slot_one_gets_it(shop: Database) -> None:
    """Whatever a member sets aside, nobody is booked twice, and a caller is noted once."""
    call = (
        "select tests.act_as('owner'), public.book_for(tests.id('Cut')::text, %s, 'Carl',"
        " customer_email => 'carl@example.com', override => '[\"hours\", \"limits\"]')"
    )
    answers = together(20, lambda n: answer(shop, call, NINE) if n % 2 else book(shop, "Cut", NINE))
    assert answers == {"ok": 1, "slot_taken": 19}
    times = [f"2031-05-{6 + n:02}T07:07:00Z" for n in range(8)]
    assert together(8, lambda n: answer(shop, call, times[n])) == {"ok": 8}
    assert number(shop, OVERLAPS) == 0
    known = "select count(*) from customers.customers where email = 'carl@example.com'"
    assert number(shop, known) == 1
