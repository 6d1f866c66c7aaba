"""What `python -m workers.edge.auth HOST PORT` runs: the service by itself, without a prefix."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount

from workers import log
from workers.edge.auth import app as auth
from workers.edge.auth.cookies import Credentials
from workers.edge.auth.settings import Settings

settings = Settings.of(os.environ)
sign_in = auth.make()


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    """Hold what the routes work with."""
    async with auth.running(sign_in, settings, os.environ["FRONTDESK_EDGE_DB_URL"]):
        yield


log.configure()
uvicorn.run(
    Starlette(
        routes=[Mount("/", app=sign_in)],
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
    ),
    host=sys.argv[1],
    port=int(sys.argv[2]),
    log_level="warning",
    access_log=False,
    timeout_graceful_shutdown=5,
)
