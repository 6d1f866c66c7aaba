"""Deletes objects. Their bytes are left over, and the collector deletes those."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.storage import inputs
from workers.edge.storage.caller import caller_of
from workers.edge.storage.database import Row
from workers.edge.storage.downloads import path_of
from workers.edge.storage.errors import no_such_key
from workers.edge.storage.keys import require_object_name
from workers.edge.storage.service import Service

MOST = 1000  # names of one request
TIMES = ("created_at", "updated_at", "last_accessed_at")


async def remove_many(request: Request) -> Response:
    """Delete the named objects, and return those that the caller could delete."""
    names = inputs.texts(await inputs.json_object(request), "prefixes", most=MOST)
    caller = await caller_of(request)
    database = Service.of(request).database
    async with database.acting(caller, "object.delete_many", request) as session:
        rows = await session.rows(
            "delete_objects", bucket=request.path_params["bucket"], names=names
        )
    return JSONResponse([_shown(row) for row in rows])


async def remove_one(request: Request) -> Response:
    """Delete an object."""
    bucket, name = path_of(request)
    require_object_name(name)
    caller = await caller_of(request)
    database = Service.of(request).database
    async with database.acting(caller, "object.delete", request) as session:
        if not await session.rows("delete_objects", bucket=bucket, names=[name]):
            raise no_such_key()
    return JSONResponse({"message": "Successfully deleted"})


def _shown(row: Row) -> dict[str, Any]:
    keys = {name: None if row[name] is None else str(row[name]) for name in ("id", "owner")}
    times = {name: row[name].isoformat() for name in TIMES}
    return {**row, **keys, **times}
