"""Signed addresses, which anybody may read for some time."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.storage import inputs
from workers.edge.storage.caller import caller_of
from workers.edge.storage.downloads import path_of
from workers.edge.storage.errors import invalid
from workers.edge.storage.keys import in_url
from workers.edge.storage.objects import find_as
from workers.edge.storage.service import Service

MOST = 1000  # paths of one request
LONGEST = 100 * 365 * 86_400  # seconds
# Papers with personal data are read by short-lived links only.
SHORT = {"documents": 3600}  # seconds
MISSING = "Either the object does not exist or you do not have access to it"


async def sign(request: Request) -> Response:
    """Return a signed address of an object that the caller may read."""
    bucket, name = path_of(request)
    given = await inputs.json_object(request)
    seconds = _seconds(given, bucket)
    transform = inputs.mapping(given, "transform")
    caller = await caller_of(request)
    service = Service.of(request)
    async with service.database.acting(caller, "object.sign", request) as session:
        found = await find_as(session, bucket, name)
    path = f"{found.bucket_id}/{found.name}"
    more: dict[str, Any] = {"transformations": transform} if transform else {}
    token = service.signer.sign_download(path, seconds=seconds, **more)
    place = "render/image" if transform else "object"
    return JSONResponse({"signedURL": f"/{place}/sign/{in_url(path)}?token={token}"})


async def sign_many(request: Request) -> Response:
    """Return a signed address for each path that the caller may read, else an error."""
    bucket = request.path_params["bucket"]
    given = await inputs.json_object(request)
    seconds = _seconds(given, bucket)
    names = inputs.texts(given, "paths", most=MOST)
    caller = await caller_of(request)
    service = Service.of(request)
    async with service.database.acting(caller, "object.sign_many", request) as session:
        rows = await session.rows("find_names", bucket=bucket, names=names)
    readable = {row["name"] for row in rows}

    def answer(name: str) -> dict[str, str | None]:
        if name not in readable:
            return {"error": MISSING, "path": name, "signedURL": None}
        path = f"{bucket}/{name}"
        token = service.signer.sign_download(path, seconds=seconds)
        url = f"/object/sign/{in_url(path)}?token={token}"
        return {"error": None, "path": name, "signedURL": url}

    return JSONResponse([answer(name) for name in names])


def _seconds(given: dict[str, Any], bucket: str) -> int:
    if given.get("expiresIn") is None:
        inputs.text(given, "expiresIn")
    seconds = inputs.whole(given, "expiresIn", 0, least=1, most=LONGEST)
    if seconds > SHORT.get(bucket, LONGEST):
        raise invalid(f"body/expiresIn must be <= {SHORT[bucket]} in this bucket")
    return seconds
