"""What Realtime costs bookings: `wal_level = logical` and somebody who listens, beside neither."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from cli.stack import sizing
from cli.stack.ports import free_port
from cli.stack.postgres import Cluster
from cli.stack.state import State
from tests.bench.figures import Figure, compare
from tests.bench.shared import BUSINESS, SECONDS, USER, fill_at, pgbench_at
from tests.harness.ready_made import furnish
from tests.harness.sockets import peers
from tests.harness.stack import RunningStack, make_enterable

CLIENTS = 4
WITHOUT = "wal_level = replica and no Realtime"
Bindings = Sequence[Mapping[str, str]]
ROWS: Bindings = [
    {"event": "*", "schema": "public", "table": table} for table in ("bookings", "booking_items")
]
# What the owner of the business listens to beside its topic, and the aims.
HEARERS: Sequence[tuple[str, Bindings, tuple[str, str]]] = (
    ("somebody who hears of them", (), ("at least 0.95", "at most 1.05")),
    ("somebody who follows their rows too", ROWS, ("what it gives", "what it gives")),
)


@dataclass(frozen=True)
class Side:
    """A database, and its server's process."""

    db_url: str
    pid: int


def cost_of_listening(stack: RunningStack) -> Iterator[Figure]:
    """Bookings a second, and the processor time of the database for one."""
    rounds = itertools.count(300)  # of years that no other benchmark books
    pid = stack.pid("postgres")
    assert pid
    listening = Side(stack.endpoints.db_url, pid)
    spent: list[tuple[float, float]] = []
    with _without() as silent:

        def run(side: Side) -> float:
            return _bookings(side, next(rounds), spent)

        for who, bindings, aims in HEARERS:
            spent.clear()
            with _heard(stack, bindings):
                yield compare(
                    f"bookings, {CLIENTS} clients, with Realtime and {who}",
                    unit="/s",
                    ours=lambda: run(listening),
                    measure=WITHOUT,
                    beside=lambda: run(silent),
                    aim=aims[0],
                )
            mine = iter([each for pid, each in spent if pid == listening.pid])
            theirs = iter([each for pid, each in spent if pid == silent.pid])
            yield compare(
                "processor time of the database for one of them",
                unit="ms",
                ours=lambda each=mine: next(each),  # type: ignore[misc]
                measure=WITHOUT,
                beside=lambda each=theirs: next(each),  # type: ignore[misc]
                aim=aims[1],
            )


def _bookings(side: Side, year: int, spent: list[tuple[float, float]]) -> float:
    """Bookings a second; notes what one took the server, in ms."""
    before = _processor_time(side.pid)
    options = f"-D n=0 -D round={year}"
    per_second = pgbench_at(side.db_url, "book_distinct.pgbench", CLIENTS, options, mode="prepared")
    spent.append((side.pid, (_processor_time(side.pid) - before) * 1000 / (per_second * SECONDS)))
    return per_second


@contextmanager
def _without() -> Iterator[Side]:
    """A database of its own with the same data, whose server writes no logical WAL."""
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder) / "state")
        make_enterable(state.path)
        furnish(state)
        cluster = Cluster(
            state.database,
            free_port(),
            state.secrets().database_password,
            settings={**sizing.settings_for(sizing.this_machine()), "wal_level": "replica"},
        )
        cluster.start()
        try:
            fill_at(cluster.dsn(), 0, 0)
            pid = int((cluster.data_dir / "postmaster.pid").read_text().splitlines()[0])
            yield Side(cluster.dsn(), pid)
        finally:
            cluster.stop()
            cluster.remove()


@contextmanager
def _heard(stack: RunningStack, bindings: Bindings) -> Iterator[None]:
    """The owner of the business hears its topic and follows rows, in a thread of its own."""
    listens, ended = threading.Event(), threading.Event()

    def take(_n: int, event: str, payload: Any) -> None:
        if event in (("system",) if bindings else ("phx_reply",)):
            assert payload["status"] == "ok", payload
            listens.set()

    async def listen() -> None:
        config = {"private": True, "postgres_changes": bindings}
        token = stack.token(USER)
        async with peers(
            stack, 1, lambda _n: f"business:{BUSINESS}", config, take, token=lambda _n: token
        ):
            await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=lambda: asyncio.run(listen()), daemon=True)
    thread.start()
    try:
        if not listens.wait(60):
            raise AssertionError("nobody listens")
        yield
    finally:
        ended.set()
        thread.join()


def _processor_time(pid: int) -> float:
    """Seconds that a server, its processes and those that have ended have worked."""
    server = psutil.Process(pid)
    times = server.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for one in server.children():
        times = one.cpu_times()
        total += times.user + times.system
    return float(total)
