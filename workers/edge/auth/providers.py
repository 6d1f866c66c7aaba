"""Exchanges with identity providers, and the profiles that they return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
from authlib.integrations.httpx_client import AsyncOAuth2Client

from workers.edge.auth.endpoints import endpoints
from workers.edge.auth.errors import AuthError
from workers.edge.auth.jwks import Jwks
from workers.edge.auth.settings import Provider

TIMEOUT = 10  # seconds for each request to a provider
SECRET_IN = "client_secret_post"  # noqa: S105  (how a secret is sent, not one)


@dataclass(frozen=True)
class Profile:
    """A person as a provider describes them. `email_verified`: the provider has checked it."""

    subject: str
    email: str | None
    email_verified: bool
    claims: dict[str, Any]

    def as_identity(self, issuer: str) -> dict[str, Any]:
        """Return the stored part of it, under Supabase's names."""
        known = {
            "iss": issuer,
            "sub": self.subject,
            "provider_id": self.subject,
            "email": self.email,
            "email_verified": self.email_verified,
            "phone_verified": False,
            "name": self.claims.get("name"),
            "full_name": self.claims.get("name"),
            "avatar_url": self.claims.get("picture") or self.claims.get("avatar_url"),
            "user_name": self.claims.get("login"),
        }
        return {name: value for name, value in known.items() if value is not None}


def authorization_url(provider: Provider, *, scopes: str | None, state: str, **asked: str) -> str:
    """Return the provider's address for a browser, with parameters of the client such as prompt."""
    at = endpoints(provider)
    wanted = at.scopes if not scopes else " ".join(dict.fromkeys(f"{at.scopes} {scopes}".split()))
    client = AsyncOAuth2Client(
        provider.client_ids[0], redirect_uri=provider.redirect_uri, scope=wanted
    )
    url, _ = client.create_authorization_url(at.authorize, state=state, **{**asked, **at.extra})
    return str(url)


async def exchange(provider: Provider, code: str, jwks: Jwks) -> tuple[Profile, dict[str, str]]:
    """Exchange a provider's code for a profile and the provider's own tokens.

    Raises:
        AuthError: when the provider refuses, or its answer cannot be used.
    """
    at = endpoints(provider)
    try:
        async with AsyncOAuth2Client(
            provider.client_ids[0],
            provider.secret,
            redirect_uri=provider.redirect_uri,
            token_endpoint_auth_method=SECRET_IN,
            timeout=TIMEOUT,
        ) as client:
            token = await client.fetch_token(
                at.token, code=code, headers={"Accept": "application/json"}
            )
            if at.profile:
                claims = (await client.get(at.profile)).raise_for_status().json()
            else:
                claims = await jwks.id_token(provider, token["id_token"])
            if provider.name == "github":
                claims |= await _github_email(client, at.profile)
    except AuthError:
        raise
    except Exception as error:
        # authlib has its own exceptions, which may quote the provider's answer.
        kind = type(error).__name__
        raise AuthError(
            500, "unexpected_failure", f"Unable to exchange external code ({kind})"
        ) from None
    held = {
        "provider_token": token.get("access_token"),
        "provider_refresh_token": token.get("refresh_token"),
    }
    return profile(provider, claims), {name: value for name, value in held.items() if value}


def profile(provider: Provider, claims: dict[str, Any]) -> Profile:
    """Return the profile that a provider's claims describe."""
    subject = claims.get("sub") or claims.get("id")
    if subject is None:
        raise AuthError(
            500, "unexpected_failure", "Error getting user profile from external provider"
        )
    email = claims.get("email")
    verified = claims.get("email_verified", claims.get("verified_email"))
    # Facebook returns only addresses that it has checked.
    checked = provider.name == "facebook" or verified in (True, "true")
    address = email.strip().lower() if isinstance(email, str) and "@" in email else None
    return Profile(str(subject), address, checked and address is not None, claims)


async def _github_email(client: httpx.AsyncClient, user_url: str) -> dict[str, Any]:
    """Return the primary address, which GitHub lists apart from the profile."""
    listed = (await client.get(f"{user_url}/emails")).raise_for_status().json()
    primary = next((entry for entry in listed if entry.get("primary")), None)
    if primary is None:
        return {"email": None, "email_verified": False}
    return {"email": primary["email"], "email_verified": primary.get("verified") is True}
