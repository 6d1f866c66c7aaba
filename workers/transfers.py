"""The program `python -m workers.transfers FILE_ID`: it prints a file of transfers for a bank.

Here alone are the numbers of bank accounts opened.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import psycopg
from psycopg.rows import dict_row

from workers.environment import required
from workers.sealing.keyring import Keyring

COLUMNS = (
    *("reference", "business", "holder_name", "country", "number", "routing_number"),
    *("amount", "currency"),
)
READ = "select * from money.transfers_of_file(%s)"


class Changed(Exception):
    """A business changed its bank account after the file was made."""


def lines(transfers: Iterable[Mapping[str, Any]], keyring: Keyring) -> Iterator[dict[str, str]]:
    """Return the lines of a file. Amounts are in the currency's own unit, such as 12.30.

    Raises:
        Changed: where one may have gone to another account.
    """
    for transfer in transfers:
        if transfer["sealed"] is None:
            raise Changed(
                f"{transfer['business']} changed its bank account after this file was made. "
                "Look at your bank whether the transfer was made."
            )
        account = json.loads(keyring.unseal(transfer["sealed"]))
        amount = Decimal(transfer["amount_minor"]).scaleb(-transfer["minor_digits"])
        yield {
            "reference": transfer["payout_id"].hex,
            "business": _harmless(transfer["business"]),
            "holder_name": _harmless(transfer["holder_name"]),
            "country": transfer["country"],
            "number": account["number"],
            "routing_number": account["routing_number"] or "",
            "amount": str(amount),
            "currency": transfer["currency"],
        }


def write(rows: Iterable[Mapping[str, str]], file: TextIO) -> None:
    """Write CSV with a heading."""
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _harmless(name: str) -> str:
    """Return a name that a spreadsheet shows and does not calculate.

    Source: OWASP, CSV Injection.
    """
    return f"'{name}" if name.startswith(("=", "+", "-", "@")) else name


def main() -> None:
    """Print a file, or nothing of it.

    Raises:
        SystemExit: with a sentence.
    """
    keyring = Keyring(Path(required(os.environ, "FRONTDESK_SECRET_KEYS_FILE")))
    url = required(os.environ, "FRONTDESK_WORKER_DB_URL")
    with psycopg.connect(url, row_factory=dict_row) as connection:
        transfers = connection.execute(READ, (sys.argv[1],)).fetchall()
    if not transfers:
        raise SystemExit("There is no such file.")
    try:
        write(list(lines(transfers, keyring)), sys.stdout)
    except Changed as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
