"""Refusals in Supabase Auth's words, in both forms of its error body."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

VERSION_HEADER = "x-supabase-api-version"
# Since this version `code` is the error code. Earlier it was the status.
# Source: https://supabase.com/docs/guides/auth/debugging/error-codes
NEW_FORM = "2024-01-01"

logger = structlog.get_logger("auth")


@dataclass
class AuthError(Exception):
    """A refusal. `code` is one of Supabase's error codes; `extra` adds members to the body."""

    status: int
    code: str
    message: str
    extra: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def invalid(message: str) -> AuthError:
    """Return the refusal of an invalid input."""
    return AuthError(400, "validation_failed", message)


def bad_json(reason: str) -> AuthError:
    """Return the refusal of a body that is not valid JSON of the right types."""
    return AuthError(400, "bad_json", f"Could not parse request body as JSON: {reason}")


def answer(request: Request, error: AuthError) -> Response:
    """Return the refusal in the format of the client's API version."""
    headers = dict(error.headers)
    body: dict[str, Any]
    if request.headers.get(VERSION_HEADER, "") >= NEW_FORM:
        headers[VERSION_HEADER] = NEW_FORM
        body = {"code": error.code, "message": error.message}
    else:
        body = {"code": error.status, "error_code": error.code, "msg": error.message}
    return JSONResponse({**body, **error.extra}, status_code=error.status, headers=headers)


def undecodable(request: Request) -> Response:
    """Refuse an address whose escapes are no text."""
    return answer(request, invalid("The address is not valid UTF-8, or contains U+0000."))


async def refused(request: Request, error: Exception) -> Response:
    """Answer for an `AuthError`."""
    return answer(request, cast("AuthError", error))


async def by_status(request: Request, error: Exception) -> Response:
    """Answer for a path or a method that does not exist."""
    error = cast("HTTPException", error)
    message = {404: "There is nothing at this path.", 405: "This path does not take that method."}
    code = "unknown" if error.status_code in message else "validation_failed"
    return answer(
        request,
        AuthError(
            error.status_code,
            code,
            message.get(error.status_code, error.detail),
            headers=dict(error.headers or {}),
        ),
    )


async def failed(request: Request, error: Exception) -> Response:
    """Answer for a defect without showing it.

    The log has its kind and place, and never its words, which may contain a user's input.
    """
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
    logger.error("failed", path=request.url.path, error=type(error).__name__, where=where)
    message = "Unexpected failure, please check server logs for more information"
    return answer(request, AuthError(500, "unexpected_failure", message))
