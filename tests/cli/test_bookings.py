"""Bookings on the command line: listed, shown, cancelled, moved, and drawn."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest

from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack

REFERENCE = re.compile(r"\b[2-9A-HJKMNP-Z]{8}\b")
CUSTOMER = re.compile(r"customer-\w{6}@town\.example")


@pytest.fixture
def town(stack: RunningStack) -> Town:
    """A town of its own, with one booking on Monday the 5th of May 2031 at 11 o'clock."""
    return built(stack)


def slug(town: Town) -> str:
    ((found,),) = town.run("select slug from business.businesses where id = %s", town.ids["salon"])
    return str(found)


def reference(town: Town) -> str:
    ((found,),) = town.run(
        "select reference from scheduling.bookings where id = %s", town.ids["booking"]
    )
    return str(found)


def email(town: Town, person: str) -> str:
    ((found,),) = town.run("select email from auth.users where id = %s", town.ids[person])
    return str(found)


def listed(town: Town, *arguments: str) -> list[dict[str, Any]]:
    done = town.stack.cli("bookings", "list", "--business", slug(town), *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def shown(town: Town) -> dict[str, Any]:
    done = town.stack.cli("bookings", "show", reference(town), "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def drawn(town: Town, *arguments: str) -> str:
    """The calendar, with every reference the same and no blanks at the ends of lines."""
    done = town.stack.cli("bookings", "calendar", "--business", slug(town), *arguments)
    assert done.returncode == 0, done.stderr
    text = CUSTOMER.sub("customer-000000@town.example", REFERENCE.sub("REFERENC", done.stdout))
    lines = (line.rstrip() for line in text.split("\n"))
    return "".join(f"{line}\n" for line in lines if line.strip(" │╷╵╶╴─┼"))


def book(town: Town, starts_at: str) -> None:
    response = town.client("customer").post(
        "/rpc/book", json={"service_id": town.ids["salon_service"], "starts_at": starts_at}
    )
    assert response.status_code == 200, response.text


def test_bookings_are_listed_by_business_day_state_and_customer(town: Town) -> None:
    (row,) = listed(town)
    assert row["reference"] == reference(town)
    assert (row["local"], row["time_zone"]) == ("Mon 2031-05-05 11:00", "Europe/Berlin")
    assert (row["services"], row["status"], row["total_minor"]) == ("Cut", "confirmed", 3000)
    customer = row["customer"]
    book(town, "2031-05-05T19:30:00+02:00")
    assert [one["local"][-5:] for one in listed(town)] == ["19:30", "11:00"]
    assert len(listed(town, "--day", "2031-05-05")) == 2
    assert listed(town, "--day", "2031-05-06") == []
    assert listed(town, "--status", "cancelled") == []
    assert len(listed(town, "--customer", customer.upper())) == 2
    assert listed(town, "--customer", "nobody@example.com") == []
    assert len(listed(town, "--limit", "1")) == 1
    table = town.stack.cli("bookings", "list", "--business", slug(town), "--csv").stdout
    assert {one["reference"] for one in csv.DictReader(io.StringIO(table))} >= {reference(town)}


def test_a_day_is_one_of_the_business(town: Town) -> None:
    town.run(
        "update business.businesses set time_zone = 'Pacific/Auckland' where id = %s",
        town.ids["salon"],
    )
    town.run(
        "update catalog.working_hours set opens_at = '00:00', closes_at = '24:00'"
        " where business_id = %s",
        town.ids["salon"],
    )
    book(town, "2031-05-07T12:00:00Z")
    (row,) = listed(town, "--day", "2031-05-08")
    assert row["local"] == "Thu 2031-05-08 00:00"
    assert listed(town, "--day", "2031-05-07") == []


def test_cancelling_asks_tells_the_database_and_is_remembered(town: Town) -> None:
    unasked = town.stack.cli("bookings", "cancel", reference(town))
    assert unasked.returncode == 1
    assert shown(town)["status"] == "confirmed"
    done = town.stack.cli(
        *("bookings", "cancel", reference(town).lower(), "--reason", "Water damage"),
        *("--as", email(town, "owner"), "--yes"),
    )
    assert done.returncode == 0, done.stderr
    found = shown(town)
    assert (found["status"], found["status_reason"]) == ("cancelled", "Water damage")
    last = found["history"][-1]
    assert (last["by"], last["user"]) == ("business", email(town, "owner"))
    assert last["reason"] == "Water damage"


def test_moving_keeps_the_reference_and_names_who_gives_it(town: Town) -> None:
    town.new("bea", "catalog.resources", business_id=town.ids["salon"], kind="staff", name="Bea")
    town.run(
        "insert into catalog.service_resources (business_id, service_id, resource_id)"
        " values (%s, %s, %s)",
        *(town.ids[name] for name in ("salon", "salon_service", "bea")),
    )
    done = town.stack.cli(
        *("bookings", "move", reference(town), "--to", "2031-05-06T10:00:00+02:00"),
        *("--resource", "bea", "--yes"),
    )
    assert done.returncode == 0, done.stderr
    assert "Tue 2031-05-06 10:00" in done.stderr
    found = shown(town)
    assert [item["with"] for item in found["items"]] == ["Bea"]
    assert found["history"][-1]["by"] == "system"


def test_impossible_commands_on_bookings_are_refused_in_the_words_of_the_database(
    town: Town,
) -> None:
    for arguments, sentence, step in (
        (("show", "AAAAAAAA"), "There is no booking AAAAAAAA.", "bookings list"),
        (("cancel", "AAAAAAAA", "--yes"), "There is no booking AAAAAAAA.", "bookings list"),
        (("list", "--business", "nowhere"), "There is no business nowhere.", "slug"),
        (
            ("list", "--business", f"{slug(town)}x"),
            "There is no business",
            f"Did you mean its slug {slug(town)}?",
        ),
        (
            ("move", reference(town), "--to", "tomorrow"),
            "--to must be an ISO 8601 instant with an offset",
            "Correct it",
        ),
        (("cancel", reference(town)), "Nothing was changed.", "--yes"),
        (
            ("move", reference(town), "--to", "2031-05-06T10:00:00", "--yes"),
            "--to must be an ISO 8601 instant with an offset",
            "Correct it",
        ),
        (
            ("move", reference(town), "--to", "2031-05-06T03:00:00Z", "--yes"),
            "This service cannot start at that time.",
            "Ask for slots",
        ),
        (
            ("move", reference(town), "--to", "2031-05-06T10:00:00Z", "--resource", "X", "--yes"),
            "The business has no resource X.",
            "Give the id",
        ),
        (
            ("cancel", reference(town), "--as", "nobody@example.com", "--yes"),
            "There is no user nobody@example.com.",
            "users create",
        ),
    ):
        done = town.stack.cli("bookings", *arguments)
        assert done.returncode == 1, arguments
        assert sentence in done.stderr
        assert step in done.stderr
        assert done.stdout == ""


def bea(town: Town) -> None:
    """A colleague of Ann, who works in the night to Sunday from one to half past three."""
    town.new("bea", "catalog.resources", business_id=town.ids["salon"], kind="staff", name="Bea Y.")
    town.run(
        "insert into catalog.working_hours (business_id, resource_id, weekday, opens_at, closes_at)"
        " values (%s, %s, 7, '01:00', '03:30')",
        town.ids["salon"],
        town.ids["bea"],
    )


def at_night(town: Town) -> None:
    """Haircuts of three quarters of an hour from midnight to half past four, with a buffer."""
    town.run(
        "update catalog.services set name = 'Haircut', duration_minutes = 45,"
        " buffer_after_minutes = 30 where id = %s",
        town.ids["salon_service"],
    )
    town.run(
        "update catalog.working_hours set opens_at = '00:00', closes_at = '04:30'"
        " where business_id = %s",
        town.ids["salon"],
    )
    bea(town)


SPRING = """\
salon, Europe/Berlin, Sunday 2031-03-30
              │ Ann                          │ Bea Y.
 00:00 +01:00 │ 00:15 REFERENC Haircut       │ ░
 00:30        │ customer-000000@town.example │ ░
 01:00        │ ┊                            │
 01:30        │                              │
 03:00 +02:00 │ REFERENC Haircut             │
 03:30        │ customer-000000@town.example │ ░
 04:00        │ ┊                            │ ░
"""
AUTUMN = """\
salon, Europe/Berlin, Sunday 2031-10-26
              │ Ann                          │ Bea Y.
 00:00 +02:00 │                              │ ░
 00:30        │                              │ ░
 01:00        │                              │
 01:30        │                              │
 02:00        │                              │
 02:30        │ REFERENC Haircut             │
 02:00 +01:00 │ customer-000000@town.example │
 02:30        │ ┊                            │
 03:00        │ REFERENC Haircut             │
 03:30        │ customer-000000@town.example │ ░
 04:00        │ ┊                            │ ░
"""
WEEK = """\
salon, Europe/Berlin, week of 2031-10-20
             │ Mon 10-20 │ Tue 10-21 │ Wed 10-22 │ Thu 10-23 │ Fri 10-24 │ Sat 10-25 │ Sun 10-26
 00:00       │           │           │           │           │           │           │
 00:30       │           │           │           │           │           │           │
 01:00       │           │           │           │           │           │           │
 01:30       │           │           │           │           │           │           │
 02:00       │           │           │           │           │           │           │
 02:30       │           │           │           │           │           │           │ Ann REFERENC
 02:00 again │ ░         │ ░         │ ░         │ ░         │ ░         │ ░         │ Ann │
 02:30 again │ ░         │ ░         │ ░         │ ░         │ ░         │ ░         │
 03:00       │           │           │           │           │           │           │ Ann REFERENC
 03:30       │           │           │           │           │           │           │ Ann │
 04:00       │           │           │           │           │           │           │
"""


def test_a_night_of_23_hours_is_drawn(town: Town) -> None:
    at_night(town)
    for starts_at in ("2031-03-29T23:15:00Z", "2031-03-30T01:00:00Z"):
        book(town, starts_at)
    assert drawn(town, "--day", "2031-03-30") == SPRING


def test_a_night_of_25_hours_is_drawn(town: Town) -> None:
    at_night(town)
    for starts_at in ("2031-10-26T00:30:00Z", "2031-10-26T02:00:00Z"):
        book(town, starts_at)
    assert drawn(town, "--day", "2031-10-26") == AUTUMN
    assert drawn(town, "--day", "2031-10-24", "--week") == WEEK


def test_a_day_without_work_says_so(town: Town) -> None:
    town.run("delete from catalog.working_hours where business_id = %s", town.ids["salon"])
    assert "Nobody works then." in drawn(town, "--day", "2031-05-12")
    done = town.stack.cli(
        "bookings", "calendar", "--business", slug(town), "--day", "2031-05-05", "--json"
    )
    (day,) = json.loads(done.stdout)
    assert [item["reference"] for item in day["taken"]] == [reference(town)]
    assert len(day["halves"]) == 48
    assert day["halves"][0]["at"] == "2031-05-04T22:00:00+00:00"
    shown = json.loads(town.stack.cli("bookings", "show", reference(town), "--json").stdout)
    listed = json.loads(town.stack.cli("bookings", "list", "--json").stdout)
    instants = {
        day["taken"][0]["starts_at"],
        shown["starts_at"],
        shown["items"][0]["starts_at"],
        *(row["starts_at"] for row in listed if row["reference"] == reference(town)),
    }
    assert len(instants) == 1, "an instant has one form in every answer"
