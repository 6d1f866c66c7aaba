"""Who could see a row that is gone: snapshots of the database from just before.

Row-level security cannot be asked about a deleted row. So two transactions are held open, each with
a snapshot that is at most seconds old, and the row is read there, as the subscriber.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import psycopg

from workers.edge.realtime.changes.catalog import Connection
from workers.edge.realtime.changes.history import Caller
from workers.edge.realtime.changes.rows import Answer, Question, found, read

EVERYTHING = Caller("service_role", "{}")
BEGIN = "begin isolation level repeatable read"
MAX_AGE = 2.0  # seconds, so that vacuum is not held up


class Past:
    """Two snapshots, each taken after a look at the WAL and before its changes are delivered.

    So the older one is from before the look that found a deletion, and whoever reacts to a change
    deletes after the newer one was taken.
    """

    def __init__(self, db_url: str) -> None:
        self._db_url = db_url
        self._older: Connection | None = None
        self._newer: Connection | None = None
        self._taken_at = 0.0

    @property
    def is_old(self) -> bool:
        """Whether another snapshot is due."""
        return not self.is_whole or time.monotonic() - self._taken_at > MAX_AGE

    @property
    def is_whole(self) -> bool:
        """Whether every row that is found deleted can be judged."""
        return self._older is not None

    async def begin(self) -> None:
        """Take a first snapshot, unless both are there since the last connection."""
        held = (self._older, self._newer)
        if any(connection is None or connection.closed for connection in held):
            await self.close()
            await self.move_on()

    async def move_on(self) -> None:
        """Take a snapshot, and let go of the older one."""
        spare, self._older = self._older, self._newer
        if spare is None:
            spare = await psycopg.AsyncConnection.connect(self._db_url, autocommit=True)
        self._newer = spare
        await spare.rollback()
        await spare.execute(BEGIN)
        await spare.execute("select 1")
        self._taken_at = time.monotonic()

    async def close(self) -> None:
        """Let go of both."""
        for connection in (self._older, self._newer):
            if connection is not None:
                await connection.close()
        self._older = self._newer = None

    async def seen(
        self, questions: Sequence[Question], delivered: Mapping[Question, Answer]
    ) -> dict[Question, Answer]:
        """Return which of the rows the callers could see at last.

        A row that the newer snapshot still has is judged there, so that somebody who lost their
        rights before it was deleted hears nothing. A row that came after both snapshots was seen by
        those to whom it was `delivered`.
        """
        if self._newer is None or not questions:
            return {question: {} for question in questions}
        there = {q: replace(q, caller=EVERYTHING, shape=q.shape.of_keys()) for q in questions}
        existing = await read(self._newer, list(dict.fromkeys(there.values())))
        judged = await read(self._newer, questions)
        earlier = {
            q: replace(q, keys=tuple(k for k in q.keys if k not in found(existing[there[q]])))
            for q in questions
        }
        asked = [q for q in earlier.values() if q.keys]
        before = await read(self._older, asked) if self._older is not None else {}
        return {
            q: {
                **{k: row for k, row in delivered[q].items() if k in earlier[q].keys},
                **found(before.get(earlier[q], {})),
                **found(judged[q]),
            }
            for q in questions
        }
