"""Bookings: who comes when, and what an admin does about it."""

import typer

from cli.commands.bookings import calendar, changing, listing

app = typer.Typer(help="Bookings: who comes when, to whom.", no_args_is_help=True)
app.command("list")(listing.list_bookings)
app.command("show")(listing.show_booking)
app.command()(changing.cancel)
app.command()(changing.move)
app.command()(calendar.calendar)
