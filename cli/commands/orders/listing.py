"""Orders listed, and one shown with its items, its shipments and what happened to it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.businesses import BusinessOption
from cli.commands.database import ask_file
from cli.commands.listing import list_rows
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption
from cli.output import show_whole
from cli.refusal import Refusal
from cli.stack.state import Endpoints, State

SQL = Path(__file__).parent
COLUMNS = (
    *("reference", "status", "placed_at", "business", "customer", "items"),
    *("total_minor", "currency", "delivery_kind", "expires_at"),
)
LISTS = {
    "items": ("sku", "name", "quantity", "shipped", "delivered", "returned", "cancelled"),
    "shipments": ("id", "status", "carrier", "tracking_number", "shipped_at", "delivered_at"),
    "returns": ("id", "kind", "status", "reason", "requested_at"),
    "timeline": ("at", "event", "status", "by", "user", "note"),
}
ReferenceArgument = Annotated[
    str, typer.Argument(metavar="REFERENCE", help="The order: the 8 characters on it.")
]


class Status(StrEnum):
    """The states of an order."""

    pending = "pending"
    paid = "paid"
    fulfilling = "fulfilling"
    shipped = "shipped"
    delivered = "delivered"
    completed = "completed"
    cancelled = "cancelled"
    expired = "expired"
    returned = "returned"


def the_order(endpoints: Endpoints, reference: str) -> dict[str, Any]:
    """Return an order with everything that belongs to it.

    Raises:
        Refusal: there is none.
    """
    rows = ask_file(endpoints, SQL / "show.sql", reference=reference)
    if not rows:
        raise Refusal(f"There is no order {reference}.", "List them: ./frontdesk orders list")
    return rows[0]


def list_orders(
    business: BusinessOption = None,
    status: Annotated[
        Status | None, typer.Option(envvar="FRONTDESK_STATUS", help="Only in this state.")
    ] = None,
    customer: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_CUSTOMER", help="Only of this e-mail address."),
    ] = None,
    limit: LimitOption = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List orders, the latest first."""
    list_rows(
        state,
        SQL / "list.sql",
        columns=COLUMNS,
        business=business,
        as_json=as_json,
        as_csv=as_csv,
        status=status,
        customer=customer,
        limit=limit,
    )


def show_order(
    reference: ReferenceArgument, state: StateOption = DEFAULT_STATE, as_json: JsonOption = False
) -> None:
    """Show one order with its items, its shipments, its returns and its timeline."""
    order = the_order(State(state).require_running(), reference)
    show_whole(order, lists=LISTS, as_json=as_json)
