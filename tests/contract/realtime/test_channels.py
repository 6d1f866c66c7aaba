"""What the protocol says and no client does by itself: refused joins, old clients, expiry."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import jwt
import pytest
from websockets.exceptions import ConnectionClosed

from tests.contract.realtime.conftest import DEADLINE, Live, Raw


def test_a_join_is_refused_in_realtimes_words(live: Live, raw: Raw) -> None:
    endpoints = live.stack.endpoints
    forged = jwt.encode({"role": "service_role", "exp": int(time.time()) + 60}, "x" * 32, "HS256")
    endless = jwt.encode({"role": "authenticated"}, endpoints.jwt_secret, "HS256")
    topic = f"{live.name}:none"
    reasons = {
        "no token": "MalformedJWT: The token provided is not a valid JWT",
        forged: "JwtSignatureError: Failed to validate JWT signature",
        endless: "InvalidJWTToken: Fields `role` and `exp` are required in JWT",
        live.token(): (
            f"Unauthorized: You do not have permissions to read from this Channel topic: {topic}"
        ),
    }
    for token, reason in reasons.items():
        answer = raw.join(topic, token, private=True)
        assert answer == {"status": "error", "response": {"reason": reason}}


@pytest.mark.parametrize(
    ("topic", "config", "reason"),
    [
        ("", {}, "TopicNameRequired: You must provide a topic name"),
        ("t" * 1001, {}, "InvalidTopic: A topic has at most 1000 characters"),
        ("room", {"x": "x" * 70_000}, "InvalidJoinPayload: The join is too large"),
        (
            "room",
            {"broadcast": {"replay": {"since": 0}}},
            "UnableToReplayMessages: Replay is not allowed for public channels",
        ),
        (
            "room",
            {"private": True, "broadcast": {"replay": {"since": 0, "limit": 26}}},
            "UnableToReplayMessages: Replay params are not valid",
        ),
    ],
)
def test_a_join_that_asks_for_too_much_is_refused(
    raw: Raw, topic: str, config: dict[str, Any], reason: str
) -> None:
    assert raw.join(topic, **config) == {"status": "error", "response": {"reason": reason}}


def test_a_message_on_a_topic_that_was_not_joined_is_unmatched(raw: Raw) -> None:
    unmatched = {"status": "error", "response": {"reason": "unmatched topic"}}
    assert raw.reply("nowhere", "broadcast", {"event": "x", "payload": {}}) == unmatched
    assert raw.reply("nowhere", "phx_leave", {}) == {"status": "ok", "response": {}}
    join = {"topic": "room", "event": "phx_join", "payload": {}, "ref": "x", "join_ref": "x"}
    raw.connection.send(json.dumps(join))
    assert raw.read()["payload"] == unmatched


def test_who_joins_twice_is_in_the_channel_once(raw: Raw) -> None:
    room = f"twice-{time.time_ns()}"
    first = raw.send(room, "phx_join", {"config": {"broadcast": {"self": True}}})
    assert raw.until("phx_reply")["payload"]["status"] == "ok"
    raw.send(room, "phx_join", {"config": {"broadcast": {"self": True}}})
    closed = raw.read()
    assert (closed["event"], closed["join_ref"]) == ("phx_close", first)
    assert raw.until("phx_reply")["payload"]["status"] == "ok"
    raw.send(room, "broadcast", {"type": "broadcast", "event": "x", "payload": {}})
    assert raw.read()["event"] == "broadcast"
    assert raw.reply(room, "phx_leave", {})["status"] == "ok", "it came once"
    assert raw.read()["event"] == "phx_close"


def test_switches_may_be_strings_and_unknown_messages_are_ignored(raw: Raw) -> None:
    room = f"strings-{time.time_ns()}"
    assert raw.join(room, broadcast={"self": "true", "ack": "false"})["status"] == "ok"
    raw.send(room, "no such event", {})
    raw.send(room, "broadcast", {"no": "event"})
    raw.send(room, "broadcast", {"type": "broadcast", "event": "x", "payload": [1, "é"]})
    got = raw.read()
    assert (got["event"], got["ref"]) == ("broadcast", None)
    assert got["payload"] == {"type": "broadcast", "event": "x", "payload": [1, "é"]}


def test_private_and_public_topics_of_one_name_are_two(live: Live, raw: Raw) -> None:
    topic = f"{live.name}:write"
    assert raw.join(topic, live.token(), private=True)["status"] == "ok"
    with live.socket() as public:
        assert public.join(topic, broadcast={"ack": True})["status"] == "ok"
        sent = {"type": "broadcast", "event": "public", "payload": {}}
        assert public.reply(topic, "broadcast", sent)["status"] == "ok"
    with live.socket() as private:
        assert private.join(topic, live.token(), private=True)["status"] == "ok"
        private.send(topic, "broadcast", {**sent, "event": "private"})
        assert raw.until("broadcast")["payload"]["event"] == "private"


def test_a_frame_that_is_no_message_closes_the_socket_in_words(raw: Raw) -> None:
    for text in ("[1, 2]", "{", '{"topic": 1, "event": "x"}'):
        with pytest.raises(ConnectionClosed) as closed:
            raw.connection.send(text)
            raw.connection.recv(timeout=DEADLINE)
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1007
        assert closed.value.rcvd.reason.startswith("The message cannot be read")
        return


def test_who_tracks_before_presence_is_switched_on_learns_who_is_there(
    live: Live, raw: Raw
) -> None:
    room = f"presence-{time.time_ns()}"
    assert raw.join(room)["status"] == "ok"
    sent = {"type": "presence", "event": "TRACK", "payload": {"n": 1}}
    with live.socket() as other:
        other.join(room, presence={"key": "other", "enabled": True})
        other.reply(room, "presence", sent)
        raw.send(room, "presence", sent)
        assert raw.until("phx_reply")["payload"]["status"] == "ok"
        assert "other" in raw.until("presence_state")["payload"]
    left = raw.until("presence_diff")["payload"]
    while "other" not in left["leaves"]:
        left = raw.until("presence_diff")["payload"]
    assert left["leaves"]["other"]["metas"][0]["n"] == 1, "a closed socket has left"


def test_the_metrics_count_who_listens(live: Live, raw: Raw) -> None:
    raw.join(f"counted-{time.time_ns()}")
    with live.stack.client() as client:
        text = client.get("/metrics").text
    for name in ("sockets", "channels"):
        (line,) = re.findall(rf"^frontdesk_realtime_{name} (\d+)$", text, re.MULTILINE)
        assert int(line) >= 1


def test_a_token_that_runs_out_ends_its_channel_in_words(live: Live, raw: Raw) -> None:
    topic = f"{live.name}:read"
    assert raw.join(topic, live.token(seconds=3), private=True)["status"] == "ok"
    told = raw.until("system")["payload"]
    assert (told["status"], told["channel"]) == ("error", topic)
    assert told["message"].startswith("Token has expired")
    assert raw.read()["event"] == "phx_close"
    assert raw.reply(topic, "broadcast", {"event": "x"})["status"] == "error"
