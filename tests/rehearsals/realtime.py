"""5,000 idle sockets cost little memory, and 500 busy ones beside them lose nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tests.harness.sockets import peers
from tests.harness.stack import RunningStack

IDLE, BUSY = 5000, 500
ROOMS, ROUNDS = 50, 10
MOST_KB = 60  # of the edge, for each idle connection


def kilobytes(stack: RunningStack, part: str) -> float:
    """The memory of a part and of its children."""
    process = psutil.Process(stack.pid(part))
    return sum(one.memory_info().rss for one in (process, *process.children())) / 1024


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(300):
        while not condition():
            await asyncio.sleep(0.05)


async def idle_sockets_cost_little(stack: RunningStack) -> None:
    async with peers(stack, 50, lambda n: f"warm-{n}", {}):
        pass
    before = {part: kilobytes(stack, part) for part in ("edge", "gateway")}
    async with peers(stack, IDLE, lambda n: f"idle-{n % 100}", {}):
        each = {part: (kilobytes(stack, part) - before[part]) / IDLE for part in before}
        print(f"\nkB for each idle socket: {each}")
        assert each["edge"] <= MOST_KB, each
        await busy_sockets_lose_nothing(stack)


async def busy_sockets_lose_nothing(stack: RunningStack) -> None:
    got: dict[int, list[int]] = {n: [] for n in range(BUSY)}

    def take(n: int, event: str, payload: Any) -> None:
        if event == "broadcast":
            got[n].append(payload["payload"]["round"])

    event = "e" * 256  # too long for the binary form, so that broadcasts come as JSON
    async with peers(stack, BUSY, lambda n: f"busy-{n % ROOMS}", {}, take) as found:
        for round_ in range(ROUNDS):
            for n, peer in enumerate(found):
                sent = {"type": "broadcast", "event": event, "payload": {"round": round_}}
                peer.send(f"busy-{n % ROOMS}", "broadcast", sent)
            await asyncio.sleep(1)
        others = BUSY // ROOMS - 1
        await until(lambda: all(len(rounds) == ROUNDS * others for rounds in got.values()))


def test_a_crowd_of_sockets(tmp_path: Path) -> None:
    async def story(stack: RunningStack) -> None:
        await idle_sockets_cost_little(stack)

    with RunningStack.start(tmp_path / "state", "--no-workers") as stack:
        asyncio.run(story(stack))
