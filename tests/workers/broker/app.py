"""A program with actors, run by Dramatiq's own command in processes that the tests kill and freeze.

Where it works, and how, comes from the environment: `BROKER_DSN`, `BROKER_LEASE` (seconds),
`BROKER_CLOCK` (seconds by which this process believes to be later than it is), `BROKER_BATCH` (the
size of the first batch).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

OFFSET = float(os.environ.get("BROKER_CLOCK", "0"))
if OFFSET:
    true_time, true_time_ns = time.time, time.time_ns
    time.time = lambda: true_time() + OFFSET
    time.time_ns = lambda: true_time_ns() + int(OFFSET * 1e9)

import dramatiq  # noqa: E402 (after the clock is set)
from dramatiq.middleware import CurrentMessage, default_middleware  # noqa: E402
from psycopg_pool import ConnectionPool  # noqa: E402

from workers.broker import Item, LeasedMessage, PgmqBroker, batch_actor  # noqa: E402
from workers.broker.waiting import Waiting  # noqa: E402

DSN = os.environ["BROKER_DSN"]
broker = PgmqBroker(
    DSN,
    middleware=[*(kind() for kind in default_middleware), CurrentMessage()],
    lease_seconds=float(os.environ.get("BROKER_LEASE", "60")),
    poll_seconds=float(os.environ.get("BROKER_POLL", "1")),
)
dramatiq.set_broker(broker)
Waiting.first_batch = int(os.environ.get("BROKER_BATCH", "1"))
pool = ConnectionPool(DSN, min_size=0, max_size=8, open=False, kwargs={"autocommit": True})


def record(key: str, what: str) -> None:
    """Write down that something happened, through whatever happens to the database."""
    pool.open()
    with pool.connection(timeout=30) as connection:
        connection.execute(
            "insert into public.happened (key, what, pid) values (%s, %s, %s)",
            (key, what, os.getpid()),
        )


# An attempt that was lost with its worker is tried again soon.
SOON = {"min_backoff": 50, "max_backoff": 100}


@dramatiq.actor(queue_name="work", **SOON)
def note(key: str) -> None:
    record(key, "done")


@dramatiq.actor(queue_name="work", **SOON)
def linger(key: str, seconds: float) -> None:
    record(key, "began")
    time.sleep(seconds)
    record(key, "done")


def wait_for_leave(key: str) -> None:
    """Go on when the test says so, and not after some time."""
    while True:
        with pool.connection(timeout=30) as connection:
            if connection.execute("select 1 from public.let_go where key = %s", (key,)).rowcount:
                return
        time.sleep(0.05)


@dramatiq.actor(queue_name="work", **SOON)
def hold(key: str) -> None:
    record(key, "began")
    wait_for_leave(key)
    record(key, "done")


@dramatiq.actor(queue_name="work", **SOON)
def careful(key: str) -> None:
    """Ask, before what must not happen twice, whether it is still ours to do."""
    record(key, "began")
    wait_for_leave(key)
    message: Any = CurrentMessage.get_current_message()
    assert isinstance(message, LeasedMessage)
    record(key, "done" if message.is_held() else "too late")


@dramatiq.actor(queue_name="work", max_retries=2, **SOON)
def kill_the_process(key: str) -> None:
    """End as the kernel ends a process that is out of memory."""
    record(key, "began")
    os.kill(os.getpid(), signal.SIGKILL)


@dramatiq.actor(queue_name="work", max_retries=0)
def kill_the_process_once(key: str) -> None:
    record(key, "began")
    os.kill(os.getpid(), signal.SIGSEGV)


@dramatiq.actor(queue_name="work", max_retries=2, **SOON)
def fail(key: str, words: str) -> None:
    record(key, "tried")
    raise ValueError(words)


# One retry for the failure, and one for an attempt that a test cuts off.
@dramatiq.actor(queue_name="work", max_retries=2, min_backoff=2000, max_backoff=2000)
def fail_once(key: str) -> None:
    pool.open()
    with pool.connection() as connection:
        row = connection.execute(
            "select count(*) from public.happened where key = %s", (key,)
        ).fetchone()
    record(key, "tried")
    if row == (0,):
        raise ValueError("The first time fails.")


@dramatiq.actor(queue_name="work", priority=5)
def urgent(key: str) -> None:
    record(key, "done")


@dramatiq.actor(queue_name="work", priority=50)
def idle(key: str) -> None:
    record(key, "done")


@dataclass(frozen=True)
class Key:
    """The arguments of a message of a batch."""

    key: str


def together(items: Sequence[Item[Key]]) -> None:
    """Do all at once, or end with all, as the kernel ends a process that is out of memory."""
    for item in items:
        record(item.arguments.key, "began")
    if any(item.arguments.key == "killer" for item in items):
        os.kill(os.getpid(), signal.SIGKILL)
    for item in items:
        record(item.arguments.key, "done")


batch_actor(together, broker=broker, takes=Key, size=16, queue_name="work", max_retries=2, **SOON)


@dramatiq.actor(queue_name="other")
def elsewhere(key: str) -> None:
    record(key, "done")
