"""Storage as an ASGI application: its routes, and what is open while it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Route

from workers.edge.storage import (
    buckets,
    downloads,
    errors,
    listing,
    moving,
    removing,
    rendering,
    resumable,
    signs,
    tus,
    uploads,
)
from workers.edge.storage.database import Database
from workers.edge.storage.errors import StorageError
from workers.edge.storage.service import Service
from workers.edge.storage.settings import Settings
from workers.edge.storage.signing import Signer
from workers.providers.blobs.settings import build

ONE = "{bucket}/{name:path}"
# The headers that pages of other origins may read.
EXPOSED_HEADERS = [
    *("etag", "content-range", "content-disposition", "accept-ranges"),
    *tus.EXPOSED_HEADERS,
]
# The order matters: a bucket's name could be any of these words.
ROUTES = [
    Route("/bucket", buckets.list_buckets, methods=["GET"]),
    Route("/bucket", buckets.create_bucket, methods=["POST"]),
    Route("/bucket/{bucket}/empty", buckets.empty_bucket, methods=["POST"]),
    Route("/bucket/{bucket}", buckets.get_bucket, methods=["GET"]),
    Route("/bucket/{bucket}", buckets.update_bucket, methods=["PUT"]),
    Route("/bucket/{bucket}", buckets.delete_bucket, methods=["DELETE"]),
    Route("/object/move", moving.move, methods=["POST"]),
    Route("/object/copy", moving.copy, methods=["POST"]),
    Route("/object/list/{bucket}", listing.list_objects, methods=["POST"]),
    Route("/object/list-v2/{bucket}", listing.list_objects_v2, methods=["POST"]),
    Route(f"/object/upload/sign/{ONE}", uploads.sign_upload, methods=["POST"]),
    Route(f"/object/upload/sign/{ONE}", uploads.upload_signed, methods=["PUT"]),
    Route(f"/object/sign/{ONE}", downloads.get_signed, methods=["GET"]),
    Route(f"/object/sign/{ONE}", signs.sign, methods=["POST"]),
    Route("/object/sign/{bucket}", signs.sign_many, methods=["POST"]),
    Route(f"/object/info/public/{ONE}", downloads.public_info, methods=["GET"]),
    Route(f"/object/info/authenticated/{ONE}", downloads.info, methods=["GET"]),
    Route(f"/object/info/{ONE}", downloads.info, methods=["GET"]),
    Route(f"/object/public/{ONE}", downloads.get_public, methods=["GET"]),
    Route(f"/object/authenticated/{ONE}", downloads.get_object, methods=["GET"]),
    Route(f"/render/image/public/{ONE}", rendering.get_public, methods=["GET"]),
    Route(f"/render/image/authenticated/{ONE}", rendering.get_object, methods=["GET"]),
    Route(f"/render/image/sign/{ONE}", rendering.get_signed, methods=["GET"]),
    Route(f"/object/{ONE}", downloads.get_object, methods=["GET"]),
    Route(f"/object/{ONE}", uploads.upload, methods=["POST"]),
    Route(f"/object/{ONE}", uploads.update, methods=["PUT"]),
    Route(f"/object/{ONE}", removing.remove_one, methods=["DELETE"]),
    Route("/object/{bucket}", removing.remove_many, methods=["DELETE"]),
    *resumable.ROUTES,
]


def make() -> Starlette:
    """Return the application. Its routes find the `running` service in the state `storage`."""
    return Starlette(
        routes=ROUTES,
        exception_handlers={
            StorageError: errors.refused,
            HTTPException: errors.by_status,
            ClientDisconnect: errors.hung_up,
            Exception: errors.refused,
        },
    )


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Service]:
    """Open the service that the routes work with, and close it at the end."""
    database = Database(settings.db_url)
    async with database.pool:
        yield Service(settings, database, build(settings.blobs), Signer(settings.jwt_secret))
