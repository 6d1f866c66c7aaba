"""The scheduler does rounds, survives a lost database, and ends when told."""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import psycopg

from tests.harness.database import Database
from tests.harness.programs import Program, running
from tests.harness.waiting import wait_until

STUBS = """
create or replace function private.send_due_ticks() returns integer
language sql as $$ insert into private.rounds values (1); select 0 $$;
"""


def scheduler(dsn: str, log: Path) -> AbstractContextManager[Program]:
    return running(
        [sys.executable, "-P", "-m", "workers.scheduler"],
        log=log,
        ready=lambda _: "started" in messages(log),
        env={"FRONTDESK_WORKER_DB_URL": dsn, "FRONTDESK_SCHEDULER_SECONDS": "0.1"},
    )


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

        with scheduler(db.dsn, log) as program:
            wait_until(lambda: rounds() > 2)
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
            wait_until(lambda: "database_lost" in messages(log))
            before = rounds()
            wait_until(lambda: rounds() > before)
            assert program.terminate() == 0
    assert messages(log)[0] == "started"
    assert messages(log)[-1] == "stopped"


def test_many_schedulers_send_each_tick_once(db: Database, tmp_path: Path) -> None:
    db.connection.execute("delete from private.schedules")
    db.connection.execute(
        "insert into private.schedules (name, topic, every) values ('t', 'tick.forget', '1 second')"
    )
    with ExitStack() as started:
        for number in range(3):
            started.enter_context(scheduler(db.dsn, tmp_path / f"log{number}"))
        wait_until(lambda: db.rows("select count(*) from pgmq.q_housekeeping") >= [(4,)])
    ticks = db.rows(
        "select message #>> '{kwargs,payload,tick}' from pgmq.q_housekeeping order by msg_id"
    )
    assert len(ticks) == len(set(ticks))
