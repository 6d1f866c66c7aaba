"""Resumable uploads by the tus protocol: creation, creation-with-upload, expiration, termination.

An upload belongs to whoever began it. Refusals have real statuses here, and a sentence as the body.

Source: https://tus.io/protocols/resumable-upload (1.0.0); supabase/storage, src/http/routes/tus
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workers.edge.storage import bodies, parts, tus, writing
from workers.edge.storage.caller import SYSTEM, Caller, caller_of
from workers.edge.storage.errors import StorageError
from workers.edge.storage.inputs import user_metadata
from workers.edge.storage.keys import require_object_name
from workers.edge.storage.limits import Limits
from workers.edge.storage.parts import Upload
from workers.edge.storage.service import Service
from workers.edge.storage.uploads import wants_upsert
from workers.edge.storage.writing import Target
from workers.providers.blobs.protocol import Failed, object_key

LIFE = 86_400  # seconds that an upload may take
PATH = "/upload/resumable"
SIGNED = f"{PATH}/sign"


@dataclass(frozen=True)
class Asker:
    """Who continues an upload. `signature` has the claims of a signed address for it."""

    caller: Caller
    owner: str | None
    signature: dict[str, Any] | None = None

    def may_continue(self, owner: str | None) -> bool:
        """Whether an upload is theirs. The operator may continue all of them."""
        return self.owner == owner or (self.caller == SYSTEM and self.signature is None)


async def describe(request: Request) -> Response:
    """Say what is offered."""
    headers = {
        "Tus-Resumable": tus.VERSION,
        "Tus-Version": tus.VERSION,
        "Tus-Extension": tus.EXTENSIONS,
        "Tus-Max-Size": str(Service.of(request).settings.file_size_limit),
    }
    return Response(status_code=204, headers=headers)


@tus.speaks_tus
async def create(request: Request) -> Response:
    """Begin an upload, perhaps with its first bytes."""
    told = tus.told(request.headers.get("upload-metadata", ""))
    length = tus.whole(request, "upload-length")
    bucket, name = told.get("bucketName", ""), require_object_name(told.get("objectName"))
    asker = await _asker(request, bucket, name)
    is_upsert = wants_upsert(request)
    if asker.signature is not None:
        is_upsert = asker.signature["upsert"]
    target = _target(asker, "tus.upload.create", bucket, name, is_upsert=is_upsert)
    said = tus.said(told)
    limits = await Limits.of(request, bucket)
    limits.require_type(said["mimetype"])
    limits.require_size(length)
    await writing.reserve(request, target, {**said, "size": length}, seconds=LIFE)
    async with writing.releasing(request, target):
        upload = await _begin(request, target, length, said, told)
        if request.headers.get("content-type") == tus.CHUNK or length == 0:
            upload = await _continue(request, upload, asker, "tus.upload.create")
    place = SIGNED if asker.signature is not None else PATH
    headers = {**tus.progress(upload), "Location": f"/storage/v1{place}/{upload.version}"}
    return Response(status_code=201, headers=headers)


@tus.speaks_tus
async def look(request: Request) -> Response:
    """Say how much has been received."""
    upload, asker = await _find(request)
    if upload is None:
        length = str(await _finished_length(request, asker))
        return Response(headers={"Upload-Offset": length, "Upload-Length": length})
    if upload.is_whole:
        # The request that brought the last bytes died before it wrote the row.
        await parts.complete(request, upload, _target_of(upload, asker, "tus.upload.part"))
    return Response(
        headers={
            **tus.progress(upload),
            "Upload-Length": str(upload.length),
            "Upload-Metadata": upload.told,
        }
    )


@tus.speaks_tus
async def append(request: Request) -> Response:
    """Take the next bytes of an upload."""
    if request.method == "POST" and request.headers.get("x-http-method-override") != "PATCH":
        raise StorageError(405, "TusError", "Use PATCH")
    if request.headers.get("content-type") != tus.CHUNK:
        raise StorageError(415, "TusError", f"Content-Type must be {tus.CHUNK}")
    offset = tus.whole(request, "upload-offset")
    upload, asker = await _find(request)
    if upload is None:
        upload_length = await _finished_length(request, asker)
        raise StorageError(409, "TusError", f"The upload has all of its {upload_length} bytes")
    if offset != upload.received:
        raise StorageError(409, "TusError", "Upload-Offset conflict")
    upload = await _continue(request, upload, asker, "tus.upload.part")
    complete = {"Tus-Complete": "1"} if upload.is_whole else {}
    return Response(status_code=204, headers={**tus.progress(upload), **complete})


@tus.speaks_tus
async def end(request: Request) -> Response:
    """Give an upload up."""
    upload, _ = await _find(request)
    if upload is None:
        raise StorageError(400, "TusError", "The upload has ended")
    async with Service.of(request).database.transaction() as session:
        await session.run("release", version=upload.version)
        await session.run("delete_upload", version=upload.version)
    return Response(status_code=204)


async def _begin(
    request: Request, target: Target, length: int, said: dict[str, Any], told: dict[str, str]
) -> Upload:
    service = Service.of(request)
    try:
        handle = await run_in_threadpool(service.blobs.begin, object_key(target.version))
    except Failed as error:
        raise StorageError(500, "InternalError", "The file could not be stored") from error
    own = user_metadata(told.get("metadata"))
    async with service.database.transaction() as session:
        await session.run(
            "insert_upload",
            version=target.version,
            bucket=target.bucket,
            name=target.name,
            owner=target.owner,
            is_upsert=target.is_upsert,
            length=length,
            handle=handle,
            metadata=Jsonb(said),
            user_metadata=None if own is None else Jsonb(own),
            told=request.headers.get("upload-metadata", ""),
        )
        row = await session.row("find_upload", version=target.version)
    if row is None:
        raise StorageError(404, "NoSuchUpload", "Upload not found")
    return Upload.of(row)


async def _continue(request: Request, upload: Upload, asker: Asker, operation: str) -> Upload:
    """Take bytes, and write the row of the object when the last one is there."""
    upload = await parts.receive(request, upload, bodies.Body(request).pieces())
    if upload.is_whole:
        await parts.complete(request, upload, _target_of(upload, asker, operation))
    return upload


async def _find(request: Request) -> tuple[Upload | None, Asker]:
    """Return the upload of a path and who asks; no upload when it has become an object.

    Raises:
        StorageError: 404 when there is none, it has expired, or somebody else's is asked for.
    """
    version = tus.version_of(request)
    async with Service.of(request).database.transaction() as session:
        row = await session.row("find_upload", version=version)
    if row is None:
        return None, await _asker(request, None, None)
    upload = Upload.of(row)
    asker = await _asker(request, upload.bucket_id, upload.name)
    if not asker.may_continue(upload.owner_id):
        raise StorageError(404, "NoSuchUpload", "Upload not found")
    return upload, asker


async def _finished_length(request: Request, asker: Asker) -> int:
    """Return the size of the object that an upload has become.

    Raises:
        StorageError: 404 when it has become none, or somebody else's.
    """
    database = Service.of(request).database
    async with database.acting(SYSTEM, "tus.upload.get", request) as session:
        row = await session.row("find_finished", version=tus.version_of(request))
    if row is None or not asker.may_continue(row["owner_id"]):
        raise StorageError(404, "NoSuchUpload", "Upload not found")
    return int(row["length"])


async def _asker(request: Request, bucket: str | None, name: str | None) -> Asker:
    """Return who asks. A signed address is checked when it is known what it must be for."""
    if not request.url.path.startswith(f"/storage/v1{SIGNED}"):
        caller = await caller_of(request)
        is_operator = caller.role == SYSTEM.role
        return Asker(SYSTEM if is_operator else caller, caller.user_id)
    signature = request.headers.get("x-signature")
    if not signature:
        raise StorageError(400, "InvalidSignature", "Missing x-signature header")
    if bucket is None:
        raise StorageError(404, "NoSuchUpload", "Upload not found")
    claims = Service.of(request).signer.open_upload(signature, f"{bucket}/{name}")
    return Asker(SYSTEM, claims["owner"], claims)


def _target(asker: Asker, operation: str, bucket: str, name: str, **more: Any) -> Target:
    return Target(
        asker.caller,
        operation,
        bucket,
        name,
        owner=asker.owner,
        signature=asker.signature,
        **more,
    )


def _target_of(upload: Upload, asker: Asker, operation: str) -> Target:
    return Target(
        asker.caller,
        operation,
        upload.bucket_id,
        upload.name,
        is_upsert=upload.is_upsert,
        owner=upload.owner_id,
        version=upload.version,
        signature=asker.signature,
    )


ROUTES = [
    route
    for place in (SIGNED, PATH)
    for route in (
        Route(place, describe, methods=["OPTIONS"]),
        Route(place, create, methods=["POST"]),
        Route(f"{place}/", create, methods=["POST"]),
        Route(f"{place}/{{version}}", describe, methods=["OPTIONS"]),
        Route(f"{place}/{{version}}", look, methods=["HEAD"]),
        Route(f"{place}/{{version}}", append, methods=["PATCH", "POST"]),
        Route(f"{place}/{{version}}", end, methods=["DELETE"]),
    )
]
