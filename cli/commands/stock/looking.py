"""Shows what lies in the stores of a business."""

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
COLUMNS = (
    *("store", "sku", "product", "on_hand", "reserved", "available"),
    *("backorder_limit", "alert_threshold", "is_low", "counted_at"),
)
LOT_COLUMNS = ("store", "sku", "product", "lot", "expires_on", "on_hand", "recalled_at")

BusinessArgument = Annotated[
    str, typer.Argument(metavar="BUSINESS", help="The business: its slug or id.")
]


def show_stock(
    business: BusinessArgument,
    sku: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_SKU", help="Only of the variant with this SKU.")
    ] = None,
    low: Annotated[
        bool, typer.Option("--low", envvar="FRONTDESK_LOW", help="Only what is at its threshold.")
    ] = False,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show how many pieces each store has, how many are reserved, and how many are available."""
    endpoints = State(state).require_running()
    business_id = the_business(endpoints, business)["id"]
    rows = ask_file(endpoints, SQL / "show.sql", business_id=business_id, sku=sku, low=low)
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)


def show_lots(
    business: BusinessArgument,
    sku: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_SKU", help="Only of the variant with this SKU.")
    ] = None,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the lots of which pieces are left, the first that expires first."""
    endpoints = State(state).require_running()
    business_id = the_business(endpoints, business)["id"]
    rows = ask_file(endpoints, SQL / "lots.sql", business_id=business_id, sku=sku)
    show(rows, columns=LOT_COLUMNS, as_json=as_json, as_csv=as_csv)
