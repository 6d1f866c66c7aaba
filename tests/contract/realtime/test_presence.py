"""Presence of 200 in one channel: all see the same after connections were cut and came back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tests.contract.realtime.conftest import DEADLINE, Live
from tests.harness.sockets import Peer, peers

PRESENT = 200
TRACK = {"type": "presence", "event": "track", "payload": {"mood": "here"}}
ENABLED = {"presence": {"enabled": True}}
State = dict[str, set[str]]  # key → references


class Crowd:
    """What each client of a channel knows, as the clients' libraries keep it."""

    def __init__(self) -> None:
        self.known: dict[int, State] = {}

    def take(self, n: int, event: str, payload: Any) -> None:
        """Apply what came to a client."""
        if event == "presence_state":
            self.known[n] = {}
            payload = {"joins": payload, "leaves": {}}
        elif event != "presence_diff":
            return
        state = self.known[n]
        for key, metas in payload["joins"].items():
            state.setdefault(key, set()).update(meta["phx_ref"] for meta in metas["metas"])
        for key, metas in payload["leaves"].items():
            state[key] -= {meta["phx_ref"] for meta in metas["metas"]}
            if not state[key]:
                del state[key]

    async def agrees(self, clients: range, present: range) -> State:
        """Wait until these clients know the same, and that is who is present."""
        keys = {str(n) for n in present}

        def same() -> bool:
            first = self.known.get(clients[0], {})
            return set(first) == keys and all(self.known.get(n) == first for n in clients)

        await until(same)
        return self.known[clients[0]]


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.02)


def appear(found: list[Peer], room: str) -> None:
    """Let clients be present."""
    for peer in found:
        peer.send(room, "presence", TRACK)


def test_presence_of_200_converges_after_cuts(live: Live) -> None:
    room, half = f"crowd-{live.name}", range(PRESENT // 2)
    everybody, others = range(PRESENT), range(PRESENT // 2, PRESENT)

    async def story() -> None:
        crowd, late = Crowd(), Crowd()
        async with peers(live.stack, PRESENT, lambda _n: room, ENABLED, crowd.take) as found:
            appear(found, room)
            before = await crowd.agrees(everybody, everybody)
            assert all(len(refs) == 1 for refs in before.values())
            for peer in found[: PRESENT // 2]:
                peer.transport.abort()
            await crowd.agrees(others, others)
            async with peers(live.stack, len(half), lambda _n: room, ENABLED, crowd.take) as back:
                appear(back, room)
                found[-1].transport.abort()
                after = await crowd.agrees(everybody[:-1], everybody[:-1])
                assert all(len(refs) == 1 for refs in after.values()), "nobody is there twice"
                async with peers(live.stack, 1, lambda _n: room, ENABLED, late.take):
                    assert await late.agrees(range(1), everybody[:-1]) == after
            await crowd.agrees(others[:-1], others[:-1])

    asyncio.run(asyncio.wait_for(story(), DEADLINE))
