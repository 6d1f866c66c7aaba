"""Reads the slot: what was committed since the last look, as entries of the history."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping

from workers.edge.realtime.changes.catalog import Catalog, Connection
from workers.edge.realtime.changes.history import Entry, History, Key, Position
from workers.edge.realtime.changes.pgoutput import Decoder, Operation, RowChange, Transaction

AT_ONCE = 5000  # changes after which a look ends with its transaction
KEPT = 300.0  # seconds for which the slot and the history keep what was read
MARK_EVERY = 5.0  # seconds


def lsn_of(text: str) -> int:
    """Return a position in the WAL as a number."""
    high, low = text.split("/")
    return int(high, 16) << 32 | int(low, 16)


class Slot:
    """The copy of the slot that a connection reads, and the slot that stays behind."""

    def __init__(self, connection: Connection, catalog: Catalog, history: History) -> None:
        self._connection = connection
        self._history = history
        self._keys = {view.table_oid: view.key for view in catalog.views.values()}
        self._decoder = Decoder()
        self._marks: deque[tuple[float, str]] = deque()
        self._marked_at = 0.0

    async def start(self) -> bool:
        """Begin to read. Returns whether the history goes on, with nothing lost in between."""
        # A look at much WAL takes long, and making the slot waits for those who write.
        await self._connection.execute("set statement_timeout = 0")
        await self._connection.execute("select _realtime.publish_views()")
        cursor = await self._connection.execute("select * from _realtime.start_changes()")
        ((timeline, lsn, is_new),) = await cursor.fetchall()
        history = self._history
        if timeline == history.timeline and not is_new and history.read_to >= lsn_of(lsn):
            return True
        history.restart(timeline, lsn_of(lsn))
        return False

    async def look(self) -> list[Entry]:
        """Return what was committed since the last look, in commit order."""
        query = "select * from _realtime.read_changes(%s)"
        cursor = await self._connection.execute(query, (AT_ONCE,), prepare=True)
        messages = [row[0] for row in await cursor.fetchall()]
        found = []
        for transaction in self._decoder.transactions(messages):
            for entry in self._entries(transaction):
                # A connection that was lost reads again what it read before.
                if entry.position > self._history.end:
                    self._history.add(entry)
                    found.append(entry)
        return found

    async def mark(self) -> None:
        """Let go of what was read long ago."""
        now = time.monotonic()
        if now - self._marked_at < MARK_EVERY:
            return
        self._marked_at = now
        before = None
        while self._marks and self._marks[0][0] < now - KEPT:
            before = self._marks.popleft()[1]
        query = "select _realtime.forget_changes(%s::pg_lsn)"
        cursor = await self._connection.execute(query, (before,))
        ((read_to,),) = await cursor.fetchall()
        self._marks.append((now, read_to))
        self._history.read_to = lsn_of(read_to)
        if before is not None:
            self._history.forget(lsn_of(before))

    def _entries(self, transaction: Transaction) -> Iterator[Entry]:
        number = 0
        for change in transaction.changes:
            names = self._keys.get(change.relation.oid)
            if names is None:
                continue
            for operation, key in _steps(change, names):
                number += 1
                yield Entry(
                    Position(transaction.end_lsn, number),
                    transaction.committed_at,
                    change.relation.oid,
                    operation,
                    key,
                )


def _steps(change: RowChange, names: tuple[str, ...]) -> Iterator[tuple[Operation, Key]]:
    """Yield a change as clients see it: with a new key one row is gone and another is new."""
    old = _key(change.old, names) if change.old else None
    new = _key(change.new, names) if change.new else None
    if change.operation == "UPDATE" and old is not None and new is not None and old != new:
        yield "DELETE", old
        yield "INSERT", new
    else:
        yield change.operation, new or old or ()


def _key(values: Mapping[str, object], names: tuple[str, ...]) -> Key:
    return tuple(str(values[name]) for name in names)
