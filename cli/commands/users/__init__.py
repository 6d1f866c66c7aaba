"""Users: their accounts, what they may do, their sessions, and tokens for them."""

import typer

from cli.commands.users import access, accounts, tokens

app = typer.Typer(help="Users: rows in auth.users, and tokens for them.", no_args_is_help=True)
app.command("list")(accounts.list_users)
app.command()(accounts.create)
app.command()(access.show)
app.command()(tokens.token)
app.command()(accounts.role)
app.command()(access.ban)
app.command()(access.sessions)
