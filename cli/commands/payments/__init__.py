"""Payments and refunds: what was paid, with whom, and what a provider says that we do not."""

import typer

from cli.commands.payments import listing, syncing

app = typer.Typer(help="Payments: what was paid, and with whom.", no_args_is_help=True)
app.command("list")(listing.list_payments)
app.command("show")(listing.show_payment)
app.command()(syncing.sync)

refunds = typer.Typer(help="Refunds: what was given back.", no_args_is_help=True)


@refunds.callback()
def _several() -> None:
    """Refunds: what was given back."""


refunds.command("list")(listing.list_refunds)
