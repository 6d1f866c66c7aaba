"""Finds the booking and the day that a command names."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.database import ask_file
from cli.refusal import Refusal
from cli.stack.state import Endpoints

SQL = Path(__file__).parent

ReferenceArgument = Annotated[
    str, typer.Argument(metavar="REFERENCE", help="The booking: the 8 characters on it.")
]


def the_booking(endpoints: Endpoints, reference: str) -> dict[str, Any]:
    """Return a booking with its items and its history.

    Raises:
        Refusal: there is none.
    """
    rows = ask_file(endpoints, SQL / "show.sql", reference=reference)
    if not rows:
        raise Refusal(f"There is no booking {reference}.", "List them: ./frontdesk bookings list")
    return rows[0]


def the_day(day: datetime.datetime | None) -> datetime.date | None:
    """Return the date of an option, if it was set."""
    return day.date() if day else None
