"""Reads rows from a file into a business, chunk by chunk, and says what became of each."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from cli.commands.consent import require_consent
from cli.commands.database import session
from cli.output import show, show_json, talk
from cli.refusal import Refusal
from cli.stack.state import Endpoints

CHUNK = 1000  # rows a call


class Mode(StrEnum):
    """How an import treats the other rows when one is refused."""

    all_or_nothing = "all_or_nothing"
    report = "report"


FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A .csv or .json.")
]
ModeOption = Annotated[
    Mode,
    typer.Option(
        envvar="FRONTDESK_MODE",
        help="all_or_nothing changes nothing when a row is refused; report changes the others.",
    ),
]
DryRunOption = Annotated[
    bool,
    typer.Option(
        "--dry-run", envvar="FRONTDESK_DRY_RUN", help="Say what would happen, change nothing."
    ),
]


@dataclass(frozen=True)
class Import:
    """The import of one kind of rows."""

    noun: str
    # Takes business_id and rows, and returns {"rows": [{"row", "outcome", …}]} as report.
    statement: Path
    to_row: Callable[[Mapping[str, str | None]], dict[str, Any]]
    # How the report counts and shows rows.
    outcomes: tuple[str, ...]
    shown: tuple[str, ...]


def run(
    what: Import,
    endpoints: Endpoints,
    business: Mapping[str, Any],
    file: Path,
    *,
    mode: Mode,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Import a file into a business, after asking, and print what became of its rows.

    Raises:
        Refusal: the file cannot be read, a row is refused, or the person does not agree.
    """
    rows = read(file, what)
    business_id = business["id"]
    if not (dry_run or yes):
        rehearsed = send(what, endpoints, business_id, rows, mode=mode, keep=False)
        question = f"{_sum(what, rehearsed)}. Change the {what.noun} of {business['slug']}?"
        require_consent(question, yes=False)
    report = send(what, endpoints, business_id, rows, mode=mode, keep=not dry_run)
    refused = [row for row in report if row["outcome"] == "refused"]
    if as_json:
        show_json({**_counts(what, report), "rows": report})
    elif refused:
        show(refused, columns=what.shown, as_json=False)
    talk(_sum(what, report) + ".")
    if refused:
        kept = mode is Mode.report and not dry_run
        raise Refusal(
            f"Rows refused: {len(refused)}.",
            "Correct these rows and import them again; the others are in."
            if kept
            else "Nothing was changed. Correct these rows and import the file again.",
        )


def read(file: Path, what: Import) -> list[dict[str, Any]]:
    """Return the rows of a file.

    Raises:
        Refusal: it is neither CSV nor a JSON array of objects.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
        if file.suffix.lower() == ".json":
            rows = json.loads(text)
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise Refusal(
                    f"{file} is not an array of objects.", f"Look at `{what.noun} export`."
                )
            return rows
        return [what.to_row(cells) for cells in _cells(text)]
    except (UnicodeDecodeError, json.JSONDecodeError, csv.Error) as error:
        raise Refusal(f"{file} cannot be read: {error}.", "Send UTF-8 CSV or JSON.") from None


def send(
    what: Import,
    endpoints: Endpoints,
    business_id: Any,
    rows: list[dict[str, Any]],
    *,
    mode: Mode,
    keep: bool,
) -> list[dict[str, Any]]:
    """Send the rows and return what became of each, numbered as in the file.

    In the mode `report` each chunk is kept by itself; otherwise all of them are, or none.
    """
    report: list[dict[str, Any]] = []
    statement = what.statement.read_bytes()
    with session(endpoints) as connection, progress() as bar:
        for first in bar.track(range(0, len(rows), CHUNK), description=what.noun):
            chunk = rows[first : first + CHUNK]
            report += _send_chunk(connection, statement, business_id, chunk, first)
            if keep and mode is Mode.report:
                connection.commit()
        if keep and all(row["outcome"] != "refused" for row in report):
            connection.commit()
        else:
            connection.rollback()
    return report


def _send_chunk(
    connection: psycopg.Connection[dict[str, Any]],
    statement: bytes,
    business_id: Any,
    rows: list[dict[str, Any]],
    first: int,
) -> list[dict[str, Any]]:
    arguments = {"business_id": business_id, "rows": json.dumps(rows)}
    (row,) = connection.execute(statement, arguments).fetchall()
    return [{**each, "row": each["row"] + first} for each in row["report"]["rows"]]


def _cells(text: str) -> Iterator[dict[str, str | None]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    for cells in reader:
        if None in cells:
            raise Refusal(
                f"Line {reader.line_num} has more cells than the heading.",
                "Quote cells that contain a comma.",
            )
        yield cells


def _counts(what: Import, report: list[dict[str, Any]]) -> dict[str, int]:
    return {name: sum(row["outcome"] == name for row in report) for name in what.outcomes}


def _sum(what: Import, report: list[dict[str, Any]]) -> str:
    return ", ".join(f"{count} {name}" for name, count in _counts(what, report).items())


def progress() -> Progress:
    """Return a bar on stderr that goes away when it is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
