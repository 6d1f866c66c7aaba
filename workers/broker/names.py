"""Names of queues, tables and channels, in the layout of pgmq."""

from __future__ import annotations

import re

from psycopg import sql

DEAD = "_dead"
_PLAIN = re.compile(r"[A-Za-z0-9_.\-]{1,41}")


def checked(queue_name: str) -> str:
    """Return the name as pgmq writes it, with room for the name of its dead letters.

    Raises:
        ValueError: when it is too long or has characters other than letters, digits, `_.-`.
    """
    if not _PLAIN.fullmatch(queue_name):
        raise ValueError(
            f"{queue_name!r} is no queue name: 1 to 41 letters, digits, '_', '.' and '-'."
        )
    return queue_name.lower()


def dead_name(queue_name: str) -> str:
    """Return the name of the queue that holds the dead letters of a queue."""
    return queue_name + DEAD


def table(queue_name: str) -> sql.Identifier:
    """Return the table of a queue."""
    return sql.Identifier("pgmq", f"q_{checked(queue_name)}")


def archive(queue_name: str) -> sql.Identifier:
    """Return the table of a queue's archived messages."""
    return sql.Identifier("pgmq", f"a_{checked(queue_name)}")


def channel(queue_name: str) -> str:
    """Return the channel of notifications about new messages, as pgmq's own trigger has it."""
    return f"pgmq.q_{checked(queue_name)}.INSERT"
