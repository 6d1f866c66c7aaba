"""One WebSocket: its handshake, and what its client sends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from workers.edge.realtime.caller import Caller, headers_of
from workers.edge.realtime.channel import Channel
from workers.edge.realtime.errors import RealtimeError
from workers.edge.realtime.joining import join
from workers.edge.realtime.limits import Bucket
from workers.edge.realtime.messages import receive as receive_message
from workers.edge.realtime.parcels import PREFIX
from workers.edge.realtime.protocol import KEY, Protocol
from workers.edge.realtime.serializers import (
    OBJECTS,
    VERSIONS,
    Frame,
    UnreadableError,
    Version,
    decode,
    encode,
)
from workers.edge.realtime.service import Service
from workers.edge.realtime.wire import dumps

UNREADABLE = 1007
REFUSED = 1008  # Policy Violation; clients connect again and are refused with 401
MOST_JOINED = 64 * 1024  # bytes; what a join asks for is kept as long as its channel


class Socket:
    """The channels of one connection. `wire` writes frames to its client."""

    __slots__ = (
        "__weakref__", "_tasks", "caller", "channels", "heard_at", "joins", "messages", "service",
        "version", "wire",
    )  # fmt: skip

    def __init__(
        self, service: Service, wire: Protocol, *, version: Version, caller: Caller
    ) -> None:
        self.service, self.wire = service, wire
        self.version, self.caller = version, caller
        self.channels: dict[str, Channel] = {}
        self.heard_at = time.monotonic()
        limits = service.settings.limits
        self.messages = Bucket(limits.max_messages_per_second)
        self.joins = Bucket(limits.max_joins_per_second)
        self._tasks: set[asyncio.Task[None]] = set()

    async def receive(self, data: str | bytes) -> None:
        """Do what a client's frame asks."""
        self.heard_at = time.monotonic()
        try:
            frame = decode(self.version, data)
        except UnreadableError as error:
            self.wire.end(UNREADABLE, f"The message cannot be read: {error}"[:120])
            return
        if frame.topic == "phoenix" and frame.event == "heartbeat":
            self.reply(frame, "ok", {})
        elif frame.event == "phx_join" and len(data) > MOST_JOINED:
            self.reply(frame, "error", {"reason": "InvalidJoinPayload: The join is too large"})
        elif frame.event == "phx_join":
            await join(self, frame)
        elif channel := self.channels.get(frame.topic):
            await receive_message(channel, frame)
        elif frame.event == "phx_leave":
            self.reply(frame, "ok", {})
        else:
            self.reply(frame, "error", {"reason": "unmatched topic"})

    def push(self, frame: bytes) -> None:
        """Send an encoded frame."""
        self.wire.push(frame)

    def reply(self, frame: Frame, status: str, response: Mapping[str, Any]) -> None:
        """Answer a client's message."""
        payload = dumps({"status": status, "response": response})
        self.push(
            encode(
                self.version,
                frame.topic,
                "phx_reply",
                payload,
                ref=frame.ref,
                join_ref=frame.join_ref,
            )
        )

    def tell(self, channel: Channel, event: str) -> None:
        """Send `phx_close` or `phx_error` of a channel."""
        ref = channel.join_ref
        self.push(encode(self.version, PREFIX + channel.name, event, b"{}", ref=ref, join_ref=ref))

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside what is received."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def refuse(self, error: RealtimeError) -> None:
        """End the connection: its key is accepted no more."""
        self.wire.end(REFUSED, error.message)

    def close(self) -> None:
        """Leave everything: the connection is gone."""
        for channel in list(self.channels.values()):
            channel.leave()
        for task in self._tasks:
            task.cancel()


class Sockets:
    """The ASGI application of the WebSockets: no object of Starlette lives as long as they do."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a WebSocket, or refuse it by HTTP."""
        service: Service = scope["state"]["realtime"]
        await receive()
        try:
            socket = await _opened(service, scope)
        except RealtimeError as error:
            answer = JSONResponse({"error": error.message}, status_code=error.status)
            await answer(scope, receive, send)
            scope["extensions"][KEY].refused()
            return
        await send({"type": "websocket.accept"})
        service.sockets.add(socket)
        try:
            while (event := await receive())["type"] == "websocket.receive":
                data = event.get("text")
                await socket.receive(data if data is not None else event["bytes"])
        finally:
            service.sockets.discard(socket)
            socket.close()


async def _opened(service: Service, scope: Scope) -> Socket:
    """Judge a handshake.

    Raises:
        RealtimeError: when it has no valid key, or there is no room.
    """
    query = parse_qs(scope["query_string"].decode("latin-1"))
    headers = Headers(scope=scope)
    key = headers.get("x-api-key") or query.get("apikey", [""])[0]
    version = query.get("vsn", [OBJECTS])[0]
    if version not in VERSIONS:
        raise RealtimeError("UnknownVersion", "The serializer vsn must be 1.0.0 or 2.0.0")
    if not key:
        raise RealtimeError("MissingKey", "An API key is required")
    if len(service.sockets) >= service.settings.limits.max_connections:
        raise RealtimeError("ConnectionRateLimitReached", "Too many connected users")
    # Of a handshake, policies find what Supabase shows them: the headers of the application.
    named = (item for item in headers.items() if item[0].startswith("x-"))
    caller = await service.callers.of(key, headers_of(named))
    wire: Protocol = scope["extensions"][KEY]
    wire.max_unsent = service.settings.limits.max_unsent_kib * 1024
    found = next(one for one in VERSIONS if one == version)
    return Socket(service, wire, version=found, caller=caller)
