"""Tokens of requests for functions and files: one that is no good is refused before any answer.

A request without a token passes; what its route wants to know of the caller is the route's.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from workers.edge.answers import refusal
from workers.edge.auth.errors import AuthError
from workers.edge.auth.service import Service


class Tokens:
    """Checks the bearer of every request below some paths, as the REST API does.

    `beside` is a path of outside services, whose credentials are not ours to judge.
    """

    def __init__(
        self, app: ASGIApp, *, sign_in: Starlette, below: tuple[str, ...], beside: str
    ) -> None:
        self._app, self._sign_in, self._below, self._beside = app, sign_in, below, beside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or say why not."""
        refused = None
        if scope["type"] == "http" and self._is_ours(scope["path"]):
            kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
            if kind.lower() == "bearer" and token.strip():
                refused = await self._refusal(token.strip())
        await (refused or self._app)(scope, receive, send)

    def _is_ours(self, path: str) -> bool:
        return path.startswith(self._below) and not path.startswith(f"{self._beside}/")

    async def _refusal(self, token: str) -> Response | None:
        service: Service = self._sign_in.state.auth
        try:
            claims = service.keyring.claims(token)
            why = await service.database.call(
                "check_token", claims=claims, issuer=service.settings.issuer
            )
        except AuthError as error:
            if error.status == 501:
                # The sessions are those of Supabase's own Auth: the signature has to do.
                return None
            if error.status == 503:
                return _unavailable()
            why = "This token is not valid."
        return None if why is None else _not_signed_in(why)


def _not_signed_in(why: str) -> Response:
    answer = refusal(401, why, details="not_signed_in", hint="Sign in again.")
    answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return answer


def _unavailable() -> Response:
    answer = refusal(
        503,
        "The service is starting or restarting.",
        details="unavailable",
        hint="Try again in a moment.",
    )
    answer.headers["Retry-After"] = "1"
    return answer
