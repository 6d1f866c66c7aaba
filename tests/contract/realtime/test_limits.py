"""What one client may do: beyond it, it is told and ended; the others notice nothing."""

from __future__ import annotations

import contextlib
import socket
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.contract.realtime.conftest import Live, Raw, edge
from tests.harness.waiting import wait_until

LARGE = "x" * 200_000


@dataclass
class Small:
    """An edge with small limits."""

    live: Live
    url: str

    @property
    def socket_url(self) -> str:
        """The address of its sockets."""
        return f"{self.url.replace('http', 'ws', 1)}/websocket"

    def socket(self) -> contextlib.AbstractContextManager[Raw]:
        """A raw socket."""
        return self.live.socket(url=self.socket_url)

    def send(self, topic: str, payload: object, *, key: str | None = None) -> httpx.Response:
        """Broadcast over HTTP, as the operator unless said otherwise."""
        token = key or self.live.stack.endpoints.service_role_key
        messages = [{"topic": topic, "event": "x", "payload": payload}]
        return httpx.post(
            f"{self.url}/api/broadcast",
            json={"messages": messages},
            headers={"Authorization": f"Bearer {token}"},
        )


@pytest.fixture(scope="module")
def small(live: Live) -> Iterator[Small]:
    """The edge."""
    with edge(
        live,
        max_connections=3,
        max_channels_per_connection=2,
        max_messages_per_second=5,
        max_presence_calls=2,
        max_payload_kib=250,
        max_unsent_kib=250,
        recheck_seconds=1,
    ) as url:
        yield Small(live, url)


@pytest.fixture
def room() -> str:
    return f"room-{uuid.uuid4().hex[:8]}"


def test_no_more_sockets_than_the_limit(small: Small) -> None:
    with contextlib.ExitStack() as opened:

        def is_full() -> bool:
            try:
                opened.enter_context(small.socket())
            except InvalidStatus as refusal:
                assert refusal.response.status_code == 429
                assert refusal.response.body == b'{"error":"Too many connected users"}'
                return True
            return False

        wait_until(is_full)


def test_no_more_channels_than_the_limit(small: Small, room: str) -> None:
    with small.socket() as raw:
        for name in "ab":
            assert raw.join(f"{room}-{name}")["status"] == "ok"
        answer = raw.join(f"{room}-c")
        assert answer["response"]["reason"] == "ChannelRateLimitReached: Too many channels"
        assert raw.join(f"{room}-a")["status"] == "ok", "another join of the same topic is free"
        assert raw.reply(f"{room}-b", "phx_leave", {})["status"] == "ok"
        assert raw.join(f"{room}-c")["status"] == "ok"


def test_who_sends_too_much_at_once_is_told_and_the_channel_ends(small: Small, room: str) -> None:
    with small.socket() as raw:
        raw.join(room)
        for _ in range(50):
            raw.send(room, "broadcast", {"type": "broadcast", "event": "x", "payload": {}})
        told = raw.until("system")["payload"]
        assert (told["status"], told["message"]) == ("error", "Too many messages per second")
        assert raw.read()["event"] == "phx_close"


def test_presence_has_a_limit_of_its_own(small: Small, room: str) -> None:
    with small.socket() as raw:
        raw.join(room)
        for n in range(2):
            sent = {"type": "presence", "event": "track", "payload": {"n": n}}
            assert raw.reply(room, "presence", sent)["status"] == "ok"
        raw.send(room, "presence", {"type": "presence", "event": "untrack"})
        told = raw.until("system")["payload"]
        assert told["message"] == "Client presence rate limit exceeded"
        assert raw.read()["event"] == "phx_close"


def test_what_is_tracked_is_small(small: Small, room: str) -> None:
    with small.socket() as raw:
        raw.join(room)
        sent = {"type": "presence", "event": "track", "payload": {"text": LARGE}}
        raw.send(room, "presence", sent)
        assert raw.until("system")["payload"]["message"] == "Track message size exceeded"


def test_a_payload_that_is_too_large_goes_nowhere(small: Small, room: str) -> None:
    with small.socket() as raw:
        raw.join(room, broadcast={"ack": True, "self": True})
        sent = {"type": "broadcast", "event": "x", "payload": LARGE * 2}
        answer = raw.reply(room, "broadcast", sent)
        assert answer == {"status": "error", "response": {"reason": "payload_size_exceeded"}}
    assert small.send(room, LARGE * 2).status_code == 413


def test_over_http_the_operator_alone_has_no_rate(small: Small, room: str) -> None:
    anon = small.live.stack.endpoints.anon_key
    wait_until(lambda: small.send(room, {}, key=anon).status_code == 429)
    assert all(small.send(room, {}).status_code == 202 for _ in range(20))


def test_a_client_that_does_not_read_is_ended_and_the_others_get_all(
    small: Small, room: str
) -> None:
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.connect(("127.0.0.1", httpx.URL(small.url).port))
    key = small.live.stack.endpoints.anon_key
    with connect(f"{small.socket_url}?apikey={key}", sock=plain, max_queue=1) as connection:
        slow = Raw(connection)
        assert slow.join(room)["status"] == "ok"
        with small.socket() as quick:
            assert quick.join(room)["status"] == "ok"
            for n in range(60):
                assert small.send(room, {"n": n, "text": LARGE}).status_code == 202
                assert quick.until("broadcast")["payload"]["payload"]["n"] == n
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                slow.read()
    # Whoever does not read within five seconds is cut off, and learns no reason.
    if closed.value.rcvd:
        assert closed.value.rcvd.code == 1013
        assert closed.value.rcvd.reason == "The client reads too slowly; connect again."


def test_who_loses_the_permission_is_told_and_the_channel_ends(small: Small) -> None:
    name = f"lost{time.time_ns()}"
    with small.live.database() as connection, small.socket() as raw:
        connection.execute(
            f"create policy {name} on realtime.messages for select to authenticated"
            f" using ((select realtime.topic()) = '{name}')".encode()
        )
        try:
            assert raw.join(name, small.live.token(), private=True)["status"] == "ok"
        finally:
            connection.execute(f"drop policy {name} on realtime.messages".encode())
        told = raw.until("system")["payload"]
        assert told["status"] == "error"
        assert f"to read from this Channel topic: {name}" in told["message"]
        assert raw.read()["event"] == "phx_close"
