"""Changes what lies in a store: adjusts it for a reason, or sets it to what was counted."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.businesses import the_business
from cli.commands.database import ask_file, change
from cli.commands.stock.looking import BusinessArgument
from cli.options import DEFAULT_STATE, StateOption, YesOption
from cli.output import talk
from cli.refusal import Refusal
from cli.stack.state import Endpoints, State

SQL = Path(__file__).parent

StoreArgument = Annotated[str, typer.Argument(metavar="STORE", help="The store, by its name.")]
SkuArgument = Annotated[str, typer.Argument(metavar="SKU", help="The variant, by its SKU.")]
NoteOption = Annotated[
    str | None, typer.Option(envvar="FRONTDESK_NOTE", help="What to remember about it.")
]


class Reason(StrEnum):
    """Why stock is adjusted."""

    received = "received"
    returned = "returned"
    found = "found"
    damaged = "damaged"
    lost = "lost"
    corrected = "corrected"


def adjust(
    business: BusinessArgument,
    store: StoreArgument,
    sku: SkuArgument,
    quantity: Annotated[
        int, typer.Argument(metavar="QUANTITY", help="Pieces; after -- negative to take away.")
    ],
    reason: Annotated[Reason, typer.Option(envvar="FRONTDESK_REASON", help="Why.")],
    note: NoteOption = None,
    lot: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_LOT", help="The lot that is printed on them.")
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_EXPIRES", help="The last day of the lot: 2031-09-30."),
    ] = None,
    cost: Annotated[
        int | None,
        typer.Option(envvar="FRONTDESK_COST", help="What one received piece cost, in minor units."),
    ] = None,
    yes: YesOption = False,
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Add pieces of a variant to a store, or take them away."""
    endpoints = State(state).require_running()
    where = _find(endpoints, business, store, sku)
    origin = {"lot": lot, "expires": expires, "cost": cost}
    rows = change(
        endpoints,
        SQL / "adjust.sql",
        {**where, **origin, "quantity": quantity, "reason": reason.value, "note": note},
        question=f"Change {sku} in {store} by {quantity:+} ({reason.value})?",
        yes=yes,
    )
    talk(f"{store} has {rows[0]['on_hand']} of {sku}.")


def count(
    business: BusinessArgument,
    store: StoreArgument,
    sku: SkuArgument,
    quantity: Annotated[int, typer.Argument(metavar="QUANTITY", help="How many there are.")],
    note: NoteOption = None,
    yes: YesOption = False,
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Set the level of a variant in a store to what was counted."""
    endpoints = State(state).require_running()
    where = _find(endpoints, business, store, sku)
    rows = change(
        endpoints,
        SQL / "count.sql",
        {**where, "quantity": quantity, "note": note},
        question=f"Set {sku} in {store} to {quantity}?",
        yes=yes,
    )
    corrected = "The level was corrected." if rows[0]["corrected"] else "The level was right."
    talk(f"{store} has {quantity} of {sku}. {corrected}")


def _find(endpoints: Endpoints, business: str, store: str, sku: str) -> dict[str, Any]:
    business_id = the_business(endpoints, business)["id"]
    (found,) = ask_file(endpoints, SQL / "find.sql", business_id=business_id, store=store, sku=sku)
    if found["store_id"] is None:
        raise Refusal(f"{business} has no store {store}.", "Give its name, as in the view stores.")
    if found["variant_id"] is None:
        raise Refusal(
            f"{business} has no variant with the SKU {sku}.",
            "Give its SKU, as in the view product_variants.",
        )
    return found
