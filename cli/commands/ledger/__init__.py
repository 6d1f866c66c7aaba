"""The ledger: its accounts, its entries, and whether they agree."""

import typer

from cli.commands.ledger import exporting, looking

app = typer.Typer(help="The ledger: accounts, entries and checks.", no_args_is_help=True)
app.command()(looking.check)
app.command()(looking.show)
app.command()(looking.close)
app.command()(exporting.export)
