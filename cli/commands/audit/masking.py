"""Masks personal data that got into the audit trail; that it was masked stays written."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.audit.reading import EntryArgument, the_entry
from cli.commands.database import change
from cli.options import DEFAULT_STATE, StateOption, YesOption
from cli.output import talk
from cli.stack.state import State


def mask(
    entry: EntryArgument,
    column: Annotated[
        list[str],
        typer.Option(envvar="FRONTDESK_COLUMN", help="Which column of the row; may be repeated."),
    ],
    reason: Annotated[str, typer.Option(envvar="FRONTDESK_REASON", help="Why; it is kept.")],
    yes: YesOption = False,
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Mask columns of an entry, or `address` and `user_agent`, for good."""
    endpoints = State(state).require_running()
    the_entry(endpoints, entry)
    change(
        endpoints,
        "select audit.mask(array[%s]::bigint[], %s::text[], %s) as count",
        (entry, column, reason),
        question=f"Mask {', '.join(column)} of entry {entry} for good?",
        yes=yes,
    )
    talk(f"Entry {entry} is masked.")
