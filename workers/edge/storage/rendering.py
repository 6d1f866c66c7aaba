"""Pictures of Storage in other sizes and formats, drawn when they are first asked for.

What is drawn lies beside its object and is deleted with it. The parameters are those of Supabase's
image transformation; the format follows `Accept` unless the request names one.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from workers.edge.storage.downloads import headers_of, is_unchanged, path_of
from workers.edge.storage.errors import StorageError, invalid, no_such_key
from workers.edge.storage.objects import Access, Object, find_readable
from workers.edge.storage.service import Service
from workers.media import child
from workers.media.content import type_among
from workers.media.pictures import LOADERS, Fit, Format
from workers.media.unfit import Unfit
from workers.providers.blobs.protocol import Absent, Blobs, derived_prefix, object_key, put

LARGEST_SIDE = 2500  # pixels, as on Supabase
MAX_PIXELS = 60_000_000
# Drawings of one object that one process stores. Whoever asks for more gets them, drawn each time,
# so that nobody fills the disk by asking for every size.
MOST_STORED = 100
REMEMBERED = 10_000  # objects
# Pictures that one process draws at the same time; the others wait.
AT_ONCE = asyncio.Semaphore(2)
STORED: OrderedDict[str, int] = OrderedDict()
KEPT_AS: dict[str, Format] = {"image/jpeg": "jpeg", "image/webp": "webp"}


@dataclass(frozen=True)
class Wish:
    """How a picture is to be drawn."""

    width: int | None
    height: int | None
    fit: Fit
    quality: int | None
    format: str | None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Wish:
        """Read the parameters.

        Raises:
            StorageError: 400 for one that makes no sense.
        """
        fit: Fit = given.get("resize") or "cover"
        kind = given.get("format")
        if fit not in get_args(Fit):
            raise invalid("querystring/resize must be equal to one of the allowed values")
        if kind not in (None, "origin", "avif", "webp"):
            raise invalid("querystring/format must be equal to one of the allowed values")
        return cls(
            width=_whole(given, "width", least=1, most=LARGEST_SIDE),
            height=_whole(given, "height", least=1, most=LARGEST_SIDE),
            fit=fit,
            quality=_whole(given, "quality", least=20, most=100),
            format=kind,
        )

    def target(self, accept: str, content_type: str) -> Format:
        """Return the format for a client that accepts these, of a picture of this type."""
        if self.format == "avif" or (self.format is None and "image/avif" in accept):
            return "avif"
        if self.format == "webp" or (self.format is None and "image/webp" in accept):
            return "webp"
        if content_type == "image/avif" and self.format == "origin":
            return "avif"
        return KEPT_AS.get(content_type, "png")

    def key(self, version: str, kind: Format) -> str:
        """Return where the drawing lies."""
        size = f"{self.width or 0}x{self.height or 0}"
        return f"{derived_prefix(version)}{size}-{self.fit}-{self.quality or 0}.{kind}"


async def get_object(request: Request) -> Response:
    """Send a picture to somebody who is allowed to read it."""
    return await _get(request, "caller", Wish.of(request.query_params))


async def get_public(request: Request) -> Response:
    """Send a picture of a public bucket."""
    return await _get(request, "public", Wish.of(request.query_params))


async def get_signed(request: Request) -> Response:
    """Send a picture as its signed address says."""
    bucket, name = path_of(request)
    claims = Service.of(request).signer.open_download(
        request.query_params.get("token"), f"{bucket}/{name}"
    )
    expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    return await _get(request, "signed", Wish.of(claims.get("transformations") or {}), expires_at)


async def _get(
    request: Request, access: Access, wish: Wish, expires_at: datetime | None = None
) -> Response:
    bucket, name = path_of(request)
    found = await find_readable(request, bucket, name, access=access, operation="image.transform")
    if found.mimetype not in LOADERS:
        raise invalid("The requested object is not a picture that can be drawn")
    kind = wish.target(request.headers.get("accept", ""), found.mimetype)
    key = wish.key(found.version, kind)
    tag = f'"{found.version}-{Path(key).name}"'
    drawing = replace(found, mimetype=f"image/{kind}", etag=tag)
    headers = headers_of(drawing, access=access, expires_at=expires_at)
    headers["Vary"] = "Accept"
    if is_unchanged(request.headers, drawing):
        return Response(status_code=304, headers=headers)
    blobs = Service.of(request).blobs
    if not await run_in_threadpool(_is_there, blobs, key):
        async with AT_ONCE:
            drawn = await run_in_threadpool(_draw, blobs, found, wish, kind, key)
        if drawn is not None:
            return Response(drawn, headers=headers)
    address = await run_in_threadpool(blobs.address, key)
    return Response(headers={**headers, "X-Accel-Redirect": address})


def _is_there(blobs: Blobs, key: str) -> bool:
    try:
        return bool(next(blobs.read(key, length=1), b""))
    except Absent:
        return False


def _draw(blobs: Blobs, found: Object, wish: Wish, kind: Format, key: str) -> bytes | None:
    """Draw a picture and store it, unless somebody else did meanwhile.

    Returns the picture instead when there are enough of its object.

    Raises:
        StorageError: 404 when the object is gone, 422 when it cannot be drawn.
    """
    if _is_there(blobs, key):
        return None
    with tempfile.TemporaryDirectory(prefix="drawing-") as name:
        source, target = Path(name) / "original", Path(name) / "drawing"
        try:
            with source.open("wb") as file:
                for piece in blobs.read(object_key(found.version)):
                    file.write(piece)
        except Absent:
            raise no_such_key() from None
        order = {
            "order": "resized",
            "source": str(source),
            "target": str(target),
            "max_pixels": MAX_PIXELS,
            "width": wish.width,
            "height": wish.height,
            "fit": wish.fit,
            "quality": wish.quality,
            "format": kind,
        }
        try:
            content_type = type_among(source, tuple(LOADERS))
            child.draw({**order, "content_type": content_type})
        except Unfit as error:
            message = "The requested picture cannot be drawn"
            raise StorageError(422, "InvalidRequest", message, error=error.reason) from None
        if not _may_store(found.version):
            return target.read_bytes()
        with target.open("rb") as file:
            put(blobs, key, iter(lambda: file.read(2**20), b""))
    return None


def _may_store(version: str) -> bool:
    """Count one more drawing of an object, and say whether it may be stored."""
    count = STORED.pop(version, 0) + 1
    STORED[version] = count
    if len(STORED) > REMEMBERED:
        STORED.popitem(last=False)
    return count <= MOST_STORED


def _whole(given: Mapping[str, Any], name: str, *, least: int, most: int) -> int | None:
    found = given.get(name)
    if found in (None, ""):
        return None
    text = str(found)
    if not text.isdecimal() or not least <= int(text[:9]) <= most:
        raise invalid(f"querystring/{name} must be a whole number from {least} to {most}")
    return int(text)
