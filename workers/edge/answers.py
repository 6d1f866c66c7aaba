"""Answers in PostgREST's error format, which the whole API uses."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response


def refusal(
    status: int, message: str, *, details: str, hint: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return a refusal: a sentence, the stable token in `details`, and the next step."""
    body = {"code": f"PT{status}", "message": message, "details": details, "hint": hint}
    return JSONResponse(body, status_code=status, headers=headers)


def unavailable(message: str = "The service is starting or restarting.") -> JSONResponse:
    """Return the answer for a part of the stack that does not respond now."""
    return refusal(
        503,
        message,
        details="unavailable",
        hint="Try again in a moment.",
        headers={"Retry-After": "1"},
    )


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
