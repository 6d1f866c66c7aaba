"""Finds the business and the booking that a command names."""

from __future__ import annotations

import datetime
import difflib
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.database import ask, ask_file
from cli.refusal import Refusal
from cli.stack.state import Endpoints

SQL = Path(__file__).parent

ReferenceArgument = Annotated[
    str, typer.Argument(metavar="REFERENCE", help="The booking: the 8 characters on it.")
]


def the_business(endpoints: Endpoints, name: str) -> dict[str, Any]:
    """Return a business by its slug or its id.

    Raises:
        Refusal: there is none.
    """
    rows = ask_file(endpoints, SQL / "find_business.sql", name=name)
    if not rows:
        slugs = [row["slug"] for row in ask(endpoints, "select slug from business.businesses")]
        close = difflib.get_close_matches(name.lower(), slugs, n=1)
        raise Refusal(
            f"There is no business {name}.",
            f"Did you mean its slug {close[0]}?"
            if close
            else "Give its slug, as in the column business of a list.",
        )
    return rows[0]


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
