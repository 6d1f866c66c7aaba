"""Data to stdout, talk to stderr."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from cli.hints import completed


def talk(text: str) -> None:
    """Say something to the person at the terminal."""
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
        writer.writerows(chosen)
    else:
        _show_table(columns, chosen)


def show_json(value: object) -> None:
    """Print one JSON document; instants and identifiers become text."""
    print(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def _show_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    # A terminal decides the width; a pipe gets every character.
    Console(width=None if sys.stdout.isatty() else 10_000).print(table)
