"""Ours against the service that one would write by hand, on the same server and the same data."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
from psycopg.conninfo import conninfo_to_dict

from cli.output import talk
from cli.stack.ports import free_port
from tests.bench.figures import Figure, compare
from tests.bench.load import load, request
from tests.bench.shared import SECONDS, USER, USUAL, booking, expect, fill, headers
from tests.bench.wrk import same
from tests.harness.stack import RunningStack

PEER = Path(__file__).parent / "peers" / "handwritten"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "frontdesk" / "bench"
WEEK = {"from_at": "2035-06-04T00:00:00Z", "to_at": "2035-06-11T00:00:00Z"}

OTHERS = """
    select count(*)::text
    from scheduling.allocations
    where resource_id::text like '00000000-0000-4000-b000-%'
"""


def peer(stack: RunningStack) -> Iterator[Figure]:
    """Bookings and slots a second, by the same load."""
    fill(stack, 0, 10_000)
    rounds = iter(range(100))
    with service(stack) as url:
        same_slots(stack, url)

        def ours() -> float:
            return _rate(stack.endpoints.rest_url, booking(stack, 2051 + next(rounds)))

        yield compare(
            "bookings on distinct slots, 16 clients",
            unit="/s",
            ours=ours,
            measure="FastAPI, SQLAlchemy, asyncpg",
            beside=lambda: _rate(url, _their_booking(stack, url, 2051 + next(rounds))),
            aim="at least 3",
        )
        yield compare(
            "slots of ten people for a week, 16 clients",
            unit="/s",
            ours=lambda: _slots_rate(stack.endpoints.rest_url, _our_slots(stack)),
            measure="FastAPI, SQLAlchemy, asyncpg",
            beside=lambda: _slots_rate(url, _their_slots(url)),
            aim="at least 10",
        )


@contextmanager
def service(stack: RunningStack) -> Iterator[str]:
    """The peer, on a database of its own beside ours, with two processes for the two cores."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute("create database handwritten")
        others = connection.execute(OTHERS).fetchone()
    mine = conninfo_to_dict(stack.endpoints.db_url)
    where = f"{mine['user']}:{mine['password']}@{mine['host']}:{mine['port']}/handwritten"
    with psycopg.connect(f"postgresql://{where}") as connection:
        connection.execute("select set_config('bench.others', %s, false)", others)
        connection.execute((PEER / "data.sql").read_bytes())
    port = free_port()
    server = subprocess.Popen(
        [
            *(python_for(PEER), "-m", "uvicorn", "service:app", "--port", str(port)),
            *("--workers", "2", "--no-access-log", "--log-level", "warning"),
        ],
        cwd=PEER,
        env={
            **os.environ,
            "DATABASE_URL": f"postgresql+asyncpg://{where}",
            "JWT_SECRET": stack.endpoints.jwt_secret,
        },
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/openapi.json")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def same_slots(stack: RunningStack, url: str) -> None:
    """Both must offer the same, or the comparison is none."""
    ours = httpx.get(
        f"{stack.endpoints.rest_url}/rpc/available_slots",
        params={"service_id": USUAL, **WEEK},
        headers=headers(stack),
    ).json()
    theirs = httpx.get(f"{url}/slots", params={**WEEK, "minutes": "45"}).json()
    one = sorted((slot["starts_at"][:19], key) for slot in ours for key in slot["resource_ids"])
    other = sorted((slot["starts_at"][:19], slot["staff_id"]) for slot in theirs)
    if one != other or not one:
        raise AssertionError(f"{len(one)} slots of ours, {len(other)} of theirs")


def python_for(peer: Path) -> str:
    """Return a Python with the packages of a peer, made on first use."""
    python = CACHE / peer.name / "bin" / "python"
    stamp = CACHE / peer.name / "requirements.txt"
    wanted = (peer / "requirements.txt").read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        talk(f"The peer's packages go into {CACHE} …")
        subprocess.run([sys.executable, "-m", "venv", CACHE / peer.name], check=True)
        packages = ("-r", str(peer / "requirements.txt"))
        install = [python, "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(install, check=True, capture_output=True)
        stamp.write_text(wanted)
    return str(python)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            httpx.get(url, timeout=1)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the peer did not start")


def _rate(url: str, make: Callable[[int, int], bytes]) -> float:
    done = load(url, make, connections=16, seconds=SECONDS)
    expect(done, {200})
    return done.per_second


def _slots_rate(url: str, raw: bytes) -> float:
    done = same(url, raw, connections=16, seconds=SECONDS)
    expect(done, {200})
    return done.per_second


def _our_slots(stack: RunningStack) -> bytes:
    query = "&".join(f"{name}={value}" for name, value in {"service_id": USUAL, **WEEK}.items())
    url = f"{stack.endpoints.rest_url}/rpc/available_slots?{query}"
    return request("GET", url, headers(stack))


def _their_slots(url: str) -> bytes:
    query = "&".join(f"{name}={value}" for name, value in {**WEEK, "minutes": "45"}.items())
    return request("GET", f"{url}/slots?{query}", {})


def _their_booking(stack: RunningStack, url: str, year: int) -> Callable[[int, int], bytes]:
    ours = {"Authorization": f"Bearer {stack.token(USER)}"}

    def make(client: int, sent: int) -> bytes:
        day, quarter = divmod(sent, 96)
        month, day = divmod(day, 28)
        starts_at = (
            f"{year}-{month + 1:02}-{day + 1:02}T{quarter // 4:02}:{quarter % 4 * 15:02}:00Z"
        )
        staff_id = f"00000000-0000-4000-9000-{client:012}"
        return request("POST", f"{url}/book", ours, {"staff_id": staff_id, "starts_at": starts_at})

    return make
