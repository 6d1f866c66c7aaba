"""Payouts listed, and the statement of a business."""

from __future__ import annotations

import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.businesses import BusinessOption, the_business
from cli.commands.database import ask
from cli.commands.listing import list_rows
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption
from cli.output import show
from cli.stack.state import State

SQL = Path(__file__).parent
COLUMNS = (
    *("id", "created_at", "business", "amount_minor", "currency", "status", "requested_by"),
    *("provider", "file_id", "failure", "finished_at"),
)
STATEMENT = ("kind", "movements", "amount_minor", "currency")


class Status(StrEnum):
    """The states of a payout."""

    pending = "pending"
    approved = "approved"
    rejected = "rejected"
    in_transit = "in_transit"
    paid = "paid"
    failed = "failed"
    reversed = "reversed"


def list_payouts(
    business: BusinessOption = None,
    status: Annotated[
        Status | None, typer.Option(envvar="FRONTDESK_STATUS", help="Only in this state.")
    ] = None,
    limit: LimitOption = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List payouts, the newest first."""
    list_rows(
        state,
        SQL / "list.sql",
        columns=COLUMNS,
        business=business,
        as_json=as_json,
        as_csv=as_csv,
        payout_id=None,
        status=status,
        limit=limit,
    )


def statement(
    business: Annotated[str, typer.Argument(metavar="BUSINESS", help="Whose, by slug or id.")],
    month: Annotated[
        datetime.datetime,
        typer.Option(formats=["%Y-%m"], envvar="FRONTDESK_MONTH", help="The month: 2031-03."),
    ],
    currency: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_CURRENCY", help="The business's own by default."),
    ] = None,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show what a business's account did in a month, from its opening to its closing."""
    endpoints = State(state).require_running()
    business_id = the_business(endpoints, business)["id"]
    of_business = "select currency from business.businesses where id = %s"
    currency = currency or ask(endpoints, of_business, business_id)[0]["currency"]
    lines = ask(
        endpoints,
        "select * from money.statement(%s, %s, %s)",
        business_id,
        currency,
        month.date(),
    )
    rows = [{**line, "currency": currency} for line in lines]
    show(rows, columns=STATEMENT, as_json=as_json, as_csv=as_csv)
