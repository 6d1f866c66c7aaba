"""The addresses of identity providers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from workers.edge.auth.settings import Provider


@dataclass(frozen=True)
class Endpoints:
    """The addresses of one provider. `profile` is empty when the ID token has everything."""

    issuer: str
    authorize: str
    token: str
    profile: str
    jwks: str
    scopes: str
    extra: Mapping[str, str] = field(default_factory=dict)


def endpoints(provider: Provider) -> Endpoints:
    """Return the addresses of a provider, below the `url` of the settings if there is one."""
    return PLACES[provider.name](provider.url)


def _google(url: str | None) -> Endpoints:
    return Endpoints(
        issuer=url or "https://accounts.google.com",
        authorize=f"{url or 'https://accounts.google.com'}/o/oauth2/v2/auth",
        token=f"{url or 'https://oauth2.googleapis.com'}/token",
        profile=f"{url or 'https://openidconnect.googleapis.com'}/v1/userinfo",
        jwks=f"{url or 'https://www.googleapis.com'}/oauth2/v3/certs",
        scopes="openid email profile",
    )


def _apple(url: str | None) -> Endpoints:
    host = url or "https://appleid.apple.com"
    return Endpoints(
        issuer=host,
        authorize=f"{host}/auth/authorize",
        token=f"{host}/auth/token",
        profile="",
        jwks=f"{host}/auth/keys",
        scopes="email name",
        extra={"response_mode": "form_post"},
    )


def _github(url: str | None) -> Endpoints:
    host = url or "https://github.com"
    api = f"{url}/api/v3" if url else "https://api.github.com"
    return Endpoints(
        issuer=api,
        authorize=f"{host}/login/oauth/authorize",
        token=f"{host}/login/oauth/access_token",
        profile=f"{api}/user",
        jwks="",
        scopes="user:email",
    )


def _facebook(url: str | None) -> Endpoints:
    host, graph = url or "https://www.facebook.com", url or "https://graph.facebook.com"
    return Endpoints(
        issuer=host,
        authorize=f"{host}/dialog/oauth",
        token=f"{graph}/oauth/access_token",
        profile=f"{graph}/me?fields=id,email,name,picture",
        jwks=f"{host}/.well-known/oauth/openid/jwks/",
        scopes="email",
    )


PLACES: Mapping[str, Callable[[str | None], Endpoints]] = {
    "google": _google,
    "apple": _apple,
    "github": _github,
    "facebook": _facebook,
}
