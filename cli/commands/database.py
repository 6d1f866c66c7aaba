"""Questions to the database of the running stack, asked as its administrator."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from cli.commands.consent import require_consent
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


def change(
    endpoints: Endpoints,
    statement: LiteralString | Path,
    arguments: Parameters,
    *,
    question: str,
    yes: bool,
) -> list[dict[str, Any]]:
    """Make a change that cannot be undone, with consent, and return its rows.

    The database rehearses it before the person is asked: nobody agrees to what would be refused.

    Raises:
        Refusal: the database refused, in its own words, or the person did.
    """
    text = statement.read_bytes() if isinstance(statement, Path) else statement.encode()
    if not yes:
        _rows(endpoints, text, arguments, is_rehearsal=True)
        require_consent(question, yes=False)
    return _rows(endpoints, text, arguments)


def _program() -> str:
    """Return what the audit trail calls this command, such as `frontdesk flags set`."""
    words = itertools.takewhile(lambda word: not word.startswith("-"), sys.argv[1:3])
    return " ".join(("frontdesk", *words))


@contextmanager
def session(endpoints: Endpoints) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """Open a transaction of several statements; whoever opens it commits.

    Raises:
        Refusal: the database refused, in its own words.
    """
    with psycopg.connect(
        endpoints.db_url, row_factory=dict_row, application_name=_program()
    ) as connection:
        connection.execute("set timezone to 'UTC'")  # JSON that SQL builds has one form too
        try:
            yield connection
        except psycopg.errors.DatabaseError as error:
            if not (error.sqlstate or "").startswith("PT"):
                raise
            said = error.diag
            raise Refusal(said.message_primary or "", said.message_hint or "") from None


def _rows(
    endpoints: Endpoints, statement: bytes, arguments: Parameters, *, is_rehearsal: bool = False
) -> list[dict[str, Any]]:
    with session(endpoints) as connection:
        rows = connection.execute(statement, arguments).fetchall()
        if is_rehearsal:
            connection.rollback()
    return rows
