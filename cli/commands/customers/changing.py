"""Merges and blocks customers for an admin: the database decides, and its history records it."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.customers.listing import SQL, CustomerArgument, the_customer
from cli.commands.database import change
from cli.options import DEFAULT_STATE, StateOption, YesOption
from cli.output import talk
from cli.stack.state import State


def merge(
    customer: CustomerArgument,
    duplicate: Annotated[
        str, typer.Argument(metavar="DUPLICATE", help="The id of who is the same person.")
    ],
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Merge a customer into another one; `unmerge` undoes it."""
    endpoints = State(state).require_running()
    names = [the_customer(endpoints, each)["name"] or each for each in (duplicate, customer)]
    change(
        endpoints,
        SQL / "merge.sql",
        {"customer": customer, "duplicate": duplicate},
        question=f"Merge {names[0]} into {names[1]}?",
        yes=yes,
    )
    merger = the_customer(endpoints, customer)["mergers"][0]
    talk(f"Merged. Undo it: ./frontdesk customers unmerge {merger['id']}")


def unmerge(
    merger: Annotated[
        str, typer.Argument(metavar="MERGER", help="The id of the merger, as `show` lists it.")
    ],
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Undo a merger: each of the two has again what they had."""
    endpoints = State(state).require_running()
    change(
        endpoints,
        SQL / "unmerge.sql",
        {"merger": merger},
        question=f"Undo the merger {merger}?",
        yes=yes,
    )
    talk("Undone.")


def block(
    customer: CustomerArgument,
    reason: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_REASON", help="Why; the business alone sees it.")
    ] = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Take no bookings and messages from a customer any more."""
    endpoints = State(state).require_running()
    name = the_customer(endpoints, customer)["name"] or customer
    change(
        endpoints,
        SQL / "block.sql",
        {"customer": customer, "reason": reason},
        question=f"Block {name}?",
        yes=yes,
    )
    talk(f"{name} is blocked.")


def unblock(
    customer: CustomerArgument, state: StateOption = DEFAULT_STATE, yes: YesOption = False
) -> None:
    """Take bookings from a blocked customer again."""
    endpoints = State(state).require_running()
    name = the_customer(endpoints, customer)["name"] or customer
    change(
        endpoints,
        SQL / "unblock.sql",
        {"customer": customer},
        question=f"Take bookings from {name} again?",
        yes=yes,
    )
    talk(f"{name} is not blocked.")
