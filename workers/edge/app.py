"""The ASGI application: its routes, and what it holds while it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from workers.edge import answers, calendar, health, metrics, reference, unsubscribe, webhooks
from workers.edge.auth import app as auth
from workers.edge.auth import errors
from workers.edge.auth.cookies import Credentials
from workers.edge.settings import Settings
from workers.edge.tokens import Tokens

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
NOT_OFFERED = ("/storage/v1", "/functions/v1")


def make(settings: Settings) -> Starlette:
    """Build the application for these settings."""
    sign_in = auth.make()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        pool = AsyncConnectionPool(settings.db_url, min_size=1, max_size=5, open=False)
        rest = httpx.AsyncClient(base_url=settings.rest_url)
        rest_admin = httpx.AsyncClient(base_url=settings.rest_admin_url)
        signing_in = auth.running(sign_in, settings.auth, settings.db_url)
        async with pool, rest, rest_admin, signing_in:
            app.state.pool, app.state.rest, app.state.rest_admin = pool, rest, rest_admin
            app.state.api_url, app.state.schemas = settings.api_url, settings.schemas
            app.state.metrics_dir = settings.metrics_dir
            app.state.webhook_keys = settings.webhook_keys
            yield

    return Starlette(
        routes=[
            Route("/health/live", health.live),
            Route("/health/ready", health.ready),
            Route("/metrics", metrics.metrics),
            Route("/docs", reference.docs),
            Route(f"{webhooks.PATH}/{{provider}}", webhooks.receive, methods=["POST"]),
            Route("/functions/v1/unsubscribe", unsubscribe.page, methods=["GET"]),
            Route("/functions/v1/unsubscribe", unsubscribe.done, methods=["POST"]),
            Route(calendar.PATH, calendar.show, methods=["GET"]),
            Mount("/auth/v1", app=sign_in),
            *(
                Route(f"{prefix}/{{path:path}}", answers.not_offered, methods=METHODS)
                for prefix in NOT_OFFERED
            ),
        ],
        middleware=[
            Middleware(Credentials, settings=settings.auth),
            Middleware(
                CORSMiddleware,
                allow_origins=["*"],
                allow_methods=METHODS,
                allow_headers=["*"],
                expose_headers=auth.EXPOSED_HEADERS,
            ),
            Middleware(Tokens, sign_in=sign_in, below=NOT_OFFERED, beside=webhooks.PATH),
        ],
        exception_handlers={
            404: _nowhere,
            405: answers.wrong_method,
            Exception: answers.failed,
        },
        lifespan=lifespan,
    )


async def _nowhere(request: Request, error: Exception) -> Response:
    """Answer a path that does not exist; below sign-in's in its words.

    A path with a line break is one, which no mount matches.
    """
    if request.url.path.startswith("/auth/v1/"):
        return await errors.by_status(request, error)
    return await answers.not_found(request, error)
