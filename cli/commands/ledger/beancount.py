"""The ledger as a text that beancount reads.

Source: https://beancount.github.io/docs/beancount_language_syntax.html
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

ROOTS = {
    "provider": "Assets",
    "cash": "Assets",
    "disputes": "Assets",
    "credit_granted": "Assets",
    "provider_fees": "Expenses",
    "rounding": "Expenses",
    "commission": "Income",
}
OPENING = "Equity:Opening-Balances"
# beancount wants to know since when an account exists.
FIRST_DAY = datetime.date(1970, 1, 1)

Row = Mapping[str, Any]


def write(
    entries: Iterable[Row],
    opening: Iterable[Row],
    closing: Iterable[Row],
    *,
    from_on: datetime.date | None,
    closed_on: datetime.date,
) -> Iterator[str]:
    """Return the lines: accounts, opening balances, transactions, and the balances at the end.

    beancount compares the balances, which come from checkpoints, with the sum of the entries.
    """
    closing = list(closing)
    yield 'option "title" "Frontdesk"'
    yield ""
    yield f"{FIRST_DAY} open {OPENING}"
    for account in sorted({_account(row): row.get("business") for row in closing}.items()):
        yield f"{FIRST_DAY} open {account[0]}"
        if account[1]:
            yield f"  business: {_text(account[1])}"
    held = [row for row in opening if row["balance_minor"]]
    if held and from_on:
        yield from _opening(held, from_on)
    for _number, group in groupby(entries, key=lambda row: row["number"]):
        yield from _transaction(list(group))
    yield ""
    for row in closing:
        # beancount compares at the beginning of a day.
        day = closed_on + datetime.timedelta(days=1)
        yield f"{day} balance {_account(row)}  {_amount(row, 'balance_minor')}"


def _opening(rows: list[Row], day: datetime.date) -> Iterator[str]:
    yield ""
    yield f'{day} * "Opening balances"'
    for row in rows:
        yield f"  {_account(row)}  {_amount(row, 'balance_minor')}"
    for currency in sorted({row["currency"] for row in rows}):
        same = [row for row in rows if row["currency"] == currency]
        total = {**same[0], "total": -sum(row["balance_minor"] for row in same)}
        if total["total"]:
            yield f"  {OPENING}  {_amount(total, 'total')}"


def _transaction(rows: list[Row]) -> Iterator[str]:
    first = rows[0]
    yield ""
    yield f"{first['booked_on']} * {_text(first['cause_kind'])}"
    yield f'  number: "{first["number"]}"'
    yield f'  cause: "{first["cause_id"]}"'
    yield f'  at: "{first["at"].astimezone(datetime.UTC).isoformat()}"'
    for row in rows:
        yield f"  {_account(row)}  {_amount(row, 'amount_minor')}"


def _account(row: Row) -> str:
    """Return the name of an account: beancount wants words that begin with a capital or a digit."""
    kind = row["kind"]
    parts = [ROOTS.get(kind, "Liabilities"), kind.replace("_", "-").title()]
    if row["provider"]:
        parts.append(row["provider"].replace("_", "-").title())
    if row["business_id"]:
        parts.append(f"B-{row['business_id']}")
    if row["owner_id"]:
        parts.append(f"O-{row['owner_id']}")
    return ":".join(parts)


def _amount(row: Row, column: str) -> str:
    digits = row["minor_digits"]
    return f"{Decimal(row[column]).scaleb(-digits):.{digits}f} {row['currency']}"


def _text(value: str) -> str:
    return json.dumps(" ".join(value.split()), ensure_ascii=False)
