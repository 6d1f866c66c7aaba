"""Finds an account by its e-mail address."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.database import ask_file
from cli.refusal import Refusal
from cli.stack.state import Endpoints

SQL = Path(__file__).parent

EmailArgument = Annotated[str, typer.Argument(help="The user's e-mail address.")]


def find(endpoints: Endpoints, email: str) -> dict[str, Any]:
    """Return the user with this address.

    Raises:
        Refusal: there is none.
    """
    rows = ask_file(endpoints, SQL / "list.sql", email=email)
    if not rows:
        raise Refusal(f"There is no user {email}.", f"Create one: ./frontdesk users create {email}")
    return rows[0]
