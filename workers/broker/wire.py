"""What a message looks like in a queue: Dramatiq's own JSON, as jsonb."""

from __future__ import annotations

import base64
import json
from typing import Any

from dramatiq import Message
from dramatiq.errors import DecodeError

# What jsonb cannot hold (another encoder's bytes, a NUL character, half a surrogate pair, NaN) is
# base64 under this key.
PACKED = "packed"
NUMBERS = ("retries", "max_retries", "min_backoff", "max_backoff", "time_limit", "max_age")


def pack(message: Message[Any]) -> str:
    """The JSON to put into the queue."""
    encoded = message.encode()
    try:
        text = encoded.decode("utf-8")
        fields = json.loads(text, parse_constant=_refuse)
        if "\\ud" in text.lower():
            json.dumps(fields, ensure_ascii=False).encode("utf-8")
        if isinstance(fields, dict) and "\\u0000" not in text:
            return text
    except ValueError:
        pass
    return json.dumps({PACKED: base64.b64encode(encoded).decode("ascii")})


def unpack(text: str, queue_name: str) -> Message[Any]:
    """The message that some JSON of a queue is.

    Raises:
        DecodeError: when it is none: no object, a field missing or of the wrong type, another
            queue's, or with options at which Dramatiq's own middleware would stumble.
    """
    encoded = text.encode("utf-8")
    if text.startswith(f'{{"{PACKED}"'):
        try:
            encoded = base64.b64decode(json.loads(text)[PACKED])
        except (TypeError, ValueError) as error:
            raise DecodeError("It is packed wrongly.", encoded, error) from None
    message: Message[Any] = Message.decode(encoded)
    for value, kind in (
        (message.actor_name, str),
        (message.kwargs, dict),
        (message.options, dict),
        (message.message_id, str),
        (message.message_timestamp, int | float),
    ):
        if not isinstance(value, kind):
            raise DecodeError("A field has the wrong type.", encoded, None)
    numbers = (message.options.get(name) for name in NUMBERS)
    if "throws" in message.options or not all(isinstance(it, int | float | None) for it in numbers):
        raise DecodeError("An option has the wrong type.", encoded, None)
    if message.queue_name != queue_name:
        raise DecodeError("It is another queue's.", encoded, None)
    return message


def _refuse(constant: str) -> None:
    raise ValueError(constant)
