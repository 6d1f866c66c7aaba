"""The sign-in service as an ASGI application: its routes, and what is open while it runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workers.edge.auth import (
    about,
    admin,
    codes,
    confirm,
    errors,
    external,
    factors,
    oauth_clients,
    oauth_server,
    oauth_tokens,
    passkeys,
    sessions,
    signup,
    token,
    user,
    verify,
)
from workers.edge.auth.about import Endpoint, disabled
from workers.edge.auth.database import Database
from workers.edge.auth.errors import AuthError
from workers.edge.auth.jwks import Jwks
from workers.edge.auth.service import Service
from workers.edge.auth.settings import Settings
from workers.edge.auth.tokens import Keyring
from workers.edge.decoding import RefuseUndecodable

TIDYING = 3600  # seconds between two rounds
POOL_SIZE = 10  # connections; a request holds one during one statement
# The headers that pages of other origins may read.
EXPOSED_HEADERS = ["x-supabase-api-version", "x-total-count", "link", "retry-after"]
ANY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def _get(path: str, endpoint: Endpoint) -> Route:
    """Return a route for GET. HEAD does nothing: mail scanners send it to every link."""

    async def answer(request: Request) -> Response:
        return Response() if request.method == "HEAD" else await endpoint(request)

    return Route(path, answer, methods=["GET"])


def _off(answer: Endpoint, *paths: str) -> Iterator[Route]:
    """Return routes for features that are off: these paths and everything below them."""
    for path in paths:
        for shape in (path, f"{path}/{{path:path}}"):
            yield Route(shape, answer, methods=ANY_METHOD)


ROUTES = [
    _get("/health", about.health),
    _get("/settings", about.settings),
    _get("/.well-known/jwks.json", about.jwks),
    Route("/signup", signup.sign_up, methods=["POST"]),
    Route("/token", token.token, methods=["POST"]),
    Route("/logout", sessions.sign_out, methods=["POST"]),
    _get("/user", user.get_user),
    Route("/user", user.update_user, methods=["PUT"]),
    _get("/user/sessions", sessions.list_sessions),
    Route("/user/sessions/{session_id}", sessions.revoke_session, methods=["DELETE"]),
    _get("/reauthenticate", user.reauthenticate),
    Route("/reauthenticate", user.reauthenticate, methods=["POST"]),
    Route("/recover", codes.recover, methods=["POST"]),
    Route("/magiclink", codes.magic_link, methods=["POST"]),
    Route("/otp", codes.one_time_code, methods=["POST"]),
    Route("/resend", codes.resend, methods=["POST"]),
    Route("/verify", verify.verify, methods=["POST"]),
    _get("/verify", verify.verify_link),
    _get("/confirm", confirm.ask),
    Route("/confirm", confirm.confirm, methods=["POST"]),
    _get("/authorize", external.authorize),
    _get("/callback", external.callback),
    Route("/callback", external.callback, methods=["POST"]),
    _get("/user/identities/authorize", external.link),
    Route("/user/identities/{identity_id}", external.unlink, methods=["DELETE"]),
    Route("/factors", factors.enroll, methods=["POST"]),
    Route("/factors/recovery_codes", factors.make_recovery_codes, methods=["POST"]),
    Route("/factors/recovery_codes/verify", factors.use_recovery_code, methods=["POST"]),
    Route("/factors/{factor_id}", factors.unenroll, methods=["DELETE"]),
    Route("/factors/{factor_id}/challenge", factors.challenge, methods=["POST"]),
    Route("/factors/{factor_id}/verify", factors.verify, methods=["POST"]),
    Route("/invite", admin.invite, methods=["POST"]),
    Route("/admin/generate_link", admin.generate_link, methods=["POST"]),
    _get("/admin/audit", admin.list_audit),
    _get("/admin/users", admin.list_users),
    Route("/admin/users", admin.create_user, methods=["POST"]),
    _get("/admin/users/{user_id}", admin.get_user),
    Route("/admin/users/{user_id}", admin.update_user, methods=["PUT"]),
    Route("/admin/users/{user_id}", admin.delete_user, methods=["DELETE"]),
    _get("/admin/users/{user_id}/factors", admin.list_factors),
    Route(
        "/admin/users/{user_id}/factors/{factor_id}",
        admin.change_factor,
        methods=["PUT", "DELETE"],
    ),
    *_off(disabled("saml_provider_disabled", "SAML 2.0 is disabled"), "/sso", "/saml"),
    *_off(disabled("sso_provider_disabled", "SSO is disabled", is_for_admins=True), "/admin/sso"),
    Route("/passkeys/registration/options", passkeys.registration_options, methods=["POST"]),
    Route("/passkeys/registration/verify", passkeys.register, methods=["POST"]),
    Route("/passkeys/authentication/options", passkeys.sign_in_options, methods=["POST"]),
    Route("/passkeys/authentication/verify", passkeys.sign_in, methods=["POST"]),
    _get("/passkeys", passkeys.list_passkeys),
    Route("/passkeys/{passkey_id}", passkeys.rename, methods=["PATCH"]),
    Route("/passkeys/{passkey_id}", passkeys.delete, methods=["DELETE"]),
    _get("/admin/users/{user_id}/passkeys", passkeys.admin_list),
    Route(
        "/admin/users/{user_id}/passkeys/{passkey_id}", passkeys.admin_delete, methods=["DELETE"]
    ),
    _get("/.well-known/oauth-authorization-server", oauth_server.metadata),
    _get("/.well-known/openid-configuration", oauth_server.metadata),
    _get("/oauth/authorize", oauth_server.authorize),
    _get("/oauth/authorizations/{authorization_id}", oauth_server.get_authorization),
    Route(
        "/oauth/authorizations/{authorization_id}/consent", oauth_server.consent, methods=["POST"]
    ),
    Route("/oauth/token", oauth_tokens.token, methods=["POST"]),
    Route("/oauth/revoke", oauth_tokens.revoke, methods=["POST"]),
    _get("/oauth/userinfo", oauth_tokens.user_info),
    Route("/oauth/userinfo", oauth_tokens.user_info, methods=["POST"]),
    Route("/oauth/clients/register", oauth_clients.register_itself, methods=["POST"]),
    _get("/user/oauth/grants", oauth_server.list_grants),
    Route("/user/oauth/grants", oauth_server.revoke_grant, methods=["DELETE"]),
    _get("/admin/oauth/clients", oauth_clients.list_clients),
    Route("/admin/oauth/clients", oauth_clients.register, methods=["POST"]),
    _get("/admin/oauth/clients/{client_id}", oauth_clients.get_client),
    Route("/admin/oauth/clients/{client_id}", oauth_clients.update_client, methods=["PUT"]),
    Route("/admin/oauth/clients/{client_id}", oauth_clients.delete_client, methods=["DELETE"]),
    Route(
        "/admin/oauth/clients/{client_id}/regenerate_secret",
        oauth_clients.regenerate_secret,
        methods=["POST"],
    ),
    *_off(
        disabled("feature_disabled", "Custom OAuth providers are disabled", is_for_admins=True),
        "/admin/custom-providers",
    ),
]


def make() -> Starlette:
    """Return the application. Its routes find the `running` service in the state `auth`."""
    return Starlette(
        routes=ROUTES,
        middleware=[Middleware(RefuseUndecodable, refusal=errors.undecodable)],
        exception_handlers={
            AuthError: errors.refused,
            HTTPException: errors.by_status,
            Exception: errors.failed,
        },
    )


@asynccontextmanager
async def running(settings: Settings, db_url: str) -> AsyncIterator[Service]:
    """Open the service that the routes work with, and close it at the end."""
    database = Database(db_url, settings.for_database(), size=POOL_SIZE)
    keyring = Keyring(settings.jwt_secret, settings.jwt_keys, issuer=settings.issuer)
    async with database.pool, httpx.AsyncClient(follow_redirects=False) as http:
        tidying = asyncio.create_task(_tidy(database))
        try:
            yield Service(settings, database, keyring, http, Jwks(http))
        finally:
            tidying.cancel()


async def _tidy(database: Database) -> None:
    """Delete expired sessions and tokens now and then. A failed round is made up by the next."""
    while True:
        with contextlib.suppress(AuthError):
            await database.call("forget_what_is_over")
        await asyncio.sleep(TIDYING)
