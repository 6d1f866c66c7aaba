"""Data to stdout, talk to stderr; one form for instants, and cells that no spreadsheet obeys."""

from __future__ import annotations

import csv
import datetime
import json
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from cli.hints import completed

CONTROL = re.compile(r"[^\S \n\t]|[\x00-\x08\x0e-\x1f\x7f-\x9f]")


def talk(text: str) -> None:
    """Print a message for the person at the terminal."""
    print(completed(text), file=sys.stderr, flush=True)


def show(
    rows: Sequence[Mapping[str, Any]],
    *,
    columns: Sequence[str],
    as_json: bool,
    as_csv: bool = False,
) -> None:
    """Print rows as a table, or as one JSON array, or as CSV with a heading.

    Only `columns` are shown, in that order; a row without one of them shows nothing there.
    """
    chosen = [{column: row.get(column) for column in columns} for row in rows]
    if as_json:
        show_json(chosen)
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {key: harmless(_plain(value)) for key, value in row.items()} for row in chosen
        )
    else:
        _show_table(columns, chosen)


def show_whole(
    row: Mapping[str, Any], *, lists: Mapping[str, Sequence[str]], as_json: bool
) -> None:
    """Print one row with what belongs to it: its values, then each list as a table.

    `lists` says which columns of each list are shown. As JSON it is all that the row has.
    """
    if as_json:
        show_json(row)
        return
    values = {name: row[name] for name in row if name not in lists and row[name] is not None}
    width = max(map(len, values))
    for name, value in values.items():
        print(f"{name:<{width}}  {value}")
    for name, columns in lists.items():
        talk("")
        talk(f"{name}:")
        show(row[name] or [], columns=columns, as_json=False)


def show_json(value: object) -> None:
    """Print one JSON document; instants, dates and identifiers become text."""
    print(json.dumps(value, indent=2, default=_plain, ensure_ascii=False))


def instant(at: datetime.datetime) -> str:
    """Return an instant in the form that the API has: ISO 8601, in UTC, with its offset."""
    return at.astimezone(datetime.UTC).isoformat()


def harmless(cell: Any) -> Any:
    """Return a cell of a CSV file that a spreadsheet shows and does not calculate.

    A carriage return becomes a line feed, which is quoted: alone it would end the row.
    Source: OWASP, CSV Injection.
    """
    if not isinstance(cell, str):
        return cell
    mark = "'" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else ""
    return mark + cell.replace("\r\n", "\n").replace("\r", "\n")


def clean(text: str) -> str:
    """Return a text without the characters that a terminal would obey."""
    return CONTROL.sub("�", text)


def _plain(value: Any) -> Any:
    """Return a value of the database as text, unless it is text, a number or nothing."""
    if isinstance(value, datetime.datetime):
        return instant(value)
    if isinstance(value, str | int | float | None):
        return value
    return str(value)


def _show_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(
            *(Text("" if value is None else clean(str(_plain(value)))) for value in row.values())
        )
    # A terminal decides the width; a pipe gets every character.
    Console(width=None if sys.stdout.isatty() else 10_000).print(table)
