"""Evaluates one flag, or all flags that the caller may ask for.

Source: https://github.com/open-feature/protocol, service/openapi.yaml
"""

from __future__ import annotations

import json
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.auth.errors import AuthError
from workers.edge.auth.service import Service
from workers.edge.etags import etag_of, is_known
from workers.edge.state import State

ONE = "select flags.answer(%s, %s, %s, %s)::text"
ALL = "select flags.answers(%s, %s, %s)::text"


class BadContextError(Exception):
    """What is wrong with the context of a request, in the words of OFREP."""

    def __init__(self, code: str, details: str) -> None:
        super().__init__(details)
        self.body = {"errorCode": code, "errorDetails": details}


async def one_flag(request: Request) -> Response:
    """Answer the value of a flag, or 404 when the caller may not ask for it."""
    key = request.path_params["key"]
    try:
        found = await _ask(request, ONE, key, Jsonb(await _context(request)))
    except BadContextError as error:
        return JSONResponse({"key": key, **error.body}, status_code=400)
    if found is None:
        details = "There is no such flag, or it is not public."
        body = {"key": key, "errorCode": "FLAG_NOT_FOUND", "errorDetails": details}
        return JSONResponse(body, status_code=404)
    return _json(found)


async def all_flags(request: Request) -> Response:
    """Answer the values of all flags, or 304 when the caller has them already."""
    try:
        found = await _ask(request, ALL, Jsonb(await _context(request)))
    except BadContextError as error:
        return JSONResponse(error.body, status_code=400)
    text = f'{{"flags": {found}}}'
    etag = etag_of(text.encode())
    if is_known(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return _json(text, {"ETag": etag})


async def _context(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body() or b"{}")
    except (ValueError, RecursionError):
        raise BadContextError("PARSE_ERROR", "The body is not JSON.") from None
    context = body.get("context", {}) if isinstance(body, dict) else None
    if not isinstance(context, dict):
        raise BadContextError("INVALID_CONTEXT", "context must be an object.")
    if not isinstance(context.get("targetingKey", ""), str):
        raise BadContextError("INVALID_CONTEXT", "targetingKey must be a string.")
    return context


async def _ask(request: Request, statement: str, *arguments: object) -> str | None:
    claims = _claims(request)
    caller = (str(claims.get("role") or "anon"), claims.get("sub"))
    try:
        async with State.of(request).pool.connection() as connection:
            cursor = await connection.execute(statement.encode(), (*arguments, *caller))
            row = await cursor.fetchone()
    except psycopg.DataError:
        raise BadContextError("INVALID_CONTEXT", "context holds text that is no text.") from None
    return row[0] if row else None


def _claims(request: Request) -> dict[str, Any]:
    """Return the claims of the token, which was checked before; none without a token."""
    try:
        return Service.of(request).bearer(request)
    except AuthError:
        return {}


def _json(text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(text, media_type="application/json", headers=headers)
