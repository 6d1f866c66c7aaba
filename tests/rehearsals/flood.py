"""Bookings hardly notice a flood: deep embeddings, long filters, slow and half-open clients."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from cli.options import ROOT
from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack

FOLDER = Path(__file__).parent
COUNT = 60  # bookings that are measured, and as many before
MOST = 5  # times as long as in quiet


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with RunningStack.start(tmp_path_factory.mktemp("flood"), "--no-workers") as stack:
        found = built(stack)
        with psycopg.connect(
            stack.endpoints.db_url, cursor_factory=psycopg.ClientCursor
        ) as database:
            database.execute(
                (FOLDER / "flooding.sql").read_bytes(), {"business": found.ids["salon"]}
            )
        yield found


@contextmanager
def flood(town: Town, kind: str) -> Iterator[None]:
    """Let the attackers run for a while before and all through the block."""
    url = httpx.URL(town.stack.endpoints.api_url)
    attackers = subprocess.Popen(
        [
            *(sys.executable, ROOT / "tests" / "harness" / "attackers.py", kind),
            *(url.host, str(url.port), town.stack.endpoints.anon_key),
        ]
    )
    try:
        time.sleep(5)
        yield
        assert attackers.poll() is None, "the attackers ended"
    finally:
        attackers.kill()
        attackers.wait()


def times(town: Town, day: str, *, idle: float) -> list[float]:
    """Book as one customer, one after another; return how long each took, in seconds."""
    took = []
    with town.client("customer") as client:
        for number in range(COUNT):
            hour, half = divmod(number % 16, 2)
            begun = time.monotonic()
            answer = client.post(
                "/rpc/book",
                json={
                    "service_id": town.ids["salon_service"],
                    "starts_at": f"{day}-{1 + number // 16:02}T{8 + hour:02}:{half * 30:02}:00Z",
                },
                timeout=60,
            )
            took.append(time.monotonic() - begun)
            assert answer.status_code == 200, answer.text
            time.sleep(idle)
    return took


@pytest.mark.parametrize(
    ("kind", "months"),
    [
        ("deep", ("2032-01", "2032-02")),
        ("filters", ("2032-03", "2032-04")),
        ("slow_readers", ("2032-05", "2032-06")),
        ("half_open", ("2032-07", "2032-08")),
    ],
)
def test_a_booking_of_somebody_else_never_fails_and_is_hardly_slower(
    town: Town, kind: str, months: tuple[str, str]
) -> None:
    quiet = statistics.median(times(town, months[0], idle=0.05))
    with flood(town, kind):
        flooded = times(town, months[1], idle=0.05)
    ratio = statistics.median(flooded) / quiet
    worst = max(flooded) * 1000
    print(f"{kind}: {quiet * 1000:.0f} ms in quiet, {ratio:.1f} times that, at most {worst:.0f} ms")
    assert ratio <= MOST
