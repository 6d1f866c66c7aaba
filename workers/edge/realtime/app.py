"""Realtime as an ASGI application: its routes, and what is open while it runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from workers.edge.auth.service import Service as Auth
from workers.edge.realtime import changes, database_broadcast, http, revoking, sse
from workers.edge.realtime.caller import Callers
from workers.edge.realtime.errors import RealtimeError
from workers.edge.realtime.hub import Hub
from workers.edge.realtime.policies import Policies
from workers.edge.realtime.service import Service
from workers.edge.realtime.settings import Settings
from workers.edge.realtime.socket import Sockets

EVERY = 5.0  # seconds between two looks for silent sockets
GOING_AWAY = 1001
ROUTES = [
    WebSocketRoute("/websocket", Sockets()),
    Route("/api/broadcast", http.broadcast_many, methods=["POST"]),
    Route("/api/broadcast/{topic:path}/events/{event:path}", http.broadcast_one, methods=["POST"]),
    Route("/sse", sse.stream, methods=["GET"]),
]


def make() -> Starlette:
    """Return the application. Its routes find the `running` service in the state `realtime`."""
    return Starlette(
        routes=ROUTES,
        exception_handlers={RealtimeError: http.refused, HTTPException: by_status},
    )


@asynccontextmanager
async def running(settings: Settings, auth: Auth) -> AsyncIterator[Service]:
    """Open the service that sockets and routes work with, and close it at the end."""
    policies = Policies(settings.db_url)
    hub = Hub(policies)
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(policies.pool)
        messages = database_broadcast.running(settings, hub.deliver_stored)
        service = Service(
            settings,
            hub,
            policies,
            Callers(auth, settings.keys, policies.pool),
            await opened.enter_async_context(changes.running(settings)),
            await opened.enter_async_context(messages),
            http.Rates(settings.limits.max_messages_per_second),
        )
        for work in (hub.run(), _end_silent(service), revoking.run(service)):
            await opened.enter_async_context(_beside(work))
        yield service


async def by_status(_request: Request, error: Exception) -> Response:
    """Answer for a path or a method that does not exist."""
    found = cast("HTTPException", error)
    return JSONResponse({"error": found.detail}, status_code=found.status_code)


async def _end_silent(service: Service) -> None:
    """Close the sockets whose clients are gone without a word, until cancelled."""
    silence = service.settings.limits.max_silence_seconds
    while True:
        await asyncio.sleep(min(EVERY, silence))
        since = time.monotonic() - silence
        for socket in [one for one in service.sockets if one.heard_at < since]:
            socket.wire.end(GOING_AWAY, "No heartbeat came in time")


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something run until the end."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
