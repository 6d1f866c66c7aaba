"""Cancels and moves bookings for an admin: the database decides, and the history records who."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.acting import claims_of
from cli.commands.bookings.finding import SQL, ReferenceArgument, the_booking
from cli.commands.database import ask_file, change
from cli.options import DEFAULT_STATE, StateOption, YesOption
from cli.output import talk
from cli.refusal import Refusal
from cli.stack.state import Endpoints, State

ReasonOption = Annotated[
    str | None, typer.Option(envvar="FRONTDESK_REASON", help="Why; the history keeps it.")
]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as", metavar="EMAIL", envvar="FRONTDESK_AS", help="Who does it; the history keeps it."
    ),
]


def cancel(
    reference: ReferenceArgument,
    reason: ReasonOption = None,
    as_user: AsOption = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Cancel a booking: its time is free at once, and everybody concerned is told."""
    endpoints = State(state).require_running()
    booking = the_booking(endpoints, reference)
    change(
        endpoints,
        SQL / "cancel.sql",
        {"reference": reference, "reason": reason, "claims": claims_of(endpoints, as_user)},
        question=f"Cancel {booking['reference']} of {booking['local']} ({booking['time_zone']})?",
        yes=yes,
    )
    talk(f"{booking['reference']} is {the_booking(endpoints, reference)['status']}.")


def move(
    reference: ReferenceArgument,
    to: Annotated[
        str,
        typer.Option(
            envvar="FRONTDESK_TO",
            metavar="INSTANT",
            help="The new start, with its offset: 2031-05-06T10:00:00+02:00.",
        ),
    ],
    resource: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_RESOURCE", help="The new resource: its name or id."),
    ] = None,
    reason: ReasonOption = None,
    as_user: AsOption = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Move a booking to another start; it keeps its reference and its price."""
    endpoints = State(state).require_running()
    booking = the_booking(endpoints, reference)
    change(
        endpoints,
        SQL / "move.sql",
        {
            "reference": reference,
            "to": to,
            "resource_id": _resource(endpoints, reference, resource) if resource else None,
            "reason": reason,
            "claims": claims_of(endpoints, as_user),
        },
        question=f"Move {booking['reference']} from {booking['local']} to {to}?",
        yes=yes,
    )
    moved = the_booking(endpoints, reference)
    talk(f"{moved['reference']} is on {moved['local']} ({moved['time_zone']}).")


def _resource(endpoints: Endpoints, reference: str, name: str) -> object:
    rows = ask_file(endpoints, SQL / "find_resource.sql", reference=reference, name=name)
    if len(rows) != 1:
        how_many = "more than one" if rows else "no"
        raise Refusal(
            f"The business has {how_many} resource {name}.",
            "Give the id, as in the view resources.",
        )
    return rows[0]["id"]
