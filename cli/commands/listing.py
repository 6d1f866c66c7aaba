"""What every command that lists the rows of a statement does, for one business or for all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cli.commands.businesses import id_of_business
from cli.commands.database import ask_file
from cli.output import show
from cli.stack.state import State


def list_rows(
    state: Path,
    statement: Path,
    *,
    columns: Sequence[str],
    business: str | None,
    as_json: bool,
    as_csv: bool,
    **arguments: object,
) -> None:
    """Run the statement in a file beside the command and show its rows.

    The statement gets `business_id`, which is null for all businesses, and the other arguments.

    Raises:
        Refusal: no stack is running, there is no such business, or the database refused.
    """
    endpoints = State(state).require_running()
    rows = ask_file(
        endpoints, statement, business_id=id_of_business(endpoints, business), **arguments
    )
    show(rows, columns=columns, as_json=as_json, as_csv=as_csv)
