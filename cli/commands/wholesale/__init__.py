"""Wholesale: which companies ask to buy, and what is decided about them."""

from __future__ import annotations

import typer

from cli.commands.wholesale.deciding import approve, reject, suspend
from cli.commands.wholesale.listing import list_accounts, show_account

app = typer.Typer(
    help="Wholesale: which companies ask to buy, and what is decided about them.",
    no_args_is_help=True,
)
app.command("list")(list_accounts)
app.command("show")(show_account)
app.command()(approve)
app.command()(reject)
app.command()(suspend)
