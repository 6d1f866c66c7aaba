"""Invitations in mails: what Google and Outlook need to add, move and remove an appointment.

Source: RFC 5546, 3.2.2 and 3.2.5.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from icalendar import Calendar, Event

from tests.harness.database import Database
from tests.workers.calendars.salon import Salon, salon
from workers.actors import calendar
from workers.calendars.entries import Entry, feed

SENDER, CUSTOMER = "bookings@example.com", "carl@example.com"
DATA: dict[str, Any] = {
    "booking_id": "00000000-0000-4000-8000-000000000001",
    "sequence": 1,
    "starts_at": "2031-03-10T08:00:00+00:00",
    "ends_at": "2031-03-10T09:00:00+00:00",
    "service_names": "Cut",
    "business_name": "Salon",
    "customer_name": "Carl",
    "reference": "ABCD2345",
    "address": "1 High Street",
}
STEPS = {
    "booking.confirmed": "select public.book(tests.id('Cut')::text, '2031-03-10T08:00:00Z')",
    "booking.moved": """
        select public.reschedule_booking(id::text, '2031-03-10T12:00:00Z') from public.bookings
    """,
    "booking.cancelled": "select public.cancel_booking(id::text) from public.bookings",
}


@pytest.fixture
def ann(db: Database) -> Iterator[Salon]:
    with salon(db) as opened:
        yield opened


def invitation(event: str, **changes: object) -> tuple[str, Event]:
    """The method and the event of a mail."""
    made = calendar.entry(event, {**DATA, **changes}, sender=SENDER, recipient=CUSTOMER)
    assert made is not None
    read = Calendar.from_ical(made.content)
    (found,) = read.events
    assert made.content_type == f"text/calendar; method={read['method']}"
    return str(read["method"]), found


@pytest.mark.parametrize(
    ("event", "method", "status"),
    [
        ("booking.confirmed", "REQUEST", "CONFIRMED"),
        ("booking.moved", "REQUEST", "CONFIRMED"),
        ("booking.item_cancelled", "REQUEST", "CONFIRMED"),
        ("reminder.day", "REQUEST", "CONFIRMED"),
        ("booking.cancelled", "CANCEL", "CANCELLED"),
    ],
)
def test_it_says_who_invites_whom_and_what_to_do(event: str, method: str, status: str) -> None:
    done, entry = invitation(event, business_email=None)
    assert (done, entry["status"]) == (method, status)
    assert entry["organizer"] == f"mailto:{SENDER}"
    assert entry["organizer"].params["CN"] == "Salon"
    assert entry["attendee"] == f"mailto:{CUSTOMER}"
    assert entry["attendee"].params["PARTSTAT"] == "ACCEPTED"
    assert {"uid", "sequence", "dtstamp", "dtstart", "dtend"} <= {key.lower() for key in entry}


def test_other_mails_carry_no_invitation() -> None:
    for event in ("booking.requested", "booking.rejected", "reminder.hour", "offer.made"):
        assert calendar.entry(event, DATA, sender=SENDER, recipient=CUSTOMER) is None


def test_each_step_changes_the_entry_that_the_first_has_made(ann: Salon) -> None:
    entries = []
    for event, step in STEPS.items():
        with ann.db.connection.transaction():
            ann.db.connection.execute("select tests.act_as('customer')")
            ann.db.connection.execute(step)
            ann.db.connection.execute("select tests.act_as_owner()")
        ((data,),) = ann.db.rows(
            "select data from scheduling.booking_data(array("
            "select row(1, id, '{}')::private.subject_message from scheduling.bookings))"
        )
        entries.append(invitation(event, **data)[1])
    assert len({(entry["uid"], entry["organizer"], entry["attendee"]) for entry in entries}) == 1
    sequences = [int(entry["sequence"]) for entry in entries]
    assert sequences == sorted(set(sequences))
    assert [entry.start.hour for entry in entries] == [8, 12, 12]


@pytest.mark.parametrize(
    "words",
    ["a\x00b", "a\x1b[1mb", 'Bob "the" cut', "a\r\nATTENDEE:mailto:x", "a\rb", "a\x85\u2028b"],
)
def test_no_text_of_people_breaks_an_invitation_or_a_feed(words: str) -> None:
    _, entry = invitation(
        "booking.confirmed",
        business_name=words,
        customer_name=words,
        service_names=words,
        reference=words,
        address=words,
    )
    assert entry["attendee"] == f"mailto:{CUSTOMER}"
    hour = datetime.datetime(2031, 3, 10, 8, tzinfo=datetime.UTC)
    shown = Entry("1", 0, "confirmed", hour, hour, hour, words, words, words)
    written = feed(words, [shown]).decode()
    assert len(Calendar.from_ical(written).events) == 1
    lines = written.split("\r\n")
    assert not any(letter < " " and letter != "\t" for line in lines for letter in line)
