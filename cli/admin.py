"""What the admins' commands share: questions to the database, changes that are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import typer
from psycopg.rows import dict_row

from cli.refusal import Refusal
from cli.stack.state import State

SQL = Path(__file__).with_name("sql")
Params = Sequence[object] | Mapping[str, object]


def ask(state: Path, statement: LiteralString, *arguments: object) -> list[dict[str, Any]]:
    """The rows that a statement gives on the running stack, as its administrator.

    Raises:
        Refusal: nothing runs there, or the database says no, in its own words.
    """
    return _rows(state, statement.encode(), arguments)


def ask_named(state: Path, file: str, /, **arguments: object) -> list[dict[str, Any]]:
    """The rows that a statement of cli/sql gives, as ask does."""
    return _rows(state, (SQL / file).read_bytes(), arguments)


def _rows(state: Path, statement: bytes, arguments: Params) -> list[dict[str, Any]]:
    endpoints = State(state).require_running()
    with psycopg.connect(endpoints.db_url, row_factory=dict_row) as connection:
        try:
            return connection.execute(statement, arguments).fetchall()
        except psycopg.errors.DatabaseError as error:
            if not (error.sqlstate or "").startswith("PT"):
                raise
            said = error.diag
            raise Refusal(said.message_primary or "", said.message_hint or "") from None


def confirm(question: str, *, is_agreed: bool) -> None:
    """Ask before something that cannot be undone.

    Raises:
        Refusal: when the answer is no.
    """
    if not is_agreed and not typer.confirm(question, err=True):
        raise Refusal("Nothing was changed.", "Say --yes to do it without being asked.")
