"""Reads customers from a file into a business."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.commands.businesses import the_business
from cli.commands.customers.listing import read_cell
from cli.commands.importing import DryRunOption, FileArgument, Import, Mode, ModeOption, run
from cli.commands.stock.looking import BusinessArgument
from cli.options import DEFAULT_STATE, JsonOption, StateOption, YesOption
from cli.stack.state import State


def to_row(cells: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the cells of a line as a row of `import_customers`; empty ones are left out."""
    return {name: read_cell(cell) for name, cell in cells.items() if cell}


CUSTOMERS = Import(
    noun="customers",
    statement=Path(__file__).parent / "import.sql",
    to_row=to_row,
    outcomes=("created", "updated", "refused"),
    shown=("row", "token", "message"),
)


def import_customers(
    business: BusinessArgument,
    file: FileArgument,
    mode: ModeOption = Mode.all_or_nothing,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
) -> None:
    """Write down the customers of a file with the columns name, email, phone, tags, note, kind."""
    endpoints = State(state).require_running()
    found = the_business(endpoints, business)
    run(CUSTOMERS, endpoints, found, file, mode=mode, dry_run=dry_run, yes=yes, as_json=as_json)
