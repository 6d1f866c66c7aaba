"""API keys are exchanged for short tokens, which the rest of the edge reads as any other token."""

from __future__ import annotations

import re
import time

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from workers.edge.answers import refusal, unavailable
from workers.edge.auth.service import Service

KEY = re.compile(r"fdk_[0-9a-f]+")
LIFETIME = 300  # seconds of a token


async def exchange(pool: AsyncConnectionPool, auth: Service, key: str, address: str | None) -> str:
    """Return a token of the role api_key for an API key that is accepted from this address.

    The token names the key, which the database looks up again for each request.

    Raises:
        psycopg.Error: PT401 or PT403 when the key is not accepted.
    """
    async with pool.connection() as connection:
        cursor = await connection.execute("select identity.exchange_key(%s, %s)", (key, address))
        (claims,) = await cursor.fetchone() or ({},)
    now = int(time.time())
    times = {"iat": now, "exp": now + LIFETIME}
    return auth.keyring.sign({**claims, "iss": auth.settings.issuer, **times})


def key_in(headers: Headers) -> str | None:
    """Return the API key of a request: its bearer, or its `apikey` when there is no bearer."""
    authorization = headers.get("authorization", "")
    kind, _, bearer = authorization.partition(" ")
    if not authorization:
        bearer = headers.get("apikey", "")
    elif kind.lower() != "bearer":
        return None
    return bearer.strip() if KEY.fullmatch(bearer.strip()) else None


class ApiKeys:
    """Puts the token in place of the API key, for requests below some paths."""

    def __init__(self, app: ASGIApp, *, below: tuple[str, ...], beside: str) -> None:
        self._app, self._below, self._beside = app, below, beside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Exchange the key of a request, or refuse it."""
        refused = None
        if scope["type"] == "http" and self._is_ours(scope["path"]):
            headers = MutableHeaders(scope=scope)
            key = key_in(headers)
            if key is not None:
                refused = await self._exchange(scope, headers, key)
        await (refused or self._app)(scope, receive, send)

    def _is_ours(self, path: str) -> bool:
        return path.startswith(self._below) and not path.startswith(f"{self._beside}/")

    async def _exchange(self, scope: Scope, headers: MutableHeaders, key: str) -> Response | None:
        state = scope["state"]
        try:
            token = await exchange(state["edge"].pool, state["auth"], key, headers.get("x-real-ip"))
        except (PoolTimeout, psycopg.OperationalError):
            return unavailable()
        except psycopg.Error as error:
            return _refused(error)
        headers["authorization"] = f"Bearer {token}"
        del headers["apikey"]
        return None


async def give_token(request: Request) -> Response:
    """Return the token that stands for the API key of this request, for hosted Supabase."""
    auth: Service = request.state.auth
    _, _, token = request.headers.get("authorization", "").partition(" ")
    if not token or auth.keyring.claims(token).get("role") != "api_key":
        return refusal(
            401,
            "This address exchanges API keys.",
            details="invalid_api_key",
            hint="Send your API key in the header apikey.",
        )
    body = {"access_token": token, "token_type": "bearer", "expires_in": LIFETIME}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


def _refused(error: psycopg.Error) -> Response:
    """Return a refusal of the database as its answer.

    Raises:
        psycopg.Error: when it is no refusal but a defect.
    """
    state, words = error.sqlstate or "", error.diag
    if not state.startswith("PT"):
        raise error
    return refusal(
        int(state[2:]),
        words.message_primary or "",
        details=words.message_detail or "",
        hint=words.message_hint or "",
    )


ROUTES = [Route("/functions/v1/token", give_token, methods=["POST"])]
