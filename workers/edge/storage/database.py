"""Transactions of Storage, in which the login becomes the caller."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from starlette.requests import Request

from workers.edge.storage.caller import Caller
from workers.edge.storage.errors import of_database

PATIENCE = 5.0  # seconds that a request waits for a connection
SIZE = 10  # connections; a request holds one during a transaction and never while bytes flow
STATEMENTS = Path(__file__).parent / "sql"
Row = dict[str, Any]


@cache
def statement(name: str) -> LiteralString:
    """Return the text of a statement's file, which is as safe as a literal."""
    return (STATEMENTS / f"{name}.sql").read_text("utf-8")


class Session:
    """One transaction. It begins as the login `storage`, which reads and writes no object."""

    def __init__(self, connection: psycopg.AsyncConnection[Row]) -> None:
        self.connection = connection

    async def become(self, caller: Caller, operation: str, request: Request) -> None:
        """Ask row-level security as this caller until the transaction ends."""
        # The login admits a key. PostgreSQL asks whether a role may execute a function before it
        # knows whether it will, so the statement that everybody runs must not name it.
        is_key = caller.role == "api_key"
        claims = json.dumps(caller.claims)
        await self.run(
            "become",
            role=caller.role,
            acting="none" if is_key else caller.role,
            claims=claims,
            sub=caller.user_id or "",
            operation=f"storage.{operation}",
            headers=json.dumps(dict(request.headers)),
            method=request.method,
            path=request.url.path,
        )
        if is_key:
            await self.run("admit_key", claims=claims)

    async def run(self, name: str, /, **values: object) -> int:
        """Run a statement and return how many rows it touched."""
        return (await self.connection.execute(statement(name), values)).rowcount

    async def rows(self, name: str, /, **values: object) -> list[Row]:
        """Run a statement and return its rows."""
        return await (await self.connection.execute(statement(name), values)).fetchall()

    async def row(self, name: str, /, **values: object) -> Row | None:
        """Run a statement and return its first row."""
        return await (await self.connection.execute(statement(name), values)).fetchone()


class Database:
    """The connections of Storage."""

    def __init__(self, url: str) -> None:
        self.pool: AsyncConnectionPool[psycopg.AsyncConnection[Row]] = AsyncConnectionPool(
            url, min_size=1, max_size=SIZE, open=False, kwargs={"row_factory": dict_row}
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """Begin a transaction, which commits unless something is raised.

        Raises:
            StorageError: what the database refuses, in Storage's words.
        """
        try:
            async with self.pool.connection(timeout=PATIENCE) as connection:
                yield Session(connection)
        except (PoolTimeout, psycopg.Error) as error:
            raise of_database(error) from error

    @asynccontextmanager
    async def acting(
        self, caller: Caller, operation: str, request: Request
    ) -> AsyncIterator[Session]:
        """Begin a transaction as a caller, for an operation that policies can ask for.

        Raises:
            StorageError: as above.
        """
        async with self.transaction() as session:
            await session.become(caller, operation, request)
            yield session
