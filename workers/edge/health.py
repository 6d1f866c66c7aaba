"""For load balancers."""

from __future__ import annotations

import asyncio

import httpx
import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, Response


async def live(_request: Request) -> Response:
    """Answer that this process runs."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """Answer whether the database and PostgREST do; 503 while one of them does not."""
    database, rest = await checks(request)
    body = {"database": "ok" if database else "down", "rest": "ok" if rest else "down"}
    is_ready = database and rest
    return JSONResponse(
        {"status": "ok" if is_ready else "unavailable", **body},
        status_code=200 if is_ready else 503,
        headers={} if is_ready else {"Retry-After": "1"},
    )


async def checks(request: Request) -> tuple[bool, bool]:
    """Ask the database and PostgREST at the same time."""
    return await asyncio.gather(_database_answers(request), _rest_is_ready(request))


async def _database_answers(request: Request) -> bool:
    try:
        async with request.app.state.pool.connection(timeout=2) as connection:
            await connection.execute("select 1")
    except (PoolTimeout, psycopg.Error):
        return False
    return True


async def _rest_is_ready(request: Request) -> bool:
    try:
        answer = await request.app.state.rest_admin.get("/ready", timeout=2)
    except httpx.HTTPError:
        return False
    return bool(answer.status_code == 200)
