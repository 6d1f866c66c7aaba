"""Names of queues, tables and channels; the layout of pgmq's queue tables in one place."""

from __future__ import annotations

import re

from psycopg import sql

DEAD = "_dead"
_PLAIN = re.compile(r"[A-Za-z0-9_.\-]{1,41}")


def checked(queue_name: str) -> str:
    """A name that pgmq takes, with room for the name of its dead letters.

    Raises:
        ValueError: when it is too long or holds anything but letters, digits, `_`, `.` and `-`.
    """
    if not _PLAIN.fullmatch(queue_name):
        raise ValueError(
            f"{queue_name!r} is no queue name: 1 to 41 letters, digits, '_', '.' and '-'."
        )
    return queue_name.lower()


def dead_name(queue_name: str) -> str:
    """The queue of a queue's dead letters."""
    return queue_name + DEAD


def table(queue_name: str) -> sql.Identifier:
    """The table in which pgmq keeps a queue."""
    return sql.Identifier("pgmq", f"q_{checked(queue_name)}")


def archive(queue_name: str) -> sql.Identifier:
    """The table in which pgmq keeps what was archived."""
    return sql.Identifier("pgmq", f"a_{checked(queue_name)}")


def channel(queue_name: str) -> str:
    """On which new messages are announced; the channel that pgmq's own trigger uses."""
    return f"pgmq.q_{checked(queue_name)}.INSERT"
