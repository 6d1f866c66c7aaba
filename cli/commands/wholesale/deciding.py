"""Decides about wholesale accounts for an admin: the database decides, and the history says who."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.acting import claims_of
from cli.commands.database import change
from cli.commands.wholesale.listing import SQL, AccountArgument, Status, the_account
from cli.options import DEFAULT_STATE, StateOption, YesOption
from cli.output import talk
from cli.stack.state import Endpoints, State

AsOption = Annotated[
    str | None,
    typer.Option(
        "--as", metavar="EMAIL", envvar="FRONTDESK_AS", help="Who decides; the history keeps it."
    ),
]
ReasonOption = Annotated[
    str, typer.Option(envvar="FRONTDESK_REASON", help="Why; the company reads it.")
]


def approve(
    account_id: AccountArgument,
    as_user: AsOption = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Approve an account: its buyers get the prices of its customer group."""
    _decide(State(state).require_running(), account_id, Status.approved, None, as_user, yes=yes)


def reject(
    account_id: AccountArgument,
    reason: ReasonOption,
    as_user: AsOption = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Reject a request."""
    _decide(State(state).require_running(), account_id, Status.rejected, reason, as_user, yes=yes)


def suspend(
    account_id: AccountArgument,
    reason: ReasonOption,
    as_user: AsOption = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Suspend an approved account: its buyers pay the prices of everybody."""
    _decide(State(state).require_running(), account_id, Status.suspended, reason, as_user, yes=yes)


def _decide(
    endpoints: Endpoints,
    account_id: str,
    decision: Status,
    reason: str | None,
    as_user: str | None,
    *,
    yes: bool,
) -> None:
    account = the_account(endpoints, account_id)
    change(
        endpoints,
        SQL / "decide.sql",
        {
            "id": account["id"],
            "decision": decision,
            "reason": reason,
            "claims": claims_of(endpoints, as_user),
        },
        question=(
            f"Make {account['company_name']} at {account['business']} {decision},"
            f" which is {account['status']}?"
        ),
        yes=yes,
    )
    talk(f"{account['company_name']} is {decision}.")
