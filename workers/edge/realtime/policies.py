"""Who may read and write a private channel: what the policies of `realtime.messages` say.

A row that nobody ever sees is inserted and selected as the caller, or inserted as the caller, in a
transaction that is rolled back. Policies ask for `realtime.topic()` and for the row's `extension`,
which is `broadcast` or `presence`. They also find the caller's claims and headers.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from workers.edge.realtime.caller import Caller
from workers.edge.realtime.errors import RealtimeError, of_key, unavailable
from workers.edge.realtime.interfaces import API_KEY
from workers.edge.realtime.statements import PATIENCE, statement

SIZE = 5  # connections
Extension = Literal["broadcast", "presence"]
EXTENSIONS: tuple[Extension, ...] = ("broadcast", "presence")
Readable = frozenset[Extension]
Connection = psycopg.AsyncConnection[tuple[Any, ...]]

logger = structlog.get_logger("realtime")


class Policies:
    """Asks the database."""

    def __init__(self, url: str) -> None:
        self.pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url, min_size=1, max_size=SIZE, open=False
        )

    async def readable(self, caller: Caller, topic: str) -> Readable:
        """Return the extensions of a topic that a caller may read.

        Raises:
            RealtimeError: when the database does not answer, or does not admit an API key.
        """
        (found,) = await self.readers([caller], topic)
        if isinstance(found, RealtimeError):
            raise found
        return found

    async def readers(
        self, callers: Sequence[Caller], topic: str
    ) -> Sequence[Readable | RealtimeError]:
        """Return the same for several callers, with one probe for all of them.

        Raises:
            RealtimeError: when the database does not answer.
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
            RealtimeError: when the database does not answer, or does not admit an API key.
        """
        async with self._probing() as connection:
            try:
                await self._become(connection, caller, topic)
                await connection.execute(
                    statement("insert_own_probe"), {"topic": topic, "extension": extension}
                )
            except psycopg.Error as error:
                if refusal := self._refusal(error):
                    raise refusal from None
                return False
            return True

    async def _seen(
        self, connection: Connection, caller: Caller, probe: Mapping[str, Any]
    ) -> Readable | RealtimeError:
        """Return what a caller sees of the probe. A policy that fails for it permits nothing."""
        try:
            async with connection.transaction():
                await self._become(connection, caller, probe["topic"])
                found = await connection.execute(statement("find_probe"), probe)
                seen: Collection[tuple[Extension]] = await found.fetchall()
                await connection.execute(statement("act_as_server"))
        except psycopg.Error as error:
            return self._refusal(error) or frozenset()
        return frozenset(extension for (extension,) in seen)

    async def _become(self, connection: Connection, caller: Caller, topic: str) -> None:
        """Ask as a caller until the transaction ends, or somebody else asks."""
        # The login admits an API key: the key's own role may not.
        is_key = caller.role == API_KEY
        claims = json.dumps(caller.claims)
        await connection.execute(
            statement("become"),
            {
                "claims": claims,
                "sub": str(caller.claims.get("sub") or ""),
                "role": caller.role,
                "acting": "none" if is_key else caller.role,
                "headers": caller.headers,
                "topic": topic,
            },
        )
        if is_key:
            await connection.execute(statement("admit_key"), {"claims": claims})

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

    def _refusal(self, error: psycopg.Error) -> RealtimeError | None:
        """Return the refusal of an API key, none for one of a policy; pass on a lost connection."""
        if isinstance(error, psycopg.OperationalError):
            raise error
        refusal = of_key(error)
        if refusal is None and not isinstance(error, psycopg.errors.InsufficientPrivilege):
            logger.warning("policy_failed", sqlstate=error.sqlstate)
        return refusal
