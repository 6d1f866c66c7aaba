"""Reviews: what customers say, and the decisions of moderators about it."""

from __future__ import annotations

import typer

from cli.commands.reviews.checking import check
from cli.commands.reviews.deciding import hide, publish, reject
from cli.commands.reviews.listing import list_reviews

app = typer.Typer(help="Reviews: list, publish, reject and hide them.", no_args_is_help=True)
app.command("list")(list_reviews)
app.command()(publish)
app.command()(reject)
app.command()(hide)
app.command()(check)
