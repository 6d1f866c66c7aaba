"""Sign-in: how much a second against bcrypt alone, and what the check of sessions costs."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import bcrypt
import httpx
import psycopg

from tests.auth.conftest import Door
from tests.auth.serving import EVERYTHING, serving
from tests.auth.test_oauth_server import registered
from tests.bench.figures import Figure, compare
from tests.bench.load import request
from tests.bench.shared import SECONDS, expect
from tests.bench.wrk import same
from tests.harness.stack import RunningStack
from workers.edge.auth.passwords import ROUNDS

CLIENTS = 16
WHO = {"email": "sign-in@bench.example", "password": "correct horse 9"}
# The gate as it would be without a check: what PostgreSQL's own function does.
OPEN = """
create or replace function auth.set_config(name text, value text, is_local boolean)
returns text language sql volatile security invoker
as $$ select pg_catalog.set_config($1, $2, $3) $$
"""


def auth(stack: RunningStack) -> Iterator[Figure]:
    """Sign-ins and refreshes, each beside bcrypt alone; a request with and without its check."""
    url = stack.endpoints.auth_url
    session = httpx.post(f"{url}/signup", json=WHO).raise_for_status().json()
    sign_in = request("POST", f"{url}/token?grant_type=password", {}, WHO)

    def signed_in() -> float:
        done = same(url, sign_in, connections=CLIENTS, seconds=SECONDS)
        expect(done, {200})
        return done.per_second

    yield compare(
        f"sign-ins with a password, {CLIENTS} clients",
        unit="/s",
        ours=signed_in,
        measure="bcrypt alone",
        beside=_bcrypts,
        aim="1 is what bcrypt allows",
        rounds=5,
    )
    tokens = [_refresh_token(url) for _ in range(CLIENTS)]

    def refresh(held: str) -> bytes:
        body = {"refresh_token": held}
        return request("POST", f"{url}/token?grant_type=refresh_token", {}, body)

    yield compare(
        f"refreshes, {CLIENTS} clients",
        unit="/s",
        ours=lambda: asyncio.run(_refreshed(url, tokens, refresh)),
        measure="bcrypt alone",
        beside=_bcrypts,
        aim="what it gives",
        rounds=5,
    )
    yield _for_client(stack)
    yield _check(stack, session["access_token"])


def _for_client(stack: RunningStack) -> Figure:
    """Tokens that an OAuth client without a secret refreshes, at a service of its own."""
    door = Door(stack, stack.endpoints.auth_url)
    with serving(door, **EVERYTHING) as server:
        app, person = registered(server, token_endpoint_auth_method="none"), server.person()
        person.sign_up()
        tokens = [app.exchange(app.code(person)).json()["refresh_token"] for _ in range(CLIENTS)]

        def asked(held: str) -> bytes:
            form = {"grant_type": "refresh_token", "client_id": app.id, "refresh_token": held}
            return request("POST", f"{server.url}/oauth/token", {}, form)

        return compare(
            f"tokens for an OAuth client, {CLIENTS} connections",
            unit="/s",
            ours=lambda: asyncio.run(_refreshed(server.url, tokens, asked)),
            measure="bcrypt alone",
            beside=_bcrypts,
            aim="what it gives",
            rounds=5,
        )


def _check(stack: RunningStack, token: str) -> Figure:
    """A small read by a signed-in user, one after the other: PostgREST alone, many rounds."""
    base = stack.endpoints.services["postgrest"]["url"]
    raw = request("GET", f"{base}/currencies?limit=1", {"Authorization": f"Bearer {token}"})

    def each() -> float:
        same(base, raw, connections=1, seconds=1)  # plans are made anew after a change
        done = same(base, raw, connections=1, seconds=1)
        expect(done, {200})
        return 1000 / done.per_second

    def unchecked() -> float:
        with _open_gate(stack):
            return each()

    return compare(
        "a small read with the check of its session",
        unit="ms",
        ours=each,
        measure="without",
        beside=unchecked,
        aim="at most 1.05",
        rounds=15,
    )


@contextmanager
def _open_gate(stack: RunningStack) -> Iterator[None]:
    """Nobody is checked meanwhile."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        row = connection.execute(
            "select pg_get_functiondef('auth.set_config(text,text,boolean)'::regprocedure)"
        ).fetchone()
        assert row is not None
        connection.execute(OPEN)
        try:
            yield
        finally:
            connection.execute(str(row[0]).encode())


def _bcrypts() -> float:
    """Comparisons a second on all cores."""
    password = WHO["password"].encode()
    digest = bcrypt.hashpw(password, bcrypt.gensalt(ROUNDS))
    until = time.perf_counter() + SECONDS

    def compared(_: int) -> int:
        count = 0
        while time.perf_counter() < until:
            bcrypt.checkpw(password, digest)
            count += 1
        return count

    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        return sum(pool.map(compared, range(cores))) / SECONDS


def _refresh_token(url: str) -> str:
    answer = httpx.post(f"{url}/token?grant_type=password", json=WHO, timeout=30)
    token: str = answer.raise_for_status().json()["refresh_token"]
    return token


async def _refreshed(url: str, tokens: list[str], asked: Callable[[str], bytes]) -> float:
    """Refreshes a second, each client with the token that it got last, which `tokens` keeps."""
    until = time.perf_counter() + SECONDS

    async def client(number: int) -> int:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        count = 0
        while time.perf_counter() < until:
            writer.write(asked(tokens[number]))
            tokens[number] = (await _json(reader))["refresh_token"]
            count += 1
        writer.close()
        return count

    began = time.perf_counter()
    counts = await asyncio.gather(*(client(number) for number in range(len(tokens))))
    return sum(counts) / (time.perf_counter() - began)


async def _json(reader: asyncio.StreamReader) -> Any:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200"):
        raise AssertionError(head.decode())
    length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    return json.loads(await reader.readexactly(length))
