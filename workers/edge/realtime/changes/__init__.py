"""`postgres_changes` of `public.<view>`: who may see a changed row hears of it, in commit order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from psycopg_pool import AsyncConnectionPool

from workers.edge.realtime.changes.feed import Feed

__all__ = ["Feed", "running"]


class Login(Protocol):
    """The login with which changes are read."""

    @property
    def db_url(self) -> str:
        """The address of the database as the role `realtime`."""


@asynccontextmanager
async def running(settings: Login) -> AsyncIterator[Feed]:
    """Follow the database until the end."""
    pool = AsyncConnectionPool(
        settings.db_url, kwargs={"autocommit": True}, min_size=1, max_size=4, open=False
    )
    async with pool:
        feed = Feed(settings.db_url, pool)
        task = asyncio.create_task(feed.run())
        try:
            yield feed
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
