"""Approves and rejects payouts for the operator, and makes those that are due."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from cli.commands.database import ask, ask_file, change
from cli.commands.payouts.listing import SQL
from cli.commands.users.finding import find
from cli.options import DEFAULT_STATE, StateOption, YesOption
from cli.output import talk
from cli.refusal import Refusal
from cli.stack.state import Endpoints, State

BATCH = 1_000  # accounts

PayoutArgument = Annotated[str, typer.Argument(metavar="ID", help="The payout, by its id.")]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as", metavar="EMAIL", envvar="FRONTDESK_AS", help="Who decides; the payout keeps it."
    ),
]


def approve(
    payout_id: PayoutArgument,
    as_user: AsOption = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Approve a payout that waits: it is handed to its provider."""
    _decide(State(state).require_running(), payout_id, "approve", None, as_user, yes=yes)


def reject(
    payout_id: PayoutArgument,
    reason: Annotated[
        str, typer.Option(envvar="FRONTDESK_REASON", help="Why; the business reads it.")
    ],
    as_user: AsOption = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Reject a payout that waits: its earnings are open again."""
    _decide(State(state).require_running(), payout_id, "reject", reason, as_user, yes=yes)


def run(state: StateOption = DEFAULT_STATE) -> None:
    """Make the payouts that are due now, as the scheduler does."""
    endpoints = State(state).require_running()
    total = 0
    while count := _run(endpoints):
        total += count
    talk(f"Looked at {total} accounts." if total else "No account is due.")


def _run(endpoints: Endpoints) -> int:
    rows = ask(endpoints, "select money.run_payouts(%s) as accounts", BATCH)
    return int(rows[0]["accounts"])


def _decide(
    endpoints: Endpoints,
    payout_id: str,
    decision: str,
    reason: str | None,
    as_user: str | None,
    *,
    yes: bool,
) -> None:
    payout = _the_payout(endpoints, payout_id)
    sub = {"sub": str(find(endpoints, as_user)["id"])} if as_user else {}
    change(
        endpoints,
        SQL / "decide.sql",
        {
            "payout_id": payout["id"],
            "decision": decision,
            "reason": reason,
            "claims": json.dumps(sub),
        },
        question=f"{decision.capitalize()} {payout['amount_minor']} {payout['currency']} (minor "
        f"units) for {payout['business']}?",
        yes=yes,
    )
    talk(f"The payout is {_the_payout(endpoints, payout_id)['status']}.")


def _the_payout(endpoints: Endpoints, payout_id: str) -> dict[str, Any]:
    rows = ask_file(
        endpoints,
        SQL / "list.sql",
        payout_id=payout_id,
        business_id=None,
        status=None,
        limit=1,
    )
    if not rows:
        raise Refusal(f"There is no payout {payout_id}.", "List them: ./frontdesk payouts list")
    return rows[0]
