"""Customers: who they are, and what is known of them."""

from __future__ import annotations

import typer

from cli.commands.customers.changing import block, merge, unblock, unmerge
from cli.commands.customers.listing import export, list_customers, show_customer
from cli.commands.customers.reading import import_customers

app = typer.Typer(
    help="Customers: who they are, and what is known of them.",
    no_args_is_help=True,
)
app.command("list")(list_customers)
app.command("show")(show_customer)
app.command()(merge)
app.command()(unmerge)
app.command()(block)
app.command()(unblock)
app.command("import")(import_customers)
app.command()(export)
