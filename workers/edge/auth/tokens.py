"""Access tokens and refresh tokens: signing and verifying them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

import jwt

from workers.edge.auth.errors import AuthError

ASYMMETRIC = {"EC": "ES256", "RSA": "RS256", "OKP": "EdDSA"}
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})


@dataclass(frozen=True)
class Key:
    """A key that signs tokens, or only verifies them. `public` is its JWK, if it has one."""

    key: Any
    verifier: Any
    algorithm: str
    kid: str | None
    signs: bool
    public: dict[str, Any] | None


class Keyring:
    """The secret and the signing keys of one service."""

    def __init__(self, secret: str, jwks: str, *, issuer: str) -> None:
        listed = [_key_of(jwk) for jwk in json.loads(jwks)] if jwks else []
        shared = Key(secret.encode(), secret.encode(), "HS256", None, signs=True, public=None)
        self._listed, self._shared = listed, shared
        self._signing = next((key for key in listed if key.signs), shared)
        self._issuer = issuer
        self._refresh = hmac.new(secret.encode(), b"refresh token", hashlib.sha256).digest()
        self._state = hmac.new(secret.encode(), b"oauth state", hashlib.sha256).digest()

    def jwks(self) -> dict[str, Any]:
        """Return the public keys, for clients that verify tokens themselves."""
        return {"keys": [key.public for key in self._listed if key.public]}

    @property
    def is_public(self) -> bool:
        """Whether anybody can check our signatures, by a key that is published."""
        return self._signing.public is not None

    @property
    def algorithm(self) -> str:
        """The name of the algorithm of our signatures."""
        return self._signing.algorithm

    def sign(self, claims: dict[str, Any]) -> str:
        """Return a token with these claims, signed with the signing key."""
        key = self._signing
        headers = {"kid": key.kid} if key.kid else None
        return jwt.encode(claims, key.key, algorithm=key.algorithm, headers=headers)

    def claims(self, token: str) -> dict[str, Any]:
        """Return the claims of a token that we or the operator signed.

        Raises:
            AuthError: 403 bad_jwt, in Supabase's words.
        """
        try:
            header = jwt.get_unverified_header(token)
            key = self._key_for(header)
            claims: dict[str, Any] = jwt.decode(
                token,
                key.verifier,
                algorithms=[key.algorithm],
                options={"verify_aud": False, "verify_sub": False, "verify_iss": False},
            )
        except (jwt.InvalidTokenError, ValueError) as error:
            raise bad_jwt(f"unable to parse or verify signature, {error}") from None
        if "sub" in claims and claims.get("iss", self._issuer) != self._issuer:
            raise bad_jwt("it was issued by somebody else")
        return claims

    def seal(self, content: dict[str, Any], *, seconds: int) -> str:
        """Seal content that leaves and comes back, such as the state of an OAuth flow."""
        claims = {**content, "exp": int(time.time()) + seconds}
        return jwt.encode(claims, self._state, algorithm="HS256")

    def unseal(self, sealed: str) -> dict[str, Any]:
        """Return sealed content, while it is valid.

        Raises:
            AuthError: 400 bad_oauth_state.
        """
        try:
            content: dict[str, Any] = jwt.decode(sealed, self._state, algorithms=["HS256"])
        except (jwt.InvalidTokenError, ValueError) as error:
            reason = type(error).__name__
            raise AuthError(400, "bad_oauth_state", f"OAuth state is invalid: {reason}") from None
        return content

    def _key_for(self, header: dict[str, Any]) -> Key:
        """Return the listed key that the token names; HS256 without such a key is the secret's.

        Source: Supabase Auth, internal/api/auth.go (parseJWTClaims)
        """
        kid, algorithm = header.get("kid"), header.get("alg")
        for key in self._listed:
            if key.algorithm == algorithm and kid is not None and key.kid == kid:
                return key
        if algorithm == self._shared.algorithm:
            return self._shared
        for key in self._listed:
            if key.algorithm == algorithm and (kid is None or key.kid is None):
                return key
        raise jwt.InvalidTokenError("no key of ours has this kid and alg")

    def refresh_token(self, name: str) -> str:
        """Return what a client holds for the refresh token `session:number` of the database."""
        session_id, _, number = name.partition(":")
        content = uuid.UUID(session_id).bytes + int(number).to_bytes(4, "big")
        return _base64url(content + self._seal(content))

    def refresh_token_name(self, token: str) -> str:
        """Return the database's name of a client's refresh token.

        Raises:
            AuthError: when the token is not one of ours.
        """
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raw = b""
        content, seal = raw[:20], raw[20:]
        if len(raw) != 36 or not hmac.compare_digest(seal, self._seal(content)):
            raise AuthError(
                400,
                "refresh_token_not_found",
                "Invalid Refresh Token: Refresh Token Not Found",
            )
        return f"{uuid.UUID(bytes=content[:16])}:{int.from_bytes(content[16:], 'big')}"

    def _seal(self, content: bytes) -> bytes:
        return hmac.new(self._refresh, content, hashlib.sha256).digest()[:16]


def bad_jwt(reason: str) -> AuthError:
    """Refuse a token."""
    return AuthError(403, "bad_jwt", f"invalid JWT: {reason}")


def _key_of(jwk: dict[str, Any]) -> Key:
    kid = jwk.get("kid")
    signs = "d" in jwk and "sign" in jwk.get("key_ops", ["sign"])
    if jwk["kty"] == "oct":
        secret = base64.urlsafe_b64decode(jwk["k"] + "=" * (-len(jwk["k"]) % 4))
        # Without a kid its tokens could not be told from the secret's.
        signs = kid is not None and "sign" in jwk.get("key_ops", [])
        return Key(secret, secret, "HS256", kid, signs=signs, public=None)
    algorithm = jwk.get("alg", ASYMMETRIC[jwk["kty"]])
    public = {name: value for name, value in jwk.items() if name not in PRIVATE_MEMBERS}
    public |= {"alg": algorithm, "use": "sig", "key_ops": ["verify"]}
    key = jwt.PyJWK(jwk, algorithm=algorithm).key
    verifier = key.public_key() if "d" in jwk else key
    return Key(key, verifier, algorithm, kid, signs=signs, public=public)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
