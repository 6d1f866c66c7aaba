"""Liveness and readiness, for load balancers."""

from __future__ import annotations

import asyncio

import httpx
import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.state import State


async def live(_request: Request) -> Response:
    """Answer 200 while this process runs."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """Answer 200 while the database and PostgREST respond, else 503."""
    database, rest = await checks(request)
    body = {"database": "ok" if database else "down", "rest": "ok" if rest else "down"}
    is_ready = database and rest
    return JSONResponse(
        {"status": "ok" if is_ready else "unavailable", **body},
        status_code=200 if is_ready else 503,
        headers={} if is_ready else {"Retry-After": "1"},
    )


async def checks(request: Request) -> tuple[bool, bool]:
    """Return whether the database and PostgREST respond, asked at the same time."""
    return await asyncio.gather(_database_answers(request), _rest_is_ready(request))


async def _database_answers(request: Request) -> bool:
    try:
        async with State.of(request).pool.connection(timeout=2) as connection:
            await connection.execute("select 1")
    except (PoolTimeout, psycopg.Error):
        return False
    return True


async def _rest_is_ready(request: Request) -> bool:
    """Without PostgREST's admin server, any answer of its own will do: 401 without a key."""
    state = State.of(request)
    has_admin = state.settings.rest_admin_url is not None
    try:
        answer = await state.rest_admin.get("/ready" if has_admin else "/", timeout=2)
    except httpx.HTTPError:
        return False
    return bool(answer.status_code == 200 if has_admin else answer.status_code < 500)
