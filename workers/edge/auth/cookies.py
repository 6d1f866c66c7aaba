"""Cookie mode: a browser's refresh token in a cookie that scripts cannot read.

A page requests it with a header, which a form of another site cannot send. `Origin` must be one of
ours as well, and the cookie is `SameSite=Strict`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workers.edge.auth import allow_list
from workers.edge.auth.errors import AuthError
from workers.edge.auth.settings import Settings

HEADER = "x-use-cookie"
NAME = "sb-refresh-token"
STAND_IN = "cookie"  # replaces the token in the body
MAX_AGE = 400 * 24 * 3600  # seconds, the longest time that browsers allow


def is_wanted(settings: Settings, request: Request) -> bool:
    """Return whether a page requests cookies.

    Raises:
        AuthError: 403 when its site may not use them.
    """
    if request.headers.get(HEADER, "").lower() not in ("true", "1"):
        return False
    origin = request.headers.get("origin")
    if origin is not None and not is_ours(settings, origin):
        raise AuthError(403, "no_authorization", "This site may not use cookies here.")
    return True


def is_ours(settings: Settings, origin: str) -> bool:
    """Return whether pages of this origin may use cookies, which is where links may lead."""
    return allow_list.allows(settings, f"{origin}/")


def held(settings: Settings, request: Request) -> str | None:
    """Return the refresh token of the browser's cookie."""
    return request.cookies.get(NAME) if is_wanted(settings, request) else None


def give(settings: Settings, session: dict[str, Any], response: Response) -> None:
    """Set the refresh token as a cookie."""
    _set(settings, response, session["refresh_token"], MAX_AGE)


def take_back(settings: Settings, response: Response) -> None:
    """Delete the cookie."""
    _set(settings, response, "", 0)


def _set(settings: Settings, response: Response, value: str, max_age: int) -> None:
    scheme, _, path, *_ = urlsplit(settings.external_url)
    response.set_cookie(
        NAME,
        value,
        max_age=max_age,
        path=path or "/",
        secure=scheme == "https",
        httponly=True,
        samesite="strict",
    )


class Credentials:
    """Allows pages of our sites to send cookies; it wraps the general CORS middleware."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to the answer if the page requests cookies."""
        origin = self._asking(Headers(scope=scope)) if scope["type"] == "http" else None

        async def with_credentials(message: Message) -> None:
            if origin is not None and message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = origin
                headers["Access-Control-Allow-Credentials"] = "true"
                headers.add_vary_header("Origin")
            await send(message)

        await self._app(scope, receive, with_credentials)

    def _asking(self, headers: Headers) -> str | None:
        """Return the origin of a page that requests cookies and may use them, else None."""
        announced = headers.get("access-control-request-headers", "").lower()
        if HEADER not in headers and HEADER not in announced:
            return None
        origin = headers.get("origin")
        return origin if origin and is_ours(self._settings, origin) else None
