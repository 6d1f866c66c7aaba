"""The business that a command names, and its service."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.database import ask, ask_file
from cli.refusal import Refusal
from cli.stack.state import Endpoints

SQL = Path(__file__).parent

BusinessOption = Annotated[
    str | None, typer.Option(envvar="FRONTDESK_BUSINESS", help="Only of this one: slug or id.")
]


def the_business(endpoints: Endpoints, name: str) -> dict[str, Any]:
    """Return a business by its slug or its id.

    Raises:
        Refusal: there is none.
    """
    rows = ask_file(endpoints, SQL / "find_business.sql", name=name)
    if not rows:
        slugs = [row["slug"] for row in ask(endpoints, "select slug from business.businesses")]
        close = difflib.get_close_matches(name.lower(), slugs, n=1)
        raise Refusal(
            f"There is no business {name}.",
            f"Did you mean its slug {close[0]}?"
            if close
            else "Give its slug, as in the column business of a list.",
        )
    return rows[0]


def id_of_business(endpoints: Endpoints, name: str | None) -> Any:
    """Return the id of the business that an option names, or None without the option.

    Raises:
        Refusal: there is none.
    """
    return the_business(endpoints, name)["id"] if name else None


def id_of_service(endpoints: Endpoints, business_id: object, name: str) -> object:
    """Return the id of a business's service by its name or its id.

    Raises:
        Refusal: there is none, or several have that name.
    """
    rows = ask(
        endpoints,
        "select id from catalog.services where business_id = %s and (name = %s or id::text = %s)",
        business_id,
        name,
        name,
    )
    if len(rows) != 1:
        raise Refusal(f"The business has no single service {name}.", "Give its id.")
    return rows[0]["id"]
