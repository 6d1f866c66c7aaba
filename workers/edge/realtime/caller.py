"""Who asks: the claims of a token, checked as the REST API checks them, or an API key."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from workers.edge.api_keys import KEY
from workers.edge.auth.errors import AuthError
from workers.edge.auth.service import Service as Auth
from workers.edge.realtime.errors import (
    RealtimeError,
    invalid_key,
    invalid_token,
    malformed_token,
    of_key,
    unavailable,
    wrong_signature,
)
from workers.edge.realtime.interfaces import API_KEY
from workers.edge.realtime.statements import PATIENCE, statement


@dataclass(frozen=True, slots=True)
class Caller:
    """As whom row-level security is asked: a token or an API key, and the headers beside it.

    `headers` are JSON with names in lower case; policies find them in `request.headers`.
    """

    token: str
    headers: str
    claims: Mapping[str, Any] = field(compare=False)

    @property
    def role(self) -> str:
        """Return the role of the token."""
        return str(self.claims["role"])

    @property
    def expires_at(self) -> float:
        """Return when the token expires (Unix time). An API key lasts until it is refused."""
        return float(self.claims.get("exp", math.inf))

    @property
    def key_id(self) -> str | None:
        """Return the id of the API key that asks; none for a person."""
        return str(self.claims["key_id"]) if self.role == API_KEY else None

    @property
    def address(self) -> str:
        """Return the network address that the gateway saw."""
        return str(json.loads(self.headers).get("x-real-ip", ""))


class Callers:
    """Tells who holds a token. `keys`: a key that is no token → its token."""

    def __init__(self, auth: Auth, keys: Mapping[str, str], pool: AsyncConnectionPool[Any]) -> None:
        self._auth, self._keys, self._pool = auth, keys, pool

    async def of(self, key: str, headers: str) -> Caller:
        """Return the caller whom a token, a key of the project or an API key names.

        Raises:
            RealtimeError: when it is not valid, its session has ended, or the database is away.
        """
        if KEY.fullmatch(key):
            return await self._of_key(Caller(key, headers, {}))
        token = self._keys.get(key, key)
        claims = self._claims(token)
        if not isinstance(claims.get("role"), str) or "exp" not in claims:
            raise invalid_token("Fields `role` and `exp` are required in JWT")
        try:
            why = await self._auth.database.call(
                "check_token", claims=claims, issuer=self._auth.settings.issuer
            )
        except AuthError as error:
            if error.status != 501:
                raise unavailable() from None
            why = None  # Supabase's own Auth has the sessions: the signature has to be enough.
        if why is not None:
            is_key = claims["role"] == API_KEY
            raise invalid_key(str(why)) if is_key else RealtimeError("Unauthorized", str(why))
        return Caller(token, headers, claims)

    async def revoked(self, key_ids: Iterable[str]) -> frozenset[str]:
        """Return which of these API keys are accepted no more.

        Raises:
            RealtimeError: when the database is away.
        """
        try:
            async with self._pool.connection(timeout=PATIENCE) as connection:
                found = await connection.execute(
                    statement("find_revoked_keys"), {"key_ids": list(key_ids)}
                )
                return frozenset(key_id for (key_id,) in await found.fetchall())
        except (PoolTimeout, psycopg.Error):
            raise unavailable() from None

    async def _of_key(self, asking: Caller) -> Caller:
        """Return whom an API key stands for. Its claims are those of the token of a request."""
        values = {
            "key": asking.token,
            "headers": asking.headers,
            "address": asking.address,
        }
        try:
            async with self._pool.connection(timeout=PATIENCE) as connection:
                found = await connection.execute(statement("exchange_key"), values)
                ((_, claims),) = await found.fetchall()
                await connection.execute(statement("admit_key"), {"claims": json.dumps(claims)})
        except (PoolTimeout, psycopg.OperationalError):
            raise unavailable() from None
        except psycopg.Error as error:
            raise (of_key(error) or unavailable()) from None
        return Caller(asking.token, asking.headers, claims)

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            told = jwt.decode(token, options={"verify_signature": False})
        except (jwt.InvalidTokenError, ValueError):
            raise malformed_token() from None
        try:
            return self._auth.keyring.claims(token)
        except AuthError:
            expiry = told.get("exp")
            if isinstance(expiry, int | float) and expiry <= time.time():
                raise expired(expiry) from None
            raise wrong_signature() from None


def headers_of(given: Iterable[tuple[str, str]]) -> str:
    """Return headers as policies find them. X-Api-Key is how a socket carries its credential."""
    return json.dumps({name: value for name, value in given if name != "x-api-key"})


def expired(expiry: float) -> RealtimeError:
    """Refuse a token that has expired at a moment (Unix time)."""
    return invalid_token(f"Token has expired {max(0, int(time.time() - expiry))} seconds ago")
