"""For load balancers and Prometheus."""

from __future__ import annotations

import asyncio
import time

import httpx
import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

STARTED_AT = time.time()
METRIC = "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n"


async def live(_request: Request) -> Response:
    """Answer that this process runs."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """Answer whether the database and PostgREST do; 503 while one of them does not."""
    database, rest = await _checks(request)
    body = {"database": "ok" if database else "down", "rest": "ok" if rest else "down"}
    is_ready = database and rest
    return JSONResponse(
        {"status": "ok" if is_ready else "unavailable", **body},
        status_code=200 if is_ready else 503,
        headers={} if is_ready else {"Retry-After": "1"},
    )


async def metrics(request: Request) -> Response:
    """Answer what is known here, in Prometheus's text format."""
    database, rest = await _checks(request)
    pool = request.app.state.pool.get_stats()
    values = (
        ("frontdesk_edge_start_time_seconds", "Unix time of the start of the edge.", STARTED_AT),
        ("frontdesk_database_up", "Whether the database answers the edge.", int(database)),
        ("frontdesk_rest_up", "Whether PostgREST is ready.", int(rest)),
        ("frontdesk_edge_pool_size", "Database connections of the edge.", pool["pool_size"]),
        (
            "frontdesk_edge_pool_available",
            "Database connections of the edge that are idle.",
            pool["pool_available"],
        ),
        (
            "frontdesk_edge_pool_waiting",
            "Requests of the edge that wait for a connection.",
            pool.get("requests_waiting", 0),
        ),
    )
    text = "".join(METRIC.format(name=n, help=h, value=v) for n, h, v in values)
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


async def _checks(request: Request) -> tuple[bool, bool]:
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
