"""Who asks: the role and the claims of a request's token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from workers.edge.auth.errors import AuthError
from workers.edge.auth.service import Service as Auth
from workers.edge.storage.errors import denied, invalid, timed_out, unavailable


@dataclass(frozen=True)
class Caller:
    """As whom row-level security is asked. `user_id` is none for the keys of a project."""

    role: str
    claims: dict[str, Any] = field(default_factory=dict)

    @property
    def user_id(self) -> str | None:
        """Return the user that the token names."""
        found = self.claims.get("sub")
        return found if isinstance(found, str) else None


# Public objects and signed addresses are looked up as this one.
SYSTEM = Caller("service_role", {"role": "service_role"})


def has_token(request: Request) -> bool:
    """Whether the request names a caller."""
    return bool(_token(request))


async def caller_of(request: Request) -> Caller:
    """Return the caller of a request, whose token was checked as the REST API checks it.

    Raises:
        StorageError: 400 without a token, 403 for one that is not valid or whose session has ended.
    """
    token = _token(request)
    if not token:
        raise invalid("headers must have required property 'authorization'")
    auth: Auth = request.state.auth
    try:
        claims = auth.keyring.claims(token)
        why = await auth.database.call("check_token", claims=claims, issuer=auth.settings.issuer)
    except AuthError as error:
        if error.status == 503:
            raise unavailable() from None
        if error.status == 504:
            raise timed_out() from None
        raise denied(error.message) from None
    if why is not None:
        raise denied(why)
    return Caller(str(claims.get("role") or "anon"), claims)


def _token(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""
