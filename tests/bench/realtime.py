"""Changed rows on their way to the subscribers: how long they take, and what many claims cost."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import psutil
import psycopg

from tests.bench.fan_out import fan_out
from tests.bench.figures import Figure, compare
from tests.bench.listening import cost_of_listening
from tests.bench.shared import BUSINESS
from tests.harness.sockets import peers
from tests.harness.stack import RunningStack

RATE, CHANGES = 50, 200  # changes a second, and in one round
P50_MS, P99_MS = 40.0, 150.0
CROWD, MANY, FEW = 1000, 100, 10  # subscribers; distinct claims
BINDING = {"event": "INSERT", "schema": "public", "table": "service_categories"}
INSERT = "insert into catalog.service_categories (business_id, name) values (%s, %s)"


def realtime(stack: RunningStack) -> Iterator[Figure]:
    """The time from a change to its subscriber, and what claims, crowds and bookings cost."""
    taken: list[list[float]] = []

    def ours() -> float:
        taken.append(sorted(asyncio.run(_delays(stack))))
        return taken[-1][CHANGES // 2]

    yield compare(
        f"a changed row until its subscriber has it, {RATE} changes a second, half of them",
        unit="ms",
        ours=ours,
        measure="the aim",
        beside=lambda: P50_MS,
        aim="at most 1",
    )
    slowest = iter(taken)
    yield compare(
        "the same, the slowest hundredth",
        unit="ms",
        ours=lambda: next(slowest)[CHANGES * 99 // 100],
        measure="the aim",
        beside=lambda: P99_MS,
        aim="at most 1",
    )
    yield compare(
        f"processor time of a change, {CROWD:,} subscribers, {MANY} claims",
        unit="ms",
        ours=lambda: asyncio.run(_cost(stack, MANY)),
        measure=f"the same with {FEW} claims",
        beside=lambda: asyncio.run(_cost(stack, FEW)),
        aim="at most 3",
        rounds=1,
    )
    yield from fan_out(stack)
    yield from cost_of_listening(stack)


async def _delays(stack: RunningStack) -> list[float]:
    """How long each change took from its insert, in ms."""
    began: dict[str, float] = {}
    delays: list[float] = []

    def arrived(name: str) -> None:
        delays.append((time.perf_counter() - began[name]) * 1000)

    async with _following(stack, 1, 1, arrived):
        await _insert(stack, CHANGES, RATE, lambda name: began.update({name: time.perf_counter()}))
        await _until(lambda: len(delays) == CHANGES)
    return delays


async def _cost(stack: RunningStack, claims: int) -> float:
    """The processor time of the edge and the database for one change, in ms."""
    arrived: list[str] = []
    count = 40
    async with _following(stack, CROWD, claims, arrived.append):
        before = _processor_time(stack)
        await _insert(stack, count, 10, lambda _name: None)
        await _until(lambda: len(arrived) == count * CROWD)
        return (_processor_time(stack) - before) * 1000 / count


@asynccontextmanager
async def _following(
    stack: RunningStack, subscribers: int, claims: int, arrived: Callable[[str], None]
) -> AsyncIterator[None]:
    """Subscribers with so many distinct claims; `arrived` is told the names of rows."""
    following: list[int] = []
    users = [str(uuid.uuid4()) for _ in range(claims)]
    tokens = [stack.token(user) for user in users]

    def take(n: int, event: str, payload: Any) -> None:
        if event == "system":
            assert payload["status"] == "ok", payload
            following.append(n)
        if event == "postgres_changes":
            arrived(payload["data"]["record"]["name"])

    async with peers(
        stack,
        subscribers,
        lambda n: f"rows-{n}",
        {"postgres_changes": [BINDING]},
        take,
        token=lambda n: tokens[n % claims],
    ):
        await _until(lambda: len(following) == subscribers)
        yield


async def _insert(
    stack: RunningStack, count: int, rate: int, before: Callable[[str], None]
) -> None:
    """Insert rows at a rate, each in a transaction of its own."""
    connection = await psycopg.AsyncConnection.connect(stack.endpoints.db_url, autocommit=True)
    async with connection:
        began = time.perf_counter()
        for n in range(count):
            await asyncio.sleep(max(0.0, began + n / rate - time.perf_counter()))
            name = str(uuid.uuid4())
            before(name)
            await connection.execute(INSERT, (BUSINESS, name))


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(300):
        while not condition():
            await asyncio.sleep(0.01)


def _processor_time(stack: RunningStack) -> float:
    """Seconds that the edge and the database have worked."""
    total = 0.0
    for part in ("edge", "postgres"):
        process = psutil.Process(stack.pid(part))
        for one in (process, *process.children()):
            times = one.cpu_times()
            total += times.user + times.system
    return total
