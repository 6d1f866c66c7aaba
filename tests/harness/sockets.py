"""Many clients of Realtime in one process and in little memory."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from tests.harness.stack import RunningStack
from workers.edge.realtime.wire import frame

AT_ONCE = 50  # handshakes


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
        """Send a message."""
        told = json.dumps(["1", "1", f"realtime:{topic}", event, payload]).encode()
        self.transport.write(masked(told))


def masked(told: bytes) -> bytes:
    """A client's frame of a message, masked by zeros."""
    plain = frame(told)
    head = len(plain) - len(told)
    return bytes([plain[0], plain[1] | 0x80]) + plain[2:head] + bytes(4) + told


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
    token: Callable[[int], str] | None = None,
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
            signed = {"access_token": token(n)} if token else {}
            peer.send(topic(n), "phx_join", {"config": own, **signed})
            await peer.joined
            return peer

    found = await asyncio.gather(*(one(n) for n in range(count)))
    try:
        yield found
    finally:
        for peer in found:
            peer.transport.abort()
