"""Writes the products of a business as a file that `products import` reads."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from cli.commands.businesses import the_business
from cli.commands.database import ask_file
from cli.commands.products.cells import columns_of, to_cells
from cli.commands.stock.looking import BusinessArgument
from cli.options import DEFAULT_STATE, JsonOption, StateOption
from cli.output import show_json
from cli.stack.state import State

SQL = Path(__file__).parent


def export(
    business: BusinessArgument, state: StateOption = DEFAULT_STATE, as_json: JsonOption = False
) -> None:
    """Print the products of a business as CSV, or as JSON, in the columns of `products import`."""
    endpoints = State(state).require_running()
    business_id = the_business(endpoints, business)["id"]
    rows = ask_file(endpoints, SQL / "export.sql", business_id=business_id)
    if as_json:
        show_json([{key: value for key, value in row.items() if value is not None} for row in rows])
        return
    cells = [to_cells(row) for row in rows]
    # Line ends of both kinds within a cell are quoted when the rows end with both.
    writer = csv.DictWriter(sys.stdout, columns_of(cells), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(cells)
