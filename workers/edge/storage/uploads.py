"""Uploads in one request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.storage import bodies, writing
from workers.edge.storage.caller import SYSTEM, caller_of
from workers.edge.storage.downloads import path_of
from workers.edge.storage.errors import StorageError
from workers.edge.storage.keys import in_url, require_object_name
from workers.edge.storage.limits import Limits
from workers.edge.storage.service import Service
from workers.edge.storage.writing import Target


async def upload(request: Request) -> Response:
    """Store an object; one that is there stays, unless `x-upsert` is true."""
    return await _receive(
        request, lambda: target_of(request, "object.upload", is_upsert=wants_upsert(request))
    )


async def update(request: Request) -> Response:
    """Store an object in place of one that may be there."""
    return await _receive(
        request, lambda: target_of(request, "object.upload_update", is_upsert=True)
    )


async def upload_signed(request: Request) -> Response:
    """Store the one object that a signed address is for."""
    return await _receive(request, lambda: _signed_target(request))


async def sign_upload(request: Request) -> Response:
    """Return an address to which anybody may upload this object once."""
    upsert = wants_upsert(request)
    target = await target_of(request, "object.sign_upload_url", is_upsert=upsert)
    service = Service.of(request)
    async with service.database.transaction() as session:
        await writing.try_row(session, request, target, {})
    token = service.signer.sign_upload(target.path, owner=target.owner, is_upsert=upsert)
    url = f"/object/upload/sign/{in_url(target.path)}?token={token}"
    return JSONResponse({"url": url, "token": token})


def wants_upsert(request: Request) -> bool:
    """Whether an object that is there shall be replaced."""
    return request.headers.get("x-upsert", "").lower() == "true"


async def target_of(request: Request, operation: str, *, is_upsert: bool) -> Target:
    """Return the object that the caller of a request names in its path.

    Raises:
        StorageError: 400 InvalidKey, 403 for a wrong token.
    """
    bucket, name = path_of(request)
    require_object_name(name)
    caller = await caller_of(request)
    return Target(caller, operation, bucket, name, is_upsert=is_upsert, owner=caller.user_id)


async def _signed_target(request: Request) -> Target:
    bucket, name = path_of(request)
    claims = Service.of(request).signer.open_upload(
        request.query_params.get("token"), f"{bucket}/{name}"
    )
    return Target(
        SYSTEM,
        "object.upload_signed",
        bucket,
        require_object_name(name),
        is_upsert=claims["upsert"],
        owner=claims["owner"],
        signature=claims,
    )


async def _receive(request: Request, find_target: Callable[[], Awaitable[Target]]) -> Response:
    """Receive the bytes of an object, then write its row."""
    try:
        target = await find_target()
        limits = await Limits.of(request, target.bucket)
    except StorageError:
        await bodies.Body(request).drain()
        raise
    body = await bodies.body_of(request)
    try:
        return await _store(request, target, limits, body)
    except StorageError:
        await body.drain()
        raise


async def _store(request: Request, target: Target, limits: Limits, body: bodies.Body) -> Response:
    limits.require_type(body.mimetype)
    limits.require_size(body.length or 0)
    said = {"mimetype": body.mimetype, "cacheControl": body.cache_control}
    expected = {} if body.length is None else {"size": body.length}
    await writing.reserve(request, target, {**said, **expected})
    async with writing.releasing(request, target):
        stored = await writing.store(request, target, body.pieces(), limits)
        identifier = await writing.commit(request, target, stored, said, body.user_metadata)
    return JSONResponse({"Id": identifier, "Key": target.path})
