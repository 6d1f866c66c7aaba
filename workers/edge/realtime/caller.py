"""Who asks: the claims of a token, checked as the REST API checks them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from workers.edge.auth.errors import AuthError
from workers.edge.auth.service import Service as Auth
from workers.edge.realtime.errors import (
    RealtimeError,
    invalid_token,
    malformed_token,
    unavailable,
    wrong_signature,
)


@dataclass(frozen=True, slots=True)
class Caller:
    """As whom row-level security is asked, until the token expires (Unix time)."""

    token: str
    claims: Mapping[str, Any]

    @property
    def role(self) -> str:
        """Return the role of the token."""
        return str(self.claims["role"])

    @property
    def expires_at(self) -> float:
        """Return when the token expires."""
        return float(self.claims["exp"])


class Callers:
    """Tells who holds a token. `keys`: a key that is no token → its token."""

    def __init__(self, auth: Auth, keys: Mapping[str, str]) -> None:
        self._auth, self._keys = auth, keys

    async def of(self, key: str) -> Caller:
        """Return the caller whom a token or a key of the project names.

        Raises:
            RealtimeError: when it is not valid, its session has ended, or the database is away.
        """
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
            raise RealtimeError("Unauthorized", str(why))
        return Caller(token, claims)

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


def expired(expiry: float) -> RealtimeError:
    """Refuse a token that has expired at a moment (Unix time)."""
    return invalid_token(f"Token has expired {max(0, int(time.time() - expiry))} seconds ago")
