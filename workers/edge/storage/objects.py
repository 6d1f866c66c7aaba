"""An object as its row describes it, and who may read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from starlette.requests import Request

from workers.edge.storage import caller as callers
from workers.edge.storage.caller import SYSTEM
from workers.edge.storage.database import Row, Session
from workers.edge.storage.errors import no_such_bucket, no_such_key
from workers.edge.storage.keys import require_object_name
from workers.edge.storage.service import Service

# How an address says who may read: as the caller, because the bucket is public, or by a signature.
Access = Literal["caller", "public", "signed"]


@dataclass(frozen=True)
class Object:
    """A row of storage.objects whose bytes lie under `version`. `etag` has its quotes."""

    id: str
    bucket_id: str
    name: str
    version: str
    size: int
    mimetype: str
    cache_control: str
    etag: str
    created_at: datetime
    updated_at: datetime
    metadata: dict[str, Any]
    user_metadata: dict[str, Any] | None

    @classmethod
    def of(cls, row: Row | None) -> Self:
        """Return the object of a row.

        Raises:
            StorageError: 404 NoSuchKey, when there is no row or it has no bytes.
        """
        if row is None or row["version"] is None:
            raise no_such_key()
        metadata = row["metadata"] or {}
        return cls(
            id=str(row["id"]),
            bucket_id=row["bucket_id"],
            name=row["name"],
            version=row["version"],
            size=int(metadata.get("size") or 0),
            mimetype=str(metadata.get("mimetype") or "application/octet-stream"),
            cache_control=str(metadata.get("cacheControl") or "no-cache"),
            etag=str(metadata.get("eTag") or f'"{row["version"]}"'),
            created_at=row["created_at"],
            updated_at=row["updated_at"],
            metadata=metadata,
            user_metadata=row["user_metadata"],
        )


async def find_readable(
    request: Request, bucket: str, name: str, *, access: Access, operation: str
) -> Object:
    """Return an object that this request may read.

    With `access` "caller", the policies on storage.objects decide as the request's caller, unless
    the bucket is public. With "public" the bucket must be. With "signed" somebody has checked a
    signature for exactly this path. Absent and forbidden objects are refused alike.

    Raises:
        StorageError: 400 InvalidKey; 403 for a wrong token; 404 NoSuchBucket or NoSuchKey.
    """
    require_object_name(name)
    asker = None
    if access == "caller" and callers.has_token(request):
        asker = await callers.caller_of(request)
    async with Service.of(request).database.acting(SYSTEM, operation, request) as session:
        row = await session.row("find_public", bucket=bucket, name=name)
        if access != "signed" and not (row and row["public"]):
            if asker is None:
                raise no_such_bucket()
            await session.become(asker, operation, request)
            row = await session.row("find_object", bucket=bucket, name=name)
        return Object.of(row)


async def find_as(session: Session, bucket: str, name: str) -> Object:
    """Return an object that the caller of this transaction may select.

    Raises:
        StorageError: 400 InvalidKey, 404 NoSuchKey.
    """
    require_object_name(name)
    return Object.of(await session.row("find_object", bucket=bucket, name=name))
