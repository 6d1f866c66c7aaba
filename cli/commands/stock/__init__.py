"""Stock: what lies in which store, and what changes it."""

import typer

from cli.commands.stock import changing, looking

app = typer.Typer(help="Stock: what lies in which store.", no_args_is_help=True)
app.command("show")(looking.show_stock)
app.command("lots")(looking.show_lots)
app.command()(changing.adjust)
app.command()(changing.count)
