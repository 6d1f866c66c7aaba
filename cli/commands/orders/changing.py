"""Sends and cancels orders for an admin: the database decides, and the timeline records who."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.acting import claims_of
from cli.commands.database import change
from cli.commands.orders.listing import SQL, ReferenceArgument, the_order
from cli.options import DEFAULT_STATE, StateOption, YesOption
from cli.output import talk
from cli.stack.state import State

AsOption = Annotated[
    str | None,
    typer.Option(
        "--as", metavar="EMAIL", envvar="FRONTDESK_AS", help="Who does it; the timeline keeps it."
    ),
]


def ship(
    reference: ReferenceArgument,
    carrier: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_CARRIER", help="Who carries it, such as DHL.")
    ] = None,
    tracking_number: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_TRACKING_NUMBER", help="The carrier's number."),
    ] = None,
    tracking_url: Annotated[
        str | None,
        typer.Option(
            envvar="FRONTDESK_TRACKING_URL", help="Where the customer can follow the shipment."
        ),
    ] = None,
    as_user: AsOption = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Send everything of an order that is open, and tell the customer."""
    endpoints = State(state).require_running()
    order = the_order(endpoints, reference)
    change(
        endpoints,
        SQL / "ship.sql",
        {
            "reference": reference,
            "carrier": carrier,
            "tracking_number": tracking_number,
            "tracking_url": tracking_url,
            "claims": claims_of(endpoints, as_user),
        },
        question=f"Send {order['reference']} of {order['business']}?",
        yes=yes,
    )
    talk(f"{order['reference']} is {the_order(endpoints, reference)['status']}.")


def cancel(
    reference: ReferenceArgument,
    reason: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_REASON", help="Why; the timeline keeps it.")
    ] = None,
    as_user: AsOption = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Cancel an order that was not sent: its pieces go back, and so does what was paid."""
    endpoints = State(state).require_running()
    order = the_order(endpoints, reference)
    change(
        endpoints,
        SQL / "cancel.sql",
        {"reference": reference, "reason": reason, "claims": claims_of(endpoints, as_user)},
        question=f"Cancel {order['reference']} of {order['business']}?",
        yes=yes,
    )
    talk(f"{order['reference']} is {the_order(endpoints, reference)['status']}.")
