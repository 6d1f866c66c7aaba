"""Customers listed, one shown with what happened, and all of a business as a file."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.businesses import BusinessOption, the_business
from cli.commands.database import ask_file
from cli.commands.listing import list_rows
from cli.commands.stock.looking import BusinessArgument
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption
from cli.output import show_json, show_whole
from cli.refusal import Refusal
from cli.stack.state import Endpoints, State

SQL = Path(__file__).parent
COLUMNS = (
    *("id", "business", "name", "email", "phone", "has_account", "tags", "is_blocked"),
    *("bookings", "no_shows", "spent_minor", "currency"),
)
LISTS = {
    "notes": ("kind", "body", "created_at"),
    "consents": ("purpose", "is_given", "source", "at"),
    "mergers": ("id", "duplicate_id", "merged_at", "undone_at"),
    "timeline": ("at", "kind", "status", "body", "amount_minor", "currency"),
}
EXPORTED = ("name", "email", "phone", "tags")
# A spreadsheet takes a cell that begins with one of these for a formula; the quote itself is marked
# too, so that what was exported is read back as it was.
# Source: OWASP, CSV Injection.
MARKED = tuple("=+-@\t\r'")
CustomerArgument = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")]


def the_customer(endpoints: Endpoints, customer: str) -> dict[str, Any]:
    """Return a customer with everything that belongs to them.

    Raises:
        Refusal: there is none.
    """
    rows = ask_file(endpoints, SQL / "show.sql", customer=customer)
    if not rows:
        raise Refusal(f"There is no customer {customer}.", "List them: ./frontdesk customers list")
    return rows[0]


def list_customers(
    business: BusinessOption = None,
    search: Annotated[
        str | None,
        typer.Option(
            envvar="FRONTDESK_SEARCH", help="Only with this in the name, address or phone number."
        ),
    ] = None,
    tag: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_TAG", help="Only with this tag.")
    ] = None,
    limit: LimitOption = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List customers with their figures, the newest first; merged ones are left out."""
    list_rows(
        state,
        SQL / "list.sql",
        columns=COLUMNS,
        business=business,
        as_json=as_json,
        as_csv=as_csv,
        search=search,
        tag=tag,
        limit=limit,
    )


def show_customer(
    customer: CustomerArgument, state: StateOption = DEFAULT_STATE, as_json: JsonOption = False
) -> None:
    """Show one customer with their figures, notes, consents, mergers and timeline."""
    found = the_customer(State(state).require_running(), customer)
    show_whole(found, lists=LISTS, as_json=as_json)


def export(
    business: BusinessArgument, state: StateOption = DEFAULT_STATE, as_json: JsonOption = False
) -> None:
    """Print the customers of a business as CSV, or as JSON, in the columns of the import."""
    endpoints = State(state).require_running()
    business_id = the_business(endpoints, business)["id"]
    rows = ask_file(endpoints, SQL / "export.sql", business_id=business_id)
    if as_json:
        show_json([{key: value for key, value in row.items() if value is not None} for row in rows])
        return
    writer = csv.DictWriter(sys.stdout, EXPORTED, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _written(row[name]) for name in EXPORTED} for row in rows)


def read_cell(cell: str) -> str:
    """Return what a cell said before `export` marked it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(MARKED) else cell


def _written(value: Any) -> str:
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(MARKED) else text
