"""Write the ledger as beancount, CSV or JSON."""

from __future__ import annotations

import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.database import ask_file
from cli.commands.ledger import beancount
from cli.options import DEFAULT_STATE, StateOption
from cli.output import show
from cli.stack.state import Endpoints, State

HERE = Path(__file__).parent
COLUMNS = (
    "number",
    "transaction_id",
    "booked_on",
    "at",
    "cause_kind",
    "cause_id",
    "account_id",
    "kind",
    "currency",
    "business_id",
    "provider",
    "owner_id",
    "amount_minor",
)


class Format(StrEnum):
    """How the ledger is written."""

    BEANCOUNT = "beancount"
    CSV = "csv"
    JSON = "json"


def export(
    form: Annotated[
        Format, typer.Option("--format", envvar="FRONTDESK_FORMAT", help="How to write it.")
    ] = Format.BEANCOUNT,
    from_on: Annotated[
        datetime.datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], envvar="FRONTDESK_FROM", help="First day."),
    ] = None,
    to_on: Annotated[
        datetime.datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], envvar="FRONTDESK_TO", help="Last day."),
    ] = None,
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Write the entries in their order; `bean-check` accepts the beancount text."""
    endpoints = State(state).require_running()
    first, last = (day.date() if day else None for day in (from_on, to_on))
    entries = ask_file(endpoints, HERE / "export.sql", from_on=first, to_on=last)
    if form is not Format.BEANCOUNT:
        is_json = form is Format.JSON
        show(entries, columns=COLUMNS, as_json=is_json, as_csv=not is_json)
        return
    opening = _balances(endpoints, first - datetime.timedelta(days=1)) if first else []
    lines = beancount.write(
        entries,
        opening,
        _balances(endpoints, last),
        from_on=first,
        closed_on=last or max((row["booked_on"] for row in entries), default=datetime.date.today()),
    )
    for line in lines:
        print(line)


def _balances(endpoints: Endpoints, on: datetime.date | None) -> list[dict[str, Any]]:
    return ask_file(endpoints, HERE / "balances.sql", on=on)
