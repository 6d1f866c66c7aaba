"""What the service says of itself: health, settings, keys; and what it does not offer."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.auth.errors import AuthError
from workers.edge.auth.service import Service

EXTERNAL = (
    *("anonymous_users", "apple", "azure", "bitbucket", "discord", "email", "facebook"),
    *("figma", "fly", "github", "gitlab", "google", "kakao", "keycloak", "linkedin"),
    *("linkedin_oidc", "notion", "phone", "slack", "slack_oidc", "snapchat", "spotify"),
    *("twitch", "twitter", "workos", "x", "zoom"),
)


async def health(_request: Request) -> Response:
    """Answer that the service runs, under the name that Supabase's has."""
    return JSONResponse(
        {
            "version": "frontdesk",
            "name": "GoTrue",
            "description": "GoTrue is a user registration and authentication API",
        }
    )


async def settings(request: Request) -> Response:
    """Answer which ways of signing in there are."""
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
            "passkeys_enabled": False,
        }
    )


async def jwks(request: Request) -> Response:
    """Answer the public keys."""
    return JSONResponse(
        Service.of(request).keyring.jwks(), headers={"Cache-Control": "public, max-age=600"}
    )


async def sso_disabled(_request: Request) -> Response:
    """Answer that there is no sign-in by SAML."""
    raise AuthError(404, "saml_provider_disabled", "SAML 2.0 is disabled")


async def admin_sso_disabled(request: Request) -> Response:
    """Answer the operator the same."""
    Service.of(request).admin(request)
    raise AuthError(404, "sso_provider_disabled", "SSO is disabled")


async def passkeys_disabled(_request: Request) -> Response:
    """Answer that there are no passkeys."""
    raise AuthError(404, "passkey_disabled", "Passkeys are disabled")


async def oauth_server_disabled(_request: Request) -> Response:
    """Answer that the service gives no access to other applications."""
    raise AuthError(404, "feature_disabled", "OAuth server is disabled")


async def custom_providers_disabled(request: Request) -> Response:
    """Answer the operator that providers are those of the configuration."""
    Service.of(request).admin(request)
    raise AuthError(404, "feature_disabled", "Custom OAuth providers are disabled")


async def admin_passkeys_disabled(request: Request) -> Response:
    """Answer the operator that there are no passkeys."""
    Service.of(request).admin(request)
    return await passkeys_disabled(request)


async def admin_oauth_server_disabled(request: Request) -> Response:
    """Answer the operator that there are no clients of ours."""
    Service.of(request).admin(request)
    return await oauth_server_disabled(request)
