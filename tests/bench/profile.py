"""Where the time of a benchmark goes: the functions of the database, by the time in each itself."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psycopg

from tests.harness.stack import RunningStack

LATE = 10.5  # seconds after which an idle connection has told its times at the latest
SLOWEST = """
    select
        schemaname || '.' || funcname,
        calls,
        self_time * 1000 / calls,
        self_time / sum(self_time) over ()
    from pg_stat_user_functions
    order by self_time desc
    limit 20
"""


@dataclass(frozen=True)
class FunctionTime:
    """A function in a benchmark: how often it ran, how long itself, without those that it calls."""

    benchmark: str
    function: str
    calls: int
    self_us: float
    share: float


def begin(stack: RunningStack) -> None:
    """Time the functions of every connection from now on."""
    _execute(stack, "alter system set track_functions = 'all'", "select pg_reload_conf()")


def forget(stack: RunningStack) -> None:
    """Forget what was timed so far."""
    _execute(stack, "select pg_stat_reset()")


def slowest(stack: RunningStack, benchmark: str) -> list[FunctionTime]:
    """The functions that took most of the time since `forget`."""
    time.sleep(LATE)
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        rows = connection.execute(SLOWEST).fetchall()
    return [
        FunctionTime(benchmark, str(name), int(calls), float(itself), float(share))
        for name, calls, itself, share in rows
    ]


def _execute(stack: RunningStack, *statements: str) -> None:
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
