"""Worker programs as processes: started by Dramatiq's own command, killed, frozen and stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psycopg

from cli.options import ROOT
from tests.harness.database import Database
from tests.harness.stack import wait_until

TABLE = """
    create table public.happened (
        id bigint generated always as identity primary key,
        key text not null,
        what text not null,
        pid integer not null,
        at timestamptz not null default clock_timestamp()
    )
"""


@dataclass
class Program:
    """A running `dramatiq tests.workers.broker.app` with its worker process."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self.log.read_text()

    def signal(self, number: signal.Signals) -> None:
        """To every process of it at once."""
        os.killpg(self.process.pid, number)

    def terminate(self) -> int:
        """SIGTERM, as a supervisor would; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def kill(self) -> None:
        """Kill it (-9), whatever state it is in."""
        with contextlib.suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)
        self.process.wait()


@dataclass
class Programs:
    """Starts worker programs on one database."""

    db: Database
    folder: Path
    started: list[Program] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.db.connection.execute(TABLE)
        return self

    def __exit__(self, *_error: object) -> None:
        for program in self.started:
            program.kill()

    def start(self, *, threads: int = 2, prefetch: int = 0, **settings: object) -> Program:
        """Start one and wait until it reads; settings are those of app.py."""
        log = self.folder / f"{len(self.started)}.log"
        before = self.listeners()
        with log.open("wb") as file:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "dramatiq", "tests.workers.broker.app"),
                    *("--processes", "1", "--threads", str(threads)),
                ],
                stdout=file,
                stderr=file,
                cwd=ROOT,
                start_new_session=True,
                env={
                    **os.environ,
                    "BROKER_DSN": self.db.dsn,
                    "dramatiq_queue_prefetch": str(prefetch),
                    **{f"BROKER_{name.upper()}": str(value) for name, value in settings.items()},
                },
            )
        program = Program(process, log)
        self.started.append(program)
        wait_until(lambda: self.listeners() > before)
        return program

    def listeners(self) -> int:
        """How many fetch loops have read from this database."""
        with psycopg.connect(self.db.dsn, autocommit=True) as connection:
            row = connection.execute(
                "select count(*) from pg_stat_activity where datname = current_database()"
                " and application_name = 'broker fetch' and query ~ '\"pgmq\"'"
            ).fetchone()
        return int(row[0]) if row else 0

    def happened(self, key: str | None = None) -> list[str]:
        """What has happened, in order, to one key or to all."""
        rows = self.db.rows(
            "select what from public.happened where coalesce(key = %s, true) order by id", key
        )
        return [str(what) for (what,) in rows]
