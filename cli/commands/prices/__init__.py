"""Prices: what makes them, and why something costs what it does."""

import typer

from cli.commands.prices import explaining, listing

app = typer.Typer(help="Prices: what makes them, and why.", no_args_is_help=True)
app.command()(explaining.explain)
app.command("list")(listing.list_prices)
