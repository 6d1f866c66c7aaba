"""Products: what a business sells, and how many there are."""

from __future__ import annotations

from pathlib import Path

import typer

from cli.commands.businesses import BusinessOption
from cli.commands.listing import list_rows
from cli.commands.products import exporting, importing
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption

SQL = Path(__file__).parent
COLUMNS = (
    *("business", "slug", "name", "category", "brand", "state"),
    *("variants", "lowest_minor", "highest_minor", "currency", "on_hand"),
)

app = typer.Typer(help="Products: what a business sells.", no_args_is_help=True)


@app.callback()
def _several() -> None:
    """Products: what a business sells."""


@app.command("list")
def list_products(
    business: BusinessOption = None,
    limit: LimitOption = 50,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List products with their state, prices and stock, drafts included."""
    list_rows(
        state,
        SQL / "list.sql",
        columns=COLUMNS,
        business=business,
        as_json=as_json,
        as_csv=as_csv,
        limit=limit,
    )


app.command("import")(importing.import_products)
app.command()(exporting.export)
