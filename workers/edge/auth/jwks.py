"""Verifies ID tokens of identity providers with the keys that they publish."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import httpx
import jwt

from workers.edge.auth.endpoints import endpoints
from workers.edge.auth.errors import AuthError, invalid
from workers.edge.auth.settings import Provider

KEPT = 600  # seconds for which published keys are cached
SOONEST = 10  # seconds between two fetches because of an unknown key
ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "EdDSA"]


class Jwks:
    """A cache of the providers' published keys."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._known: dict[str, tuple[float, jwt.PyJWKSet]] = {}

    async def id_token(self, provider: Provider, token: str) -> dict[str, Any]:
        """Return the claims of an ID token that this provider issued for one of our clients.

        Raises:
            AuthError: 400 when it is not valid.
        """
        at = endpoints(provider)
        try:
            key = await self._key(at.jwks, jwt.get_unverified_header(token).get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=list(provider.client_ids),
                issuer=at.issuer,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.InvalidAudienceError:
            raise AuthError(
                400, "unexpected_audience", "Unacceptable audience in id_token"
            ) from None
        except (jwt.PyJWTError, httpx.HTTPError, ValueError) as error:
            raise AuthError(400, "bad_jwt", f"Bad ID token: {type(error).__name__}") from None
        return claims

    async def _key(self, url: str, kid: str | None) -> Any:
        at, keys = self._known.get(url, (0.0, None))
        age = time.monotonic() - at
        found = _pick(keys, kid)
        if keys is None or age > KEPT or (found is None and age > SOONEST):
            answer = await self._http.get(url, timeout=10)
            keys = jwt.PyJWKSet.from_dict(answer.raise_for_status().json())
            self._known[url] = (time.monotonic(), keys)
            found = _pick(keys, kid)
        if found is None:
            raise jwt.InvalidTokenError("unknown key")
        return found.key


def _pick(keys: jwt.PyJWKSet | None, kid: str | None) -> jwt.PyJWK | None:
    listed = keys.keys if keys else []
    return next((key for key in listed if kid is None or key.key_id == kid), None)


def require_nonce(claims: dict[str, Any], nonce: str | None, *, skips: bool) -> None:
    """Refuse an ID token whose nonce is not the hash of the client's nonce."""
    told = claims.get("nonce")
    if skips:
        return
    if (told is None) != (nonce is None):
        raise invalid("Passed nonce and nonce in id_token should either both exist or not.")
    if nonce is not None and hashlib.sha256(nonce.encode()).hexdigest() != told:
        raise invalid("Nonces mismatch")
