"""A flood as a program of its own: `python attackers.py KIND HOST PORT KEY`.

It runs until it is killed. The addresses 127.0.0.1 (a client without limits) and 127.0.0.2 (one
with) take half of it each.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import sys
from collections.abc import Awaitable, Callable

CHAIN = (
    "service_resources(resources(service_resources(services(service_resources(resources(id))))))"
)
Connection = Callable[[asyncio.StreamReader, asyncio.StreamWriter, str], Awaitable[None]]


def get(query: str, key: str) -> bytes:
    """Return a request for services."""
    head = f"GET /rest/v1/services?{query} HTTP/1.1\r\nHost: x\r\napikey: {key}\r\n"
    return (head + "Connection: close\r\n\r\n").encode()


async def deep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str) -> None:
    """Embed as deeply as is allowed, again and again."""
    writer.write(get(f"select=id,{CHAIN}", key))
    await reader.read()


async def filters(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str) -> None:
    """Filter by 3,500 terms: in a list, which is allowed, and in an `or`, which is not."""
    names = ",".join(f"name{number}" for number in range(3500))
    terms = ",".join(f"id.is.{number}" for number in range(3000))
    query = random.choice([f"name=in.({names})", f"or=({terms})"])
    writer.write(get(f"select=name&{query}", key))
    await reader.read()


async def slow_readers(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str
) -> None:
    """Ask for much and read ten bytes a second."""
    writer.write(get("select=*,service_resources(*)", key))
    while await reader.read(10):
        await asyncio.sleep(1)


async def half_open(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str) -> None:
    """Begin a request and never end it."""
    writer.write(get("select=name", key)[:60])
    await reader.read()


KINDS: dict[str, tuple[int, Connection]] = {
    "deep": (40, deep),
    "filters": (40, filters),
    "slow_readers": (200, slow_readers),
    "half_open": (200, half_open),
}


async def attack(act: Connection, of: str, host: str, port: int, key: str) -> None:
    """Connect from an address and act, for ever."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(
                host, port, limit=1024, local_addr=(of, 0)
            )
            await act(reader, writer, key)
            writer.close()
        await asyncio.sleep(0.01)


async def main(kind: str, host: str, port: str, key: str) -> None:
    """Run the connections of a flood."""
    count, act = KINDS[kind]
    addresses = itertools.cycle(["127.0.0.1", "127.0.0.2"])
    await asyncio.gather(
        *(attack(act, next(addresses), host, int(port), key) for _ in range(count))
    )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
