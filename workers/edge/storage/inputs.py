"""Reads the JSON bodies of Storage's requests."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.requests import Request

from workers.edge.storage.errors import StorageError, invalid

LARGEST = 2**20  # bytes of a JSON body; a list of a thousand long names fits
UNITS = {"b": 1, "kb": 1000, "mb": 10**6, "gb": 10**9}
SIZE = re.compile(r"(\d+(?:\.\d+)?)(gb|mb|kb|b)", re.IGNORECASE)


async def json_object(request: Request) -> dict[str, Any]:
    """Return the body, a JSON object; an empty body is one without keys.

    Raises:
        StorageError: 400 for another body, 413 for one that is too large.
    """
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > LARGEST:
            raise StorageError(413, "EntityTooLarge", "Request body is too large")
    try:
        given = json.loads(raw or "{}")
    except (ValueError, RecursionError):
        raise invalid("Body is not valid JSON") from None
    if not isinstance(given, dict):
        raise invalid("body must be object")
    return given


def text(given: dict[str, Any], name: str, default: str | None = None) -> str:
    """Return a text of the body.

    Raises:
        StorageError: 400 when it is missing without a default, or no text.
    """
    found = given.get(name)
    if found is None and default is not None:
        return default
    if found is None:
        raise invalid(f"body must have required property '{name}'")
    if not isinstance(found, str) or "\0" in found:
        raise invalid(f"body/{name} must be string")
    return found


def texts(given: dict[str, Any], name: str, *, most: int) -> list[str]:
    """Return a list of texts of the body.

    Raises:
        StorageError: 400 when it is missing, empty, too long or something else.
    """
    found = given.get(name)
    if found is None:
        raise invalid(f"body must have required property '{name}'")
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise invalid(f"body/{name} must be array of strings")
    if not 1 <= len(found) <= most:
        raise invalid(f"body/{name} must NOT have fewer than 1 or more than {most} items")
    return [one.replace("\0", "\N{REPLACEMENT CHARACTER}") for one in found]


def whole(given: dict[str, Any], name: str, default: int, *, least: int, most: int) -> int:
    """Return a whole number of the body; a client may send it as text. Too many means the most.

    Raises:
        StorageError: 400 for something else, or too few.
    """
    found = given.get(name)
    if found is None:
        return default
    if isinstance(found, str) and re.fullmatch(r"\d{1,12}", found):
        found = int(found)
    if not isinstance(found, int) or isinstance(found, bool):
        raise invalid(f"body/{name} must be integer")
    if found < least:
        raise invalid(f"body/{name} must be >= {least}")
    return min(found, most)


def flag(given: dict[str, Any], name: str, *, default: bool | None) -> bool | None:
    """Return a truth value of the body.

    Raises:
        StorageError: 400 for something else.
    """
    found = given.get(name)
    if found is None:
        return default
    if not isinstance(found, bool):
        raise invalid(f"body/{name} must be boolean")
    return found


def mapping(given: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an object of the body; a missing one has no keys.

    Raises:
        StorageError: 400 for something else.
    """
    found = given.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise invalid(f"body/{name} must be object")
    return found


def size(found: object) -> int:
    """Return a size in bytes, written as a number or as text such as 20MB.

    Raises:
        StorageError: 400 for something else.
    """
    if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
        return found
    written = SIZE.fullmatch(found) if isinstance(found, str) else None
    if isinstance(found, str) and found.isascii() and found.isdigit():
        return int(found[:18])
    if written is None:
        raise invalid("Invalid file size format, hint: use 20GB / 20MB / 30KB / 3B")
    return int(float(written[1]) * UNITS[written[2].lower()])


def user_metadata(raw: str | bytes | None) -> dict[str, Any] | None:
    """Return the metadata of a client's own; what is no JSON object is none, as on Supabase."""
    try:
        found = json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
