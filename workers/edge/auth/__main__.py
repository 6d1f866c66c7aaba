"""The program `python -m workers.edge.auth HOST PORT`: sign-in alone, without a path prefix."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount

from workers import log
from workers.edge.auth import app as auth
from workers.edge.auth import errors
from workers.edge.auth.cookies import Credentials
from workers.edge.auth.settings import Settings

settings = Settings.of(os.environ)


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
    """Open the service for the routes."""
    async with auth.running(settings, os.environ["FRONTDESK_EDGE_DB_URL"]) as service:
        yield {"auth": service}


log.configure()
uvicorn.run(
    Starlette(
        routes=[Mount("/", app=auth.make())],
        middleware=[
            Middleware(Credentials, settings=settings),
            Middleware(
                CORSMiddleware,
                allow_origins=["*"],
                allow_methods=["*"],
                allow_headers=["*"],
                expose_headers=auth.EXPOSED_HEADERS,
            ),
        ],
        lifespan=lifespan,
        # A path with a line break in it never reaches the service.
        exception_handlers={HTTPException: errors.by_status},
    ),
    host=sys.argv[1],
    port=int(sys.argv[2]),
    log_level="warning",
    access_log=False,
    timeout_graceful_shutdown=5,
)
