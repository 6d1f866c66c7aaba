"""Guests' codes, on real connections: each call is a transaction of its own."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.harness.database import Database
from tests.harness.waiting import wait_until

NOW = "2031-05-01 08:00Z"


@pytest.fixture
def salon(db: Database) -> Database:
    """A salon that is open from nine to five."""
    db.connection.execute(
        """
        select tests.person('owner'), tests.business('Salon', 'owner'),
            tests.resource('Ann', 'Salon'), tests.hours('Salon'),
            tests.service('Cut', 'Salon'), tests.takes('Cut', 'Ann');
        """
    )
    return db


def say(db: Database, call: str, *arguments: object, at: str = NOW) -> Any:
    """One statement of somebody who is not signed in: its result, or the refusal's token."""
    with psycopg.connect(db.dsn, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute("select tests.act_as_anon(), tests.at(%s)", (at,))
        try:
            row = connection.execute(f"select public.{call}".encode(), arguments).fetchone()
        except psycopg.Error as error:
            return error.diag.message_detail
    return row and row[0]


def hold(db: Database, hour: int = 9) -> tuple[str, str]:
    """Ask for a time; gives the reference and the code."""
    held = say(
        db,
        "request_guest_booking((select tests.id('Cut')::text), %s, 'Gus', 'gus@example.com')",
        f"2031-05-05T{hour:02}:00:00Z",
    )
    return held["reference"], latest_code(db)


def latest_code(db: Database) -> str:
    """What was mailed last."""
    ((code,),) = db.rows(
        "select message -> 'kwargs' -> 'payload' ->> 'code' from pgmq.q_mail"
        " order by msg_id desc limit 1"
    )
    return str(code)


def confirm(db: Database, reference: str, code: str, at: str = NOW) -> str:
    """The status that the booking has now, or the refusal's token."""
    found = say(db, "confirm_guest_booking(%s, %s)", reference, code, at=at)
    return str(found if isinstance(found, str) else found.get("status") or found["details"])


def test_twenty_guesses_at_once_are_five(salon: Database) -> None:
    reference, code = hold(salon)
    wrong = [f"{(int(code) + n) % 1_000_000:06}" for n in range(1, 21)]
    with ThreadPoolExecutor(20) as pool:
        answers = Counter(pool.map(lambda guess: confirm(salon, reference, guess), wrong))
    assert answers == {"code_invalid": 20}
    assert salon.rows("select attempts from scheduling.guest_codes") == [(5,)]
    assert confirm(salon, reference, code) == "code_invalid"


def test_ten_at_once_with_the_right_code_confirm_once(salon: Database) -> None:
    reference, code = hold(salon)
    with ThreadPoolExecutor(10) as pool:
        answers = Counter(pool.map(lambda _n: confirm(salon, reference, code), range(10)))
    assert answers == {"confirmed": 10}
    assert salon.rows("select attempts from scheduling.guest_codes") == [(1,)]
    assert salon.rows(
        "select customer_id, contact_verified_at is null from scheduling.bookings"
    ) == [(None, False)]


@pytest.mark.parametrize(
    ("at", "becomes"),
    [
        ("2031-05-01 08:14:59Z", "confirmed"),
        ("2031-05-01 08:15Z", "code_invalid"),
    ],
)
def test_a_code_lives_as_long_as_the_hold(salon: Database, at: str, becomes: str) -> None:
    reference, code = hold(salon)
    assert confirm(salon, reference, code, at) == becomes


def test_a_hold_that_ran_out_is_anybody_s(salon: Database) -> None:
    salon.connection.execute("update catalog.services set hold_minutes = 5")
    hold(salon)
    taken = "request_guest_booking((select tests.id('Cut')::text), %s, 'Eve', 'eve@example.com')"
    nine = "2031-05-05T09:00:00Z"
    assert say(salon, taken, nine, at="2031-05-01 08:04:59Z") == "slot_taken"
    assert say(salon, taken, nine, at="2031-05-01 08:05Z")["status"] == "held"


def test_a_newer_code_replaces_the_older(salon: Database) -> None:
    reference, first = hold(salon)
    say(salon, "request_guest_code(%s, 'GUS@example.com')", reference)
    second = latest_code(salon)
    if first != second:
        assert confirm(salon, reference, first) == "code_invalid"
    assert confirm(salon, reference, second) == "confirmed"


def test_a_service_on_request_gets_a_request(salon: Database) -> None:
    salon.connection.execute("update catalog.services set requires_confirmation = true")
    assert confirm(salon, *hold(salon)) == "pending"


def test_a_guest_who_cancels_late_owes_what_the_policy_says(salon: Database) -> None:
    salon.connection.execute(
        """
        insert into catalog.cancellation_policies (id, business_id, name)
        values (tests.named('policy'), tests.id('Salon'), 'Half');
        insert into catalog.cancellation_tiers (
            business_id, cancellation_policy_id, hours_before, fee_bps
        )
        values (tests.id('Salon'), tests.id('policy'), 8760, 5000);
        """
    )
    reference, code = hold(salon)
    assert confirm(salon, reference, code) == "confirmed"
    seen = say(salon, "lookup_booking(%s, 'gus@example.com')", reference)
    assert (seen["total_minor"], seen["cancellation_fee_minor"]) == (5000, 2500)
    say(salon, "request_guest_code(%s, 'gus@example.com')", reference)
    cancelled = say(salon, "cancel_guest_booking(%s, %s)", reference, latest_code(salon))
    assert (cancelled["status"], cancelled["cancellation_fee_minor"]) == ("cancelled", 2500)
    assert salon.rows(
        "select actor::text, fee_minor from scheduling.booking_history order by id"
    ) == [
        ("customer", 0),
        ("customer", 0),
        ("customer", 2500),
    ]


def test_the_proof_is_good_for_one_transaction_and_one_booking(salon: Database) -> None:
    reference, code = hold(salon)
    other, _code = hold(salon, 10)
    assert confirm(salon, other, code if code != _code else "x") == "code_invalid"
    assert confirm(salon, reference, code) == "confirmed"
    for booking_id in [str(row[0]) for row in salon.rows("select id from scheduling.bookings")]:
        assert say(salon, "cancel_booking(%s)", booking_id) == "not_signed_in"


def test_only_its_hash_is_kept_and_only_for_a_day(salon: Database) -> None:
    _reference, code = hold(salon)
    salon.connection.execute("truncate pgmq.q_mail")
    assert salon.rows(
        "select count(*) from scheduling.guest_codes where guest_codes::text like %s", f"%{code}%"
    ) == [(0,)]
    with salon.connection.transaction():
        salon.connection.execute("select tests.at('2031-05-02 08:00Z')")
        assert salon.rows("select scheduling.forget_old_codes()") == [(0,)]
        salon.connection.execute("select tests.at('2031-05-02 08:00:01Z')")
        assert salon.rows("select scheduling.forget_old_codes()") == [(1,)]


def limit(db: Database, period: str = "upcoming") -> None:
    """Let each customer have one booking."""
    db.connection.execute(
        "insert into catalog.booking_limits (business_id, period, max_bookings, is_per_customer)"
        " values (tests.id('Salon'), %s, 1, true)",
        (period,),
    )


def book_as_gus(db: Database, hour: int) -> str:
    """What somebody is answered whose account has the guest's address."""
    with psycopg.connect(db.dsn) as connection:
        connection.execute("select tests.act_as('Gus'), tests.at(%s)", (NOW,))
        try:
            connection.execute(
                "select public.book((select tests.id('Cut')::text), %s)",
                (f"2031-05-05T{hour:02}:00:00Z",),
            )
        except psycopg.Error as error:
            return error.diag.message_detail or str(error)
    return "booked"


@pytest.mark.parametrize("period", ["upcoming", "day"])
def test_a_limit_for_each_customer_is_for_each_address(salon: Database, period: str) -> None:
    limit(salon, period)
    assert confirm(salon, *hold(salon, 9)) == "confirmed"
    second = hold(salon, 11)  # who asks is nobody yet: nothing can be learned of the address
    assert confirm(salon, *second) == "limit_reached"
    assert salon.rows("select status from scheduling.bookings order by created_at, starts_at") == [
        ("confirmed",),
        ("held",),
    ]
    salon.connection.execute(
        "update scheduling.bookings set status = 'cancelled' where status = 'confirmed'"
    )
    assert confirm(salon, *second) == "confirmed"


def test_an_address_and_its_account_are_one_customer(salon: Database) -> None:
    limit(salon)
    salon.connection.execute(
        "select tests.person('Gus');"
        " update auth.users set email = 'gus@example.com' where id = tests.id('Gus')"
    )
    assert book_as_gus(salon, 9) == "booked"
    assert confirm(salon, *hold(salon, 11)) == "limit_reached"
    salon.connection.execute("delete from scheduling.bookings")
    assert confirm(salon, *hold(salon, 11)) == "confirmed"
    assert book_as_gus(salon, 9) == "limit_reached"


def test_unconfirmed_guest_holds_count_for_nobody(salon: Database) -> None:
    limit(salon)
    salon.connection.execute(
        "select tests.person('Gus');"
        " update auth.users set email = 'gus@example.com' where id = tests.id('Gus')"
    )
    hold(salon, 11)
    assert book_as_gus(salon, 9) == "booked"


def test_a_guest_moves_inside_their_limit(salon: Database) -> None:
    limit(salon, "day")
    reference, code = hold(salon, 9)
    confirm(salon, reference, code)
    say(salon, "request_guest_code(%s, 'gus@example.com')", reference)
    moved = say(
        salon,
        "reschedule_guest_booking(%s, %s, '2031-05-05T13:00:00Z')",
        reference,
        latest_code(salon),
    )
    assert moved["status"] == "confirmed"


def test_five_holds_of_one_guest_confirmed_at_once_are_one_booking(salon: Database) -> None:
    limit(salon)
    salon.connection.execute("update business.businesses set max_holds_per_customer = 5")
    held = [hold(salon, hour) for hour in range(9, 14)]  # five codes an hour
    with ThreadPoolExecutor(5) as pool:
        answers = Counter(pool.map(lambda found: confirm(salon, *found), held))
    assert answers == {"confirmed": 1, "limit_reached": 4}


def test_a_guest_and_the_business_at_once_do_not_deadlock(salon: Database) -> None:
    """The business comes first to the lock of the time, the guest to whatever else they need."""
    reference, code = hold(salon)
    with (
        psycopg.connect(salon.dsn) as first,
        psycopg.connect(salon.dsn) as owner,
        ThreadPoolExecutor(2) as pool,
    ):
        first.execute("select private.lock(array[tests.id('Ann')])")
        owner.execute("select tests.act_as('owner'), tests.at(%s)", (NOW,))
        cancelled = pool.submit(
            owner.execute,
            "select public.cancel_booking((select id::text from public.bookings))",
        )
        wait_until(lambda: salon.lock_waits() == 1)
        confirmed = pool.submit(confirm, salon, reference, code)
        wait_until(lambda: salon.lock_waits() == 2)
        first.rollback()
        cancelled.result()
        owner.commit()
        assert confirmed.result() == "invalid_transition"
    assert salon.rows("select status from scheduling.bookings") == [("cancelled",)]
