"""The format of a message in a queue: Dramatiq's own JSON, as jsonb."""

from __future__ import annotations

import base64
import json
from typing import Any

from dramatiq import Message
from dramatiq.errors import DecodeError

# The key of a message, as base64, that jsonb cannot hold: another encoder's bytes, a NUL character,
# half a surrogate pair, NaN.
PACKED = "packed"
NUMBERS = ("retries", "max_retries", "min_backoff", "max_backoff", "time_limit", "max_age")


def pack(message: Message[Any]) -> str:
    """Return the JSON that goes into the queue."""
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
    """Return the message that a queue's JSON describes.

    Raises:
        DecodeError: when it describes none: no object, a field missing or of the wrong type,
            another queue, or options that Dramatiq's own middleware cannot handle.
    """
    encoded = text.encode("utf-8")
    if text.startswith(f'{{"{PACKED}"'):
        try:
            encoded = base64.b64decode(json.loads(text)[PACKED])
        except (TypeError, ValueError) as error:
            raise DecodeError("Its packed content is invalid.", encoded, error) from None
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
        raise DecodeError("It belongs to another queue.", encoded, None)
    return message


def _refuse(constant: str) -> None:
    raise ValueError(constant)
