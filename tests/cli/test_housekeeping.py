"""The worker process does rounds, survives a lost database, and ends when told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.harness.database import Database
from tests.harness.stack import wait_until

STUBS = """
create or replace function scheduling.apply_due_transitions(batch_size integer) returns integer
language sql as $$ insert into private.rounds values (batch_size); select 0 $$;
"""


@contextmanager
def housekeeper(dsn: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    env = {"FRONTDESK_WORKER_DB_URL": dsn, "FRONTDESK_HOUSEKEEPING_SECONDS": "0.1"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "workers.housekeeping"],
            stdout=output,
            stderr=output,
            env={**os.environ, **env},
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def messages(log: Path) -> list[str]:
    return [json.loads(line)["message"] for line in log.read_text().splitlines()]


def test_it_works_through_a_cut_connection_until_sigterm(db: Database, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with psycopg.connect(db.dsn, autocommit=True) as admin:
        admin.execute("create table private.rounds (batch integer)")
        admin.execute(STUBS)

        def rounds() -> int:
            row = admin.execute("select count(*) from private.rounds").fetchone()
            return int(row[0]) if row else 0

        with housekeeper(db.dsn, log) as process:
            wait_until(lambda: rounds() > 2)
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
            wait_until(lambda: "database_lost" in messages(log))
            before = rounds()
            wait_until(lambda: rounds() > before)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=5) == 0
    assert messages(log)[0] == "started"
    assert messages(log)[-1] == "stopped"
