"""Writes anew what a search looks at."""

from __future__ import annotations

from cli.commands.database import session
from cli.commands.importing import progress
from cli.options import DEFAULT_STATE, JsonOption, StateOption
from cli.output import show
from cli.stack.state import State

BATCH = 500  # entries in a transaction
FIRST = "00000000-0000-0000-0000-000000000000"
SIZE = "select search.rebuild_size(%s) as size"
NEXT = "select * from search.rebuild_batch(%s, %s, %s)"


def rebuild(state: StateOption = DEFAULT_STATE, as_json: JsonOption = False) -> None:
    """Write what a search looks at anew, a batch at a time, while the platform runs."""
    endpoints = State(state).require_running()
    rows = []
    with session(endpoints) as connection, progress() as bar:
        for kind in ("business", "service", "product"):
            (size,) = connection.execute(SIZE, (kind,)).fetchall()
            task = bar.add_task(kind, total=size["size"])
            last, written = FIRST, 0
            while True:
                (batch,) = connection.execute(NEXT, (kind, last, BATCH)).fetchall()
                if not batch["count"]:
                    break
                connection.commit()
                last, written = batch["last_id"], written + batch["count"]
                bar.update(task, completed=written)
            rows.append({"kind": kind, "written": written})
        connection.execute("select search.delete_leftovers()")
        connection.execute("select search.refresh_all()")
        connection.commit()
    show(rows, columns=("kind", "written"), as_json=as_json)
