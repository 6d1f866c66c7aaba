"""Reviews listed, with who reported them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.businesses import BusinessOption
from cli.commands.database import ask_file
from cli.commands.listing import list_rows
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption
from cli.refusal import Refusal
from cli.stack.state import Endpoints

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
    list_rows(
        state,
        SQL / "list.sql",
        columns=COLUMNS,
        business=business,
        as_json=as_json,
        as_csv=as_csv,
        review_id=None,
        status=status,
        limit=limit,
    )


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
