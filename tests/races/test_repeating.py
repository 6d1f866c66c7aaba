"""A button pressed many times at once has one effect, and every press has the same answer."""

from __future__ import annotations

import pytest

from tests.harness.acting import answer, together
from tests.harness.database import Database

BOOKING = "(select id::text from scheduling.bookings order by starts_at limit 1)"
ITEM = "(select id::text from scheduling.booking_items order by position limit 1)"
SERIES = "(select id::text from scheduling.booking_series)"
BOOK = "select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z')"
HOLD = "select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z', hold => 'true')"
BOOK_TWO = (
    "select public.book_many(tests.id('Salon')::text, json_build_array("
    "json_build_object('service_id', tests.id('Cut')),"
    "json_build_object('service_id', tests.id('Cut')))::text, '2031-05-05T09:00:00Z')"
)
BOOK_SERIES = (
    "select public.book_series("
    "tests.id('Cut')::text, '2031-05-05T09:00:00Z', 'FREQ=WEEKLY;COUNT=3')"
)
OWNER = "select tests.act_as('owner')"
PRESENT = "select tests.at('2031-05-05 09:05Z')"

# What happens before, what is pressed, and how many entries of the history it adds.
PRESSED = {
    "confirm": (HOLD, f"select public.confirm_booking({BOOKING})", 1),
    "cancel": (BOOK, f"select public.cancel_booking({BOOKING})", 1),
    "cancel one service": (
        BOOK_TWO,
        f"select public.cancel_booking_item({BOOKING}, {ITEM})",
        2,  # the service, and the later start
    ),
    "check in": (BOOK, f"{PRESENT}; {OWNER}; select public.check_in_booking({BOOKING})", 1),
    "complete": (BOOK, f"{PRESENT}; {OWNER}; select public.complete_booking({BOOKING})", 1),
    "no-show": (BOOK, f"{PRESENT}; {OWNER}; select public.mark_no_show({BOOKING})", 1),
    "move": (BOOK, f"select public.reschedule_booking({BOOKING}, '2031-05-05T12:00:00Z')", 1),
    "move to somebody else": (
        BOOK,
        f"select public.reschedule_booking({BOOKING}, '2031-05-05T12:00:00Z', "
        "tests.id('Ben')::text)",
        2,  # the time, and who provides it
    ),
    "reassign": (
        BOOK,
        f"{OWNER}; select public.reassign_booking({BOOKING}, tests.id('Ben')::text)",
        1,
    ),
    "move a series": (
        BOOK_SERIES,
        f"select public.reschedule_series({SERIES}, '2031-05-05T12:00:00Z')",
        3,
    ),
    "cancel a series": (BOOK_SERIES, f"select public.cancel_series({SERIES})", 3),
}


@pytest.mark.parametrize("act", PRESSED)
def test_a_step_that_is_asked_for_eight_times_is_taken_once(shop: Database, act: str) -> None:
    before, press, entries = PRESSED[act]
    shop.connection.execute("select tests.takes('Cut', 'Ben')")
    assert answer(shop, before) == "ok"
    steps = "select count(*) from scheduling.booking_history"
    ((count,),) = shop.rows(steps)
    assert together(8, lambda _n: answer(shop, press)) == {"ok": 8}
    assert shop.rows(steps) == [(int(str(count)) + entries,)]
