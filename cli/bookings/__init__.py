"""Bookings: who comes when, and what an admin does about it."""

import typer

from cli.bookings import calendar, changes, lists

app = typer.Typer(help="Bookings: who comes when, to whom.", no_args_is_help=True)
app.command("list")(lists.list_bookings)
app.command("show")(lists.show_booking)
app.command()(changes.cancel)
app.command()(changes.move)
app.command()(calendar.calendar)
