"""The ledger and the stock of a stack that many tests share agree after each of them."""

from __future__ import annotations

from typing import Self

import psycopg

NUMBER = "select last_value from money.transaction_numbers"
FINDINGS = "select * from money.ledger_findings()"
MOVEMENTS = "select count(*) from commerce.stock_movements"
UNTRUE_LEVELS = """
    select stock_levels.variant_id
    from commerce.stock_levels
    left join commerce.stock_movements using (business_id, store_id, variant_id)
    group by stock_levels.business_id, stock_levels.store_id, stock_levels.variant_id
    having stock_levels.on_hand <> coalesce(sum(stock_movements.quantity), 0)
"""


class StackLedger:
    """Looks whenever a test moved money or pieces, over one connection."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True)
        self._number = self._movements = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def require_balanced(self) -> None:
        """Fail when something was posted or moved, and the ledger or the stock does not agree."""
        [(number,)] = self._connection.execute(NUMBER).fetchall()
        if number != self._number:
            assert self._connection.execute(FINDINGS).fetchall() == []
            self._number = number
        [(movements,)] = self._connection.execute(MOVEMENTS).fetchall()
        if movements != self._movements:
            assert self._connection.execute(UNTRUE_LEVELS).fetchall() == []
            self._movements = movements
