"""What the benchmarks share: the data that they stand on, and the requests that they send."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from cli.stack.programs import postgres_bin
from tests.bench.load import Load, request
from tests.harness.stack import RunningStack

HERE = Path(__file__).parent
USER = "00000000-0000-4000-8000-000000000001"
BUSINESS = "00000000-0000-4000-8000-00000000000b"
FAST = "00000000-0000-4000-8000-00000000000c"
USUAL = "00000000-0000-4000-8000-00000000000d"
SECONDS = 3.0
# The week of which slots are asked: data.sql has its appointments.
WEEK = "'2035-06-04T00:00:00Z', '2035-06-11T00:00:00Z'"
BOOK = f"""
    select public.book(
        '{FAST}',
        to_json(timestamptz '2031-01-01Z' + make_interval(mins => 15 * %s)) #>> '{{}}',
        '00000000-0000-4000-9000-000000000001'
    )
"""
QUARTERS = itertools.count()


def fill(stack: RunningStack, first: int, last: int) -> None:
    """Write the allocations of others from one ordinal to another, and the bench business once."""
    fill_at(stack.endpoints.db_url, first, last)


def fill_at(db_url: str, first: int, last: int) -> None:
    """The same in a database without a stack."""
    with psycopg.connect(db_url) as connection:
        connection.execute(f"set frontdesk.bench_from = {first:d}".encode())
        connection.execute(f"set frontdesk.bench_to = {last:d}".encode())
        connection.execute((HERE / "data.sql").read_bytes())


def headers(stack: RunningStack, user: str = USER) -> dict[str, str]:
    """What a signed-in client sends."""
    return {
        "apikey": stack.endpoints.anon_key,
        "Authorization": f"Bearer {stack.token(user)}",
    }


@contextmanager
def signed_in(stack: RunningStack) -> Iterator[psycopg.Connection]:
    """A connection to the database of somebody who is signed in, as PostgREST has it."""
    claims = json.dumps({"sub": USER, "role": "authenticated"})
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.prepare_threshold = 1
        connection.execute("select set_config('request.jwt.claims', %s, false)", (claims,))
        connection.execute("set role authenticated")
        yield connection


def book_next(connection: psycopg.Connection) -> None:
    """Book one quarter of an hour after another, of one person."""
    connection.execute(BOOK.encode(), (next(QUARTERS),))


def booking(stack: RunningStack, year: int, user: str = USER) -> Callable[[int, int], bytes]:
    """Requests that book one quarter of an hour after another, each client with its own person."""
    sent_headers = headers(stack, user)
    url = f"{stack.endpoints.rest_url}/rpc/book"

    def make(client: int, sent: int) -> bytes:
        day, quarter = divmod(sent, 96)
        month, day = divmod(day, 28)
        starts_at = (
            f"{year}-{month + 1:02}-{day + 1:02}T{quarter // 4:02}:{quarter % 4 * 15:02}:00Z"
        )
        wish = {
            "service_id": FAST,
            "starts_at": starts_at,
            "resource_id": f"00000000-0000-4000-9000-{client:012}",
        }
        return request("POST", url, sent_headers, wish)

    return make


def expect(done: Load, statuses: set[int]) -> None:
    """Every response is accounted for."""
    if not set(done.statuses) <= statuses:
        raise AssertionError(f"answers were {dict(done.statuses)}")


def pgbench(
    stack: RunningStack, script: str, clients: int, options: str = "", *, mode: str = "simple"
) -> float:
    """Transactions a second of a script."""
    return pgbench_at(stack.endpoints.db_url, script, clients, options, mode=mode)


def pgbench_at(
    db_url: str, script: str, clients: int, options: str = "", *, mode: str = "simple"
) -> float:
    """The same in a database without a stack."""
    done = subprocess.run(
        [
            postgres_bin() / "pgbench",
            "-n",
            "-c",
            str(clients),
            "-j",
            "2",
            "-T",
            str(int(SECONDS)),
            "-M",
            mode,
            "-f",
            str(HERE / script),
            *options.split(),
            db_url,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or not found:
        raise AssertionError(done.stderr[-2000:])
    return float(found[1])
