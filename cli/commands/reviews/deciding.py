"""Publishes, rejects and hides reviews for the operator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.database import change
from cli.commands.reviews.listing import SQL, Status, the_review
from cli.commands.users.finding import find
from cli.options import DEFAULT_STATE, StateOption, YesOption
from cli.output import talk
from cli.stack.state import State

ReviewArgument = Annotated[str, typer.Argument(metavar="ID", help="The review, by its id.")]
ReasonOption = Annotated[
    str, typer.Option(envvar="FRONTDESK_REASON", help="Why; its author reads it.")
]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as", metavar="EMAIL", envvar="FRONTDESK_AS", help="Who decides; the history keeps it."
    ),
]


def publish(
    review: ReviewArgument,
    as_user: AsOption = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Publish a review, also one that was rejected, flagged or hidden."""
    _decide(state, review, Status.published, None, as_user, yes=yes)


def reject(
    review: ReviewArgument,
    reason: ReasonOption,
    as_user: AsOption = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Reject a review that waits or was flagged."""
    _decide(state, review, Status.rejected, reason, as_user, yes=yes)


def hide(
    review: ReviewArgument,
    reason: ReasonOption,
    as_user: AsOption = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Hide a review that is published or flagged."""
    _decide(state, review, Status.hidden, reason, as_user, yes=yes)


def _decide(
    state: Path,
    review_id: str,
    decision: Status,
    reason: str | None,
    as_user: str | None,
    *,
    yes: bool,
) -> None:
    endpoints = State(state).require_running()
    review = the_review(endpoints, review_id)
    sub = {"sub": str(find(endpoints, as_user)["id"])} if as_user else {}
    change(
        endpoints,
        SQL / "decide.sql",
        {
            "review_id": review["id"],
            "decision": decision,
            "reason": reason,
            "claims": json.dumps(sub),
        },
        question=f"Make the {review['rating']}-star review of {review['about']} at "
        f"{review['business']} {decision}? It is {review['status']}.",
        yes=yes,
    )
    talk(f"The review is {the_review(endpoints, review_id)['status']}.")
