"""Reads products from a file into a business."""

from __future__ import annotations

from pathlib import Path

from cli.commands.businesses import the_business
from cli.commands.importing import DryRunOption, FileArgument, Import, Mode, ModeOption, run
from cli.commands.products.cells import to_row
from cli.commands.stock.looking import BusinessArgument
from cli.options import DEFAULT_STATE, JsonOption, StateOption, YesOption
from cli.stack.state import State

PRODUCTS = Import(
    noun="products",
    statement=Path(__file__).parent / "import.sql",
    to_row=to_row,
    outcomes=("created", "updated", "unchanged", "refused"),
    shown=("row", "product", "sku", "token", "message"),
)


def import_products(
    business: BusinessArgument,
    file: FileArgument,
    mode: ModeOption = Mode.all_or_nothing,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
) -> None:
    """Add and change the products of a business from a file, as `products export` writes it."""
    endpoints = State(state).require_running()
    found = the_business(endpoints, business)
    run(PRODUCTS, endpoints, found, file, mode=mode, dry_run=dry_run, yes=yes, as_json=as_json)
