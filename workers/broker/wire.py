"""What a message looks like in a queue: Dramatiq's own JSON, as jsonb."""

from __future__ import annotations

import base64
import json
from typing import Any

from dramatiq import Message
from dramatiq.errors import DecodeError

# What jsonb cannot hold (another encoder's bytes, a NUL character) is base64 under this key.
PACKED = "packed"


def pack(message: Message[Any]) -> str:
    """The JSON to put into the queue."""
    encoded = message.encode()
    try:
        text = encoded.decode("utf-8")
        if isinstance(json.loads(text), dict) and "\\u0000" not in text:
            return text
    except ValueError:
        pass
    return json.dumps({PACKED: base64.b64encode(encoded).decode("ascii")})


def unpack(text: str) -> Message[Any]:
    """The message that some JSON of a queue is.

    Raises:
        DecodeError: when it is none: no object, a field missing or of the wrong type.
    """
    encoded = text.encode("utf-8")
    if text.startswith(f'{{"{PACKED}"'):
        encoded = base64.b64decode(json.loads(text)[PACKED])
    message: Message[Any] = Message.decode(encoded)
    for value, kind in (
        (message.queue_name, str),
        (message.actor_name, str),
        (message.kwargs, dict),
        (message.options, dict),
        (message.message_id, str),
    ):
        if not isinstance(value, kind):
            raise DecodeError("A field has the wrong type.", encoded, None)
    return message
