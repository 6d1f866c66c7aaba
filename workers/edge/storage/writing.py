"""Writes an object: bytes under a fresh version first, then the row, in this order.

The row is written as the caller, so that row-level security decides with everything that is known
then. Before the bytes flow, the same insert is tried and rolled back, so that nobody uploads
gigabytes for a refusal.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import anyio
from psycopg import Rollback
from psycopg.types.json import Jsonb
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from workers.edge.storage.caller import Caller
from workers.edge.storage.database import Session
from workers.edge.storage.errors import StorageError, duplicate
from workers.edge.storage.limits import Limits
from workers.edge.storage.service import Service
from workers.providers.blobs.protocol import Failed, Stored, object_key

GRACE = 86_400  # seconds that an upload in one request may take before its bytes are garbage
PIECE = 2**20  # bytes that are handed over at once


@dataclass(frozen=True)
class Target:
    """The object that shall be written, as whom, and under which version its bytes will lie."""

    caller: Caller
    operation: str
    bucket: str
    name: str
    is_upsert: bool
    owner: str | None
    version: str = field(default_factory=lambda: str(uuid.uuid4()))
    # The claims of a signed upload address, which works once.
    signature: dict[str, Any] | None = None

    @property
    def path(self) -> str:
        """Return bucket and name as clients read them."""
        return f"{self.bucket}/{self.name}"


async def reserve(
    request: Request, target: Target, metadata: dict[str, Any], *, seconds: int = GRACE
) -> None:
    """Write the version down as a leftover, after trying whether the caller may write the row.

    Raises:
        StorageError: what the insert would be refused with.
    """
    async with Service.of(request).database.transaction() as session:
        await session.run("reserve", version=target.version, seconds=seconds)
        await try_row(session, request, target, metadata)


async def try_row(
    session: Session, request: Request, target: Target, metadata: dict[str, Any]
) -> None:
    """Try whether the caller may write the row, and undo it.

    Raises:
        StorageError: what the insert would be refused with.
    """
    async with session.connection.transaction() as attempt:
        await session.become(target.caller, target.operation, request)
        await _write(session, target, metadata, None, version=None)
        raise Rollback(attempt)


@asynccontextmanager
async def releasing(request: Request, target: Target) -> AsyncIterator[None]:
    """Make the bytes of a version garbage at once when something fails here."""
    try:
        yield
    except BaseException:
        # Whether or not this works, the collector finds them later.
        with anyio.CancelScope(shield=True), suppress(StorageError):
            async with Service.of(request).database.transaction() as session:
                await session.run("release", version=target.version)
        raise


async def store(
    request: Request, target: Target, pieces: AsyncIterator[bytes], limits: Limits
) -> Stored:
    """Store the bytes of an upload, all or none.

    Raises:
        StorageError: 413 when they are too many, 500 when the place cannot take them.
        ClientDisconnect: when the client hangs up.
    """
    blobs, key = Service.of(request).blobs, object_key(target.version)
    draft = None
    try:
        draft = await run_in_threadpool(blobs.draft, key)
        size, held = 0, bytearray()
        async for piece in pieces:
            size += len(piece)
            limits.require_size(size)
            held += piece
            if len(held) >= PIECE:
                await run_in_threadpool(draft.write, bytes(held))
                held.clear()
        if held:
            await run_in_threadpool(draft.write, bytes(held))
        return await run_in_threadpool(draft.commit)
    except BaseException as error:
        if draft is not None:
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(draft.abort)
        if isinstance(error, Failed):
            raise StorageError(500, "InternalError", "The file could not be stored") from error
        raise


async def commit(
    request: Request,
    target: Target,
    stored: Stored,
    metadata: dict[str, Any],
    user_metadata: dict[str, Any] | None,
) -> str:
    """Write the row that refers to the bytes, and return its id. What it referred to is left over.

    Raises:
        StorageError: what the insert is refused with.
    """
    async with Service.of(request).database.transaction() as session:
        if target.signature is not None:
            await _spend(session, target.signature)
        await session.become(target.caller, target.operation, request)
        return await _write(
            session,
            target,
            {**metadata, **described(stored)},
            user_metadata,
            version=target.version,
        )


def described(stored: Stored) -> dict[str, Any]:
    """Return what a row says about stored bytes."""
    return {
        "eTag": f'"{stored.tag}"',
        "size": stored.size,
        "contentLength": stored.size,
        "lastModified": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "httpStatusCode": 200,
    }


def as_uuid(owner: str | None) -> str | None:
    """Return an owner for the older column, which takes UUIDs only."""
    try:
        return str(uuid.UUID(owner)) if owner else None
    except ValueError:
        return None


async def _write(
    session: Session,
    target: Target,
    metadata: dict[str, Any],
    user_metadata: dict[str, Any] | None,
    *,
    version: str | None,
) -> str:
    values = {
        "id": str(uuid.uuid4()),
        "bucket": target.bucket,
        "name": target.name,
        "owner": target.owner,
        "owner_uuid": as_uuid(target.owner),
        "version": version,
        "metadata": Jsonb(metadata),
        "user_metadata": None if user_metadata is None else Jsonb(user_metadata),
    }
    if not target.is_upsert:
        await session.run("insert_object", **values)
        return str(values["id"])
    row = await session.row("upsert_object", **values)
    return str(row["id"]) if row else ""


async def _spend(session: Session, signature: dict[str, Any]) -> None:
    spent = await session.run("spend_signature", id=signature["jti"], expires_at=signature["exp"])
    if spent == 0:
        raise duplicate()
