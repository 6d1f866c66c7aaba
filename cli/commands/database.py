"""Questions to the database of the running stack, asked as its administrator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from cli.refusal import Refusal
from cli.stack.state import Endpoints

Parameters = Sequence[object] | Mapping[str, object]


def ask(endpoints: Endpoints, statement: LiteralString, *arguments: object) -> list[dict[str, Any]]:
    """Run a statement of one line and return its rows.

    Raises:
        Refusal: the database refused, in its own words.
    """
    return _rows(endpoints, statement.encode(), arguments)


def ask_file(endpoints: Endpoints, path: Path, /, **arguments: object) -> list[dict[str, Any]]:
    """Run the statement in a file beside the command and return its rows.

    Raises:
        Refusal: the database refused, in its own words.
    """
    return _rows(endpoints, path.read_bytes(), arguments)


def _rows(endpoints: Endpoints, statement: bytes, arguments: Parameters) -> list[dict[str, Any]]:
    with psycopg.connect(endpoints.db_url, row_factory=dict_row) as connection:
        try:
            return connection.execute(statement, arguments).fetchall()
        except psycopg.errors.DatabaseError as error:
            if not (error.sqlstate or "").startswith("PT"):
                raise
            said = error.diag
            raise Refusal(said.message_primary or "", said.message_hint or "") from None
