"""The ASGI application of the edge: the routes of every protocol, and what is open meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import psycopg
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from workers.edge import answers
from workers.edge.api_keys import ROUTES as TOKEN
from workers.edge.api_keys import ApiKeys
from workers.edge.auth import app as auth
from workers.edge.auth import errors
from workers.edge.auth.cookies import Credentials
from workers.edge.bearers import Bearers
from workers.edge.decoding import RefuseUndecodable
from workers.edge.functions.routes import ROUTES as FUNCTIONS
from workers.edge.functions.webhooks.endpoint import PATH as WEBHOOKS
from workers.edge.functions.webhooks.intake import Intake
from workers.edge.ofrep.routes import PREFIX as OFREP
from workers.edge.ofrep.routes import ROUTES as FLAGS
from workers.edge.pages.routes import ROUTES as PAGES
from workers.edge.realtime import app as realtime
from workers.edge.settings import Settings
from workers.edge.state import State
from workers.edge.storage import app as storage
from workers.edge.storage import errors as storage_errors
from workers.providers.meaning import from_settings as meaning
from workers.providers.payments import from_settings
from workers.sandbox import app as sandbox

AUTH = "/auth/v1"
STORAGE = "/storage/v1"
REALTIME = "/realtime/v1"
SANDBOX = "/functions/v1/sandbox"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
PATIENCE = 5.0  # seconds that a request waits for a connection
# Requests below these paths are refused when their token is not valid.
GUARDED = (STORAGE, "/functions/v1", REALTIME, OFREP)


def make(settings: Settings) -> Starlette:
    """Return the application for these settings."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        # Most requests are one statement: begin and commit would triple their round trips.
        pool = AsyncConnectionPool(
            settings.db_url,
            kwargs={"autocommit": True},
            min_size=1,
            max_size=5,
            timeout=PATIENCE,
            open=False,
        )
        payments = from_settings.build(settings.payments)
        embedder = meaning.build(settings.meaning_model)
        rest = httpx.AsyncClient(base_url=settings.rest_url)
        rest_admin = httpx.AsyncClient(base_url=settings.rest_admin_url or settings.rest_url)
        async with AsyncExitStack() as opened:
            for connection in (pool, rest, rest_admin):
                await opened.enter_async_context(connection)
            signing_in = auth.running(settings.auth, settings.db_url)
            state: dict[str, Any] = {
                "edge": State(settings, pool, rest, rest_admin, Intake(pool), payments, embedder),
                "auth": await opened.enter_async_context(signing_in),
            }
            if settings.storage is not None:
                storing = storage.running(settings.storage)
                state["storage"] = await opened.enter_async_context(storing)
            if settings.realtime is not None:
                live = realtime.running(settings.realtime, state["auth"])
                state["realtime"] = await opened.enter_async_context(live)
            if settings.sandbox is not None:
                playing = sandbox.running(settings.sandbox)
                state["sandbox"] = await opened.enter_async_context(playing)
            yield state

    # These judge tokens and addresses themselves, in their own words.
    own_words = (
        AUTH,
        *([STORAGE] if settings.storage else []),
        *([REALTIME] if settings.realtime else []),
    )
    guarded = tuple(prefix for prefix in GUARDED if prefix not in own_words)
    # Realtime judges API keys itself: its connections live longer than the token of a request.
    exchanged = (*guarded, *([STORAGE] if settings.storage else []))

    return Starlette(
        routes=[
            *FUNCTIONS,
            *TOKEN,
            *PAGES,
            *FLAGS,
            Mount(AUTH, app=auth.make()),
            *([Mount(SANDBOX, app=sandbox.make())] if settings.sandbox else []),
            *([Mount(STORAGE, app=storage.make())] if settings.storage else []),
            *([Mount(REALTIME, app=realtime.make())] if settings.realtime else []),
            *(
                Route(path, answers.not_offered, methods=METHODS)
                for prefix in guarded
                if prefix != OFREP
                for path in (prefix, f"{prefix}/{{path:path}}")
            ),
        ],
        middleware=[
            Middleware(Credentials, settings=settings.auth),
            Middleware(
                CORSMiddleware,
                allow_origins=["*"],
                allow_methods=[*METHODS, "HEAD"],
                allow_headers=["*"],
                expose_headers=[*auth.EXPOSED_HEADERS, *storage.EXPOSED_HEADERS],
            ),
            Middleware(RefuseUndecodable, refusal=answers.undecodable, spared=own_words),
            Middleware(ApiKeys, below=exchanged, beside=WEBHOOKS),
            Middleware(Bearers, below=guarded, beside=WEBHOOKS),
        ],
        exception_handlers={
            404: _not_found,
            405: answers.wrong_method,
            psycopg.Error: answers.database_failed,
            Exception: answers.failed,
        },
        lifespan=lifespan,
    )


async def _not_found(request: Request, error: Exception) -> Response:
    """Answer an unknown path in the words of the protocol that it belongs to.

    Below a mount that is a path with a line break, which no mount matches.
    """
    if request.url.path.startswith(f"{AUTH}/"):
        return await errors.by_status(request, error)
    if request.url.path.startswith(f"{STORAGE}/"):
        return await storage_errors.by_status(request, error)
    return await answers.not_found(request, error)
