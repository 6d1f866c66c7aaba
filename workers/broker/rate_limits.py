"""Dramatiq's rate limiters and barriers in PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import psycopg
from dramatiq.rate_limits import RateLimiterBackend
from psycopg import sql
from psycopg_pool import ConnectionPool

from workers.broker import statements

LARGEST = 2**63 - 1
ONE_AT_A_TIME = 0x64726D71  # the advisory lock that makes sums exclusive


class PostgresRateLimits(RateLimiterBackend):
    """Keeps counters in the table `dramatiq.rate_limits` (`python -m workers.broker install`).

    Times to live are in milliseconds, as everywhere in Dramatiq.

    Args:
        pool: connections in autocommit.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def add(self, key: str, value: int, ttl: int) -> bool:
        """Set a value unless there is one; return whether it was set."""
        with self._pool.connection() as connection:
            row = connection.execute(
                statements.text("limit_add"), {"key": key, "value": value, "ttl": ttl / 1000}
            ).fetchone()
        return row is not None

    def incr(self, key: str, amount: int, maximum: int, ttl: int) -> bool:
        """Add to a value unless it would exceed the maximum; return whether it was changed."""
        with self._pool.connection() as connection:
            return _change(connection, key, amount, ttl, minimum=-LARGEST, maximum=maximum)

    def decr(self, key: str, amount: int, minimum: int, ttl: int) -> bool:
        """Subtract from a value unless it would fall below the minimum; return whether it did."""
        with self._pool.connection() as connection:
            return _change(connection, key, -amount, ttl, minimum=minimum, maximum=LARGEST)

    def incr_and_sum(
        self, key: str, keys: Callable[[], Iterable[str]], amount: int, maximum: int, ttl: int
    ) -> bool:
        """Add to a value unless the sum of all keys would exceed the maximum; return whether."""
        with self._pool.connection() as connection, connection.transaction():
            connection.execute("select pg_advisory_xact_lock(%s)", (ONE_AT_A_TIME,))
            if _sum(connection, list(keys())) + amount > maximum:
                return False
            return _change(connection, key, amount, ttl, minimum=-LARGEST, maximum=maximum)

    def wait(self, key: str, timeout: int | None) -> bool:
        """Wait for an event on a key, `timeout` in milliseconds; return whether one came.

        An earlier event counts while its time to live lasts.
        """
        with self._pool.connection() as connection:
            channel = sql.Identifier(_channel(key))
            connection.execute(sql.SQL("listen {}").format(channel))
            try:
                if _sum(connection, [key]):
                    return True
                seconds = None if timeout is None else timeout / 1000
                return any(True for _ in connection.notifies(timeout=seconds, stop_after=1))
            finally:
                connection.execute(sql.SQL("unlisten {}").format(channel))

    def wait_notify(self, key: str, ttl: int) -> None:
        """Wake everyone who waits on a key, now or within the time to live."""
        with self._pool.connection() as connection, connection.transaction():
            _change(connection, key, 1, ttl, minimum=-LARGEST, maximum=LARGEST)
            connection.execute("select pg_notify(%s, '')", (_channel(key),))

    def forget_expired(self) -> int:
        """Delete expired rows and return their number. Call it now and then."""
        with self._pool.connection() as connection:
            done = connection.execute(
                "delete from dramatiq.rate_limits where expires_at <= clock_timestamp()"
            )
        return done.rowcount


def _change(
    connection: psycopg.Connection, key: str, amount: int, ttl: int, *, minimum: int, maximum: int
) -> bool:
    row = connection.execute(
        statements.text("limit_change"),
        {
            "key": key,
            "amount": amount,
            "minimum": minimum,
            "maximum": maximum,
            "ttl": ttl / 1000,
        },
    ).fetchone()
    return row is not None


def _sum(connection: psycopg.Connection, keys: list[str]) -> int:
    row = connection.execute(statements.text("limit_sum"), {"keys": keys}).fetchone()
    return int(row[0]) if row else 0


def _channel(key: str) -> str:
    return f"dramatiq_{hashlib.sha256(key.encode()).hexdigest()[:32]}"
