"""Calls of the API's functions on behalf of whoever calls an edge function."""

from __future__ import annotations

import json
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response

from workers.edge import answers
from workers.edge.state import State

PASSED_ON = ("authorization", "apikey", "x-forwarded-for", "x-real-ip", "accept-language")


async def arguments(request: Request, function: str) -> dict[str, Any] | Response:
    """Return the arguments of a function from the body, or the refusal of another body."""
    try:
        wanted = json.loads(await request.body())
    except ValueError:
        wanted = None
    if isinstance(wanted, dict):
        return wanted
    return answers.refusal(
        400,
        "The body must be a JSON object.",
        details="invalid_input",
        hint=f"Send the arguments of {function}.",
    )


async def call(request: Request, function: str, wanted: dict[str, Any]) -> httpx.Response:
    """Call a function of the API as the caller."""
    headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
    return await State.of(request).rest.post(f"/rpc/{function}", json=wanted, headers=headers)


def passed_on(refused: httpx.Response) -> Response:
    """Return the API's own answer."""
    return Response(refused.content, refused.status_code, media_type="application/json")
