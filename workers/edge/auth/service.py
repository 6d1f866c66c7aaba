"""What the routes of sign-in work with: settings, database, keys, and who is asking."""

from __future__ import annotations

import asyncio
import ipaddress
import math
import secrets
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.auth import allow_list, cookies
from workers.edge.auth.database import Database
from workers.edge.auth.errors import AuthError
from workers.edge.auth.inputs import Input
from workers.edge.auth.jwks import Jwks
from workers.edge.auth.settings import Settings
from workers.edge.auth.tokens import Keyring, bad_jwt

LONGEST_AGENT = 500  # characters of a User-Agent that are stored
BEAT = 0.1  # seconds


@asynccontextmanager
async def unhurried() -> AsyncIterator[None]:
    """Delay an answer to the next beat, so that its time does not reveal what was done."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    try:
        yield
    finally:
        beats = math.floor((loop.time() - start) / BEAT) + 1
        await asyncio.sleep(start + beats * BEAT - loop.time())


@dataclass(frozen=True)
class Service:
    """A running sign-in service."""

    settings: Settings
    database: Database
    keyring: Keyring
    http: httpx.AsyncClient
    jwks: Jwks

    @classmethod
    def of(cls, request: Request) -> Service:
        """Return the service that received this request."""
        service: Service = request.state.auth
        return service

    def caller(self, request: Request) -> dict[str, Any]:
        """Return the network address and the program of an anonymous caller."""
        header = self.settings.address_header
        told = request.headers.get(header, "") if header else ""
        address = told or (request.client.host if request.client else "")
        try:
            ip = str(ipaddress.ip_address(address))
        except ValueError:
            ip = None
        agent = request.headers.get("user-agent", "")[:LONGEST_AGENT]
        return {"ip": ip, "agent": agent.replace("\0", "") or None}

    def bearer(self, request: Request) -> dict[str, Any]:
        """Return the claims of the request's token.

        Raises:
            AuthError: 401 no_authorization, 403 bad_jwt.
        """
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise AuthError(401, "no_authorization", "This endpoint requires a valid Bearer token")
        return self.keyring.claims(token.strip())

    def user(self, request: Request, *, for_clients: bool = False) -> dict[str, Any]:
        """Return the signed-in caller. SQL checks the session of the token.

        The account is the user's: a program that acts for them (OAuth) may not change it.

        Raises:
            AuthError: 401 no_authorization, 403 bad_jwt.
        """
        claims = self.bearer(request)
        if "sub" not in claims:
            raise bad_jwt("missing sub claim")
        if "client_id" in claims and not for_clients:
            raise AuthError(403, "no_authorization", "This token is an OAuth client's")
        if claims.get("aud") != self.settings.aud:
            raise AuthError(403, "unexpected_audience", "Token audience doesn't match")
        return {
            **self.caller(request),
            "user_id": _uuid(claims["sub"], "sub"),
            "session_id": _uuid(claims["session_id"], "session_id")
            if claims.get("session_id")
            else None,
            "aal": claims.get("aal", "aal1"),
        }

    def admin(self, request: Request) -> dict[str, Any]:
        """Return the caller of a route for operators.

        Raises:
            AuthError: 401 no_authorization, 403 bad_jwt, 403 not_admin.
        """
        if self.bearer(request).get("role") not in self.settings.admin_roles:
            raise AuthError(403, "not_admin", "User not allowed")
        return self.caller(request)

    async def limit(self, request: Request, route: str) -> None:
        """Count a request of a network address at a route, if addresses are known.

        Raises:
            AuthError: 429 over_request_rate_limit with Retry-After.
        """
        if self.settings.address_header is None:
            return
        wait = await self.database.call(
            "take_turn",
            caller=self.caller(request),
            route=route,
            **asdict(self.settings.rate_limits[route]),
        )
        if wait is not None:
            raise AuthError(
                429,
                "over_request_rate_limit",
                "Request rate limit reached",
                headers={"Retry-After": str(wait)},
            )

    async def require_human(self, given: Input) -> None:
        """Check the request's token with the captcha service, if one is configured.

        Raises:
            AuthError: 400 captcha_failed.
        """
        url = self.settings.captcha_url
        if url is None:
            return
        token = (given.object("gotrue_meta_security") or {}).get("captcha_token")
        failed = AuthError(400, "captcha_failed", "captcha protection: request disallowed")
        if not isinstance(token, str) or not token:
            raise failed
        form = {"secret": self.settings.captcha_secret, "response": token}
        try:
            answer = (await self.http.post(url, data=form, timeout=10)).json()
        except (httpx.HTTPError, ValueError):
            raise failed from None
        if not isinstance(answer, dict) or answer.get("success") is not True:
            raise failed

    def redirect_to(self, request: Request, wanted: str | None = None) -> str:
        """Return where a link leads: to the requested address if allowed, else to the site."""
        wanted = wanted or request.query_params.get("redirect_to")
        if wanted and allow_list.allows(self.settings, wanted):
            return wanted
        referer = request.headers.get("referer")
        if referer and allow_list.allows(self.settings, referer):
            return referer
        return self.settings.site_url

    def message(self, request: Request, given: Input, **more: str | None) -> dict[str, Any]:
        """Return the random and requested parts of a message with a one-time token."""
        challenge = given.challenge()
        prefix = "pkce_" if challenge else ""
        code = "".join(secrets.choice("0123456789") for _ in range(self.settings.otp_length))
        return {
            "token": prefix + secrets.token_hex(28),
            "code": code,
            "redirect_to": quote(self.redirect_to(request, given.text("redirect_to")), safe=":/"),
            **challenge,
            **more,
        }

    def session(self, grant: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a sign-in: Supabase's session object."""
        claims = grant["claims"]
        expires_in = claims["exp"] - claims["iat"]
        tokens = ("provider_token", "provider_refresh_token")
        extra: dict[str, Any] = {name: grant[name] for name in tokens if name in grant}
        return {
            "access_token": self.keyring.sign(claims),
            "token_type": "bearer",
            "expires_in": expires_in,
            "expires_at": claims["exp"],
            "refresh_token": self.keyring.refresh_token(grant["refresh"]),
            "user": grant["user"],
            **extra,
        }

    def answer(self, request: Request, result: dict[str, Any]) -> Response:
        """Answer the session if one was opened, else the user who must confirm an address."""
        if "claims" not in result:
            return JSONResponse(result["user"])
        session = self.session(result)
        if not cookies.is_wanted(self.settings, request):
            return JSONResponse(session)
        response = JSONResponse({**session, "refresh_token": cookies.STAND_IN})
        cookies.give(self.settings, session, response)
        return response

    @property
    def site_host(self) -> str:
        """Return the host of the site, as authenticator apps show it."""
        return urlsplit(self.settings.site_url).netloc


def _uuid(value: Any, claim: str) -> str:
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        raise bad_jwt(f"invalid claim: {claim} must be a UUID") from None
