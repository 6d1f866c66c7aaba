"""Bytes on the wire: JSON, and WebSocket frames that are encoded once for everybody."""

from __future__ import annotations

import json
import struct
from typing import Any, NoReturn, TypeGuard

TEXT, BINARY = 0x81, 0x82  # the last fragment of a message, with its opcode


def dumps(value: Any) -> bytes:
    """Return a value as JSON in UTF-8; lone surrogates, which UTF-8 lacks, stay escapes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def loads(data: str | bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: when it is none; Python's NaN and Infinity are no JSON.
    """
    try:
        return json.loads(data, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def is_text(value: object) -> TypeGuard[str]:
    """Whether UTF-8 and the database can hold a text: no lone surrogates, no U+0000."""
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def frame(data: bytes, *, is_text: bool = True) -> bytes:
    """Return a message as an unmasked WebSocket frame, the same for every socket.

    Source: RFC 6455, section 5.2
    """
    first, size = (TEXT if is_text else BINARY), len(data)
    if size < 126:
        return struct.pack("!BB", first, size) + data
    if size < 2**16:
        return struct.pack("!BBH", first, 126, size) + data
    return struct.pack("!BBQ", first, 127, size) + data


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
