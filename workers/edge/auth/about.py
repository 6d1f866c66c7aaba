"""Describes the service: health, settings, keys, and the features that it does not offer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.auth.errors import AuthError
from workers.edge.auth.service import Service

Endpoint = Callable[[Request], Awaitable[Response]]

EXTERNAL = (
    *("anonymous_users", "apple", "azure", "bitbucket", "discord", "email", "facebook"),
    *("figma", "fly", "github", "gitlab", "google", "kakao", "keycloak", "linkedin"),
    *("linkedin_oidc", "notion", "phone", "slack", "slack_oidc", "snapchat", "spotify"),
    *("twitch", "twitter", "workos", "x", "zoom"),
)


async def health(_request: Request) -> Response:
    """Answer that the service runs, under the name of Supabase's."""
    return JSONResponse(
        {
            "version": "frontdesk",
            "name": "GoTrue",
            "description": "GoTrue is a user registration and authentication API",
        }
    )


async def settings(request: Request) -> Response:
    """Answer the offered ways to sign in."""
    ours = Service.of(request).settings
    on = {
        *ours.providers,
        *(["email"] if ours.email_is_enabled else []),
        *(["phone"] if ours.phone_is_enabled else []),
        *(["anonymous_users"] if ours.anonymous_is_enabled else []),
    }
    return JSONResponse(
        {
            "external": {name: name in on for name in EXTERNAL},
            "disable_signup": ours.signup_is_disabled,
            "mailer_autoconfirm": ours.email_autoconfirm,
            "phone_autoconfirm": ours.phone_autoconfirm,
            "sms_provider": ours.sms_provider,
            "saml_enabled": False,
            "passkeys_enabled": ours.passkeys_are_enabled,
        }
    )


async def jwks(request: Request) -> Response:
    """Answer the public keys."""
    return JSONResponse(
        Service.of(request).keyring.jwks(), headers={"Cache-Control": "public, max-age=600"}
    )


def disabled(code: str, message: str, *, is_for_admins: bool = False) -> Endpoint:
    """Return an endpoint that answers that a feature is off, perhaps to operators only."""

    async def answer(request: Request) -> Response:
        if is_for_admins:
            Service.of(request).admin(request)
        raise AuthError(404, code, message)

    return answer
