"""5,000 idle sockets cost little memory, 500 busy ones lose nothing, 200 presences converge."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from tests.harness.stack import RunningStack
from workers.edge.realtime.wire import frame

IDLE, BUSY, PRESENT = 5000, 500, 200
ROOMS, ROUNDS = 50, 10
AT_ONCE = 50  # handshakes
MOST_KB = 60  # of the edge, for each idle connection


class Peer(asyncio.Protocol):
    """A client in little memory, which says what comes to it as arrays."""

    def __init__(self, key: str, take: Callable[[str, Any], None] | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.joined: asyncio.Future[None] = loop.create_future()
        self._key, self._take, self._data = key, take, b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(
            f"GET /realtime/v1/websocket?apikey={self._key}&vsn=2.0.0 HTTP/1.1\r\n"
            "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self.opened.done():
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._data = rest
            self.opened.set_result(None)
        while (found := _message(self._data)) is not None:
            message, self._data = found
            self._read(message)

    def _read(self, message: bytes) -> None:
        if message[:1] != b"[":
            return
        _, _, _, event, payload = json.loads(message)
        if event == "phx_reply" and not self.joined.done():
            assert payload["status"] == "ok", payload
            self.joined.set_result(None)
        if self._take:
            self._take(event, payload)

    def send(self, topic: str, event: str, payload: Any) -> None:
        """Send a message, masked by zeros."""
        told = json.dumps(["1", "1", f"realtime:{topic}", event, payload]).encode()
        plain = frame(told)
        head = len(plain) - len(told)
        masked = bytes([plain[0], plain[1] | 0x80]) + plain[2:head] + bytes(4)
        self.transport.write(masked + told)


def _message(data: bytes) -> tuple[bytes, bytes] | None:
    """The first message, and what follows it."""
    if len(data) < 2:
        return None
    size, start = data[1], 2
    if size == 126:
        if len(data) < 4:
            return None
        (size,), start = struct.unpack("!H", data[2:4]), 4
    elif size == 127:
        if len(data) < 10:
            return None
        (size,), start = struct.unpack("!Q", data[2:10]), 10
    if len(data) < start + size:
        return None
    return data[start : start + size], data[start + size :]


@asynccontextmanager
async def peers(
    stack: RunningStack,
    count: int,
    topic: Callable[[int], str],
    config: dict[str, Any],
    take: Callable[[int, str, Any], None] | None = None,
) -> AsyncIterator[list[Peer]]:
    """So many clients, each of which has joined its topic."""
    loop, turns = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)
    address = urlsplit(stack.endpoints.api_url)

    async def one(n: int) -> Peer:
        async with turns:
            told = (lambda event, payload: take(n, event, payload)) if take else None
            _, peer = await loop.create_connection(
                lambda: Peer(stack.endpoints.anon_key, told), address.hostname, address.port
            )
            await peer.opened
            own = {**config, "presence": {"key": str(n), **config.get("presence", {})}}
            peer.send(topic(n), "phx_join", {"config": own})
            await peer.joined
            return peer

    found = await asyncio.gather(*(one(n) for n in range(count)))
    try:
        yield found
    finally:
        for peer in found:
            peer.transport.abort()


def kilobytes(stack: RunningStack, part: str) -> float:
    """The memory of a part and of its children."""
    process = psutil.Process(stack.pid(part))
    return sum(one.memory_info().rss for one in (process, *process.children())) / 1024


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(300):
        while not condition():
            await asyncio.sleep(0.05)


async def idle_sockets_cost_little(stack: RunningStack) -> None:
    async with peers(stack, 50, lambda n: f"warm-{n}", {}):
        pass
    before = {part: kilobytes(stack, part) for part in ("edge", "gateway")}
    async with peers(stack, IDLE, lambda n: f"idle-{n % 100}", {}):
        each = {part: (kilobytes(stack, part) - before[part]) / IDLE for part in before}
        print(f"\nkB for each idle socket: {each}")
        assert each["edge"] <= MOST_KB, each
        await busy_sockets_lose_nothing(stack)


async def busy_sockets_lose_nothing(stack: RunningStack) -> None:
    got: dict[int, list[int]] = {n: [] for n in range(BUSY)}

    def take(n: int, event: str, payload: Any) -> None:
        if event == "broadcast":
            got[n].append(payload["payload"]["round"])

    event = "e" * 256  # too long for the binary form, so that broadcasts come as JSON
    async with peers(stack, BUSY, lambda n: f"busy-{n % ROOMS}", {}, take) as found:
        for round_ in range(ROUNDS):
            for n, peer in enumerate(found):
                sent = {"type": "broadcast", "event": event, "payload": {"round": round_}}
                peer.send(f"busy-{n % ROOMS}", "broadcast", sent)
            await asyncio.sleep(1)
        others = BUSY // ROOMS - 1
        await until(lambda: all(len(rounds) == ROUNDS * others for rounds in got.values()))


async def a_presence_converges(stack: RunningStack) -> None:
    states: dict[int, dict[str, set[str]]] = {n: {} for n in range(PRESENT)}

    def take(n: int, event: str, payload: Any) -> None:
        state = states[n]
        if event == "presence_state":
            payload = {"joins": payload, "leaves": {}}
        elif event != "presence_diff":
            return
        for key, metas in payload["joins"].items():
            state.setdefault(key, set()).update(meta["phx_ref"] for meta in metas["metas"])
        for key, metas in payload["leaves"].items():
            state[key] -= {meta["phx_ref"] for meta in metas["metas"]}
            if not state[key]:
                del state[key]

    enabled = {"presence": {"enabled": True}}
    async with peers(stack, PRESENT, lambda _n: "crowd", enabled, take) as found:
        for peer in found:
            peer.send("crowd", "presence", {"type": "presence", "event": "track", "payload": {}})
        await until(lambda: all(len(state) == PRESENT for state in states.values()))
        for peer in found[: PRESENT // 2]:
            peer.transport.abort()
        stayed = {str(n) for n in range(PRESENT // 2, PRESENT)}
        await until(lambda: all(set(states[int(n)]) == stayed for n in stayed))


def test_a_crowd_of_sockets(tmp_path: Path) -> None:
    async def story(stack: RunningStack) -> None:
        await idle_sockets_cost_little(stack)
        await a_presence_converges(stack)

    with RunningStack.start(tmp_path / "state", "--no-workers") as stack:
        asyncio.run(story(stack))
