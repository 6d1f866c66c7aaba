"""Buckets: listed, made, changed, emptied and deleted."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.storage import inputs
from workers.edge.storage.caller import SYSTEM, caller_of
from workers.edge.storage.database import Row
from workers.edge.storage.errors import (
    StorageError,
    invalid,
    no_such_bucket,
    too_large,
    wrong_type,
)
from workers.edge.storage.keys import require_bucket_name
from workers.edge.storage.service import Service
from workers.edge.storage.writing import as_uuid

SORTED_BY = ("id", "name", "created_at", "updated_at")
ALLOWED_TYPE = re.compile(r"(\*|[\w.+-]+)/(\*|[\w.+-]+)", re.ASCII)
BATCH = 1000  # objects that are deleted in one transaction
MOST = 10_000  # buckets of one list


async def list_buckets(request: Request) -> Response:
    """List the buckets that the caller may see."""
    asked = dict(request.query_params)
    column, order = asked.get("sortColumn", "id"), asked.get("sortOrder", "asc")
    if column not in SORTED_BY or order not in ("asc", "desc"):
        raise invalid("querystring/sortColumn must be equal to one of the allowed values")
    caller = await caller_of(request)
    database = Service.of(request).database
    async with database.acting(caller, "bucket.list", request) as session:
        rows = await session.rows(
            "list_buckets",
            search=asked.get("search", ""),
            column=column,
            descending=order == "desc",
            limit=inputs.whole(asked, "limit", MOST, least=1, most=MOST),
            offset=inputs.whole(asked, "offset", 0, least=0, most=10**9),
        )
    return JSONResponse([_shown(row) for row in rows])


async def get_bucket(request: Request) -> Response:
    """Show a bucket."""
    caller = await caller_of(request)
    database = Service.of(request).database
    async with database.acting(caller, "bucket.get", request) as session:
        found = await session.row("find_bucket", bucket=request.path_params["bucket"])
    if found is None:
        raise no_such_bucket()
    return JSONResponse(_shown(found))


async def create_bucket(request: Request) -> Response:
    """Make a bucket."""
    given = await inputs.json_object(request)
    name = require_bucket_name(inputs.text(given, "name"))
    if given.get("type") not in (None, "STANDARD"):
        raise invalid("body/type must be STANDARD", code="InvalidParameter")
    caller = await caller_of(request)
    service = Service.of(request)
    values = _settings(given, service.settings.file_size_limit)
    async with service.database.acting(caller, "bucket.create", request) as session:
        await session.run(
            "insert_bucket",
            id=require_bucket_name(inputs.text(given, "id", name)),
            name=name,
            owner=caller.user_id,
            owner_uuid=as_uuid(caller.user_id),
            **{**values, "public": values["public"] or False},
        )
    return JSONResponse({"name": name})


async def update_bucket(request: Request) -> Response:
    """Change who may read a bucket, and what it takes. What is not said stays as it is."""
    given = await inputs.json_object(request)
    caller = await caller_of(request)
    service = Service.of(request)
    values = _settings(given, service.settings.file_size_limit)
    async with service.database.acting(caller, "bucket.update", request) as session:
        changed = await session.run(
            "update_bucket",
            id=request.path_params["bucket"],
            sets_size="file_size_limit" in given,
            sets_types="allowed_mime_types" in given,
            **values,
        )
    if changed == 0:
        raise no_such_bucket()
    return JSONResponse({"message": "Successfully updated"})


async def empty_bucket(request: Request) -> Response:
    """Delete the objects of a bucket that the caller may delete, or say that some stay."""
    bucket = request.path_params["bucket"]
    caller = await caller_of(request)
    database = Service.of(request).database
    deleted = BATCH
    while deleted == BATCH:
        async with database.acting(caller, "bucket.empty", request) as session:
            if await session.row("find_bucket", bucket=bucket) is None:
                raise no_such_bucket()
            deleted = await session.run("empty_bucket", bucket=bucket, limit=BATCH)
            left = await session.row("find_any_object", bucket=bucket)
    if left is not None:
        message = f"Cannot delete: {left['name']}, you may have SELECT but not DELETE permissions"
        raise StorageError(409, "InvalidRequest", message)
    return JSONResponse({"message": "Successfully emptied"})


async def delete_bucket(request: Request) -> Response:
    """Delete a bucket that has no object, whoever may see them."""
    bucket = request.path_params["bucket"]
    caller = await caller_of(request)
    database = Service.of(request).database
    async with database.acting(caller, "bucket.delete", request) as session:
        if await session.row("find_bucket", bucket=bucket) is None:
            raise no_such_bucket()
        await session.become(SYSTEM, "bucket.delete", request)
        if await session.row("find_any_object", bucket=bucket) is not None:
            message = "The bucket you tried to delete is not empty"
            raise StorageError(409, "ResourceNotEmpty", message)
        await session.become(caller, "bucket.delete", request)
        if await session.run("delete_bucket", bucket=bucket) == 0:
            raise no_such_bucket()
    return JSONResponse({"message": "Successfully deleted"})


def _settings(given: dict[str, Any], largest: int) -> dict[str, Any]:
    """Return what a client says about a bucket; none where it says nothing."""
    limit = given.get("file_size_limit")
    size = None if limit is None else inputs.size(limit)
    if size is not None and size > largest:
        raise too_large()
    types = given.get("allowed_mime_types")
    if types is not None:
        types = inputs.texts(
            {**given, "allowed_mime_types": types or ["*/*"]}, "allowed_mime_types", most=100
        )
        for one in types:
            if not ALLOWED_TYPE.fullmatch(one):
                raise wrong_type(one)
    public = inputs.flag(given, "public", default=None)
    return {"public": public, "file_size_limit": size, "allowed_mime_types": types}


def _shown(row: Row) -> dict[str, Any]:
    times = {name: row[name].isoformat() for name in ("created_at", "updated_at")}
    return {**row, **times}
