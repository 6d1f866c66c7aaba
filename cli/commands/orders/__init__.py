"""Orders: what customers bought, and how it gets to them."""

from __future__ import annotations

import typer

from cli.commands.orders.changing import cancel, ship
from cli.commands.orders.listing import list_orders, show_order

app = typer.Typer(
    help="Orders: what customers bought, and how it gets to them.", no_args_is_help=True
)
app.command("list")(list_orders)
app.command("show")(show_order)
app.command()(ship)
app.command()(cancel)
