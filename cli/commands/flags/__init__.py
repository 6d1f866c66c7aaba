"""Feature flags: what is switched on, for whom, and why somebody gets it."""

import typer

from cli.commands.flags import changing, looking

app = typer.Typer(help="Flags: what is switched on, and for whom.", no_args_is_help=True)
app.command("list")(looking.list_flags)
app.command("show")(looking.show_flag)
app.command("set")(changing.set_flag)
app.command()(changing.delete)
app.command()(looking.evaluate)
