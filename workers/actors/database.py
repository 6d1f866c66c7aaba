"""Calls of SQL functions by actors, on a pool of connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg_pool import ConnectionPool


class Database:
    """Calls functions as the login `worker`, each in its own transaction."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def call(self, statement: LiteralString, *arguments: object) -> Any:
        """Run a statement, commit, and return its one value."""
        with self._pool.connection() as connection:
            return _call(connection, statement, arguments)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Yield a transaction, which is committed unless an error leaves it."""
        with self._pool.connection() as connection, connection.transaction():
            yield Transaction(connection)


class Transaction:
    """Several calls that are committed together."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def call(self, statement: LiteralString, *arguments: object) -> Any:
        """Run a statement and return its one value."""
        return _call(self._connection, statement, arguments)


def _call(connection: psycopg.Connection, statement: LiteralString, arguments: Any) -> Any:
    row = connection.execute(statement, arguments).fetchone()
    return row[0] if row else None
