"""Calls of SQL functions by actors, on a pool of connections."""

from __future__ import annotations

from typing import Any, LiteralString

from psycopg_pool import ConnectionPool


class Database:
    """Calls functions as the login `worker`, each in its own transaction."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def call(self, statement: LiteralString, *arguments: object) -> Any:
        """Run a statement, commit, and return its one value."""
        with self._pool.connection() as connection:
            row = connection.execute(statement, arguments).fetchone()
        return row[0] if row else None
