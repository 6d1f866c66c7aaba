"""The sign-in service as an ASGI application: its routes, and what it holds while it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from workers.edge.auth import about, codes, errors, sessions, signup, token, user, verify
from workers.edge.auth.database import Database
from workers.edge.auth.errors import AuthError
from workers.edge.auth.service import Service
from workers.edge.auth.settings import Settings
from workers.edge.auth.tokens import Keyring

POOL_SIZE = 10  # connections; a request holds one for the length of one statement
NOTHING_ELSE = ["GET", "POST", "PUT", "PATCH", "DELETE"]

ROUTES = [
    Route("/health", about.health),
    Route("/settings", about.settings),
    Route("/.well-known/jwks.json", about.jwks),
    Route("/signup", signup.sign_up, methods=["POST"]),
    Route("/token", token.token, methods=["POST"]),
    Route("/logout", sessions.sign_out, methods=["POST"]),
    Route("/user", user.get_user, methods=["GET"]),
    Route("/user", user.update_user, methods=["PUT"]),
    Route("/user/sessions", sessions.list_sessions, methods=["GET"]),
    Route("/user/sessions/{session_id}", sessions.revoke_session, methods=["DELETE"]),
    Route("/reauthenticate", user.reauthenticate, methods=["GET", "POST"]),
    Route("/recover", codes.recover, methods=["POST"]),
    Route("/magiclink", codes.magic_link, methods=["POST"]),
    Route("/otp", codes.one_time_code, methods=["POST"]),
    Route("/resend", codes.resend, methods=["POST"]),
    Route("/verify", verify.verify, methods=["POST"]),
    Route("/verify", verify.verify_link, methods=["GET"]),
    Route("/sso", about.sso_disabled, methods=["POST"]),
    Route("/saml/{path:path}", about.sso_disabled, methods=NOTHING_ELSE),
    Route("/admin/sso/{path:path}", about.admin_sso_disabled, methods=NOTHING_ELSE),
    Route("/passkeys/{path:path}", about.passkeys_disabled, methods=NOTHING_ELSE),
    Route("/oauth/{path:path}", about.oauth_server_disabled, methods=NOTHING_ELSE),
    Route("/user/oauth/{path:path}", about.oauth_server_disabled, methods=NOTHING_ELSE),
    Route("/admin/oauth/{path:path}", about.oauth_server_disabled, methods=NOTHING_ELSE),
]


def make() -> Starlette:
    """The application; `running` has to hold what its routes work with."""
    return Starlette(
        routes=ROUTES,
        exception_handlers={
            AuthError: errors.refused,
            HTTPException: errors.by_status,
            Exception: errors.failed,
        },
    )


@asynccontextmanager
async def running(app: Starlette, settings: Settings, db_url: str) -> AsyncIterator[Service]:
    """Open what the application's routes work with, and close it at the end."""
    database = Database(db_url, settings.for_database(), size=POOL_SIZE)
    keyring = Keyring(settings.jwt_secret, settings.jwt_keys, issuer=settings.issuer)
    async with database.pool, httpx.AsyncClient(follow_redirects=False) as http:
        app.state.auth = Service(settings, database, keyring, http)
        yield app.state.auth
