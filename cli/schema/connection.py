"""Connections of an administrator, and files of SQL that run on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from cli.refusal import Refusal
from cli.schema.layout import shown

# Two processes that prepare one database at the same time take turns on this advisory lock.
LOCK = 0x66726F6E74


@contextmanager
def connect(dsn: str) -> Iterator[psycopg.Connection]:
    """A connection in autocommit, closed at the end.

    Raises:
        Refusal: when there is no answer.
    """
    try:
        connection = psycopg.connect(dsn, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise Refusal(
            f"The database does not answer: {str(error).strip()}", "Is the stack running?"
        ) from error
    with connection:
        yield connection


@contextmanager
def exclusive(dsn: str) -> Iterator[psycopg.Connection]:
    """A connection that prepares the database alone; others wait until it is closed."""
    with connect(dsn) as connection:
        connection.execute("set client_min_messages = error")
        connection.execute("select pg_advisory_lock(%s)", (LOCK,))
        yield connection


def run_file(connection: psycopg.Connection, path: Path) -> None:
    """Run a file of SQL.

    Raises:
        Refusal: naming the file, the line and what PostgreSQL said.
    """
    text = path.read_text("utf-8")
    try:
        connection.execute(text.encode())
    except psycopg.Error as error:
        position = int(error.diag.statement_position or 1)
        line = text.count("\n", 0, position - 1) + 1
        said = error.diag.message_primary or str(error)
        raise Refusal(
            f"{shown(path)}:{line}: {said}.",
            error.diag.message_hint or error.diag.context or "Correct it and try again.",
        ) from error


def exists(connection: psycopg.Connection, query: str) -> bool:
    """Whether the query returns a row that is not null."""
    row = connection.execute(query.encode()).fetchone()
    return row is not None and row != (None,)
