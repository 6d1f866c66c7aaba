"""What the headers of the tus protocol say, and how its refusals look.

Source: https://tus.io/protocols/resumable-upload (1.0.0)
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC
from email.utils import format_datetime
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from workers.edge.storage import bodies
from workers.edge.storage.errors import StorageError, invalid
from workers.edge.storage.parts import Upload

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination"
CHUNK = "application/offset+octet-stream"
EXPOSED_HEADERS = (
    *("location", "upload-offset", "upload-length", "upload-metadata", "upload-expires"),
    *("tus-resumable", "tus-version", "tus-extension", "tus-max-size", "tus-complete"),
)
Endpoint = Callable[[Request], Awaitable[Response]]


def speaks_tus(endpoint: Endpoint) -> Endpoint:
    """Check the version, and answer refusals as the protocol has them."""

    @wraps(endpoint)
    async def answer(request: Request) -> Response:
        try:
            if request.headers.get("tus-resumable") != VERSION:
                raise StorageError(412, "TusError", f"Tus-Resumable must be {VERSION}")
            found = await endpoint(request)
        except StorageError as error:
            await bodies.Body(request).drain()
            found = Response(error.message, error.status)
        found.headers.update({"Tus-Resumable": VERSION, "Cache-Control": "no-store"})
        return found

    return answer


def progress(upload: Upload) -> dict[str, str]:
    """Return the headers that say how far an upload is."""
    return {
        "Upload-Offset": str(upload.received),
        "Upload-Expires": format_datetime(upload.expires_at.astimezone(UTC), usegmt=True),
    }


def version_of(request: Request) -> str:
    """Return the version that a path names.

    Raises:
        StorageError: 404 when it is none.
    """
    try:
        return str(uuid.UUID(request.path_params["version"]))
    except ValueError:
        raise StorageError(404, "NoSuchUpload", "Upload not found") from None


def whole(request: Request, header: str) -> int:
    """Return a header that is a number of bytes.

    Raises:
        StorageError: 400 when it is missing or something else.
    """
    text = request.headers.get(header, "")
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII):
        raise invalid(f"{header.title()} must be a number of bytes")
    return int(text)


def told(header: str) -> dict[str, str]:
    """Read Upload-Metadata: names with values in Base64.

    Raises:
        StorageError: 400 when it is not valid.
    """
    found = {}
    for pair in header.split(","):
        name, _, value = pair.strip().partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            raise invalid("Upload-Metadata is not valid") from None
    return found


def said(told: dict[str, str]) -> dict[str, Any]:
    """Return what the row will say of type and cache, as far as it can stand in a header.

    Raises:
        StorageError: 400 for a type that cannot.
    """
    mimetype = told.get("contentType") or "application/octet-stream"
    if not bodies.MIMETYPE.fullmatch(mimetype):
        raise invalid("The content type is not valid")
    seconds = told.get("cacheControl", "")
    cache = f"max-age={seconds}" if re.fullmatch(r"\d{1,12}", seconds, re.ASCII) else "no-cache"
    return {"mimetype": mimetype, "cacheControl": cache}
