"""Members: who is a member of what, until when."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.businesses import BusinessOption
from cli.commands.database import ask, ask_file, change
from cli.commands.listing import list_rows
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption, YesOption
from cli.output import show, show_json, talk
from cli.refusal import Refusal
from cli.stack.state import Endpoints, State

SQL = Path(__file__).parent
COLUMNS = (
    *("id", "status", "business", "plan", "member", "price_minor", "currency"),
    *("paid_until", "renews_at", "ends_at"),
)
PERIODS = ("number", "plan", "starts_at", "ends_at", "price_minor", "paid_at", "charges", "failure")

app = typer.Typer(help="Members: who is a member of what, until when.", no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The membership, by its id.")]


class Status(StrEnum):
    """The states of a membership."""

    trialing = "trialing"
    active = "active"
    past_due = "past_due"
    paused = "paused"
    cancelled = "cancelled"
    expired = "expired"


@app.command("list")
def list_members(
    business: BusinessOption = None,
    status: Annotated[
        Status | None, typer.Option(envvar="FRONTDESK_STATUS", help="Only in this state.")
    ] = None,
    limit: LimitOption = 50,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List memberships, who joined last first."""
    list_rows(
        state,
        SQL / "list.sql",
        columns=COLUMNS,
        business=business,
        as_json=as_json,
        as_csv=as_csv,
        id=None,
        status=status,
        limit=limit,
    )


@app.command("show")
def show_member(
    membership: IdArgument, state: StateOption = DEFAULT_STATE, as_json: JsonOption = False
) -> None:
    """Show a membership with its periods and what was charged for them."""
    endpoints = State(state).require_running()
    found = _membership(endpoints, membership)
    periods = ask_file(endpoints, SQL / "periods.sql", id=membership)
    if as_json:
        show_json({**found, "periods": periods})
        return
    show([found], columns=COLUMNS, as_json=False)
    show(periods, columns=PERIODS, as_json=False)


@app.command()
def cancel(
    membership: IdArgument,
    now: Annotated[
        bool,
        typer.Option("--now", envvar="FRONTDESK_NOW", help="End it now, not when it is over."),
    ] = False,
    reason: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_REASON", help="Why; the membership keeps it.")
    ] = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Cancel a membership, at the end of what is paid."""
    endpoints = State(state).require_running()
    found = _membership(endpoints, membership)
    change(
        endpoints,
        "select memberships.cancel(%(id)s, not %(now)s, %(reason)s) as id",
        {"id": membership, "now": now, "reason": reason},
        question=f"Cancel {found['plan']} of {found['member']}?",
        yes=yes,
    )
    cancelled = _membership(endpoints, membership)
    talk(f"It is {cancelled['status']}, and ends on {cancelled['ends_at']}.")


@app.command()
def run(state: StateOption = DEFAULT_STATE) -> None:
    """Do what the next run would do: renew, charge, remind, and record what has ended."""
    endpoints = State(state).require_running()
    done = 0
    while rows := ask(endpoints, "select memberships.run_due(500) as done"):
        if not rows[0]["done"]:
            break
        done += rows[0]["done"]
    talk(f"{done} done." if done else "Nothing is due.")


def _membership(endpoints: Endpoints, membership: str) -> dict[str, Any]:
    rows = ask_file(
        endpoints, SQL / "list.sql", business_id=None, id=membership, status=None, limit=1
    )
    if not rows:
        raise Refusal("There is no such membership.", "Find its id: frontdesk members list")
    return rows[0]
