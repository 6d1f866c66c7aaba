"""A client that works without a connection: a copy of one's rows, and a queue of one's changes.

It keeps everything in one SQLite file. `call` sends a function's name and arguments to the API and
returns the status and the answer, such as:

    def call(name, arguments):
        answer = httpx.post(f"{URL}/rest/v1/rpc/{name}", json=arguments, headers=HEADERS)
        return answer.status_code, answer.json()

Read docs/mobile.md beside it.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable
from typing import Any

Call = Callable[[str, dict[str, Any]], tuple[int, Any]]
Merge = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any] | None]

TABLES = """
create table if not exists rows (
    scope text, view text, id text, version text, contents text, primary key (scope, view, id)
);
create table if not exists queue (
    client_id text primary key, view text, id text, changes text, version text
);
create table if not exists position (cursor text);
"""


class Device:
    """A phone: its copy, its queue, and where it is."""

    def __init__(self, path: str, call: Call) -> None:
        self.copy = sqlite3.connect(path)
        self.copy.executescript(TABLES)
        self.call = call

    def rows(self, view: str) -> dict[str, dict[str, Any]]:
        """The rows of a view by id, with the changes that still wait in the queue."""
        found = {
            row_id: json.loads(contents)
            for row_id, contents in self.copy.execute(
                "select id, contents from rows where view = ?", (view,)
            )
        }
        for row_id, changes in self.copy.execute(
            "select id, changes from queue where view = ? order by rowid", (view,)
        ):
            if changes is None:
                found.pop(row_id, None)
            else:
                found[row_id] = {**found.get(row_id, {"id": row_id}), **json.loads(changes)}
        return found

    def write(self, view: str, row_id: str | None, changes: dict[str, Any] | None) -> str:
        """Queue a change: of a new row without an id, a deletion without changes."""
        version = self.copy.execute(
            "select version from rows where view = ? and id = ?", (view, row_id)
        ).fetchone()
        row_id = row_id or str(uuid.uuid4())
        with self.copy:
            self.copy.execute(
                "insert into queue values (?, ?, ?, ?, ?)",
                (
                    str(uuid.uuid4()),
                    view,
                    row_id,
                    None if changes is None else json.dumps(changes),
                    version and version[0],
                ),
            )
        return row_id

    def push(self, merge: Merge) -> None:
        """Send the queue in its order; what was sent before a cut is not written again.

        A conflict goes to `merge` with both sides: the changes to send instead, or None to give up.
        """
        while queued := self.copy.execute("select * from queue order by rowid limit 1").fetchone():
            client_id, view, row_id, changes, version = queued
            sent = None if changes is None else json.loads(changes)
            status, answer = self.call(
                "push_change",
                {
                    "view": view,
                    "id": row_id,
                    "client_id": client_id,
                    "changes": sent,
                    "version": version,
                },
            )
            merged = None
            if status == 409 and answer["details"] == "version_conflict" and sent is not None:
                merged = merge(sent, answer["theirs"]["row"])
            with self.copy:
                self.copy.execute("delete from queue where client_id = ?", (client_id,))
                if merged is not None:
                    self.copy.execute(
                        "insert into queue (rowid, client_id, view, id, changes, version)"
                        " values ((select coalesce(min(rowid), 1) - 1 from queue), ?, ?, ?, ?, ?)",
                        (
                            str(uuid.uuid4()),
                            view,
                            row_id,
                            json.dumps(merged),
                            answer["theirs"]["version"],
                        ),
                    )
                elif status == 200 and "version" in answer:
                    self._follow(view, row_id, answer["version"])

    def pull(self) -> None:
        """Bring the copy up to date. A cut in between costs nothing: a page is kept as a whole."""
        more = True
        while more:
            position = self.copy.execute("select cursor from position").fetchone()
            status, page = self.call("sync", {"cursor": position and position[0]})
            if status != 200:
                raise ConnectionError(page["message"])
            with self.copy:
                self._apply(page)
            more = page["more"]

    def _apply(self, page: dict[str, Any]) -> None:
        """Keep a page and its cursor together."""
        for scope in page["reset"]:
            self.copy.execute("delete from rows where scope = ?", (scope,))
        self.copy.executemany(
            "insert or replace into rows values (?, ?, ?, ?, ?)",
            [
                (each["scope"], each["view"], each["id"], each["version"], json.dumps(each["row"]))
                for each in page["changes"]
            ],
        )
        self.copy.executemany(
            "delete from rows where scope = ? and view = ? and id = ?",
            [(each["scope"], each["view"], each["id"]) for each in page["tombstones"]],
        )
        self.copy.execute("delete from position")
        self.copy.execute("insert into position values (?)", (page["cursor"],))

    def _follow(self, view: str, row_id: str, version: str) -> None:
        """Later changes of the row in the queue build on the version that was just written."""
        self.copy.execute(
            "update queue set version = ? where view = ? and id = ?", (version, view, row_id)
        )
