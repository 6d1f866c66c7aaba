"""Bookings listed, and one shown with its items and its history."""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated

import typer

from cli.commands.bookings.finding import (
    SQL,
    ReferenceArgument,
    the_booking,
    the_day,
)
from cli.commands.businesses import BusinessOption
from cli.commands.listing import list_rows
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption
from cli.output import show_whole
from cli.stack.state import State
from cli.wording import DAY

COLUMNS = (
    *("reference", "status", "local", "time_zone", "business", "services", "customer"),
    *("total_minor", "currency", "starts_at"),
)
ITEMS = ("service", "with", "starts_at", "ends_at", "price_minor", "cancelled_at")
HISTORY = (
    "at",
    "from_status",
    "to_status",
    "from_starts_at",
    "to_starts_at",
    "by",
    "user",
    "reason",
)


class Status(StrEnum):
    """The states of a booking."""

    held = "held"
    pending_payment = "pending_payment"
    pending = "pending"
    confirmed = "confirmed"
    checked_in = "checked_in"
    completed = "completed"
    cancelled = "cancelled"
    rejected = "rejected"
    no_show = "no_show"
    expired = "expired"


def list_bookings(
    business: BusinessOption = None,
    day: Annotated[
        datetime.datetime | None,
        typer.Option(
            formats=[DAY], envvar="FRONTDESK_DAY", help="Only on this day of the business's zone."
        ),
    ] = None,
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
    """List bookings, the latest start first, each on its business's clock."""
    list_rows(
        state,
        SQL / "list.sql",
        columns=COLUMNS,
        business=business,
        as_json=as_json,
        as_csv=as_csv,
        day=the_day(day),
        status=status,
        customer=customer,
        limit=limit,
    )


def show_booking(
    reference: ReferenceArgument, state: StateOption = DEFAULT_STATE, as_json: JsonOption = False
) -> None:
    """Show one booking with its items and its history."""
    booking = the_booking(State(state).require_running(), reference)
    show_whole(booking, lists={"items": ITEMS, "history": HISTORY}, as_json=as_json)
