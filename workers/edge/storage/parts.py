"""An upload that arrives in several requests: what has been received, and what is done with more.

Bytes become parts as soon as there are enough for one. Each part is durable before the row says so.
A client goes on behind the last part that was stored, or behind the tail that an orderly end saved.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from workers.edge.storage import writing
from workers.edge.storage.database import Row
from workers.edge.storage.errors import StorageError
from workers.edge.storage.service import Service
from workers.edge.storage.writing import Target
from workers.providers.blobs.protocol import PART, Absent, Failed, object_key


@dataclass(frozen=True)
class Upload:
    """A row of storage.resumable_uploads."""

    version: str
    bucket_id: str
    name: str
    owner_id: str | None
    is_upsert: bool
    length: int
    handle: str
    part_tags: list[str]
    tail: bytes
    received: int
    metadata: dict[str, Any]
    user_metadata: dict[str, Any] | None
    told: str
    expires_at: datetime

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the upload of a row."""
        return cls(**row)

    @property
    def is_whole(self) -> bool:
        """Whether every byte is there."""
        return self.received == self.length


async def receive(request: Request, upload: Upload, pieces: AsyncIterator[bytes]) -> Upload:
    """Take more bytes, and return the upload with them.

    Raises:
        StorageError: 400 for more than the announced length, 409 when another request was faster.
        ClientDisconnect: when the client hangs up; what came until then is kept.
    """
    taken = _Taken(request, upload)
    try:
        async for piece in pieces:
            await taken.add(piece)
    except ClientDisconnect:
        with anyio.CancelScope(shield=True):
            await taken.save()
        raise
    return await taken.save()


async def complete(request: Request, upload: Upload, target: Target) -> str:
    """Put the parts together and write the row. It may be done again after a crash.

    Raises:
        StorageError: what the insert is refused with; 500 when the place fails.
    """
    blobs, key = Service.of(request).blobs, object_key(upload.version)
    try:
        stored = await run_in_threadpool(blobs.finish, key, upload.handle, upload.part_tags)
    except Absent:
        raise StorageError(404, "NoSuchUpload", "Upload not found") from None
    except Failed as error:
        raise _failed() from error
    try:
        return await writing.commit(request, target, stored, upload.metadata, upload.user_metadata)
    except StorageError as error:
        if error.http_status < 500:
            # It will be refused again, so nobody needs the bytes.
            async with Service.of(request).database.transaction() as session:
                await session.run("release", version=upload.version)
        raise


class _Taken:
    """Bytes of one request on their way into parts."""

    def __init__(self, request: Request, upload: Upload) -> None:
        self._service, self._upload = Service.of(request), upload
        self._held = bytearray(upload.tail)

    async def add(self, piece: bytes) -> None:
        """Take a piece, and store a part when there is enough for one."""
        upload = self._upload
        if len(upload.part_tags) * PART + len(self._held) + len(piece) > upload.length:
            raise StorageError(400, "InvalidRequest", "More than Upload-Length was sent")
        self._held += piece
        while len(self._held) >= PART:
            part = bytes(self._held[:PART])
            del self._held[:PART]
            await self._store(part)
            await self._advance(b"")

    async def save(self) -> Upload:
        """Make what is held the last part when the upload is whole, and the tail otherwise."""
        received = len(self._upload.part_tags) * PART + len(self._held)
        is_whole = received == self._upload.length
        if is_whole and (self._held or not self._upload.part_tags):
            await self._store(bytes(self._held))
            self._held.clear()
            await self._advance(b"", received=received)
        elif received != self._upload.received:
            await self._advance(bytes(self._held))
        return self._upload

    async def _store(self, part: bytes) -> None:
        upload = self._upload
        number = len(upload.part_tags) + 1
        try:
            tag = await run_in_threadpool(
                self._service.blobs.add_part,
                object_key(upload.version),
                upload.handle,
                number,
                part,
            )
        except Absent:
            raise StorageError(404, "NoSuchUpload", "Upload not found") from None
        except Failed as error:
            raise _failed() from error
        self._upload = replace(upload, part_tags=[*upload.part_tags, tag])

    async def _advance(self, tail: bytes, *, received: int | None = None) -> None:
        """Write down what has been received, unless another request has done so."""
        upload = self._upload
        received = len(upload.part_tags) * PART + len(tail) if received is None else received
        async with self._service.database.transaction() as session:
            changed = await session.run(
                "advance_upload",
                version=upload.version,
                before=upload.received,
                tags=upload.part_tags,
                tail=tail,
                received=received,
            )
        if changed == 0:
            raise StorageError(409, "ResourceLocked", "Another request continues this upload")
        self._upload = replace(upload, tail=tail, received=received)


def _failed() -> StorageError:
    return StorageError(500, "InternalError", "The file could not be stored")
