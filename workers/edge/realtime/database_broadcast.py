"""Broadcasts that SQL sent: the rows of realtime.messages, each delivered once after its commit.

The database is asked again and again for what became visible since the last snapshot. That needs no
replication slot and no notification, so it works with any `wal_level`, and no commit waits for it.
A connection that is lost loses nothing: the next one asks with the same snapshot.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Protocol

import psycopg
import structlog
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from workers.edge.realtime.interfaces import Message

EVERY = 0.03  # seconds between two questions
PAUSE = 1.0  # seconds before the database is asked again after a failure
# A database that was restored is behind the snapshot, which then means nothing to it.
SINCE = """
    with seen (snapshot) as (
        select
            case
                when pg_snapshot_xmax(last) <= pg_snapshot_xmax(pg_current_snapshot()) then last
                else pg_current_snapshot()
            end
        from (values (%s::pg_snapshot)) as given (last)
    )
    select pg_current_snapshot()::text as snapshot, messages.*
    from seen
    left join _realtime.messages_since(seen.snapshot) as messages on true
"""
REPLAY = "select * from _realtime.replay(%s, %s, %s)"

logger = structlog.get_logger("realtime")


class Login(Protocol):
    """The login with which the messages are read."""

    @property
    def db_url(self) -> str:
        """The address of the database as the role `realtime`."""


class Broadcasts:
    """Reads messages and delivers them."""

    def __init__(self, pool: AsyncConnectionPool[Any], deliver: Callable[[Message], None]) -> None:
        self._pool = pool
        self._deliver = deliver
        self._seen: str | None = None

    async def replay(self, topic: str, *, since_ms: int, limit: int) -> Sequence[Message]:
        """Return the newest private messages of a topic since a moment, oldest first."""
        since = datetime.fromtimestamp(since_ms / 1000, UTC)
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(REPLAY, (topic, since, limit))).fetchall()
        return [_message(row) for row in rows]

    async def run(self) -> None:
        """Deliver what is committed, until cancelled."""
        while True:
            try:
                await self._look()
                await asyncio.sleep(EVERY)
            except (psycopg.Error, PoolTimeout) as error:
                logger.warning("broadcasts cannot be read now", error=str(error))
                await asyncio.sleep(PAUSE)

    async def _look(self) -> None:
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(SINCE, (self._seen,), prepare=True)).fetchall()
        self._seen = rows[0]["snapshot"]
        for row in rows:
            if row["id"] is not None:
                self._deliver(_message(row))


def _message(row: dict[str, Any]) -> Message:
    binary: bytes | None = row["binary_payload"]
    return Message(
        topic=row["topic"],
        event=row["event"] or "",
        payload=binary if binary is not None else (row["payload"] or "null").encode(),
        is_private=bool(row["private"]),
        id=str(row["id"]),
        sent_ms=row["sent_ms"],
        is_binary=binary is not None,
    )


@asynccontextmanager
async def running(settings: Login, deliver: Callable[[Message], None]) -> AsyncIterator[Broadcasts]:
    """Deliver the database's broadcasts until the end."""
    pool = AsyncConnectionPool(
        settings.db_url,
        kwargs={"autocommit": True, "row_factory": dict_row},
        min_size=1,
        max_size=3,
        open=False,
    )
    async with pool:
        broadcasts = Broadcasts(pool, deliver)
        task = asyncio.create_task(broadcasts.run())
        try:
            yield broadcasts
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
