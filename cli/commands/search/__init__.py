"""Search: what people find, and writing anew what a search looks at."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from cli.commands.search.finding import find
from cli.commands.search.rebuilding import rebuild


class Group(TyperGroup):
    """Commands of which `find` may be left out: `search QUERY` is `search find QUERY`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command in front of a query that stands alone."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["find", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=Group, help="Search: what people find, and why in this order.", no_args_is_help=True
)
app.command()(find)
app.command()(rebuild)
