"""What makes the prices of a business: its price lists, rules and promotions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.businesses import the_business
from cli.commands.database import ask_file
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, StateOption
from cli.output import show
from cli.stack.state import State

SQL = Path(__file__).parent
COLUMNS = ("kind", "name", "priority", "changes", "service", "conditions", "used", "is_active")


def list_prices(
    business: Annotated[str, typer.Argument(metavar="BUSINESS", help="Whose: slug or id.")],
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the price lists, rules and promotions of a business, the first to apply first."""
    endpoints = State(state).require_running()
    rows = ask_file(
        endpoints, SQL / "list.sql", business_id=the_business(endpoints, business)["id"]
    )
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)
