"""What users of other schedulers complain about, each reproduced: here it cannot happen.

Rows 1 to 21 of what we collected from the trackers of Cal.com, Easy!Appointments, LibreBooking and
others, but for the part of row 20 that is about payments. Where a test elsewhere reproduces a
complaint, ELSEWHERE names it, and a test sees to it that it is still there.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from cli.options import ROOT
from tests.harness.acting import answer, book, number, together
from tests.harness.database import Database

# row: (what they say, the file, the test or the assertion in it)
ELSEWHERE = {
    "1 parallel requests make several bookings": (
        "tests/races/test_booking.py",
        "test_of_fifty_bookings_of_one_slot_one_succeeds",
    ),
    "2 two requests for one slot can both be confirmed": (
        "tests/races/test_booking.py",
        "test_only_one_of_two_requests_for_one_time_can_be_confirmed",
    ),
    "3 a popular slot is sold twice on a path that skips the check": (
        "tests/races/test_booking.py",
        "test_the_tables_owner_cannot_book_twice_either",
    ),
    "3 a link for three bookings makes four": (
        "tests/races/test_booking.py",
        "test_a_link_for_three_bookings_makes_three",
    ),
    "3 a recurring booking skips the check": (
        "tests/sql/scheduling/series.test.sql",
        "one date stands for all",
    ),
    "3 two series meet": (
        "tests/races/test_series.py",
        "test_series_that_race_neither_meet_nor_deadlock",
    ),
    "5 asking for slots takes 10 to 25 seconds": (
        "tests/bench/growth.py",
        "Slots of a week and single bookings, in the database, among 10^4 and 10^7 allocations.",
    ),
    "6 slots that are shown cannot be booked": (
        "tests/property/test_slots.py",
        "test_slots_are_what_the_model_says_and_book_agrees",
    ),
    "7 a series drifts by an hour when the clock changes": (
        "tests/sql/scheduling/series.test.sql",
        "at nine, before and after the clocks change",
    ),
    "8 a limit a day counts the day of the attendee, or of UTC": (
        "tests/sql/scheduling/limits.test.sql",
        "no other that day, though it is the 5th in UTC",
    ),
    "9 moving inside the limit is refused because of itself": (
        "tests/sql/scheduling/limits.test.sql",
        "a booking may move within its full day",
    ),
    "10 days off are wrong for who books from another zone": (
        "tests/sql/scheduling/away.test.sql",
        "whatever the zone of who asks",
    ),
    "12 more seats are sold than there are": (
        "tests/races/test_booking.py",
        "test_guests_and_a_shrinking_class_end_with_a_seat_each",
    ),
    "12 the first two make two sessions of one class": (
        "tests/sql/scheduling/sessions.test.sql",
        "two of three seats",
    ),
    "13 reminders come after a booking was cancelled or moved": (
        "tests/sql/notifications/preferences.test.sql",
        "a reminder of a booking that moved is not sent",
    ),
    "15 limits across services": (
        "tests/sql/scheduling/limits_of_whom.test.sql",
        "not by another service either",
    ),
    "15 a limit on moving": (
        "tests/sql/scheduling/moving.test.sql",
        "the policy allows one move",
    ),
    "15 a fee for cancelling late": (
        "tests/sql/scheduling/fees.test.sql",
        "who cancels owes what the quote said",
    ),
    "16 rooms are not shared between services": (
        "tests/sql/scheduling/taking.test.sql",
        "the room is taken, though Ben is free",
    ),
    "17 a new host gets all the bookings": (
        "tests/sql/scheduling/assigning.test.sql",
        "somebody new gets their share of the next fifty, not all of them",
    ),
    "18 any provider is booked twice": (
        "tests/races/test_assignment.py",
        "test_forty_who_name_nobody_get_each_of_three_once",
    ),
    "20 several services in one booking": (
        "tests/sql/scheduling/taking.test.sql",
        "a talk, a pause and a class",
    ),
    "20 recurring appointments": (
        "tests/property/test_recurrence.py",
        "test_a_rule_unfolds_as_it_does_elsewhere",
    ),
    "21 the race is only made rarer, by a random pause": (
        "tests/races/test_booking.py",
        "test_services_of_several_resources_never_deadlock_nor_stall",
    ),
}
CLOCK_CHANGES = [
    ("Europe/Berlin", "2031-03-30"),
    ("Europe/Berlin", "2031-10-26"),
    ("America/New_York", "2031-03-09"),
    ("America/New_York", "2031-11-02"),
    ("Australia/Lord_Howe", "2031-04-06"),
    ("Australia/Lord_Howe", "2031-10-05"),
]
HOLD = "select public.book(tests.id(%s)::text, %s, hold => 'true')"
OF_CUSTOMER = "select id::text from public.bookings where customer_id = tests.id('customer')"


@pytest.mark.parametrize("complaint", ELSEWHERE)
def test_the_test_of_a_complaint_exists(complaint: str) -> None:
    path, name = ELSEWHERE[complaint]
    assert name in (ROOT / path).read_text("utf-8")


@pytest.fixture
def salon(db: Database) -> Database:
    """Ann and Ben cut; only Ann colours. Fifteen minutes are needed after each."""
    db.connection.execute(
        """
        select tests.person('owner'), tests.person('customer'), tests.person('rival'),
            tests.business('Salon', 'owner'), tests.at('2031-01-01 00:00Z');
        select tests.resource('Ann', 'Salon'), tests.resource('Ben', 'Salon'),
            tests.hours('Salon');
        select tests.service('Cut', 'Salon', 45), tests.service('Colour', 'Salon', 45),
            tests.service('Talk', 'Salon', 45);
        update catalog.services set buffer_after_minutes = 15;
        update catalog.services set is_class = true, max_party_size = 5
        where id = tests.id('Talk');
        select tests.takes('Cut', 'Ann'), tests.takes('Cut', 'Ben'),
            tests.takes('Colour', 'Ann'), tests.takes('Talk', 'Ann', 'all');
        alter database """
        + db.connection.info.dbname
        + """ set frontdesk.now = '2031-01-01 00:00Z';
        """
    )
    return db


def starts(db: Database, service: str, low: str, high: str) -> list[dt.datetime]:
    """The free starts of a service, each once."""
    return [
        start
        for (start,) in db.rows(
            "select distinct starts_at from public.available_slots(tests.id(%s)::text, %s, %s)"
            " order by starts_at",
            service,
            low,
            high,
        )
    ]


def test_4_several_people_cannot_hold_one_slot(salon: Database) -> None:
    answers = together(8, lambda _n: answer(salon, HOLD, "Colour", "2031-05-05T09:00:00Z"))
    assert answers == {"ok": 1, "slot_taken": 7}


def test_4_one_s_own_hold_does_not_stand_in_one_s_way(salon: Database) -> None:
    assert answer(salon, HOLD, "Colour", "2031-05-05T09:00:00Z") == "ok"
    assert answer(salon, f"select public.confirm_booking(({OF_CUSTOMER}))") == "ok"
    assert number(salon, "select count(*) from scheduling.bookings where status = 'confirmed'") == 1


def test_4_a_slot_that_somebody_moved_away_from_can_be_held(salon: Database) -> None:
    assert book(salon, "Colour", "2031-05-05T09:00:00Z") == "ok"
    move = f"select public.reschedule_booking(({OF_CUSTOMER}), '2031-05-06T09:00:00Z')"
    assert answer(salon, HOLD, "Colour", "2031-05-05T09:00:00Z") == "slot_taken"
    assert answer(salon, move) == "ok"
    assert answer(salon, HOLD, "Colour", "2031-05-05T09:00:00Z") == "ok"


@pytest.mark.parametrize(("zone", "day"), CLOCK_CHANGES)
def test_6_afternoons_stay_where_they_are_when_the_clock_changes(
    salon: Database, zone: str, day: str
) -> None:
    salon.connection.execute(
        f"update business.businesses set time_zone = '{zone}';"
        " update catalog.working_hours set opens_at = '14:00', closes_at = '18:00'".encode()
    )
    noon = dt.datetime.fromisoformat(f"{day}T12:00:00+00:00")
    low, high = noon - dt.timedelta(hours=30), noon + dt.timedelta(hours=30)
    here = [
        start.astimezone(ZoneInfo(zone))
        for start in starts(salon, "Colour", low.isoformat(), high.isoformat())
    ]
    afternoon = [f"{start:%H:%M}" for start in here if f"{start:%Y-%m-%d}" == day]
    assert (afternoon[0], afternoon[-1], len(afternoon)) == ("14:00", "17:15", 14)
    assert book(salon, "Colour", here[0].isoformat()) == "ok"


@pytest.mark.parametrize("service", ["Colour", "Cut"])
def test_11_and_19_no_path_skips_a_buffer(salon: Database, service: str) -> None:
    assert book(salon, "Colour", "2031-05-05T10:00:00Z") == "ok"
    ann = str(salon.rows("select tests.id('Ann')")[0][0])
    for minutes, expected in (("09:15", "slot_taken"), ("10:45", "slot_taken"), ("11:00", "ok")):
        at = f"2031-05-05T{minutes}:00Z"
        assert book(salon, service, at, resource_id=ann) == expected
    free = starts(salon, "Colour", "2031-05-05T09:00:00Z", "2031-05-05T12:00:00Z")
    assert [f"{start.astimezone(dt.UTC):%H:%M}" for start in free] == ["09:00"]


def test_11_an_assigned_person_keeps_the_buffer(salon: Database) -> None:
    assert book(salon, "Colour", "2031-05-05T10:00:00Z") == "ok"
    assert book(salon, "Cut", "2031-05-05T10:45:00Z") == "ok"
    given = "select resource_id = tests.id('Ben') from scheduling.booking_items"
    assert salon.rows(f"{given} order by starts_at") == [(False,), (True,)]
    assert book(salon, "Cut", "2031-05-05T10:45:00Z") == "slot_taken"


def test_11_seats_of_a_class_keep_the_buffer(salon: Database) -> None:
    salon.connection.execute(
        "select tests.act_as('owner');"
        " select public.create_slots(tests.id('Talk')::text, '2031-05-05', '10:00', '10:45', '5');"
        " select tests.act_as_owner()"
    )
    assert book(salon, "Talk", "2031-05-05T10:00:00Z", party_size="5") == "ok"
    assert book(salon, "Talk", "2031-05-05T10:00:00Z") == "slot_taken"
    assert book(salon, "Colour", "2031-05-05T10:45:00Z") == "slot_taken"
    assert book(salon, "Colour", "2031-05-05T11:00:00Z") == "ok"


def test_14_everyone_who_wants_to_hear_of_it_does_each_time(salon: Database) -> None:
    salon.connection.execute(
        """
        insert into private.queues (name, purpose) values ('one', 'Test'), ('two', 'Test');
        insert into private.routes (topic, queue, actor)
        values ('booking.confirmed', 'one', 'hear'), ('booking.confirmed', 'two', 'hear');
        """
    )
    for hour in ("10", "11", "12"):
        assert book(salon, "Colour", f"2031-05-05T{hour}:00:00Z") == "ok"
    for queue in ("one", "two"):
        assert number(salon, f"select count(*) from pgmq.q_{queue}") == 3
