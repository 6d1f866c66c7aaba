"""What the database sends: to those who may read it then, and again to those who come back."""

from __future__ import annotations

import time

from tests.contract.conftest import Town
from tests.contract.realtime.conftest import Live, Raw, events


def test_a_message_of_the_database_reaches_its_topic(live: Live, raw: Raw) -> None:
    topic = f"{live.name}:read"
    assert raw.join(topic, live.token(), private=True)["status"] == "ok"
    live.send(topic, "news", {"n": 1})
    got = raw.until("broadcast")["payload"]
    assert (got["event"], got["payload"]["n"]) == ("news", 1)
    assert got["meta"] == {"id": got["payload"]["id"]}


def test_stored_messages_are_replayed_once(live: Live) -> None:
    topic = f"{live.name}:read"
    since = int(time.time() * 1000)
    for n in range(4):
        live.send(topic, "old", {"since": since, "n": n})
    with live.socket() as raw:
        replay = {"since": since, "limit": 3}
        answer = raw.join(topic, live.token(), private=True, broadcast={"replay": replay})
        assert answer["status"] == "ok"
        got = [raw.until("broadcast")["payload"] for _ in range(3)]
        assert [one["payload"]["n"] for one in got] == [1, 2, 3]
        assert [one["meta"] for one in got] == [
            {"replayed": True, "id": one["payload"]["id"]} for one in got
        ]
        live.send(topic, "new", {"n": 4})
        assert raw.until("broadcast")["payload"]["payload"]["n"] == 4


def test_a_member_who_is_removed_gets_nothing_from_the_next_message_on(
    live: Live, town: Town
) -> None:
    topic = f"business:{town.ids['salon']}"
    user_id = town.new("leaver", "auth.users", email=f"leaver-{time.time_ns()}@town.example")
    town.new(
        "leaver_member",
        "business.business_members",
        business_id=town.ids["salon"],
        user_id=user_id,
        role="manager",
        display_name="Leaver",
    )
    with live.socket() as owner, live.socket() as leaver:
        assert (
            owner.join(topic, live.stack.token(town.ids["owner"]), private=True)["status"] == "ok"
        )
        assert leaver.join(topic, live.stack.token(user_id), private=True)["status"] == "ok"
        live.send(topic, "first", {})
        assert leaver.until("broadcast")["payload"]["event"] == "first"
        town.run("delete from business.business_members where user_id = %s", user_id)
        live.send(topic, "second", {})
        told = leaver.read()
        assert told["event"] == "system", told
        assert told["payload"]["message"].startswith("You no longer have permission to read")
        assert leaver.read()["event"] == "phx_close"
        assert [owner.until("broadcast")["payload"]["event"] for _ in range(2)] == [
            "first",
            "second",
        ]


def test_a_stream_that_comes_back_misses_nothing(live: Live) -> None:
    given = {"topic": f"{live.name}:read", "private": "true", "access_token": live.token()}
    with events(live, **given) as stream:
        next(stream)
        live.send(given["topic"], "seen", {"n": 1})
        at, _, data = next(stream)
        assert data["payload"]["n"] == 1
    for n in (2, 3):
        live.send(given["topic"], "missed", {"n": n})
    with events(live, after=at, **given) as stream:
        next(stream)
        assert [next(stream)[2]["payload"]["n"] for _ in range(2)] == [2, 3]
        live.send(given["topic"], "now", {"n": 4})
        assert next(stream)[2]["payload"]["n"] == 4
