"""Results of actors in PostgreSQL, for Dramatiq's Results middleware."""

from __future__ import annotations

from typing import Any

from dramatiq.encoder import Encoder
from dramatiq.results.backend import Missing, ResultBackend
from psycopg_pool import ConnectionPool


class PostgresResults(ResultBackend):
    """Keeps results in the table `dramatiq.results` (`python -m workers.broker install`).

    Args:
        pool: connections in autocommit.
        namespace: separates results that have the same key.
        encoder: replaces Dramatiq's own.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        *,
        namespace: str = "dramatiq-results",
        encoder: Encoder | None = None,
    ) -> None:
        super().__init__(namespace=namespace, encoder=encoder)
        self._pool = pool

    def forget_expired(self) -> int:
        """Delete expired rows and return their number. Call it now and then."""
        with self._pool.connection() as connection:
            done = connection.execute(
                "delete from dramatiq.results where expires_at <= clock_timestamp()"
            )
        return done.rowcount

    def _get(self, message_key: str) -> Any:
        with self._pool.connection() as connection:
            row = connection.execute(
                "select result from dramatiq.results"
                " where key = %s and expires_at > clock_timestamp()",
                (message_key,),
            ).fetchone()
        return self.encoder.decode(row[0]) if row else Missing

    def _store(self, message_key: str, result: Any, ttl: int) -> None:
        with self._pool.connection() as connection:
            connection.execute(
                "insert into dramatiq.results (key, result, expires_at)"
                " values (%s, %s, clock_timestamp() + make_interval(secs => %s))"
                " on conflict (key) do update"
                " set result = excluded.result, expires_at = excluded.expires_at",
                (message_key, self.encoder.encode(result), ttl / 1000),
            )
