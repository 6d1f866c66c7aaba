"""Refuses addresses that are no text: escapes such as %ff that are not UTF-8, and %00."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


class RefuseUndecodable:
    """Answers such requests with `refusal`; `spared` begin the paths of other applications."""

    def __init__(
        self, app: ASGIApp, *, refusal: Callable[[Request], Response], spared: tuple[str, ...] = ()
    ) -> None:
        self._app, self._refusal, self._spared = app, refusal, spared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and not self._is_spared(scope) and not _is_text(scope):
            await self._refusal(Request(scope))(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_spared(self, scope: Scope) -> bool:
        path: str = scope["path"]
        return path.startswith(self._spared)


def _is_text(scope: Scope) -> bool:
    raw = unquote_to_bytes(scope["raw_path"] + b"?" + scope["query_string"])
    try:
        return "\0" not in raw.decode()
    except UnicodeDecodeError:
        return False
