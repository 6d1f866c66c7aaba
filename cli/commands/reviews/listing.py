"""Reviews listed, with who reported them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.businesses import BusinessOption, id_of_business
from cli.commands.database import ask_file
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption
from cli.output import show
from cli.refusal import Refusal
from cli.stack.state import Endpoints, State

SQL = Path(__file__).parent
COLUMNS = (
    *("id", "created_at", "business", "about", "author", "rating", "status", "reports"),
    *("status_reason", "body"),
)


class Status(StrEnum):
    """The states of a review."""

    pending = "pending"
    published = "published"
    rejected = "rejected"
    flagged = "flagged"
    hidden = "hidden"


def list_reviews(
    business: BusinessOption = None,
    status: Annotated[
        Status | None, typer.Option(envvar="FRONTDESK_STATUS", help="Only in this state.")
    ] = None,
    limit: LimitOption = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List reviews, the newest first."""
    endpoints = State(state).require_running()
    rows = ask_file(
        endpoints,
        SQL / "list.sql",
        review_id=None,
        business_id=id_of_business(endpoints, business),
        status=status,
        limit=limit,
    )
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)


def the_review(endpoints: Endpoints, review_id: str) -> dict[str, Any]:
    """Return a review as it is listed.

    Raises:
        Refusal: there is none with this id.
    """
    rows = ask_file(
        endpoints, SQL / "list.sql", review_id=review_id, business_id=None, status=None, limit=1
    )
    if not rows:
        raise Refusal(f"There is no review {review_id}.", "List them: ./frontdesk reviews list")
    return rows[0]
