"""Who may read and write a private channel: what the policies of `realtime.messages` say.

A row that nobody ever sees is inserted and selected as the caller, or inserted as the caller, in a
transaction that is rolled back. Policies ask for `realtime.topic()` and for the row's `extension`,
which is `broadcast` or `presence`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal, LiteralString

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from workers.edge.realtime.caller import Caller
from workers.edge.realtime.errors import unavailable

PATIENCE = 5.0  # seconds that somebody waits for a connection
SIZE = 5  # connections
STATEMENTS = Path(__file__).parent / "sql"
Extension = Literal["broadcast", "presence"]
EXTENSIONS: tuple[Extension, ...] = ("broadcast", "presence")
Connection = psycopg.AsyncConnection[tuple[Any, ...]]

logger = structlog.get_logger("realtime")


@cache
def statement(name: str) -> LiteralString:
    """Return the text of a statement's file, which is as safe as a literal."""
    return (STATEMENTS / f"{name}.sql").read_text("utf-8")


class Policies:
    """Asks the database."""

    def __init__(self, url: str) -> None:
        self.pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url, min_size=1, max_size=SIZE, open=False
        )

    async def readable(self, caller: Caller, topic: str) -> frozenset[Extension]:
        """Return the extensions of a topic that a caller may read.

        Raises:
            RealtimeError: when the database does not answer.
        """
        return (await self.readers([caller], topic))[0]

    async def readers(
        self, callers: Sequence[Caller], topic: str
    ) -> Sequence[frozenset[Extension]]:
        """Return the same for several callers, with one probe for all of them.

        Raises:
            RealtimeError: as above.
        """
        async with self._probing() as connection:
            await connection.execute(statement("act_as_server"))
            inserted = await connection.execute(
                statement("insert_probe"), {"topic": topic, "extensions": list(EXTENSIONS)}
            )
            rows = await inserted.fetchall()
            probe = {"topic": topic, "ids": [row[0] for row in rows], "inserted_at": rows[0][1]}
            return [await self._seen(connection, caller, probe) for caller in callers]

    async def may_write(self, caller: Caller, topic: str, extension: Extension) -> bool:
        """Whether a caller may write to a topic.

        Raises:
            RealtimeError: as above.
        """
        async with self._probing() as connection:
            try:
                await self._become(connection, caller, topic)
                await connection.execute(
                    statement("insert_own_probe"), {"topic": topic, "extension": extension}
                )
            except psycopg.Error as error:
                return self._refused(error)
            return True

    async def _seen(
        self, connection: Connection, caller: Caller, probe: Mapping[str, Any]
    ) -> frozenset[Extension]:
        """Return what a caller sees of the probe. A policy that fails for it permits nothing."""
        try:
            async with connection.transaction():
                await self._become(connection, caller, probe["topic"])
                found = await connection.execute(statement("find_probe"), probe)
                seen: Collection[tuple[Extension]] = await found.fetchall()
                await connection.execute(statement("act_as_server"))
        except psycopg.Error as error:
            self._refused(error)
            return frozenset()
        return frozenset(extension for (extension,) in seen)

    async def _become(self, connection: Connection, caller: Caller, topic: str) -> None:
        """Ask as a caller until the transaction ends, or somebody else asks."""
        await connection.execute(
            statement("become"),
            {
                "claims": json.dumps(caller.claims),
                "sub": str(caller.claims.get("sub") or ""),
                "role": caller.role,
                "topic": topic,
            },
        )

    @asynccontextmanager
    async def _probing(self) -> AsyncIterator[Connection]:
        """Open a transaction that leaves nothing behind."""
        try:
            async with self.pool.connection(timeout=PATIENCE) as connection:
                try:
                    yield connection
                finally:
                    await connection.rollback()
        except (PoolTimeout, psycopg.Error):
            raise unavailable() from None

    def _refused(self, error: psycopg.Error) -> bool:
        """Return false for a refusal of the database, and pass on that it is away."""
        if isinstance(error, psycopg.OperationalError):
            raise error
        if not isinstance(error, psycopg.errors.InsufficientPrivilege):
            logger.warning("policy_failed", sqlstate=error.sqlstate)
        return False
