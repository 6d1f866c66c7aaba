"""A message of the database to a crowd: ours beside socket.io with LISTEN, both without a proxy."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from cli.output import talk
from cli.stack.ports import free_port
from tests.bench.figures import Figure, compare
from tests.bench.handwritten import CACHE
from tests.harness.sockets import masked
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until

PEER = Path(__file__).parent / "peers" / "socketio" / "server.mjs"
PACKAGES = ("socket.io@4.8.4", "pg@8.23.1")
CROWD, MESSAGES, TOGETHER = 500, 100, 50
ROOM, MARK = "crowd", b"^"  # the mark is once in each message, and nowhere else
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
DATA = f"jsonb_build_object('n', n, 'text', '{MARK.decode()}' || repeat('x', 200))"
SEND = f"select count(realtime.send({DATA}, 'news', '{ROOM}', false)) from generate_series(1, %s) n"
NOTIFY = f"""
    select count(pg_notify(
        'news', jsonb_build_object('room', '{ROOM}', 'event', 'news', 'data', {DATA})::text
    ))
    from generate_series(1, %s) n
"""


@dataclass(frozen=True)
class Side:
    """A server, how one joins its room, and the statement that sends."""

    pid: int
    port: int
    path: str
    # What is waited for, and what is sent then; the last is waited for and answered by nothing.
    steps: Sequence[tuple[bytes, bytes]]
    statement: str


class Listener(asyncio.Protocol):
    """A client that only counts, so that the server is what is measured."""

    def __init__(self, side: Side, took: Callable[[int], None]) -> None:
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._side, self._took = side, took
        self._steps, self._seen = list(side.steps), b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(HANDSHAKE.format(path=self._side.path).encode())

    def data_received(self, data: bytes) -> None:
        if not self._steps:
            self._took(data.count(MARK))
            return
        self._seen += data
        while self._steps and self._steps[0][0] in self._seen:
            awaited, answer = self._steps.pop(0)
            self._seen = self._seen.partition(awaited)[2]
            if answer:
                self.transport.write(masked(answer))
        if not self._steps:
            self.joined.set_result(None)


def fan_out(stack: RunningStack) -> Iterator[Figure]:
    """Deliveries a second, and the processor time of a delivery."""
    url = stack.endpoints.db_url
    spent: dict[str, list[float]] = {"ours": [], "theirs": []}

    def run(side: Side, name: str) -> float:
        per_second, each = asyncio.run(_deliveries(side, url))
        spent[name].append(each)
        return per_second

    with _socket_io(url) as theirs:
        ours = _ours(stack)
        yield compare(
            f"deliveries of {MESSAGES} messages of the database to {CROWD} subscribers",
            unit="/s",
            ours=lambda: run(ours, "ours"),
            measure="socket.io with LISTEN",
            beside=lambda: run(theirs, "theirs"),
            aim="at least 0.5",
        )
        mine, others = iter(spent["ours"]), iter(spent["theirs"])
        yield compare(
            "processor time of the server for a delivery",
            unit="µs",
            ours=lambda: next(mine),
            measure="socket.io with LISTEN",
            beside=lambda: next(others),
            aim="at most 2",
        )


async def _deliveries(side: Side, url: str) -> tuple[float, float]:
    """How many a second reach the crowd, and what one takes the server, in µs."""
    loop, expected = asyncio.get_running_loop(), CROWD * MESSAGES
    done: asyncio.Future[None] = loop.create_future()
    came = 0

    def took(count: int) -> None:
        nonlocal came
        came += count
        if came >= expected and not done.done():
            done.set_result(None)

    crowd: list[Listener] = []
    async with asyncio.timeout(300):
        for _ in range(CROWD):
            _, one = await loop.create_connection(
                lambda: Listener(side, took), "127.0.0.1", side.port
            )
            crowd.append(one)
            await one.joined
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as database:
            before, began = _processor_time(side.pid), time.perf_counter()
            for _ in range(MESSAGES // TOGETHER):
                await database.execute(side.statement.encode(), (TOGETHER,))
            await done
            seconds = time.perf_counter() - began
            spent = _processor_time(side.pid) - before
    for one in crowd:
        one.transport.abort()
    if came != expected:
        raise AssertionError(f"{came} of {expected} messages came")
    return expected / seconds, spent * 1e6 / expected


def _processor_time(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def _ours(stack: RunningStack) -> Side:
    """The edge itself: the peer has no gateway either."""
    pid = stack.pid("edge")
    assert pid
    (port,) = {
        one.laddr.port
        for one in psutil.Process(pid).net_connections("tcp")
        if one.status == psutil.CONN_LISTEN
    }
    join = json.dumps(["1", "1", f"realtime:{ROOM}", "phx_join", {"config": {}}]).encode()
    return Side(
        pid,
        port,
        f"/realtime/v1/websocket?apikey={stack.endpoints.anon_key}&vsn=2.0.0",
        [(b"\r\n\r\n", join), (b'"status":"ok"', b"")],
        SEND,
    )


@contextmanager
def _socket_io(url: str) -> Iterator[Side]:
    port = free_port()
    with subprocess.Popen(["node", PEER, _packages(), str(port), url]) as server:
        try:
            wait_until(lambda: _listens(server.pid, port))
            join = f'420["join","{ROOM}"]'.encode()
            steps = [(b"\r\n\r\n", b""), (b"0{", b"40"), (b"40{", join), (b"430[", b"")]
            path = "/socket.io/?EIO=4&transport=websocket"
            yield Side(server.pid, port, path, steps, NOTIFY)
        finally:
            server.terminate()


def _listens(pid: int, port: int) -> bool:
    return any(one.laddr.port == port for one in psutil.Process(pid).net_connections("tcp"))


def _packages() -> Path:
    """The folder with the peer's packages, fetched on first use."""
    folder = CACHE / "socketio"
    if not (folder / "node_modules" / "socket.io").exists():
        talk(f"{', '.join(PACKAGES)} go into {folder} …")
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--prefix", folder, *PACKAGES], check=True
        )
    return folder
