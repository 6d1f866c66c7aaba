"""The keys of a stack: those that sign, and those that are accepted."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from cli.refusal import Refusal
from cli.settings.auth import Auth
from cli.stack.secrets import Secrets

ASYMMETRIC = {"EC": "ES256", "RSA": "RS256"}
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})
TEN_YEARS = 10 * 365 * 24 * 3600  # seconds; what Supabase gives its anon and service keys


@dataclass(frozen=True)
class Keys:
    """The keys that clients, PostgREST and sign-in need.

    `opaque`: a key that is no token → the token it means; `signing`: the private keys as a JSON
    array, or nothing; `api_key_token`: a token of the role api_key, which the gateway sends beside
    an API key. It means nothing alone.
    """

    jwt_secret: str
    anon_key: str
    service_role_key: str
    jwks: str
    opaque: dict[str, str]
    signing: str
    api_key_token: str

    @property
    def shared(self) -> list[str]:
        """Return the keys that many clients have, and the tokens that opaque ones mean."""
        return [self.anon_key, self.service_role_key, *self.opaque.values()]


def keys_of(auth: Auth, secrets: Secrets, folder: Path) -> Keys:
    """Return the keys of the configuration, and the state's own where it sets none.

    `folder` is where a relative `signing_keys_path` starts.

    Raises:
        Refusal: when a set key is a token that nothing here would accept.
    """
    jwt_secret = auth.jwt_secret or secrets.jwt_secret
    private = _signing_keys(auth, folder)
    public = [_public(key) for key in private]
    opaque: dict[str, str] = {}
    chosen = {}
    for role, key, name in (
        ("anon", auth.anon_key or auth.publishable_key, "anon_key"),
        ("service_role", auth.service_role_key or auth.secret_key, "service_role_key"),
    ):
        token = _role_token(role, jwt_secret, secrets.created_at)
        if key and key.count(".") == 2:
            _check(key, role, name=name, jwt_secret=jwt_secret, public=public)
        elif key:
            opaque[_plain(key, name)] = token
        chosen[role] = key or token
    symmetric = {"kty": "oct", "k": _base64url(jwt_secret), "alg": "HS256", "kid": "hs256"}
    return Keys(
        jwt_secret=jwt_secret,
        anon_key=chosen["anon"],
        service_role_key=chosen["service_role"],
        jwks=json.dumps({"keys": [symmetric, *public]}),
        opaque=opaque,
        signing=json.dumps(private) if private else "",
        api_key_token=_role_token("api_key", jwt_secret, secrets.created_at),
    )


def sign(claims: dict[str, Any], jwt_secret: str) -> str:
    """Return an HS256 token with these claims."""
    return jwt.encode(claims, jwt_secret, algorithm="HS256")


def _role_token(role: str, jwt_secret: str, created_at: int) -> str:
    """Return an anon or service key in Supabase's form, the same at each start: clients keep it."""
    claims = {"iss": "frontdesk", "role": role, "iat": created_at, "exp": created_at + TEN_YEARS}
    return sign(claims, jwt_secret)


def _signing_keys(auth: Auth, folder: Path) -> list[dict[str, Any]]:
    if not auth.signing_keys_path:
        return []
    path = folder / auth.signing_keys_path
    try:
        keys = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Refusal(
            f"The signing keys in {path} cannot be read: {error}.",
            "Point signing_keys_path (FRONTDESK_SIGNING_KEYS) at a JSON array of private JWKs.",
        ) from None
    if isinstance(keys, dict):
        keys = keys.get("keys", [keys])
    return list(keys)


def _public(key: dict[str, Any]) -> dict[str, Any]:
    """Return the public part of a private JWK."""
    algorithm = ASYMMETRIC.get(key.get("kty", "")) if isinstance(key, dict) else None
    try:
        if algorithm is None:
            raise jwt.PyJWKError("its kty is neither EC nor RSA")
        jwt.PyJWK(key, algorithm=key.get("alg", algorithm))
    except jwt.PyJWTError as error:
        raise Refusal(
            f"One of the signing keys cannot be used: {error}.",
            "Give ES256 or RS256 keys, as `supabase gen signing-key` makes them.",
        ) from None
    public = {name: value for name, value in key.items() if name not in PRIVATE_MEMBERS}
    return {**public, "alg": key.get("alg", algorithm), "use": "sig", "key_ops": ["verify"]}


def _check(
    token: str, role: str, *, name: str, jwt_secret: str, public: list[dict[str, Any]]
) -> None:
    """Refuse a key with which every request would fail."""
    candidates: list[tuple[Any, str]] = [(jwt_secret, "HS256")]
    candidates += [(jwt.PyJWK(key).key, key["alg"]) for key in public]
    for key, algorithm in candidates:
        try:
            claims = jwt.decode(token, key, algorithms=[algorithm], options={"verify_aud": False})
        except jwt.InvalidTokenError:
            continue
        if claims.get("role") != role:
            raise Refusal(
                f"The {name} is a token of the role {claims.get('role')}, not {role}.",
                f"Set FRONTDESK_{name.upper()} to a token of the role {role}, or leave it out.",
            )
        return
    raise Refusal(
        f"The {name} is not signed by this stack's jwt_secret or signing keys, or has expired.",
        "Set FRONTDESK_JWT_SECRET to the secret that it was signed with, or leave the key out.",
    )


def _plain(key: str, name: str) -> str:
    """Return an opaque key that can stand in the gateway's configuration as it is."""
    if re.fullmatch(r"[A-Za-z0-9_-]{16,200}", key):
        return key
    raise Refusal(
        f"The {name} is neither a token nor 16 to 200 letters, digits, _ and -.",
        f"Set FRONTDESK_{name.upper()} to such a key, or leave it out.",
    )


def _base64url(text: str) -> str:
    return jwt.utils.base64url_encode(text.encode()).decode()
