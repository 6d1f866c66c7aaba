"""Parts of Realtime by themselves: frames, serializers, presence, slow and silent sockets."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from websockets.frames import Frame, Opcode

from tests.workers.edge.conftest import StartEdge
from workers.edge.realtime import app, limits
from workers.edge.realtime.interfaces import Message
from workers.edge.realtime.presence import Roster
from workers.edge.realtime.protocol import Protocol
from workers.edge.realtime.serializers import (
    ARRAYS,
    OBJECTS,
    Broadcast,
    UnreadableError,
    decode,
    encode_broadcast,
)
from workers.edge.realtime.wire import dumps, frame


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
@pytest.mark.parametrize("is_text", [True, False])
def test_frames_are_those_of_the_library(size: int, is_text: bool) -> None:
    theirs = Frame(Opcode.TEXT if is_text else Opcode.BINARY, b"x" * size)
    assert frame(b"x" * size, is_text=is_text) == theirs.serialize(mask=False)


def test_json_keeps_what_utf_8_cannot_hold() -> None:
    assert json.loads(dumps("日本 \ud83d")) == "日本 \ud83d"


def test_a_binary_push_is_read_byte_by_byte() -> None:
    head = bytes([3, 1, 2, 4, 1, 0, 0])
    found = decode(ARRAYS, head + b"1" + b"23" + "té!".encode() + b"e" + b"\x00\xff")
    assert (found.join_ref, found.ref, found.topic) == ("1", "23", "té!")
    assert found.payload == Broadcast("e", b"\x00\xff", is_binary=True)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x04\x00\x00\x00\x00\x00\x00",
        b"\x03\x09\x00\x00\x00\x00\x01",
        b"\x03\x01\x00\x00\x00\x00\x01\xff{}",
        b"\x03\x00\x00\x00\x00\x00\x01NaN",
        "[1,2,3]",
        '[null,null,"t",1,{}]',
        '[null,null,"t\\u0000","e",{}]',
        '{"topic": "\\ud800", "event": "e"}',
        b"\x03\x00\x00\x01\x00\x00\x01\x00{}",
        "{}",
        "[" * 100_000,
    ],
)
def test_what_is_no_message_is_unreadable(data: str | bytes) -> None:
    for version in (OBJECTS, ARRAYS):
        with pytest.raises(UnreadableError):
            decode(version, data)


def test_names_too_long_for_a_binary_broadcast_travel_as_json() -> None:
    message = Message(topic="t", event="e" * 256, payload=b"{}", is_private=False)
    found = encode_broadcast(ARRAYS, "realtime:t", message, None)
    assert found
    assert found[0] == 0x81
    bytes_only = Message("t", "e", b"\x00", is_private=False, is_binary=True)
    assert encode_broadcast(OBJECTS, "realtime:t", bytes_only, None) is None


def test_presences_that_come_together_are_told_together() -> None:
    async def story() -> None:
        told: list[Any] = []
        roster = Roster(lambda diff: told.append(json.loads(diff)))
        first = roster.track("ada", {"n": 1})
        second = roster.track("ada", {"n": 2}, replaces=first)
        roster.untrack("bob", roster.track("bob", {}))
        roster.flush()
        (diff,) = told
        assert list(diff["joins"]) == ["ada"]
        (meta,) = diff["joins"]["ada"]["metas"]
        assert meta == {"n": 2, "phx_ref": second, "phx_ref_prev": first}
        assert diff["leaves"] == {}, "who came and went was never there"
        roster.untrack("ada", second)
        assert json.loads(roster.state()) == {}
        assert told[1]["leaves"]["ada"]["metas"] == [meta]

    asyncio.run(story())


def test_a_rate_permits_a_second_at_once_and_then_its_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    bucket, window = limits.Bucket(2), limits.Window(2, 30)
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    assert [window.take() for _ in range(3)] == [True, True, False]
    now[0] += 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    now[0] += 29
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    assert not window.take()
    now[0] += 1
    assert window.take()


def test_where_it_is_switched_off_the_edge_says_so(start_edge: StartEdge) -> None:
    client = start_edge("postgresql://edge@127.0.0.1:1/nowhere")
    for path in ("/realtime/v1", "/realtime/v1/api/broadcast"):
        answer = client.post(path, json={})
        assert (answer.status_code, answer.json()["details"]) == (501, "not_offered")


class Transport:
    """A connection whose client does not read."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return len(self.written)

    def is_closing(self) -> bool:
        return False


def test_a_socket_that_leaves_too_much_unread_is_closed_with_a_reason() -> None:
    cut: list[object] = []
    transport = Transport()
    wire: Any = Protocol.__new__(Protocol)
    wire.transport, wire.close_sent, wire.read_paused = transport, False, False
    wire.max_unsent = 1000
    wire.loop = SimpleNamespace(call_later=lambda seconds, _abort: cut.append(seconds))
    wire.queue = asyncio.Queue()
    sent: list[tuple[int, str]] = []
    wire.conn = SimpleNamespace(
        send_close=lambda code, reason: sent.append((code, reason)), data_to_send=lambda: [b"end"]
    )
    transport.abort = None  # type: ignore[attr-defined]
    for _ in range(5):
        wire.push(b"x" * 300)
    assert sent == [(1013, "The client reads too slowly; connect again.")]
    assert transport.written == b"x" * 1200 + b"end", "nothing is buffered behind the close"
    assert cut, "who does not answer the close is cut off"


def test_a_socket_without_a_heartbeat_is_closed_in_words() -> None:
    ended: list[tuple[str, int, str]] = []

    def socket(name: str, heard_at: float) -> Any:
        wire = SimpleNamespace(end=lambda code, reason: ended.append((name, code, reason)))
        return SimpleNamespace(wire=wire, heard_at=heard_at)

    async def story() -> None:
        limits = SimpleNamespace(max_silence_seconds=0.01)
        sockets = [socket("silent", float("-inf")), socket("lively", float("inf"))]
        service = SimpleNamespace(settings=SimpleNamespace(limits=limits), sockets=sockets)
        task = asyncio.create_task(app._end_silent(cast("Any", service)))
        while not ended:
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(story())
    assert ended[0] == ("silent", 1001, "No heartbeat came in time")
    assert {name for name, *_ in ended} == {"silent"}
