"""Downloads: Python decides, and the gateway sends the bytes.

The gateway knows ranges. Conditions are decided here, because the gateway learns the ETag too late.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.storage.errors import StorageError
from workers.edge.storage.objects import Access, Object, find_readable
from workers.edge.storage.service import Service
from workers.providers.blobs.protocol import object_key

# Types that a browser runs scripts in; they are shown as text, or shut in.
PAGES = re.compile(r"text/html|application/xhtml", re.IGNORECASE)
DOCUMENTS = re.compile(r"xml|javascript", re.IGNORECASE)
SHUT_IN = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
RANGE = re.compile(r"bytes=(\d+)-\d*")


async def get_object(request: Request) -> Response:
    """Send an object to somebody who is allowed to read it."""
    return await _get(request, access="caller", operation="object.get_authenticated")


async def get_public(request: Request) -> Response:
    """Send an object of a public bucket."""
    return await _get(request, access="public", operation="object.get_public")


async def get_signed(request: Request) -> Response:
    """Send an object to whoever has its signed address."""
    bucket, name = path_of(request)
    claims = Service.of(request).signer.open_download(
        request.query_params.get("token"), f"{bucket}/{name}"
    )
    expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    return await _get(
        request, access="signed", operation="object.get_signed", expires_at=expires_at
    )


async def info(request: Request) -> Response:
    """Describe an object to somebody who is allowed to read it."""
    return await _info(request, access="caller", operation="object.get_authenticated_info")


async def public_info(request: Request) -> Response:
    """Describe an object of a public bucket."""
    return await _info(request, access="public", operation="object.get_public_info")


def path_of(request: Request) -> tuple[str, str]:
    """Return the bucket and the name in the path of a request."""
    return request.path_params["bucket"], request.path_params["name"]


async def send(
    request: Request, found: Object, *, access: Access, expires_at: datetime | None = None
) -> Response:
    """Return the answer that makes the gateway send the bytes of an object.

    Raises:
        StorageError: 400 InvalidRange.
    """
    headers = headers_of(found, access=access, expires_at=expires_at)
    disposition = request.query_params.get("download")
    if disposition is not None:
        headers["Content-Disposition"] = _attachment(disposition)
    if is_unchanged(request.headers, found):
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        return Response(
            headers={**headers, "Accept-Ranges": "bytes", "Content-Length": str(found.size)}
        )
    wanted = RANGE.fullmatch(request.headers.get("range", ""))
    if wanted and int(wanted[1]) >= found.size:
        raise StorageError(
            416, "InvalidRange", "The requested range is not satisfiable", error="invalid_range"
        )
    address = await run_in_threadpool(Service.of(request).blobs.address, object_key(found.version))
    return Response(headers={**headers, "X-Accel-Redirect": address})


async def _get(
    request: Request, *, access: Access, operation: str, expires_at: datetime | None = None
) -> Response:
    bucket, name = path_of(request)
    found = await find_readable(request, bucket, name, access=access, operation=operation)
    return await send(request, found, access=access, expires_at=expires_at)


async def _info(request: Request, *, access: Access, operation: str) -> Response:
    bucket, name = path_of(request)
    found = await find_readable(request, bucket, name, access=access, operation=operation)
    return JSONResponse(
        {
            "id": found.id,
            "name": found.name,
            "bucket_id": found.bucket_id,
            "version": found.version,
            "size": found.size,
            "content_type": found.mimetype,
            "cache_control": found.cache_control,
            "etag": found.etag,
            "metadata": found.user_metadata,
            "last_modified": found.updated_at.isoformat(),
            "created_at": found.created_at.isoformat(),
            "updated_at": found.updated_at.isoformat(),
        }
    )


def headers_of(found: Object, *, access: Access, expires_at: datetime | None) -> dict[str, str]:
    """Return the headers of an object. What a client may keep ends with its signed address."""
    kept = found.cache_control
    if access == "public" and kept.startswith("max-age"):
        kept = f"public, {kept}"
    headers = {
        "Content-Type": "text/plain" if PAGES.search(found.mimetype) else found.mimetype,
        "ETag": found.etag,
        "Last-Modified": format_datetime(found.updated_at.astimezone(UTC), usegmt=True),
        "Cache-Control": kept,
        "X-Content-Type-Options": "nosniff",
    }
    if DOCUMENTS.search(found.mimetype):
        headers["Content-Security-Policy"] = SHUT_IN
    if expires_at is not None:
        left = max(0, int((expires_at - datetime.now(UTC)).total_seconds()))
        headers["Cache-Control"] = f"private, max-age={left}"
        headers["Expires"] = format_datetime(expires_at, usegmt=True)
    return headers


def _attachment(name: str) -> str:
    encoded = quote(name, safe="!'()*-._~")
    if not encoded:
        return "attachment;"
    return f"attachment; filename={encoded}; filename*=UTF-8''{encoded};"


def is_unchanged(headers: Mapping[str, str], found: Object) -> bool:
    """Whether the client has this version already. An ETag outweighs a time."""
    if tags := headers.get("if-none-match"):
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return "*" in known or found.etag in known
    try:
        since = parsedate_to_datetime(headers.get("if-modified-since", ""))
    except ValueError:
        return False
    if since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    return found.updated_at < since + timedelta(seconds=1)
