"""Answers in PostgREST's error format, which the whole API uses."""

from __future__ import annotations

import psycopg
import structlog
from psycopg import errors
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

logger = structlog.get_logger("edge")


def refusal(
    status: int, message: str, *, details: str, hint: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return a refusal: a sentence, the stable token in `details`, and the next step."""
    body = {"code": f"PT{status}", "message": message, "details": details, "hint": hint}
    return JSONResponse(body, status_code=status, headers=headers)


def unavailable() -> JSONResponse:
    """Return the answer for a part of the stack that does not respond now."""
    return refusal(
        503,
        "The service cannot answer now.",
        details="unavailable",
        hint="Try again in a moment.",
        headers={"Retry-After": "1"},
    )


def timed_out() -> JSONResponse:
    """Return the answer for a statement that was cancelled because it took too long."""
    return refusal(
        504,
        "It took too long and was cancelled. Nothing was changed.",
        details="timeout",
        hint="Ask for less at once.",
    )


def undecodable(_request: Request) -> Response:
    """Refuse an address whose escapes are no text."""
    return refusal(
        400,
        "The address is not valid UTF-8.",
        details="invalid_input",
        hint="Encode paths and parameters as UTF-8, without %00.",
    )


async def database_failed(_request: Request, error: Exception) -> Response:
    """Answer for the database, without its words: they name addresses, files and rows."""
    if isinstance(error, errors.QueryCanceled):
        return timed_out()
    if isinstance(error, psycopg.OperationalError):
        return unavailable()
    if isinstance(error, psycopg.DataError):
        return refusal(
            400,
            "The request holds a value that cannot be stored.",
            details="invalid_input",
            hint="Send text without NUL, and numbers within their range.",
        )
    logger.error("database_refused", sqlstate=getattr(error, "sqlstate", None))
    return await failed(_request, error)


async def not_found(_request: Request, _error: Exception) -> Response:
    """Answer a path that does not exist."""
    return refusal(
        404,
        "There is nothing at this path.",
        details="not_found",
        hint="The API is at /rest/v1, its reference at /docs.",
    )


async def wrong_method(_request: Request, error: Exception) -> Response:
    """Answer a method that the path does not support; `Allow` lists those that it does."""
    answer = refusal(
        405,
        "This path does not support that method.",
        details="method_not_allowed",
        hint="The Allow header lists the supported methods.",
    )
    if isinstance(error, HTTPException) and error.headers:
        answer.headers.update(error.headers)
    return answer


async def failed(_request: Request, _error: Exception) -> Response:
    """Answer for a defect without showing it; the log has the traceback."""
    return refusal(
        500,
        "The service failed to answer.",
        details="internal_error",
        hint="Try again. If it keeps failing, tell the operator the time of the request.",
    )


# What a client can do without the part that is missing.
INSTEAD = {
    "realtime": "Read the views again when you need fresh rows; /docs has what is offered.",
}


async def not_offered(request: Request) -> Response:
    """Answer for a part of Supabase's API that this version does not have."""
    family = request.url.path.split("/")[1]
    return refusal(
        501,
        f"This version has no {family} service.",
        details="not_offered",
        hint=INSTEAD.get(family, "See /docs for what is offered."),
    )
