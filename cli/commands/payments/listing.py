"""Payments and refunds listed, and one payment shown with everything that belongs to it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.businesses import BusinessOption
from cli.commands.database import ask_file
from cli.commands.listing import list_rows
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption
from cli.output import show_whole
from cli.refusal import Refusal
from cli.stack.state import State

SQL = Path(__file__).parent
PAYMENTS = (
    *("id", "status", "provider", "amount_minor", "captured_minor", "refunded_minor", "currency"),
    *("businesses", "payer", "created_at"),
)
REFUNDS = (
    *("id", "status", "business", "amount_minor", "currency", "reason", "failure", "payment_id"),
    "created_at",
)
LISTS = {
    "parts": ("business", "sale_id", "amount_minor", "captured_minor", "refunded_minor"),
    "refunds": ("id", "status", "amount_minor", "reason", "failure", "created_at"),
    "disputes": ("business", "status", "amount_minor", "opened_at", "closed_at"),
    "events": ("kind", "event_id", "state", "attempts", "received_at"),
    "findings": ("kind", "reference", "detail", "found_at", "resolved_at"),
}


class PaymentStatus(StrEnum):
    """The states of a payment."""

    pending = "pending"
    requires_action = "requires_action"
    failed = "failed"
    authorized = "authorized"
    cancelled = "cancelled"
    expired = "expired"
    partially_captured = "partially_captured"
    captured = "captured"
    partially_refunded = "partially_refunded"
    refunded = "refunded"
    disputed = "disputed"


class RefundStatus(StrEnum):
    """The states of a refund."""

    pending = "pending"
    succeeded = "succeeded"
    failed = "failed"


def list_payments(
    business: BusinessOption = None,
    status: Annotated[
        PaymentStatus | None, typer.Option(envvar="FRONTDESK_STATUS", help="Only in this state.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_PROVIDER", help="Only with this provider.")
    ] = None,
    limit: LimitOption = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List payments, the latest first."""
    list_rows(
        state,
        SQL / "list.sql",
        columns=PAYMENTS,
        business=business,
        as_json=as_json,
        as_csv=as_csv,
        status=status,
        provider=provider,
        limit=limit,
    )


def show_payment(
    payment: Annotated[str, typer.Argument(help="The id of a payment, or its provider's.")],
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
) -> None:
    """Show one payment with its parts, refunds, disputes, events and findings."""
    rows = ask_file(State(state).require_running(), SQL / "show.sql", payment=payment)
    if not rows:
        raise Refusal(f"There is no payment {payment}.", "`frontdesk payments list` lists them.")
    found = rows[0]
    show_whole(found, lists=LISTS, as_json=as_json)


def list_refunds(
    business: BusinessOption = None,
    status: Annotated[
        RefundStatus | None, typer.Option(envvar="FRONTDESK_STATUS", help="Only in this state.")
    ] = None,
    limit: LimitOption = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List refunds, the latest first."""
    list_rows(
        state,
        SQL / "refunds.sql",
        columns=REFUNDS,
        business=business,
        as_json=as_json,
        as_csv=as_csv,
        status=status,
        limit=limit,
    )
