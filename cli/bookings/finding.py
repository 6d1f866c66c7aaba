"""What the commands about bookings are given, and how it is found."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.admin import ask_named
from cli.refusal import Refusal

ReferenceArgument = Annotated[
    str, typer.Argument(metavar="REFERENCE", help="The booking: the 8 characters on it.")
]
DAY = "%Y-%m-%d"


def the_business(state: Path, name: str) -> dict[str, Any]:
    """A business by its slug or its id.

    Raises:
        Refusal: there is none.
    """
    rows = ask_named(state, "find_business.sql", name=name)
    if not rows:
        raise Refusal(
            f"There is no business {name}.", "Give its slug, as in the column business of a list."
        )
    return rows[0]


def the_booking(state: Path, reference: str) -> dict[str, Any]:
    """A booking with its items and its history.

    Raises:
        Refusal: there is none.
    """
    rows = ask_named(state, "show_booking.sql", reference=reference)
    if not rows:
        raise Refusal(f"There is no booking {reference}.", "List them: ./frontdesk bookings list")
    return rows[0]


def the_day(day: datetime.datetime | None) -> datetime.date | None:
    """The date that was given."""
    return day.date() if day else None
