"""Stores the events that providers send, many in one statement.

While a statement runs, the events that arrive wait for the next one. So a burst costs few commits,
and a single event waits for nobody. A call is answered only when its event is stored.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import psycopg
from psycopg_pool import AsyncConnectionPool

STORE = "select money.receive_events(%s, %s)"
MOST = 100  # events of a statement


@dataclass(frozen=True)
class Arrival:
    """An event as JSON, the bytes that came, and who waits until they are stored."""

    event: str
    raw: bytes
    stored: asyncio.Future[None]


@dataclass
class Intake:
    """One for each pool; its events are stored in the order in which they came."""

    pool: AsyncConnectionPool
    _waiting: list[Arrival] = field(default_factory=list)
    _storing: asyncio.Task[None] | None = None

    async def store(self, event: str, raw: bytes) -> None:
        """Store an event once; return when it is committed.

        Raises:
            psycopg.Error: it could not be stored.
        """
        arrival = Arrival(event, raw, asyncio.get_running_loop().create_future())
        self._waiting.append(arrival)
        if self._storing is None:
            self._storing = asyncio.create_task(self._store_waiting())
        await arrival.stored

    async def _store_waiting(self) -> None:
        try:
            while self._waiting:
                arrivals, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._store_together(arrivals)
        finally:
            self._storing = None

    async def _store_together(self, arrivals: list[Arrival]) -> None:
        """Store events in one statement, or each by itself when one of them is refused."""
        try:
            await self._insert(arrivals)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            if len(arrivals) == 1:
                _end(arrivals, error)
                return
            for arrival in arrivals:
                await self._store_together([arrival])
        except Exception as error:
            _end(arrivals, error)
        else:
            _end(arrivals, None)

    async def _insert(self, arrivals: list[Arrival]) -> None:
        events = f"[{','.join(arrival.event for arrival in arrivals)}]"
        async with self.pool.connection() as connection:
            await connection.execute(STORE, (events, [arrival.raw for arrival in arrivals]))


def _end(arrivals: list[Arrival], error: Exception | None) -> None:
    """Let those go on who still wait."""
    for arrival in arrivals:
        if arrival.stored.done():
            continue
        if error is None:
            arrival.stored.set_result(None)
        else:
            arrival.stored.set_exception(error)
