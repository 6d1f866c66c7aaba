"""Shows what people find, and why in this order."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.businesses import BusinessOption, id_of_business
from cli.commands.database import ask_file
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, StateOption
from cli.output import show, talk
from cli.stack.state import State

COLUMNS = ("kind", "name", "business", "score", "id")
PARTS = ("words", "name_bonus", "rating", "popularity", "verified")


class Kind(StrEnum):
    """What can be found."""

    product = "product"
    service = "service"
    business = "business"


def find(
    query: Annotated[str, typer.Argument(help="What somebody types.")],
    kind: Annotated[
        Kind | None, typer.Option(envvar="FRONTDESK_KIND", help="Only of this kind.")
    ] = None,
    business: BusinessOption = None,
    explain: Annotated[
        bool, typer.Option(envvar="FRONTDESK_EXPLAIN", help="Add the parts of each score.")
    ] = False,
    limit: Annotated[
        int, typer.Option(envvar="FRONTDESK_LIMIT", min=1, max=50, help="The most rows to show.")
    ] = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show what somebody without an account finds, best first."""
    endpoints = State(state).require_running()
    rows = ask_file(
        endpoints,
        Path(__file__).parent / "find.sql",
        q=query,
        kind=kind,
        business_id=id_of_business(endpoints, business),
        limit=limit,
    )
    columns = (*COLUMNS[:4], *PARTS, COLUMNS[4]) if explain else COLUMNS
    show(rows, columns=columns, as_json=as_json, as_csv=as_csv)
    if explain and rows:
        talk(f"Looked for: {rows[0]['query']}")
