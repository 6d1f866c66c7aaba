"""Follows the database for as long as somebody follows it, and takes subscriptions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool

from workers.edge.realtime.changes import bindings as reading
from workers.edge.realtime.changes.catalog import Catalog
from workers.edge.realtime.changes.checking import UNABLE, check
from workers.edge.realtime.changes.delivering import Delivery
from workers.edge.realtime.changes.followers import Follower, Followers
from workers.edge.realtime.changes.history import Caller, Entry, History
from workers.edge.realtime.changes.past import Past
from workers.edge.realtime.changes.slot import Slot
from workers.edge.realtime.interfaces import Change, Claims, Notice, RefusedError

EVERY = 0.04  # seconds between two looks
PAUSE = 1.0  # seconds before the database is asked again after a failure
UNUSED = 600.0  # seconds without followers after which the slot is given up
FOLLOWS = Notice(is_ok=True, message="Subscribed to PostgreSQL")
TOO_OLD = Notice(is_ok=False, message="The cursor is too old: reload what you show")
LOST = Notice(is_ok=False, message="Changes were lost: reload what you show")

logger = structlog.get_logger("realtime")


class Feed:
    """The changes of rows. One task reads and delivers, so that everything has one order."""

    def __init__(self, db_url: str, pool: AsyncConnectionPool[Any]) -> None:
        self._db_url = db_url
        self._pool = pool
        self._catalog: Catalog | None = None
        self._history = History()
        self._followers = Followers()
        self._waiting: list[Follower] = []
        # Read and not delivered yet: a connection may be lost in between.
        self._pending: list[Entry] = []
        self._wanted = asyncio.Event()
        self._past = Past(db_url)

    async def subscribe(
        self,
        claims: Claims,
        bindings: Sequence[Mapping[str, Any]],
        deliver: Callable[[Change | Notice], None],
        *,
        address: str = "",
    ) -> Follower:
        """Follow bindings as these claims; an API key asks from a network address.

        Raises:
            RefusedError: for what they may not follow, and where the database publishes nothing.
        """
        read = tuple(reading.read(binding) for binding in bindings)
        caller = Caller.of(claims, address)
        async with self._pool.connection() as connection:
            await self._require_logical(connection)
            await self._require_role(connection, caller)
            if self._catalog is None:
                self._catalog = await Catalog.read(connection)
            for binding in read:
                await check(connection, self._catalog, caller, binding)
        follower = Follower(caller, read, deliver, self._followers.remove, address)
        self._waiting.append(follower)
        self._wanted.set()
        return follower

    async def _require_logical(self, connection: psycopg.AsyncConnection[Any]) -> None:
        cursor = await connection.execute("select current_setting('wal_level')")
        ((level,),) = await cursor.fetchall()
        if level != "logical":
            raise RefusedError(
                f"{UNABLE}This database does not publish changes of rows: its wal_level is "
                f"{level}, not logical. Broadcast works without it."
            )

    async def _require_role(self, connection: psycopg.AsyncConnection[Any], caller: Caller) -> None:
        query = """
            select coalesce(bool_or(pg_has_role(pg_roles.oid, 'member')), false)
            from pg_roles
            where pg_roles.rolname = %s
        """
        ((may_become,),) = await (await connection.execute(query, (caller.role,))).fetchall()
        if not may_become:
            raise RefusedError("Error 401: Unauthorized")

    async def run(self) -> None:
        """Read and deliver until cancelled."""
        while True:
            try:
                if not self._wanted.is_set() and await self._has_slot():
                    self._wanted.set()
                await self._wanted.wait()
                await self._follow()
            except asyncio.CancelledError:
                await self._past.close()
                raise
            except (psycopg.Error, OSError) as error:
                logger.warning("changes cannot be read now", error=str(error))
                await asyncio.sleep(PAUSE)

    async def _has_slot(self) -> bool:
        """Whether a server before this one followed changes: its clients may come back."""
        query = "select from pg_replication_slots where slot_name = _realtime.slot()"
        async with self._pool.connection() as connection:
            return await (await connection.execute(query)).fetchone() is not None

    async def _follow(self) -> None:
        """Read and deliver until nobody has followed for long."""
        connect = psycopg.AsyncConnection.connect
        async with (
            await connect(self._db_url, autocommit=True) as looking,
            await connect(self._db_url, autocommit=True) as asking,
        ):
            self._catalog = catalog = await Catalog.read(asking)
            slot = Slot(looking, catalog, self._history)
            if not await slot.start():
                self._pending = []
                self._followers.tell(LOST)
            await self._past.begin()
            delivery = Delivery(asking, catalog, self._history, self._followers, self._past)
            await self._look_again_and_again(slot, delivery)
            await looking.execute("select _realtime.stop_changes()")
            await self._past.close()
            self._history = History()

    async def _look_again_and_again(self, slot: Slot, delivery: Delivery) -> None:
        used_at = time.monotonic()
        while True:
            entries = await slot.look()
            self._pending += entries
            if self._pending:
                await delivery.deliver(self._pending)
                self._pending = []
            elif self._past.is_old:
                await self._past.move_on()
            await self._admit(delivery)
            await slot.mark()
            if self._followers.live:
                used_at = time.monotonic()
            elif time.monotonic() - used_at > UNUSED and not self._waiting:
                self._wanted.clear()
                return
            if not entries:
                await asyncio.sleep(EVERY)

    async def _admit(self, delivery: Delivery) -> None:
        """Deliver to those who came since the last look what they missed, and then everything."""
        waiting, self._waiting = self._waiting, []
        for follower in waiting:
            if follower.is_closed:
                continue
            if follower.cursor is not None:
                missed = self._history.since(follower.cursor)
                if missed is None:
                    follower.deliver(TOO_OLD)
                else:
                    await delivery.catch_up(follower, missed)
            self._followers.add(follower)
            follower.deliver(FOLLOWS)
