"""The ledger: posting against its rows alone, one account against many, balances."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.bench.figures import Figure, compare, milliseconds
from tests.bench.shared import pgbench
from tests.harness.stack import RunningStack

HERE = Path(__file__).parent
CLIENTS, CROWD = 4, 20
SIZES, LARGE = (100_000, 1_000_000), 10_000_000  # entries of one account
STEP = 1_000_000  # entries that are written at once
BALANCE_MS = 1.0
BALANCE = "select money.balance(money.account('provider', 'EUR', null, 'large'))"


def ledger(stack: RunningStack) -> Iterator[Figure]:
    """Posting, a hot account, and balances."""

    def post(clients: int, accounts: int) -> float:
        return _posting(stack, "ledger_post.pgbench", clients, accounts)

    def raw() -> float:
        with _without_triggers(stack):
            return _posting(stack, "ledger_raw.pgbench", CLIENTS, CLIENTS)

    post(CROWD, CROWD)  # makes the accounts
    yield compare(
        "transactions of three entries posted",
        unit="/s",
        ours=lambda: post(CLIENTS, CLIENTS),
        measure="the same rows, unchecked",
        beside=raw,
        aim="at least 0.5",
    )
    yield compare(
        "posted by 20 clients on one account",
        unit="/s",
        ours=lambda: post(CROWD, 1),
        measure="on 20 accounts",
        beside=lambda: post(CROWD, CROWD),
        aim="at least 0.8",
    )
    yield from _balances(stack, *SIZES)


def balances(stack: RunningStack) -> Iterator[Figure]:
    """The balance of an account that grows to ten million entries."""
    yield from _balances(stack, *SIZES, LARGE)


def _balances(stack: RunningStack, *sizes: int) -> Iterator[Figure]:
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        for entries in sizes:
            _fill(stack, connection, entries)
            yield compare(
                f"balance of an account with {entries:,} entries",
                unit="ms",
                ours=lambda: milliseconds(lambda: connection.execute(BALANCE)),
                measure="the aim",
                beside=lambda: BALANCE_MS,
                aim="at most 1",
            )


def _fill(stack: RunningStack, connection: psycopg.Connection, entries: int) -> None:
    """Give the account so many entries in all, with the checkpoints of a worker that looks in."""
    connection.execute(BALANCE)  # makes the account
    [(held,)] = connection.execute(
        "select count(*) from money.entries where account_id ="
        " money.account_id('provider', 'EUR', null, 'large', null)"
    ).fetchall()
    for count in (min(STEP, entries - start) for start in range(held, entries, STEP)):
        [(last,)] = connection.execute(
            "select last_value from money.transaction_numbers"
        ).fetchall()
        numbers = {"first": last + 1, "last": last + count // 4}
        with _without_triggers(stack):
            connection.execute((HERE / "ledger.sql").read_bytes(), numbers)
        connection.execute("select setval('money.transaction_numbers', %s)", (numbers["last"],))
        connection.execute("select money.write_checkpoints()")
    connection.execute("vacuum analyze money.entries")


def _posting(stack: RunningStack, script: str, clients: int, accounts: int) -> float:
    return pgbench(stack, script, clients, f"-D accounts={accounts}", mode="prepared")


@contextmanager
def _without_triggers(stack: RunningStack) -> Iterator[None]:
    """Triggers and foreign keys of the ledger are off."""

    def switch(state: str) -> None:
        with psycopg.connect(stack.endpoints.db_url, autocommit=True) as owner:
            for table in ("transactions", "entries"):
                owner.execute(f"alter table money.{table} {state} trigger all".encode())

    switch("disable")
    try:
        yield
    finally:
        switch("enable")
