"""Renewals of memberships up to the queued charge, and what is_member costs in a policy."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial

import psycopg
from psycopg.conninfo import conninfo_to_dict

from cli.stack.account import server_account
from cli.stack.paying import SANDBOX
from cli.stack.secrets import role_password
from tests.bench.figures import Figure, compare, milliseconds
from tests.bench.handwritten import python_for
from tests.bench.pipeline import worker
from tests.bench.shared import HERE, signed_in
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until
from workers.sandbox.outcomes import PLAIN

MEMBERS = 10_000
AIM = 2_000.0  # renewals a second
BATCH = 500
CHARGED = 500  # memberships, at the sandbox
PAID = """
    select count(*) from memberships.membership_periods where number = 2 and paid_at is not null
"""
PEER = HERE / "peers" / "django_plans"
ACCOUNTS = 500  # of the peer, which takes them one by one
WRITTEN = """
    select
        (select count(*) from memberships.membership_periods where number = 2),
        (select count(distinct membership_id) from memberships.membership_periods where number = 2),
        (select count(*) from memberships.charge_attempts),
        (
            select count(*) from sales.sales
            inner join business.businesses on businesses.id = sales.business_id
            where businesses.slug like 'club-%'
        )
"""
# As many rows that only members see, and that every user sees.
WALLS = """
    create table if not exists public.bench_walled as
    select n, md5(n::text) as title from generate_series(1, 100000) as n;
    create table if not exists public.bench_open as select * from public.bench_walled;
    alter table public.bench_walled enable row level security;
    alter table public.bench_open enable row level security;
    grant select on public.bench_walled, public.bench_open to authenticated;
    drop policy if exists bench_walled_select on public.bench_walled;
    create policy bench_walled_select on public.bench_walled for select to authenticated
    using ((select public.is_member(plan_id => md5('club plan 2')::uuid::text)) is not null);
    drop policy if exists bench_open_select on public.bench_open;
    create policy bench_open_select on public.bench_open for select to authenticated
    using ((select auth.uid()) is not null)
"""
WITHOUT_WALLS = "drop table public.bench_walled, public.bench_open"


def renewals(stack: RunningStack) -> Iterator[Figure]:
    """Many memberships that are due at once: by one scheduler, and by ten."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute(
            "update private.queues set is_paused = true where name in ('payments', 'memberships')"
        )

        def rate(schedulers: int) -> float:
            fill_members(connection)
            began = time.perf_counter()
            with ThreadPoolExecutor(schedulers) as pool:
                list(pool.map(lambda _: _renew(stack.endpoints.db_url), range(schedulers)))
            taken = time.perf_counter() - began
            written = connection.execute(WRITTEN).fetchone()
            if written != (MEMBERS,) * 4:
                raise AssertionError(written)
            return MEMBERS / taken

        for schedulers in (1, 10):
            yield compare(
                f"renewals up to the queued charge, schedulers: {schedulers}",
                unit="/s",
                ours=partial(rate, schedulers),
                measure="the aim",
                beside=lambda: AIM,
                aim="at least 1",
            )
        yield compare(
            "renewals up to the queued charge",
            unit="/s",
            ours=partial(rate, 1),
            measure="django-plans' loop, up to the invoice",
            beside=lambda: _their_rate(stack),
            aim="at least 10",
        )
        yield compare(
            "renewals until the sandbox was paid, one worker",
            unit="/s",
            ours=lambda: _charge(stack, connection),
            measure="up to the queued charge",
            beside=partial(rate, 1),
            aim="none is set",
        )


def _charge(stack: RunningStack, connection: psycopg.Connection) -> float:
    """Renew some memberships, and wait until a worker charged all of them at the sandbox."""
    connection.execute("truncate pgmq.q_payments, pgmq.q_memberships")
    fill_members(connection, CHARGED)
    _save_cards(stack)
    connection.execute("update private.queues set is_paused = false where name = 'payments'")
    with worker(stack, "payments", env=_sandbox(stack)):
        began = time.perf_counter()
        _renew(stack.endpoints.db_url)
        wait_until(lambda: connection.execute(PAID).fetchone() == (CHARGED,))
        taken = time.perf_counter() - began
    connection.execute("update private.queues set is_paused = true where name = 'payments'")
    return CHARGED / taken


def _save_cards(stack: RunningStack) -> None:
    """Write the cards of the members into the books of the sandbox."""
    book = server_account().folder(stack.state.sandbox) / "books.sqlite"
    cards = [
        {"id": f"pm_club_{number}", "customer": None, "behaves": PLAIN}
        for number in range(1, CHARGED + 1)
    ]
    with closing(sqlite3.connect(book)) as books, books:
        books.executemany(
            "insert or replace into objects (id, kind, created, body) values (?, 'method', 0, ?)",
            [(card["id"], json.dumps(card)) for card in cards],
        )


def _sandbox(stack: RunningStack) -> dict[str, str]:
    """Return the variable of a worker that pays at the sandbox of the stack."""
    password = stack.state.secrets().database_password
    sandbox = {
        "key": role_password(password, "sandbox"),
        "webhook_secret": role_password(password, "sandbox webhooks"),
        "url": f"{stack.endpoints.services['edge']['url']}{SANDBOX}",
    }
    return {"FRONTDESK_PAYMENTS": json.dumps({"sandbox": sandbox})}


def is_member(stack: RunningStack) -> Iterator[Figure]:
    """Reading 100,000 rows with is_member in their policy, and with one that asks for the user."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        fill_members(connection)
        connection.execute(WALLS)
        with signed_in(stack) as client:

            def read(table: str) -> float:
                query = f"select count(*) from public.{table}".encode()
                return milliseconds(lambda: client.execute(query).fetchall(), times=50)

            yield compare(
                "100,000 rows with is_member in their policy",
                unit="ms",
                ours=partial(read, "bench_walled"),
                measure="without",
                beside=partial(read, "bench_open"),
                aim="at most 1.1",
                rounds=5,
            )
        connection.execute(WITHOUT_WALLS)


def fill_members(connection: psycopg.Connection, members: int = MEMBERS) -> None:
    """Write the memberships, all due now, and nothing that was charged for them."""
    with psycopg.ClientCursor(connection) as cursor:
        cursor.execute((HERE / "memberships.sql").read_bytes(), {"members": members})
    connection.execute(
        "vacuum analyze memberships.memberships, memberships.membership_periods,"
        " customers.customers"
    )


def _renew(db_url: str) -> None:
    """Renew as a scheduler does, until nothing is due that nobody else has."""
    with psycopg.connect(db_url, autocommit=True) as connection:
        while row := connection.execute("select memberships.renew_due(%s)", (BATCH,)).fetchone():
            if not row[0]:
                break


def _their_rate(stack: RunningStack) -> float:
    """Renew accounts as django-plans does, in a database of its own on the same server."""
    name = f"django_plans_{secrets.token_hex(4)}"
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
    mine = conninfo_to_dict(stack.endpoints.db_url)
    done = subprocess.run(
        [python_for(PEER), "-W", "ignore", "renew.py", str(ACCOUNTS)],
        cwd=PEER,
        env={
            **os.environ,
            "PGHOST": str(mine["host"]),
            "PGPORT": str(mine["port"]),
            "PGUSER": str(mine["user"]),
            "PGPASSWORD": str(mine.get("password", "")),
            "PGDATABASE": name,
        },
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)
