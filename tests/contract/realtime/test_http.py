"""Broadcasts over HTTP, and server-sent events."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.contract.realtime.conftest import Live, Raw, events

MANY = "/realtime/v1/api/broadcast"


@pytest.fixture
def client(live: Live) -> Iterator[httpx.Client]:
    with live.stack.client() as found:
        yield found


def test_several_messages_reach_their_topics_and_private_ones_only_by_right(
    live: Live, raw: Raw, client: httpx.Client
) -> None:
    topic = f"{live.name}:write"
    raw.join(topic, live.token(), private=True)
    messages = [
        {"topic": topic, "event": "a", "payload": {"by": "anon"}, "private": True},
        {"topic": topic, "event": "b", "payload": {"by": "public"}},
    ]
    assert client.post(MANY, json={"messages": messages}).status_code == 202
    messages[0]["payload"] = {"by": "ada"}
    user = {"Authorization": f"Bearer {live.token()}"}
    answer = client.post(MANY, json={"messages": messages}, headers=user)
    assert (answer.status_code, answer.content) == (202, b"")
    assert raw.until("broadcast")["payload"]["payload"] == {"by": "ada"}


def test_wrong_bodies_are_refused_message_by_message(client: httpx.Client) -> None:
    blank = ["can't be blank"]
    right = {"topic": "t", "event": "e", "payload": {}}
    answer = client.post(MANY, json={"messages": [right, {"topic": "", "payload": 1}]})
    assert answer.status_code == 422
    assert answer.json() == {"errors": {"messages": [{}, {"topic": blank, "event": blank}]}}
    odd = client.post(MANY, json={"messages": [{**right, "topic": "\0"}]})
    assert odd.json() == {"errors": {"messages": [{"topic": ["is invalid"]}]}}
    assert client.post(f"{MANY}/%00/events/e", json={}).status_code in (400, 422)
    assert client.post(MANY, json={}).json() == {"errors": {"messages": blank}}
    for content in (b"{", b'{"messages": NaN}', b"\xff"):
        assert client.post(MANY, content=content).status_code == 400
    wrong = client.post(MANY, json={}, headers={"Authorization": "Bearer wrong"})
    assert wrong.status_code == 401
    assert wrong.json() == {"error": "The token provided is not a valid JWT"}


def test_a_page_of_another_origin_may_broadcast(client: httpx.Client) -> None:
    page = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    asked = client.options(MANY, headers={**page, "Access-Control-Request-Headers": "apikey"})
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == "*"


def test_a_stream_has_the_broadcasts_of_a_topic(live: Live, client: httpx.Client) -> None:
    room = f"stream-{time.time_ns()}"
    with events(live, topic=room) as stream:
        assert next(stream)[0]
        client.post(f"{MANY}/{room}/events/news", json={"n": "é"})
        client.post(
            f"{MANY}/{room}/events/news",
            content=b"\x00",
            headers={"Content-Type": "application/octet-stream"},
        )
        client.post(f"{MANY}/{room}/events/last", json=[1])
        assert next(stream)[1:] == ("broadcast", {"event": "news", "payload": {"n": "é"}})
        assert next(stream)[2] == {"event": "last", "payload": [1]}


def test_a_stream_ends_in_words_when_its_token_runs_out(live: Live) -> None:
    token = live.token(seconds=3)
    with events(live, topic=f"{live.name}:read", private="true", access_token=token) as stream:
        *_, last = stream
    assert last[1] == "system"
    assert last[2]["message"].startswith("Token has expired")


def test_a_stream_is_refused_in_words(live: Live, client: httpx.Client) -> None:
    answer = client.get(
        "/realtime/v1/sse", params={"topic": f"{live.name}:read", "private": "true"}
    )
    assert answer.status_code == 401
    assert "You do not have permissions to read" in answer.json()["error"]
    for query in ({}, {"postgres_changes": "{}"}, {"postgres_changes": "["}):
        assert client.get("/realtime/v1/sse", params=query).status_code == 400
