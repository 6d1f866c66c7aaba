"""An offer of the waitlist has one end, whoever acts on it at the same moment."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.harness.acting import answer, number, together
from tests.harness.database import Database

NINE = "2031-05-05T09:00:00Z"
OFFERED_AT = "2031-05-01 01:00Z"
LAPSED_AT = "2031-05-01 02:00Z"  # offer_minutes of the service later
ACCEPT, LEAVE = (
    f"select tests.at('{{at}}'); select tests.act_as('{{who}}');"
    f" select public.{step}(id::text) from public.waitlist_entries"
    for step in ("accept_waitlist_offer", "leave_waitlist")
)
EXPIRE = "select tests.at('{at}'); reset role; select scheduling.apply_due_transitions(100)"
BOOK = (
    "select tests.at('{at}'); select tests.act_as('{who}');"
    f" select public.book(tests.id('Cut')::text, '{NINE}')"
)
WHOSE = """
    select names.name from scheduling.bookings
    inner join tests.names on names.id = bookings.customer_id
    where bookings.status = 'confirmed'
"""
STATUS = """
    select waitlist_entries.status::text from scheduling.waitlist_entries
    inner join tests.names on names.id = waitlist_entries.customer_id where names.name = %s
"""


@pytest.fixture
def offered(shop: Database) -> Database:
    """Nine o'clock was cancelled: it is Ada's to accept, and then Bob's."""
    shop.connection.execute(
        f"""
        select tests.person('ada'), tests.person('bob'), tests.person('passer-by');
        begin;
        select tests.act_as('customer'); select public.book(tests.id('Cut')::text, '{NINE}');
        commit;
        """.encode()
    )
    for who in ("ada", "bob"):
        wait = "select public.join_waitlist(tests.id('Cut')::text, %s, '2031-05-05T09:15:00Z')"
        assert answer(shop, f"select tests.act_as('{who}'); {wait}", NINE) == "ok"
    cancel = "select public.cancel_booking(id::text) from public.bookings"
    assert answer(shop, f"select tests.at('{OFFERED_AT}'); {cancel}") == "ok"
    assert number(shop, "select count(*) from scheduling.waitlist_offers") == 2
    return shop


def acts(db: Database, *steps: tuple[str, str, str]) -> list[str]:
    """Take the steps at once; returns the answer of each."""
    said: dict[int, str] = {}

    def take(index: int) -> str:
        step, who, at = steps[index]
        said[index] = answer(db, step.format(who=who, at=at))
        return said[index]

    together(len(steps), take)
    return [said[index] for index in range(len(steps))]


def whose(db: Database) -> list[str]:
    """Who has a booking."""
    return [str(name) for (name,) in db.rows(WHOSE)]


def test_an_offer_accepted_eight_times_at_once_is_one_booking(offered: Database) -> None:
    answers = acts(offered, *[(ACCEPT, "ada", OFFERED_AT)] * 8)
    assert Counter(answers) == {"ok": 8}
    assert whose(offered) == ["ada"]
    steps = "select count(*) from scheduling.booking_history where to_status = 'confirmed'"
    assert number(offered, steps) == 2, "the booking that was cancelled, and Ada's"


@pytest.mark.parametrize("attempt", range(5))
def test_accepting_while_leaving_has_one_end(offered: Database, attempt: int) -> None:
    accepted, left = acts(offered, (ACCEPT, "ada", OFFERED_AT), (LEAVE, "ada", OFFERED_AT))
    if accepted == "ok":
        assert (left, whose(offered)) == ("invalid_transition", ["ada"])
        assert offered.rows(STATUS, "ada") == [("accepted",)]
    else:
        assert (accepted, left, whose(offered)) == ("offer_expired", "ok", [])
        assert offered.rows(STATUS, "ada") == [("left",)]
        assert answer(offered, ACCEPT.format(who="bob", at=OFFERED_AT)) == "ok", "it is Bob's turn"


@pytest.mark.parametrize("attempt", range(5))
def test_two_people_who_accept_one_slot_get_one_booking(offered: Database, attempt: int) -> None:
    """Bob's clock says that Ada's turn is over; Ada's says that it is not."""
    answers = acts(offered, (ACCEPT, "ada", OFFERED_AT), (ACCEPT, "bob", LAPSED_AT))
    assert Counter(answers) == {"ok": 1, "offer_expired": 1}
    assert whose(offered) == ["ada" if answers[0] == "ok" else "bob"]


@pytest.mark.parametrize("attempt", range(5))
def test_an_offer_accepted_while_the_last_turn_lapses_has_one_end(
    offered: Database, attempt: int
) -> None:
    assert answer(offered, LEAVE.format(who="bob", at=OFFERED_AT)) == "ok"
    accepted, booked, expired = acts(
        offered,
        (ACCEPT, "ada", OFFERED_AT),
        (BOOK, "passer-by", "2031-05-01 03:00Z"),
        (EXPIRE, "", "2031-05-01 03:00Z"),
    )
    assert expired == "ok"
    assert (accepted, booked) in {("ok", "slot_taken"), ("offer_expired", "ok")}
    assert whose(offered) == ["ada" if accepted == "ok" else "passer-by"]


@pytest.mark.parametrize("attempt", range(5))
def test_two_who_leave_while_a_third_books_leave_the_time_to_one(
    offered: Database, attempt: int
) -> None:
    *left, booked = acts(
        offered,
        (LEAVE, "ada", OFFERED_AT),
        (LEAVE, "bob", OFFERED_AT),
        (BOOK, "passer-by", OFFERED_AT),
    )
    assert left == ["ok", "ok"]
    if booked != "ok":
        assert booked == "slot_taken"
        assert answer(offered, BOOK.format(who="passer-by", at=OFFERED_AT)) == "ok"
    assert whose(offered) == ["passer-by"]
