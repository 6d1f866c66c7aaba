"""The sandbox's books in SQLite. One transaction at a time changes them."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workers.sandbox.errors import Problem

SCHEMA = Path(__file__).with_name("schema.sql")
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between attempts to send an event
MOST_ATTEMPTS = 20

Body = dict[str, Any]


class Store:
    """The books in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            folder / "books.sqlite", check_same_thread=False, isolation_level=None, timeout=30
        )
        self._connection.executescript(SCHEMA.read_text("utf-8"))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def change(self) -> Iterator[Books]:
        """Yield the books; they are written unless an error leaves the block."""
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield Books(self._connection)
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")


class Books:
    """What one transaction does."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute

    def add(self, kind: str, prefix: str, **fields: Any) -> Body:
        """Write a new object; it gets an id and a time."""
        created = time.time()
        body = {"id": f"{prefix}_{secrets.token_hex(12)}", "object": kind, "created": created}
        body |= fields
        values = (body["id"], kind, created, json.dumps(body))
        self._run("insert into objects (id, kind, created, body) values (?, ?, ?, ?)", values)
        return body

    def save(self, body: Body) -> None:
        """Write an object that changed."""
        self._run("update objects set body = ? where id = ?", (json.dumps(body), body["id"]))

    def delete(self, body: Body) -> None:
        """Delete an object."""
        self._run("delete from objects where id = ?", (body["id"],))

    def get(self, kind: str, reference: str) -> Body:
        """Return an object.

        Raises:
            Problem: when there is none.
        """
        found = self._run(
            "select body from objects where id = ? and kind = ?", (reference, kind)
        ).fetchone()
        if found is None:
            raise Problem(404, "absent", f"There is no {kind} {reference}.")
        body: Body = json.loads(found[0])
        return body

    def all(self, kind: str, *, since: float = 0.0) -> list[Body]:
        """Return the objects of a kind, the oldest first."""
        found = self._run(
            "select body from objects where kind = ? and created >= ? order by created, rowid",
            (kind, since),
        )
        return [json.loads(row[0]) for row in found]

    def answered(self, key: str) -> tuple[str, int, Body] | None:
        """Return the request that came with a key, and its first answer."""
        found = self._run(
            "select request, status, body from answers where key = ?", (key,)
        ).fetchone()
        return (found[0], found[1], json.loads(found[2])) if found else None

    def remember(self, key: str, request: str, status: int, body: Body) -> None:
        """Keep the first answer to a key."""
        values = (key, request, status, json.dumps(body))
        self._run("insert into answers (key, request, status, body) values (?, ?, ?, ?)", values)

    def announce(self, kind: str, subject: Body, *, after: float) -> None:
        """Queue an event."""
        event = {"id": f"evt_{secrets.token_hex(12)}", "type": kind, "created": time.time()}
        event |= {"data": {"object": subject}}
        values = (event["id"], time.time() + after, json.dumps(event))
        self._run("insert into events (id, due, body) values (?, ?, ?)", values)

    def events(self) -> list[Body]:
        """Return every event, the oldest first."""
        found = self._run("select body, is_sent, attempts from events order by rowid")
        return [
            {**json.loads(row[0]), "is_sent": bool(row[1]), "attempts": row[2]} for row in found
        ]

    def resend(self, event_id: str) -> None:
        """Queue an event again."""
        again = "update events set due = 0, is_sent = 0, attempts = 0 where id = ?"
        if self._run(again, (event_id,)).rowcount == 0:
            raise Problem(404, "absent", f"There is no event {event_id}.")

    def due_events(self) -> list[tuple[str, str]]:
        """Return ids and bodies of the events that are to be sent now."""
        found = self._run(
            "select id, body from events where is_sent = 0 and due <= ? order by due, rowid",
            (time.time(),),
        )
        return [(row[0], row[1]) for row in found]

    def note_attempt(self, event_id: str, *, is_sent: bool) -> None:
        """Record how a sending went; after too many the event is given up."""
        attempts = self._run(
            "update events set attempts = attempts + 1 where id = ? returning attempts", (event_id,)
        ).fetchone()[0]
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1))
        is_over = is_sent or attempts >= MOST_ATTEMPTS
        values = (time.time() + pause, is_over, event_id)
        self._run("update events set due = ?, is_sent = ? where id = ?", values)

    def plan(self, subject: Body, what: str, *, after: float) -> None:
        """Let something happen to an object later."""
        values = (time.time() + after, subject["id"], what)
        self._run("insert into happenings (due, object_id, what) values (?, ?, ?)", values)

    def due_happenings(self) -> list[tuple[str, str]]:
        """Take the ids of the objects to which something happens now, and what it is."""
        found = self._run(
            "delete from happenings where due <= ? returning object_id, what", (time.time(),)
        )
        return [(row[0], row[1]) for row in found.fetchall()]
