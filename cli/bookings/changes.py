"""Bookings cancelled and moved by an admin: the database decides, and its history keeps who."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.admin import ask_named, confirm
from cli.bookings.finding import ReferenceArgument, the_booking
from cli.options import DEFAULT_STATE, StateOption, YesOption
from cli.output import talk
from cli.refusal import Refusal
from cli.stack.state import State
from cli.users_database import find

ReasonOption = Annotated[
    str | None, typer.Option(envvar="FRONTDESK_REASON", help="Why; its history keeps it.")
]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as", metavar="EMAIL", envvar="FRONTDESK_AS", help="Who does it; its history keeps it."
    ),
]


def cancel(
    reference: ReferenceArgument,
    reason: ReasonOption = None,
    as_user: AsOption = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Cancel a booking: its time is free at once, and its people are told."""
    booking = the_booking(state, reference)
    confirm(
        f"Cancel {booking['reference']} of {booking['local']} ({booking['time_zone']})?",
        is_agreed=yes,
    )
    ask_named(
        state,
        "cancel_booking.sql",
        reference=reference,
        reason=reason,
        claims=_claims(state, as_user),
    )
    talk(f"{booking['reference']} is {the_booking(state, reference)['status']}.")


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
        typer.Option(
            envvar="FRONTDESK_RESOURCE", help="Who or what gives it from now on: name or id."
        ),
    ] = None,
    reason: ReasonOption = None,
    as_user: AsOption = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Move a booking to another start; it keeps its reference and its price."""
    booking = the_booking(state, reference)
    confirm(f"Move {booking['reference']} from {booking['local']} to {to}?", is_agreed=yes)
    ask_named(
        state,
        "move_booking.sql",
        reference=reference,
        to=to,
        resource_id=_resource(state, reference, resource) if resource else None,
        reason=reason,
        claims=_claims(state, as_user),
    )
    moved = the_booking(state, reference)
    talk(f"{moved['reference']} is on {moved['local']} ({moved['time_zone']}).")


def _resource(state: Path, reference: str, name: str) -> object:
    rows = ask_named(state, "find_resource.sql", reference=reference, name=name)
    if len(rows) != 1:
        how_many = "more than one" if rows else "no"
        raise Refusal(
            f"The business has {how_many} resource {name}.",
            "Give the id, as in the view resources.",
        )
    return rows[0]["id"]


def _claims(state: Path, email: str | None) -> str:
    """What the database reads the actor from; nobody is the system."""
    if email is None:
        return "{}"
    user = find(State(state).require_running(), email)
    return json.dumps({"sub": str(user["id"]), "role": "authenticated"})
