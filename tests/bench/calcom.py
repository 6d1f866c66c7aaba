"""A month of a hundred hosts: ours over HTTP against Cal.com's published slot engine."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg

from cli.output import talk
from tests.bench.figures import Figure, compare
from tests.bench.handwritten import CACHE
from tests.bench.shared import fill, headers
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until

PEER = Path(__file__).parent / "peers" / "calcom"
PACKAGES = {"package": "@calcom/platform-libraries@0.0.360", "dayjs": "dayjs@1.11.13"}
FROM, TO = "2035-03-15T00:00:00Z", "2035-04-14T00:00:00Z"
BUSY = """
    select resource_id, lower(during), upper(during)
    from scheduling.allocations
    where business_id = '00000000-0000-4000-8000-0000000000ca'
"""
ROUNDS = 3


def calcom(stack: RunningStack) -> Iterator[Figure]:
    """The same free ranges first, then the time that each takes for them."""
    fill(stack, 0, 0)
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute((PEER / "data.sql").read_bytes())
        busy = connection.execute(BUSY).fetchall()
    folder, month = _engine(), _month(busy)
    client = httpx.Client(base_url=stack.endpoints.rest_url, headers=headers(stack), timeout=60)
    client.headers.pop("authorization")  # anyone may ask
    url = f"/rpc/bench_free_ranges?from_at={FROM}&to_at={TO}"
    wait_until(lambda: client.get(url).status_code != 404)  # PostgREST reads the new function
    ours = {host["id"]: host["free"] for host in client.get(url).json()}
    theirs = {host["id"]: host["free"] for host in _run(folder, month, 1)["hosts"]}
    if ours != theirs or len(ours) != 100:
        raise AssertionError("the free ranges differ")

    def over_http() -> float:
        began = time.perf_counter()
        for _ in range(10):
            client.get(url).raise_for_status()
        return (time.perf_counter() - began) / 10 * 1000

    yield compare(
        "a month of a hundred hosts, Cal.com's time to ours",
        unit="ms",
        ours=lambda: float(_run(folder, month, ROUNDS)["milliseconds"]),
        measure="ours over HTTP",
        beside=over_http,
        aim="at least 150",
    )


def _month(busy: list[Any]) -> bytes:
    hosts: dict[str, list[list[str]]] = {}
    for host, start, end in busy:
        hosts.setdefault(str(host), []).append([start.isoformat(), end.isoformat()])
    month = {
        "hosts": [{"id": host, "busy": ranges} for host, ranges in hosts.items()],
        **{"from": FROM, "to": TO, "timeZone": "Europe/Berlin"},
        **{"opens": "09:00", "closes": "17:00", "days": [1, 2, 3, 4, 5]},
    }
    return json.dumps(month).encode()


def _run(folder: Path, month: bytes, rounds: int) -> dict[str, Any]:
    done = subprocess.run(
        ["node", PEER / "engine.cjs", folder, str(rounds)],
        input=month,
        capture_output=True,
        check=True,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "TZ": "UTC"},
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _engine() -> Path:
    """The folder with the peer's packages, fetched on first use."""
    folder = CACHE / "calcom"
    for name, package in PACKAGES.items():
        if (folder / name).exists():
            continue
        talk(f"{package} goes into {folder} …")
        folder.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            ["npm", "pack", "--silent", package],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        archive = folder / packed.stdout.strip().splitlines()[-1]
        shutil.unpack_archive(archive, folder / f"{name}.new", "gztar")
        (folder / f"{name}.new" / "package").rename(folder / name)
    return folder
