"""A load of HTTP requests over kept connections, light enough to leave the cores to the server."""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

Request = Callable[[int, int], bytes]  # (connection, how many it has sent) → the whole request


@dataclass(frozen=True)
class Load:
    """What came back: requests a second, the slowest hundredth, and how many of each status."""

    per_second: float
    p99_ms: float
    statuses: Counter[int]


def request(method: str, url: str, headers: Mapping[str, str], body: object = None) -> bytes:
    """One HTTP/1.1 request as bytes."""
    parts = urlsplit(url)
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {parts.path}{'?' + parts.query if parts.query else ''} HTTP/1.1"]
    lines += [f"Host: {parts.netloc}", *(f"{name}: {value}" for name, value in headers.items())]
    if content:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


def load(
    url: str,
    make: Request,
    *,
    connections: int,
    seconds: float = math.inf,
    each: int = sys.maxsize,
    pace: float = math.inf,
) -> Load:
    """Keep so many connections busy for so long, or until each has sent so many requests.

    `pace` limits how many requests are sent a second, by all connections together. Then a
    response is late by its request's place in that plan, so a slow one makes the next ones late.
    """
    return asyncio.run(_load(url, make, connections, seconds, each, pace))


async def _load(
    url: str, make: Request, connections: int, seconds: float, each: int, pace: float
) -> Load:
    parts = urlsplit(url)
    until = time.perf_counter() + seconds
    taken: list[float] = []
    statuses: Counter[int] = Counter()

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        sent = 0
        planned = time.perf_counter() + number / pace
        while sent < each and time.perf_counter() < until:
            await asyncio.sleep(planned - time.perf_counter())
            began = planned if math.isfinite(pace) else time.perf_counter()
            planned += connections / pace
            writer.write(make(number, sent))
            statuses[await _read(reader)] += 1
            taken.append(time.perf_counter() - began)
            sent += 1
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(connections)))
    taken.sort()
    passed = time.perf_counter() - began
    return Load(len(taken) / passed, taken[int(len(taken) * 0.99)] * 1000, statuses)


async def _read(reader: asyncio.StreamReader) -> int:
    """Read one response to its end and give its status."""
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        await reader.readuntil(b"0\r\n\r\n")
    elif b"content-length:" in lower:
        length = int(lower.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
    return int(head[9:12])
