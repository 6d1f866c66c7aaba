"""Server-sent events: a topic and row changes for those who want no WebSocket.

`GET /sse?apikey=KEY[&access_token=…][&topic=NAME][&private=true][&postgres_changes=JSON]`, where
the JSON is the list of bindings of `phx_join`. Events are `broadcast`, `postgres_changes` and
`system`; their data is JSON. The id of an event is the position behind it, and a browser that comes
back sends it as `Last-Event-ID`: stored messages and row changes since then are sent first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from workers.edge.realtime.caller import Caller, headers_of
from workers.edge.realtime.errors import RealtimeError, not_a_reader
from workers.edge.realtime.http import caller_of
from workers.edge.realtime.interfaces import (
    Change,
    Message,
    Notice,
    RefusedError,
    Subscription,
)
from workers.edge.realtime.parcels import BroadcastParcel, Parcel
from workers.edge.realtime.service import Service
from workers.edge.realtime.wire import dumps, is_text, loads

PAUSE = 1.0  # seconds before a token is judged again after a failure
QUIET = 20.0  # seconds after which a comment keeps the connection open
MOST = 1000  # stored messages that are sent to somebody who comes back
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass
class Position:
    """What a stream has sent: the last stored message, and the cursor of the last row change."""

    sent_ms: int
    message_id: str = ""
    cursor: str = ""

    @classmethod
    def of(cls, text: str | None) -> Position | None:
        """Read a `Last-Event-ID`; none when it is none of ours."""
        moment, _, rest = (text or "").partition(".")
        message_id, _, cursor = rest.partition("~")
        return cls(int(moment), message_id, cursor) if moment.isdecimal() else None

    def __str__(self) -> str:
        return f"{self.sent_ms}.{self.message_id}~{self.cursor}"


class Stream:
    """One stream. What its client does not read is kept up to a limit, then the stream ends."""

    def __init__(
        self, service: Service, caller: Caller, topic: str, *, is_private: bool, position: Position
    ) -> None:
        self._service, self._caller = service, caller
        self.key = (is_private, topic)
        self._position = position
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._unsent = 0
        self._seen: set[str] = set()
        self._held: list[Message] | None = None
        self.subscription: Subscription | None = None

    @property
    def caller(self) -> Caller:
        """As whom it listens."""
        return self._caller

    def deliver(self, parcel: BroadcastParcel) -> None:
        """Send a broadcast. Bytes have no form here."""
        if self._held is None:
            self._send_message(parcel.message)
        else:
            self._held.append(parcel.message)

    def _send_message(self, message: Message) -> None:
        """Send a message, unless it was sent already."""
        if message.is_binary or (message.id and message.id in self._seen):
            return
        if message.id and message.sent_ms is not None:
            self._position.sent_ms, self._position.message_id = message.sent_ms, message.id
        data = b'{"event":' + dumps(message.event) + b',"payload":' + message.payload
        data += b',"meta":{"id":' + dumps(message.id) + b"}}" if message.id else b"}"
        self.send("broadcast", data)

    def tell_presence(self, parcel: Parcel) -> None:
        """Presence is for sockets."""

    def follow(self, found: Change | Notice) -> None:
        """Send a changed row, or what the feed says."""
        if isinstance(found, Notice) and found.is_last:
            self.shut(found.message)
            return
        if isinstance(found, Notice):
            self.say(found)
            return
        self._position.cursor = found.cursor
        ids = ",".join(map(str, found.ids))
        self.send("postgres_changes", f'{{"ids":[{ids}],"data":'.encode() + found.data + b"}")

    def say(self, notice: Notice) -> None:
        """Send a `system` event."""
        status = "ok" if notice.is_ok else "error"
        self.send("system", dumps({"status": status, "message": notice.message}))

    def shut(self, message: str, *, may_rejoin: bool = False) -> None:
        """Say why, and end; the browser comes back by itself."""
        del may_rejoin
        self.say(Notice(is_ok=False, message=message))
        self._chunks.put_nowait(None)

    def refuse(self, error: RealtimeError) -> None:
        """Say why, and end."""
        self.shut(error.message)

    def send(self, event: str, data: bytes) -> None:
        """Send an event with the position behind it."""
        chunk = f"id: {self._position}\nevent: {event}\ndata: ".encode() + data + b"\n\n"
        self._unsent += len(chunk)
        self._chunks.put_nowait(chunk)
        if self._unsent > self._service.settings.limits.max_unsent_kib * 1024:
            self._chunks = asyncio.Queue()
            self._chunks.put_nowait(None)

    async def resume(self, topic: str) -> None:
        """Send the stored messages that were missed, and then those that came meanwhile."""
        since, self._held = self._position, []
        missed = await self._service.stored.replay(topic, since_ms=since.sent_ms, limit=MOST)
        known = [at for at, message in enumerate(missed) if message.id == since.message_id]
        for message in missed[known[0] + 1 if known else 0 :]:
            self._send_message(message)
            self._seen.add(message.id or "")
        held, self._held = self._held, None
        for message in held:
            self._send_message(message)
        if len(missed) == MOST:
            self.say(Notice(is_ok=False, message="Too much was missed: read the views again"))

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield what is sent, until the token is not valid any more, and leave at the end."""
        self._service.streams.add(self)
        watch = asyncio.create_task(self._judge_token())
        try:
            yield f"retry: 1000\nid: {self._position}\n\n".encode()
            while (chunk := await self._next()) is not None:
                yield chunk
        finally:
            watch.cancel()
            self._service.streams.discard(self)
            self.leave()

    async def _judge_token(self) -> None:
        """End when the token expires or its session has ended, or the API key is refused."""
        caller, seconds = self._caller, self._service.settings.limits.recheck_seconds
        while True:
            await asyncio.sleep(max(0.0, min(seconds, caller.expires_at - time.time())))
            try:
                await self._service.callers.of(caller.token, caller.headers)
            except RealtimeError as error:
                if not error.is_passing:
                    self.refuse(error)
                    return
                await asyncio.sleep(PAUSE)

    async def _next(self) -> bytes | None:
        """Return what is sent next, none at the end; a comment when it was quiet for long."""
        try:
            chunk = await asyncio.wait_for(self._chunks.get(), QUIET)
        except TimeoutError:
            return b": still here\n\n"
        self._unsent -= len(chunk or b"")
        return chunk

    def leave(self) -> None:
        """Listen no more."""
        if self.subscription is not None:
            self.subscription.close()
        self._service.hub.leave(self.key, self)


async def stream(request: Request) -> Response:
    """Open a stream."""
    service: Service = request.state.realtime
    query = request.query_params
    token = query.get("access_token") or query.get("apikey")
    headers = headers_of(request.headers.items())
    caller = await (service.callers.of(token, headers) if token else caller_of(request))
    topic, is_private = query.get("topic", ""), query.get("private") == "true"
    bindings = _bindings_of(query.get("postgres_changes"))
    if bindings is None or not (topic or bindings) or not is_text(topic):
        message = "Name a topic, or a JSON list of postgres_changes"
        return JSONResponse({"error": message}, status_code=400)
    if topic and is_private and "broadcast" not in await service.policies.readable(caller, topic):
        raise not_a_reader(topic)
    last = Position.of(request.headers.get("last-event-id") or query.get("last_event_id"))
    position = last or Position(int(time.time() * 1000))
    found = Stream(service, caller, topic, is_private=is_private, position=position)
    try:
        await _begin(found, bindings, is_back=last is not None)
    except RefusedError as refusal:
        found.leave()
        return JSONResponse({"error": str(refusal)}, status_code=400)
    except RealtimeError:
        found.leave()
        raise
    return StreamingResponse(found.chunks(), media_type="text/event-stream", headers=HEADERS)


async def _begin(stream: Stream, bindings: Sequence[Mapping[str, Any]], *, is_back: bool) -> None:
    """Listen, after what was missed."""
    service, (is_private, topic) = stream._service, stream.key
    if topic:
        service.hub.join(stream.key, stream)
        if is_private and is_back:
            await stream.resume(topic)
    if bindings:
        cursor = stream._position.cursor
        resumed = [{**one, "cursor": cursor} for one in bindings] if cursor else bindings
        stream.subscription = await service.changes.subscribe(
            stream.caller.claims, resumed, stream.follow, address=stream.caller.address
        )


def _bindings_of(text: str | None) -> Sequence[Mapping[str, Any]] | None:
    try:
        found = loads(text or "[]")
    except ValueError:
        return None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        return None
    return found
