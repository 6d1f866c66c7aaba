"""Commissions: what a sale leaves to whom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.businesses import id_of_service, the_business
from cli.commands.database import ask_file
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, StateOption
from cli.output import show
from cli.stack.state import State

SQL = Path(__file__).parent
COLUMNS = ("party", "reason", "amount_minor", "currency")

app = typer.Typer(help="Commissions: what a sale leaves to whom.", no_args_is_help=True)


@app.callback()
def commissions() -> None:
    """Commissions: what a sale leaves to whom."""


@app.command()
def simulate(
    business: Annotated[str, typer.Argument(metavar="BUSINESS", help="Who sells, by slug or id.")],
    amount: Annotated[
        int,
        typer.Option(
            "--amount-minor", min=0, envvar="FRONTDESK_AMOUNT_MINOR", help="The listed price."
        ),
    ],
    tax: Annotated[
        int,
        typer.Option("--tax-minor", min=0, envvar="FRONTDESK_TAX_MINOR", help="The tax of it."),
    ] = 0,
    tax_is_added: Annotated[
        bool,
        typer.Option(
            "--tax-added", envvar="FRONTDESK_TAX_ADDED", help="The price is without the tax."
        ),
    ] = False,
    discount: Annotated[
        int,
        typer.Option(
            "--discount-minor",
            min=0,
            envvar="FRONTDESK_DISCOUNT_MINOR",
            help="A discount that the business bears.",
        ),
    ] = 0,
    subsidy: Annotated[
        int,
        typer.Option(
            "--subsidy-minor",
            min=0,
            envvar="FRONTDESK_SUBSIDY_MINOR",
            help="A discount that the platform bears.",
        ),
    ] = 0,
    service: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_SERVICE", help="The service that is sold, by name or id."),
    ] = None,
    kind: Annotated[
        str, typer.Option(envvar="FRONTDESK_KIND", help="The kind of the line, such as tip.")
    ] = "service",
    currency: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_CURRENCY", help="The business's own by default."),
    ] = None,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show what everybody would have of a sale now, in minor units."""
    endpoints = State(state).require_running()
    found = the_business(endpoints, business)
    rows = ask_file(
        endpoints,
        SQL / "simulate.sql",
        business_id=found["id"],
        amount=amount,
        tax=tax,
        tax_is_added=tax_is_added,
        discount=discount + subsidy,
        subsidy=subsidy,
        service_id=id_of_service(endpoints, found["id"], service) if service else None,
        kind=kind,
        currency=currency,
    )
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)
