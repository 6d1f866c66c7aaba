"""The whole way of a booking: until everybody is told, and what it costs all parts."""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil
import psycopg

from tests.bench.figures import Figure, Spread, compare
from tests.bench.load import load
from tests.bench.shared import HERE, booking, expect, fill
from tests.harness.programs import reads, running
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until

CUSTOMER = "00000000-0000-4000-c000-000000000004"
CLIENTS, EACH = 4, 75
BOOKINGS = CLIENTS * EACH
# Every queue between a booking and those who are told of it.
QUEUES = ("notifications", "mail", "sms", "push")
COMMITS = "select xact_commit from pg_stat_database where datname = current_database()"
AGAIN = """
    with mails as (
        update engagement.notification_deliveries set status = 'queued' where channel = 'mail'
        returning notification_deliveries
    ),
    forgotten as (delete from private.effects)
    select count(*), engagement.queue_deliveries(array_agg((notification_deliveries).id))
    from mails
"""
YEARS = itertools.count(2200)


@dataclass
class Costs:
    """What each round took for a booking or a mail: processor milliseconds, and commits."""

    processor: list[float] = field(default_factory=list)
    mails: list[float] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)


def pipeline(stack: RunningStack) -> Iterator[Figure]:
    """Bookings until all are told, against the same that nobody is told of; and what they cost."""
    fill(stack, 0, 0)
    costs = Costs()
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute((HERE / "pipeline.sql").read_bytes())
        yield compare(
            "bookings until all are told, 4 clients",
            unit="/s",
            ours=lambda: _told(stack, connection, costs),
            measure="the same with nobody to tell",
            beside=lambda: _untold(stack, connection),
            aim="at least 0.35",
        )
    yield _cost("processor for a booking, all parts", "ms", costs.processor, 20)
    yield _cost("commits for a booking", "", costs.commits, 4)
    yield _cost("processor for a mail, all parts", "ms", costs.mails, 4)


def _cost(name: str, unit: str, values: list[float], aim: float) -> Figure:
    spread = Spread.of(values)
    goal = Spread.of([aim])
    return Figure(name, unit, spread, "the aim", goal, spread.median / aim, "at most 1")


def _told(stack: RunningStack, connection: psycopg.Connection, costs: Costs) -> float:
    """Book with workers at work; then let them send the same mails once more."""
    _empty(connection)
    with worker(stack, *QUEUES) as pid:
        _book(stack, 4)
        _wait_until_told(connection)
        pids = [pid, _pid(stack, "mailbox"), _pid(stack, "postgres")]
        before, commits, began = _processor(pids), _commits(connection), time.perf_counter()
        _book(stack, EACH)
        looks = _wait_until_told(connection)
        seconds = time.perf_counter() - began
        costs.processor.append((_processor(pids) - before) * 1000 / BOOKINGS)
        costs.commits.append((_commits(connection) - commits - looks) / BOOKINGS)
        before = _processor(pids)
        mails = connection.execute(AGAIN).fetchone()
        _wait_until_told(connection)
        assert mails
        costs.mails.append((_processor(pids) - before) * 1000 / mails[0])
    return BOOKINGS / seconds


def _untold(stack: RunningStack, connection: psycopg.Connection) -> float:
    """Book while no worker runs."""
    _book(stack, 4)
    began = time.perf_counter()
    _book(stack, EACH)
    seconds = time.perf_counter() - began
    _empty(connection)
    return BOOKINGS / seconds


def _book(stack: RunningStack, each: int) -> None:
    make = booking(stack, next(YEARS), CUSTOMER)
    expect(load(stack.endpoints.rest_url, make, connections=CLIENTS, each=each), {200})


@contextmanager
def worker(
    stack: RunningStack, *queues: str, env: Mapping[str, str] | None = None
) -> Iterator[int]:
    """A worker process as the stack would start it; yields its id."""
    url = stack.endpoints.db_url
    with tempfile.TemporaryDirectory() as metrics:
        environment = {
            "FRONTDESK_WORKER_DB_URL": url,
            "FRONTDESK_API_URL": stack.endpoints.api_url,
            "FRONTDESK_SMTP_URL": stack.endpoints.services["mailbox"]["url"],
            "FRONTDESK_METRICS_DIR": metrics,
            "FRONTDESK_SECRET_KEYS_FILE": f"{metrics}/secrets.pem",
            **(env or {}),
        }
        arguments = [sys.executable, "-P", "-m", "workers"]
        with running(arguments, ready=reads(url, *queues), env=environment) as program:
            yield program.process.pid


def _empty(connection: psycopg.Connection) -> None:
    for queue in (*QUEUES, "reminders"):
        connection.execute(f"truncate pgmq.q_{queue}".encode())
    connection.execute("truncate engagement.notification_deliveries, private.effects")


def _wait_until_told(connection: psycopg.Connection) -> int:
    """Wait, and return how often this looked: each look is a commit."""
    left = " or ".join(f"exists (select from pgmq.q_{queue})" for queue in QUEUES)
    query = f"select {left}".encode()
    looks = itertools.count()

    def is_told() -> bool:
        next(looks)
        return connection.execute(query).fetchone() == (False,)

    wait_until(is_told)
    return next(looks)


def _commits(connection: psycopg.Connection) -> int:
    """The commits so far; a backend reports its own within a second."""
    time.sleep(2)
    connection.execute("select pg_stat_clear_snapshot()")
    row = connection.execute(COMMITS).fetchone()
    return int(row[0]) if row else 0


def _pid(stack: RunningStack, part: str) -> int:
    pid = stack.pid(part)
    assert pid is not None, f"{part} does not run"
    return pid


def _processor(pids: list[int]) -> float:
    """The processor seconds of these processes and their children, ended ones included."""

    def total(process: psutil.Process, read: Callable[[psutil.Process], float]) -> float:
        return read(process) + sum(_own(child) for child in process.children(recursive=True))

    return sum(total(psutil.Process(pid), _with_ended) for pid in pids)


def _own(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _with_ended(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)
