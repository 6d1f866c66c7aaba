"""What the audit trail adds to a change, and what a flag costs beside a read by key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from tests.bench.figures import Figure, compare, milliseconds
from tests.bench.shared import BUSINESS, FAST, book_next, fill, pgbench, signed_in
from tests.harness.stack import RunningStack

BULK = 1000
ROUNDS = 5
SERVICES = """
    insert into catalog.services (business_id, name, duration_minutes, price_minor, currency)
    select %s, 'Audited ' || number, 30, 100, 'EUR'
    from generate_series(1, %s) as numbers (number)
"""
ONE = "update catalog.services set price_minor = price_minor + 1 where id = %s"
MANY = """
    update catalog.services set price_minor = price_minor + 1
    where business_id = %s and name like 'Audited %%'
"""
TRIGGERS = """
    select tgrelid::regclass::text, tgname from pg_trigger where tgname like '\\_990\\_record\\_%'
"""
FLAG = """
    insert into flags.flags (key, is_enabled, rules)
    values ('measured', true, '[{"percentage": 50}]') on conflict do nothing
"""


def flag(stack: RunningStack) -> Iterator[Figure]:
    """Evaluations of a flag with a percentage, against reading a row by key, as a client does."""
    fill(stack, 0, 0)
    with psycopg.connect(stack.endpoints.db_url) as connection:
        connection.execute(FLAG)
    yield compare(
        "a flag's evaluation in the database",
        unit="/s",
        ours=lambda: pgbench(stack, "flag.pgbench", 1, mode="prepared"),
        measure="a service read by key",
        beside=lambda: pgbench(stack, "flag_row.pgbench", 1, mode="prepared"),
        aim="at least 0.5",
    )


def audit(stack: RunningStack) -> Iterator[Figure]:
    """Changes with the trail, against the same without its triggers."""
    fill(stack, 0, 0)
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as owner:
        owner.prepare_threshold = 1
        owner.execute(SERVICES, (BUSINESS, BULK))
        yield _beside(
            stack,
            "an update of one row, audited",
            lambda: milliseconds(lambda: owner.execute(ONE, (FAST,)), times=40),
            aim="at most 1.3",
        )
        yield _beside(
            stack,
            f"an update of {BULK:,} rows, audited",
            lambda: milliseconds(lambda: owner.execute(MANY, (BUSINESS,)), times=3, warm=1),
            aim="at most 1.5",
        )
    with signed_in(stack) as customer:
        yield _beside(
            stack,
            "a booking in the database, audited",
            lambda: milliseconds(lambda: book_next(customer), times=40),
            aim="at most 1.1",
        )


def _beside(stack: RunningStack, name: str, work: Callable[[], float], *, aim: str) -> Figure:
    def without() -> float:
        with _without_trail(stack):
            return work()

    return compare(
        name,
        unit="ms",
        ours=work,
        measure="without the trail",
        beside=without,
        aim=aim,
        rounds=ROUNDS,
    )


@contextmanager
def _without_trail(stack: RunningStack) -> Iterator[None]:
    _switch(stack, "disable")
    try:
        yield
    finally:
        _switch(stack, "enable")


def _switch(stack: RunningStack, how: str) -> None:
    with psycopg.connect(stack.endpoints.db_url) as connection:
        for table, name in connection.execute(TRIGGERS).fetchall():
            connection.execute(
                sql.SQL("alter table {} {} trigger {}").format(
                    sql.Identifier(*table.split(".")), sql.SQL(how), sql.Identifier(name)
                )
            )
