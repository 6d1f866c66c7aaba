"""Disconnects whoever holds an API key that was revoked, or has expired."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import structlog

from workers.edge.realtime.errors import RealtimeError, invalid_key

if TYPE_CHECKING:
    from workers.edge.realtime.channel import Channel
    from workers.edge.realtime.service import Service
    from workers.edge.realtime.socket import Socket
    from workers.edge.realtime.sse import Stream

EVERY = 1.0  # seconds between two questions
WORDS = "This API key is not valid."

logger = structlog.get_logger("realtime")


async def run(service: Service) -> None:
    """Look again and again until cancelled. While nobody holds a key, nothing is asked."""
    while True:
        await asyncio.sleep(EVERY)
        try:
            await _end_revoked(service)
        except RealtimeError as error:
            logger.warning("keys_unknown", reason=error.code)


async def _end_revoked(service: Service) -> None:
    by_key: defaultdict[str, list[Socket | Channel | Stream]] = defaultdict(list)
    for holder in _holders(service):
        if (key_id := holder.caller.key_id) is not None:
            by_key[key_id].append(holder)
    for key_id in await service.callers.revoked(by_key) if by_key else ():
        for holder in by_key[key_id]:
            holder.refuse(invalid_key(WORDS))


def _holders(service: Service) -> Iterator[Socket | Channel | Stream]:
    """Yield the channels before their sockets, so that each is told before the connection ends."""
    for socket in service.sockets:
        yield from socket.channels.values()
        yield socket
    yield from service.streams
