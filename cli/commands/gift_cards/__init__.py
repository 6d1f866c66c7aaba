"""Gift cards: what is left on them, and until when they can be spent."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.businesses import BusinessOption
from cli.commands.listing import list_rows
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption

SQL = Path(__file__).parent
COLUMNS = (
    *("id", "business", "last4", "status", "amount_minor", "balance_minor", "breakage_minor"),
    *("currency", "is_platform", "is_taxed", "expires_at", "created_at"),
)

app = typer.Typer(help="Gift cards: what is left on them, and until when.", no_args_is_help=True)


class GiftCardStatus(StrEnum):
    """The states of a gift card."""

    unpaid = "unpaid"
    active = "active"
    expired = "expired"
    cancelled = "cancelled"


@app.callback()
def _several() -> None:
    """Gift cards: what is left on them, and until when."""


@app.command("list")
def list_gift_cards(
    business: BusinessOption = None,
    status: Annotated[
        GiftCardStatus | None, typer.Option(envvar="FRONTDESK_STATUS", help="Only in this state.")
    ] = None,
    expires_within: Annotated[
        int | None,
        typer.Option(
            envvar="FRONTDESK_EXPIRES_WITHIN",
            min=0,
            help="Only those that expire within so many days.",
        ),
    ] = None,
    limit: LimitOption = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List gift cards with what is left on them, the latest first."""
    list_rows(
        state,
        SQL / "list.sql",
        columns=COLUMNS,
        business=business,
        as_json=as_json,
        as_csv=as_csv,
        status=status,
        expires_within=expires_within,
        limit=limit,
    )
