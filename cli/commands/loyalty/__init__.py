"""Loyalty: programs, and the points of customers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.businesses import BusinessOption, id_of_business, the_business
from cli.commands.database import ask_file, change
from cli.commands.listing import list_rows
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption, YesOption
from cli.output import show, show_json, talk
from cli.refusal import Refusal
from cli.stack.state import State

SQL = Path(__file__).parent
PROGRAMS = (
    *("business", "name", "active", "currency", "earns", "redeems", "expires_after_days"),
    *("bearer", "customers", "points", "debt_points"),
)
BALANCES = ("business", "customer", "points", "debt_points", "expires_at", "expiring_points")
ENTRIES = ("created_at", "kind", "points", "expires_at", "reason")

app = typer.Typer(help="Loyalty: programs, and the points of customers.", no_args_is_help=True)

CustomerArgument = Annotated[
    str, typer.Argument(metavar="CUSTOMER", help="The customer, by e-mail address or id.")
]


class Bearer(StrEnum):
    """Who pays for what points take off."""

    business = "business"
    platform = "platform"


@app.command("programs")
def list_programs(
    business: BusinessOption = None,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List loyalty programs, with how many points customers have."""
    list_rows(
        state,
        SQL / "programs.sql",
        columns=PROGRAMS,
        business=business,
        as_json=as_json,
        as_csv=as_csv,
    )


@app.command()
def balance(
    customer: CustomerArgument,
    business: BusinessOption = None,
    limit: LimitOption = 50,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
) -> None:
    """Show how many points a customer has, and how they changed, the latest change first."""
    endpoints = State(state).require_running()
    balances = ask_file(
        endpoints,
        SQL / "balance.sql",
        business_id=id_of_business(endpoints, business),
        customer=customer,
    )
    if not balances:
        raise Refusal(f"{customer} has no points.", "Check the address: frontdesk users list")
    for found in balances:
        found["entries"] = ask_file(
            endpoints, SQL / "entries.sql", customer_id=found["customer_id"], limit=limit
        )
    if as_json:
        show_json(balances)
        return
    for found in balances:
        show([found], columns=BALANCES, as_json=False)
        show(found["entries"], columns=ENTRIES, as_json=False)


@app.command()
def adjust(
    business: Annotated[str, typer.Argument(metavar="BUSINESS", help="By slug or id.")],
    customer: CustomerArgument,
    points: Annotated[int, typer.Argument(help="How many; negative takes points.")],
    reason: Annotated[
        str, typer.Option(envvar="FRONTDESK_REASON", help="Why; the customer reads it.")
    ],
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Add points to a customer, or take some of those that are left."""
    endpoints = State(state).require_running()
    found = the_business(endpoints, business)
    customers = ask_file(endpoints, SQL / "find.sql", business_id=found["id"], customer=customer)
    if not customers:
        raise Refusal(
            f"{business} has no customer {customer}.", "Give an e-mail address, or an id."
        )
    (row,) = change(
        endpoints,
        "select points from public.adjust_points(%s, %s, %s, %s)",
        (str(found["id"]), str(customers[0]["id"]), str(points), reason),
        question=f"Change the points of {customer} at {business} by {points}?",
        yes=yes,
    )
    talk(f"{customer} has {row['points']} points now.")


@app.command()
def bearer(
    business: Annotated[str, typer.Argument(metavar="BUSINESS", help="By slug or id.")],
    by: Annotated[
        Bearer, typer.Argument(metavar="BEARER", help="Who pays from now on: business or platform.")
    ],
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Say who pays for what the points of a business take off; earlier sales keep theirs."""
    endpoints = State(state).require_running()
    found = the_business(endpoints, business)
    rows = change(
        endpoints,
        SQL / "bearer.sql",
        {"business_id": found["id"], "bearer": by},
        question=f"Let the {by} pay for what the points of {business} take off?",
        yes=yes,
    )
    if not rows:
        raise Refusal(f"{business} has no program.", "List them: ./frontdesk loyalty programs")
    talk(f"The {by} pays for what the points of {business} take off.")
