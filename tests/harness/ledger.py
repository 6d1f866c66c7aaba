"""The ledger of a stack that many tests share balances after each of them."""

from __future__ import annotations

from typing import Self

import psycopg

NUMBER = "select last_value from money.transaction_numbers"
FINDINGS = "select * from money.ledger_findings()"


class StackLedger:
    """Looks whenever a test moved money, over one connection."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True)
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def require_balanced(self) -> None:
        """Fail when something was posted and the ledger does not agree."""
        [(number,)] = self._connection.execute(NUMBER).fetchall()
        if number != self._number:
            assert self._connection.execute(FINDINGS).fetchall() == []
            self._number = number
