"""Bearer tokens of requests for functions and files: an invalid one is refused before any answer.

A request without a token passes. Its route decides what it needs to know about the caller.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from workers.edge.answers import refusal, timed_out, unavailable
from workers.edge.auth.errors import AuthError
from workers.edge.auth.service import Service


class Bearers:
    """Checks the token of every request below some paths, as the REST API does.

    Requests below `beside` come from other services, whose credentials are not ours to judge.
    """

    def __init__(self, app: ASGIApp, *, below: tuple[str, ...], beside: str) -> None:
        self._app, self._below, self._beside = app, below, beside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        refused = None
        if scope["type"] == "http" and self._is_ours(scope["path"]):
            kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
            if kind.lower() == "bearer" and token.strip():
                refused = await _refusal(scope["state"]["auth"], token.strip())
        await (refused or self._app)(scope, receive, send)

    def _is_ours(self, path: str) -> bool:
        return path.startswith(self._below) and not path.startswith(f"{self._beside}/")


async def _refusal(service: Service, token: str) -> Response | None:
    try:
        claims = service.keyring.claims(token)
        why = await service.database.call(
            "check_token", claims=claims, issuer=service.settings.issuer
        )
    except AuthError as error:
        if error.status == 501:
            # The sessions belong to Supabase's own Auth, so the signature has to be enough.
            return None
        if error.status == 503:
            return unavailable()
        if error.status == 504:
            return timed_out()
        why = "This token is not valid."
    return None if why is None else _not_signed_in(why)


def _not_signed_in(why: str) -> Response:
    return refusal(
        401,
        why,
        details="not_signed_in",
        hint="Sign in again.",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )
