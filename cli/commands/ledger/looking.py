"""Look into the ledger, check it, and close a period of it."""

from __future__ import annotations

import calendar
import datetime
import re
import uuid
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.database import ask, ask_file, change
from cli.options import (
    DEFAULT_STATE,
    CsvOption,
    JsonOption,
    LimitOption,
    StateOption,
    YesOption,
)
from cli.output import show as print_rows
from cli.output import talk
from cli.refusal import Refusal
from cli.stack.state import State

HERE = Path(__file__).parent
FINDINGS = ("finding", "subject", "expected_minor", "found_minor")
ACCOUNTS = ("id", "kind", "currency", "balance_minor", "business", "provider", "owner_id")
ENTRIES = ("number", "booked_on", "at", "cause_kind", "cause_id", "amount_minor")


def check(
    state: StateOption = DEFAULT_STATE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """Check that every transaction balances, and that balances equal what was posted."""
    endpoints = State(state).require_running()
    rows = ask(endpoints, "select * from money.ledger_findings()")
    if rows or as_json or as_csv:
        print_rows(rows, columns=FINDINGS, as_json=as_json, as_csv=as_csv)
    if rows:
        raise Refusal(
            f"The ledger does not agree: {len(rows)} findings.",
            "Somebody went around its rules; compare with a backup.",
        )
    talk("The ledger balances.")


def show(
    account: Annotated[
        uuid.UUID | None,
        typer.Argument(help="The id of an account, whose entries are shown; none: the accounts."),
    ] = None,
    business: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_BUSINESS", help="The slug, name or id of a business."),
    ] = None,
    kind: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_KIND", help="A kind, such as business_payable.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_CURRENCY", help="An ISO 4217 code.")
    ] = None,
    limit: LimitOption = 100,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show accounts with their balance, or the latest entries of one. Positive is a debit."""
    endpoints = State(state).require_running()
    if account is None:
        rows = ask_file(
            endpoints,
            HERE / "accounts.sql",
            business=business,
            kind=kind,
            currency=currency,
            limit=limit,
        )
        print_rows(rows, columns=ACCOUNTS, as_json=as_json, as_csv=as_csv)
        return
    rows = ask_file(endpoints, HERE / "entries.sql", account=account, limit=limit)
    print_rows(rows, columns=ENTRIES, as_json=as_json, as_csv=as_csv)


def close(
    month: Annotated[str, typer.Argument(help="The last month of the period, such as 2031-03.")],
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Close a period of the ledger through a month; what arrives later is booked after it."""
    endpoints = State(state).require_running()
    ends_on = _last_day(month)
    [row] = change(
        endpoints,
        "select money.close_period(%s) as balances",
        (ends_on,),
        question=f"Close the ledger through {ends_on}? It cannot be opened again.",
        yes=yes,
    )
    talk(f"The ledger is closed through {ends_on}: {row['balances']} closing balances.")


def _last_day(month: str) -> datetime.date:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month) or month < "0001":
        raise typer.BadParameter("MONTH must be a month, such as 2031-03")
    year, number = (int(part) for part in month.split("-"))
    return datetime.date(year, number, calendar.monthrange(year, number)[1])
