"""The two serializers: objects (1.0.0), and arrays with binary broadcasts (2.0.0).

Source: @supabase/realtime-js, src/lib/serializer.ts
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Literal

from workers.edge.realtime.interfaces import Message
from workers.edge.realtime.wire import dumps, frame, is_text, loads

Version = Literal["1.0.0", "2.0.0"]
OBJECTS: Version = "1.0.0"
ARRAYS: Version = "2.0.0"
VERSIONS: tuple[Version, ...] = (OBJECTS, ARRAYS)
PUSH, BROADCAST = 3, 4  # the kinds of binary messages
LONGEST = 255  # bytes of each string of a binary message


class UnreadableError(ValueError):
    """A frame that is no message of its serializer."""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """What a client broadcasts; `data` is JSON, or bytes if `is_binary`."""

    event: str
    data: bytes
    is_binary: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """A message of a client. The payload of a broadcast is a `Broadcast`, if it has an event."""

    join_ref: str | None
    ref: str | None
    topic: str
    event: str
    payload: Any


def decode(version: Version, data: str | bytes) -> Frame:
    """Return the message in a frame.

    Raises:
        UnreadableError: when it is none.
    """
    if isinstance(data, bytes):
        return _decode_push(data)
    try:
        found = loads(data)
    except ValueError as error:
        raise UnreadableError(str(error)) from None
    if version == OBJECTS and isinstance(found, dict):
        parts = [found.get(key) for key in ("join_ref", "ref", "topic", "event", "payload")]
    elif version == ARRAYS and isinstance(found, list) and len(found) == 5:
        parts = found
    else:
        raise UnreadableError("it is no message of this serializer")
    join_ref, ref, topic, event, payload = parts
    if not is_text(topic) or not is_text(event):
        raise UnreadableError("topic and event must be text")
    if event == "broadcast":
        payload = _broadcast_of(payload)
    return Frame(_ref(join_ref), _ref(ref), topic, event, payload)


def encode(
    version: Version,
    topic: str,
    event: str,
    payload: bytes,
    *,
    ref: str | None = None,
    join_ref: str | None = None,
) -> bytes:
    """Return the WebSocket frame of a message whose payload is JSON already."""
    head = [dumps(part) for part in (join_ref, ref, topic, event)]
    if version == ARRAYS:
        return frame(b"[" + b",".join((*head, payload)) + b"]")
    keys = (b'{"join_ref":', b',"ref":', b',"topic":', b',"event":')
    start = b"".join(key + part for key, part in zip(keys, head, strict=True))
    return frame(start + b',"payload":' + payload + b"}")


def encode_broadcast(
    version: Version, topic: str, message: Message, meta: bytes | None
) -> bytes | None:
    """Return the frame of a broadcast; none where the serializer cannot carry it."""
    if version == ARRAYS:
        texts = [topic.encode(), message.event.encode(), meta or b""]
        if max(len(text) for text in texts) <= LONGEST:
            sizes = (len(text) for text in texts)
            head = struct.pack("!5B", BROADCAST, *sizes, int(not message.is_binary))
            return frame(head + b"".join(texts) + message.payload, is_text=False)
    if message.is_binary:
        return None
    payload = b'{"type":"broadcast","event":' + dumps(message.event)
    payload += b',"payload":' + message.payload
    payload += (b',"meta":' + meta if meta else b"") + b"}"
    return encode(version, topic, "broadcast", payload)


def _broadcast_of(payload: Any) -> Any:
    if not isinstance(payload, dict) or not is_text(payload.get("event")):
        return payload
    return Broadcast(payload["event"], dumps(payload.get("payload", {})))


def _ref(value: Any) -> str | None:
    return None if value is None else str(value)


def _decode_push(data: bytes) -> Frame:
    """Read kind 3: six lengths and an encoding, five strings, and the payload."""
    if len(data) < 7 or data[0] != PUSH:
        raise UnreadableError("it is no binary broadcast")
    texts, offset = [], 7
    try:
        for size in data[1:6]:
            texts.append(data[offset : offset + size].decode())
            offset += size
    except UnicodeDecodeError:
        raise UnreadableError("it is not UTF-8") from None
    if offset > len(data):
        raise UnreadableError("it is shorter than it says")
    join_ref, ref, topic, event, _meta = texts
    if not is_text(topic) or not is_text(event):
        raise UnreadableError("topic and event must be text")
    payload, is_binary = data[offset:], data[6] == 0
    if not is_binary:
        try:
            loads(payload)
        except ValueError as error:
            raise UnreadableError(str(error)) from None
    return Frame(
        join_ref or None, ref or None, topic, "broadcast", Broadcast(event, payload, is_binary)
    )
