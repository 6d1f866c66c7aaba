"""The calendar of a business in the terminal: a day by its people, or a week by its days."""

from __future__ import annotations

import datetime
import sys
from typing import Annotated

import typer
from rich.console import Console

from cli.commands.bookings.days import Day
from cli.commands.bookings.drawing import draw_day, draw_week
from cli.commands.bookings.finding import SQL, the_day
from cli.commands.businesses import the_business
from cli.commands.database import ask_file
from cli.options import DEFAULT_STATE, JsonOption, StateOption
from cli.output import show_json
from cli.stack.state import Endpoints, State
from cli.wording import DAY


def calendar(
    business: Annotated[
        str, typer.Option(envvar="FRONTDESK_BUSINESS", help="Whose: slug or id of a business.")
    ],
    day: Annotated[
        datetime.datetime | None,
        typer.Option(formats=[DAY], envvar="FRONTDESK_DAY", show_default="today, there"),
    ] = None,
    week: Annotated[
        bool, typer.Option("--week", envvar="FRONTDESK_WEEK", help="The whole week of that day.")
    ] = False,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
) -> None:
    """Draw who does what when, by half hours of the business's clock."""
    endpoints = State(state).require_running()
    found = the_business(endpoints, business)
    chosen = the_day(day) or found["today"]
    first = chosen - datetime.timedelta(days=chosen.weekday()) if week else chosen
    days = [
        _read(endpoints, str(found["id"]), first + datetime.timedelta(days=number))
        for number in range(7 if week else 1)
    ]
    if as_json:
        show_json([one.as_dict() for one in days])
        return
    when = f"week of {first:%Y-%m-%d}" if week else f"{first:%A %Y-%m-%d}"
    print(f"{found['name']}, {found['time_zone']}, {when}")
    if not any(one.busy() for one in days):
        print("Nobody works then.")
        return
    # A terminal decides the width; a pipe gets every character.
    console = Console(width=None if sys.stdout.isatty() else 10_000)
    console.print(draw_week(days) if week else draw_day(days[0]))


def _read(endpoints: Endpoints, business_id: str, date: datetime.date) -> Day:
    (row,) = ask_file(endpoints, SQL / "read_day.sql", business_id=business_id, day=date)
    return Day.read(date, row)
