"""Moves and copies objects, also into another bucket.

A move changes the row only, because the bytes lie under a version and not under a name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.storage import inputs, writing
from workers.edge.storage.caller import caller_of
from workers.edge.storage.errors import StorageError, no_such_key
from workers.edge.storage.keys import require_object_name
from workers.edge.storage.limits import Limits
from workers.edge.storage.objects import Object, find_as
from workers.edge.storage.service import Service
from workers.edge.storage.uploads import wants_upsert
from workers.edge.storage.writing import Target, as_uuid
from workers.providers.blobs.protocol import Absent, Failed, Stored, object_key


@dataclass(frozen=True)
class Paths:
    """Where an object is and where it shall be."""

    bucket: str
    name: str
    to_bucket: str
    to_name: str

    @classmethod
    def of(cls, given: dict[str, Any]) -> Self:
        """Read them from a body.

        Raises:
            StorageError: 400 when one is missing or no name of an object.
        """
        bucket = inputs.text(given, "bucketId")
        return cls(
            bucket=bucket,
            name=inputs.text(given, "sourceKey"),
            to_bucket=inputs.text(given, "destinationBucket", bucket),
            to_name=require_object_name(inputs.text(given, "destinationKey")),
        )


async def move(request: Request) -> Response:
    """Give an object another name."""
    paths = Paths.of(await inputs.json_object(request))
    caller = await caller_of(request)
    limits = await Limits.of(request, paths.to_bucket)
    database = Service.of(request).database
    async with database.acting(caller, "object.move", request) as session:
        _require_fit(limits, await find_as(session, paths.bucket, paths.name))
        row = await session.row(
            "move_object",
            bucket=paths.bucket,
            name=paths.name,
            to_bucket=paths.to_bucket,
            to_name=paths.to_name,
            owner=caller.user_id,
            owner_uuid=as_uuid(caller.user_id),
        )
        if row is None:
            raise no_such_key()
    return JSONResponse(
        {"message": "Successfully moved", "Id": str(row["id"]), "Key": paths.to_name}
    )


async def copy(request: Request) -> Response:
    """Make another object of the same bytes."""
    given = await inputs.json_object(request)
    paths = Paths.of(given)
    caller = await caller_of(request)
    target = Target(
        caller,
        "object.copy",
        paths.to_bucket,
        paths.to_name,
        is_upsert=wants_upsert(request),
        owner=caller.user_id,
    )
    limits = await Limits.of(request, paths.to_bucket)
    service = Service.of(request)
    async with service.database.acting(caller, "object.copy", request) as session:
        source = await find_as(session, paths.bucket, paths.name)
    said, own = _described(given, source)
    _require_fit(limits, source)
    await writing.reserve(request, target, {**said, "size": source.size})
    async with writing.releasing(request, target):
        stored = await _copy_bytes(service, source, target)
        identifier = await writing.commit(request, target, stored, said, own)
    return JSONResponse(
        {
            "Id": identifier,
            "Key": target.path,
            "id": identifier,
            "name": target.name,
            "bucket_id": target.bucket,
            "owner_id": target.owner,
        }
    )


async def _copy_bytes(service: Service, source: Object, target: Target) -> Stored:
    try:
        return await run_in_threadpool(
            service.blobs.copy, object_key(source.version), object_key(target.version)
        )
    except Absent:
        # It was replaced some minutes ago, and this copy came that late.
        raise no_such_key() from None
    except Failed as error:
        message = "The file could not be stored"
        raise StorageError(500, "InternalError", message) from error


def _described(
    given: dict[str, Any], source: Object
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return what the copy says about itself: what the source says, unless the client differs."""
    said = {"mimetype": source.mimetype, "cacheControl": source.cache_control}
    if inputs.flag(given, "copyMetadata", default=True):
        return said, source.user_metadata
    wanted = inputs.mapping(given, "metadata")
    said |= {name: inputs.text(wanted, name, said[name]) for name in said}
    return said, None


def _require_fit(limits: Limits, source: Object) -> None:
    limits.require_type(source.mimetype)
    limits.require_size(source.size)
