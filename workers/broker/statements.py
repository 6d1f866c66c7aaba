"""The statements of the broker, each from its file, with the names of a queue filled in."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import LiteralString

from psycopg import sql

from workers.broker import names

FOLDER = Path(__file__).parent / "sql"


@cache
def text(name: str) -> LiteralString:
    """A statement as its file has it."""
    # The files are ours, so they are as good as literals.
    return (FOLDER / f"{name}.sql").read_text("utf-8")


@cache
def of_queue(name: str, queue_name: str) -> sql.Composed:
    """A statement about one queue.

    `{queue}`, `{archive}` and `{dead}` are its tables, `{ours}` the query that locks what we hold.
    """
    queue = names.table(queue_name)
    return sql.SQL(text(name)).format(
        queue=queue,
        archive=names.archive(queue_name),
        dead=names.table(names.dead_name(queue_name)),
        ours=sql.SQL(text("ours")).format(queue=queue),
    )
