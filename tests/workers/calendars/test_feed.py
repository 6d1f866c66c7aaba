"""A calendar program subscribes to bookings, through the gateway, as calendar programs do."""

from __future__ import annotations

import datetime
import os
import signal
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from icalendar import Calendar, Event

from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack
from workers.actors import calendar


@pytest.fixture(scope="module")
def town(stack: RunningStack) -> Town:
    """People of this module's own."""
    return built(stack)


def rpc(town: Town, person: str, function: str, **arguments: Any) -> Any:
    with town.client(person) as client:
        answer = client.post(f"/rpc/{function}", json=arguments)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def booked(town: Town, *, days: int, hour: int = 0) -> dict[str, Any]:
    """A booking of the customer so many days ahead, at the so-many-th start of that day."""
    day = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=days)
    slots = rpc(
        town,
        "customer",
        "available_slots",
        service_id=town.ids["salon_service"],
        from_at=f"{day}T00:00:00Z",
        to_at=f"{day + datetime.timedelta(days=1)}T00:00:00Z",
    )
    made: dict[str, Any] = rpc(
        town,
        "customer",
        "book",
        service_id=town.ids["salon_service"],
        starts_at=slots[hour]["starts_at"],
    )
    return made


def fed(town: Town, person: str, **of: str) -> dict[str, str]:
    """A new feed of somebody: the one that they had is ended."""
    with town.client(person) as client:
        for feed in client.get(f"/calendar_feeds?user_id=eq.{town.ids[person]}").json():
            client.post("/rpc/delete_calendar_feed", json={"feed_id": feed["id"]})
    made: dict[str, str] = rpc(town, person, "create_calendar_feed", **of)
    return made


def read(town: Town, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    """As a program without keys or tokens."""
    with town.stack.client(key="") as client:
        return client.request(method, path, headers=headers)


def events(answer: httpx.Response) -> Mapping[str, Event]:
    assert answer.status_code == 200, answer.text
    return {str(event["uid"]): event for event in Calendar.from_ical(answer.content).events}


def test_a_program_reads_the_bookings(town: Town) -> None:
    booking = booked(town, days=3)
    feed = fed(town, "customer")
    answer = read(town, feed["path"])
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"].startswith("private")
    event = events(answer)[f"{booking['id']}@frontdesk"]
    assert event.start == datetime.datetime.fromisoformat(booking["starts_at"])
    assert event.end == datetime.datetime.fromisoformat(booking["ends_at"])
    assert (event["summary"], event["status"]) == ("Cut · salon", "CONFIRMED")
    assert b"X-WR-CALNAME:Bookings\r\n" in answer.content
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT15M\r\n" in answer.content


def test_the_mail_s_entry_and_the_feed_s_are_one(town: Town) -> None:
    booking = booked(town, days=4)
    with psycopg.connect(town.stack.endpoints.db_url) as connection:
        ((data,),) = connection.execute(
            "select data from scheduling.booking_data("
            "array[row(1, %s, '{}')::private.subject_message])",
            (booking["id"],),
        ).fetchall()
    mailed = calendar.entry(
        "booking.confirmed", data, sender="mail@example.com", recipient="a@example.com"
    )
    assert mailed is not None
    (in_mail,) = Calendar.from_ical(mailed.content).events
    in_feed = events(read(town, fed(town, "customer")["path"]))[str(in_mail["uid"])]
    assert all(
        in_feed[key] == in_mail[key] for key in ("sequence", "summary", "description", "status")
    )
    assert (in_feed.start, in_feed.end) == (in_mail.start, in_mail.end)


def test_moves_and_cancellations_reach_the_program(town: Town) -> None:
    booking = booked(town, days=5)
    path = fed(town, "staff", resource_id=town.ids["salon_resource"])["path"]
    uid = f"{booking['id']}@frontdesk"
    first = events(read(town, path))[uid]
    later = datetime.datetime.fromisoformat(booking["starts_at"]) + datetime.timedelta(hours=2)
    rpc(
        town,
        "customer",
        "reschedule_booking",
        booking_id=booking["id"],
        starts_at=later.isoformat(),
    )
    moved = events(read(town, path))[uid]
    assert moved.start == later and moved["sequence"] > first["sequence"]
    rpc(town, "customer", "cancel_booking", booking_id=booking["id"])
    ended = events(read(town, path))[uid]
    assert ended["status"] == "CANCELLED" and ended["sequence"] > moved["sequence"]


def test_an_unchanged_feed_is_not_sent_again(town: Town) -> None:
    path = fed(town, "owner", business_id=town.ids["salon"])["path"]
    first = read(town, path)
    tag = first.headers["ETag"]
    assert read(town, path).content == first.content
    for known in (tag, f'W/"other", W/{tag}', "*"):
        again = read(town, path, **{"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    head = read(town, path, "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(first.content))
    booked(town, days=6)
    changed = read(town, path, **{"If-None-Match": tag})
    assert changed.status_code == 200 and changed.headers["ETag"] != tag


def test_only_the_token_of_now_opens_it(town: Town) -> None:
    feed = fed(town, "manager", business_id=town.ids["salon"])
    new = rpc(town, "manager", "rotate_calendar_feed", feed_id=feed["feed_id"])
    assert read(town, new["path"]).status_code == 200
    prefix = "/functions/v1/calendar/"
    for path in (
        feed["path"],
        f"{prefix}{'0' * 64}.ics",
        f"{prefix}{new['token']}",
        f"{prefix}{new['token'].upper()}.ics",
        f"{prefix}%01.ics",
        f"{prefix}{'a' * 5000}.ics",
        f"{prefix}' or 1=1 --.ics",
    ):
        answer = read(town, path)
        assert answer.status_code in (404, 501), path
        assert answer.json()["details"] in ("not_found", "not_offered")
    rpc(town, "owner", "remove_member", member_id=town.ids["manager_member"])
    assert read(town, new["path"]).status_code == 404


def test_a_secret_address_is_in_no_log_even_if_the_edge_dies(tmp_path: Path) -> None:
    token = uuid.uuid4().hex * 2
    paths = (f"/functions/v1/calendar/{token}.ics", f"/functions/v1/unsubscribe?token={token}")
    with (
        RunningStack.start(tmp_path / "state", "--no-workers") as own,
        own.client(key="") as client,
        ThreadPoolExecutor() as others,
        own.left_alone(),
    ):
        edge = own.pid("edge")
        assert edge is not None
        os.kill(edge, signal.SIGSTOP)
        asked = [others.submit(client.get, path) for path in paths]
        time.sleep(0.5)
        os.kill(edge, signal.SIGKILL)
        assert [answer.result().status_code for answer in asked] == [503, 503]
        logs = "".join(log.read_text() for log in (own.state.path / "logs").iterdir())
    assert logs and token not in logs
