"""Payouts: what businesses are paid, and the decisions that the platform takes about it."""

from __future__ import annotations

import typer

from cli.commands.payouts.deciding import approve, reject, run
from cli.commands.payouts.listing import list_payouts, statement
from cli.commands.payouts.transfers import export, failed, paid

app = typer.Typer(
    help="Payouts: what businesses are paid, and their statements.", no_args_is_help=True
)
app.command("list")(list_payouts)
app.command()(approve)
app.command()(reject)
app.command()(run)
app.command()(export)
app.command()(paid)
app.command()(failed)
app.command()(statement)
