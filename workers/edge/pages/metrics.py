"""Metrics for Prometheus: the edge, the queues and the workers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from prometheus_client import CollectorRegistry, generate_latest, multiprocess
from psycopg_pool import PoolTimeout
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from workers.edge.pages import health
from workers.edge.realtime.service import Service as Realtime
from workers.edge.state import State

STARTED_AT = time.time()
HEADING = "# HELP {name} {help}\n# TYPE {name} {kind}\n"
QUEUES = (
    "select name, ready, delayed, running, oldest_seconds, dead, total from private.queue_states()"
)
QUEUE_METRICS = (
    ("frontdesk_queue_ready", "gauge", "Messages that can be read now."),
    ("frontdesk_queue_delayed", "gauge", "Messages that are not due yet."),
    ("frontdesk_queue_running", "gauge", "Messages that a worker is processing."),
    ("frontdesk_queue_oldest_seconds", "gauge", "Age of the oldest message that can be read."),
    ("frontdesk_queue_dead", "gauge", "Dead letters."),
    ("frontdesk_queue_messages_total", "counter", "Messages sent since the queue was made."),
)


async def metrics(request: Request) -> Response:
    """Answer all metrics in Prometheus's text format."""
    parts = [*await _edge(request), *await _queues(request)]
    if folder := State.of(request).settings.metrics_dir:
        parts.append(await run_in_threadpool(_workers, folder))
    return PlainTextResponse("".join(parts), media_type="text/plain; version=0.0.4")


async def _edge(request: Request) -> Iterator[str]:
    database, rest = await health.checks(request)
    pool = State.of(request).pool.get_stats()
    values = (
        ("frontdesk_edge_start_time_seconds", "Unix time of the start of the edge.", STARTED_AT),
        ("frontdesk_database_up", "Whether the database responds to the edge.", int(database)),
        ("frontdesk_rest_up", "Whether PostgREST is ready.", int(rest)),
        ("frontdesk_edge_pool_size", "Database connections of the edge.", pool["pool_size"]),
        (
            "frontdesk_edge_pool_available",
            "Database connections of the edge that are idle.",
            pool["pool_available"],
        ),
        (
            "frontdesk_edge_pool_waiting",
            "Requests of the edge that wait for a database connection.",
            pool.get("requests_waiting", 0),
        ),
        *_realtime(request),
    )
    return (
        HEADING.format(name=name, help=meaning, kind="gauge") + f"{name} {value}\n"
        for name, meaning, value in values
    )


def _realtime(request: Request) -> Iterator[tuple[str, str, int]]:
    """Yield how many clients listen, where Realtime is on."""
    service: Realtime | None = getattr(request.state, "realtime", None)
    if service is not None:
        sockets = service.sockets
        channels = sum(len(socket.channels) for socket in sockets)
        yield "frontdesk_realtime_sockets", "Sockets of Realtime that are open.", len(sockets)
        yield "frontdesk_realtime_channels", "Channels that these sockets have joined.", channels


async def _queues(request: Request) -> list[str]:
    """Return the state of every queue, or nothing while the database is away.

    frontdesk_database_up says that it is.
    """
    try:
        async with State.of(request).pool.connection(timeout=2) as connection:
            rows: list[Any] = await (await connection.execute(QUEUES)).fetchall()
    except (PoolTimeout, psycopg.Error):
        return []
    return [
        HEADING.format(name=name, help=meaning, kind=kind)
        + "".join(f'{name}{{queue="{row[0]}"}} {row[position]}\n' for row in rows)
        for position, (name, kind, meaning) in enumerate(QUEUE_METRICS, start=1)
    ]


def _workers(folder: Path) -> str:
    """Return the counts of all worker processes on this machine, ended ones included."""
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=str(folder))
    return generate_latest(registry).decode()
