"""The SQL statements of the broker, one file each, with the tables of a queue filled in."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import LiteralString

from psycopg import sql

from workers.broker import names

FOLDER = Path(__file__).parent / "sql"


@cache
def text(name: str) -> LiteralString:
    """Return the text of a statement's file."""
    # The files belong to this package, so their text is as safe as a literal.
    return (FOLDER / f"{name}.sql").read_text("utf-8")


@cache
def of_queue(name: str, queue_name: str) -> sql.Composed:
    """Return a statement for one queue.

    `{queue}`, `{archive}` and `{dead}` are its tables; `{ours}` locks the messages of our leases.
    """
    queue = names.table(queue_name)
    return sql.SQL(text(name)).format(
        queue=queue,
        archive=names.archive(queue_name),
        dead=names.table(names.dead_name(queue_name)),
        ours=sql.SQL(text("ours")).format(queue=queue),
    )
