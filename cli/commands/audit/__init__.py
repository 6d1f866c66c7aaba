"""The audit trail: who changed what, from where and by which call."""

import typer

from cli.commands.audit import masking, reading

app = typer.Typer(help="Audit: who changed what, when and by which call.", no_args_is_help=True)
app.command("list")(reading.list_entries)
app.command("show")(reading.show_entry)
app.command()(masking.mask)
