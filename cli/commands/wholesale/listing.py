"""Wholesale accounts listed, and one shown with its papers, its buyers and what was decided."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.businesses import BusinessOption
from cli.commands.database import ask_file
from cli.commands.listing import list_rows
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption
from cli.output import show_whole
from cli.refusal import Refusal
from cli.stack.state import Endpoints, State

SQL = Path(__file__).parent
COLUMNS = (
    *("id", "status", "requested_at", "business", "company_name", "country", "tax_number"),
    *("buyers", "documents", "net_days", "credit_limit_minor", "currency"),
)
LISTS = {
    "buyers": ("email", "role", "order_limit_minor", "joined_at"),
    "documents": ("kind", "name", "media_id", "created_at"),
    "history": ("at", "status", "by", "reason"),
}
AccountArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The account, by its id in the list.")
]


class Status(StrEnum):
    """The states of a wholesale account."""

    requested = "requested"
    approved = "approved"
    rejected = "rejected"
    suspended = "suspended"


def the_account(endpoints: Endpoints, account_id: str) -> dict[str, Any]:
    """Return a wholesale account with everything that belongs to it.

    Raises:
        Refusal: there is none.
    """
    rows = ask_file(endpoints, SQL / "show.sql", id=account_id)
    if not rows:
        raise Refusal(
            f"There is no wholesale account {account_id}.",
            "List them: ./frontdesk wholesale list",
        )
    return rows[0]


def list_accounts(
    business: BusinessOption = None,
    status: Annotated[
        Status | None, typer.Option(envvar="FRONTDESK_STATUS", help="Only in this state.")
    ] = None,
    limit: LimitOption = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List wholesale accounts: requests that wait first, then the latest."""
    list_rows(
        state,
        SQL / "list.sql",
        columns=COLUMNS,
        business=business,
        as_json=as_json,
        as_csv=as_csv,
        status=status,
        limit=limit,
    )


def show_account(
    account_id: AccountArgument, state: StateOption = DEFAULT_STATE, as_json: JsonOption = False
) -> None:
    """Show one account with its terms, its buyers, its papers and what was decided."""
    account = the_account(State(state).require_running(), account_id)
    show_whole(account, lists=LISTS, as_json=as_json)
