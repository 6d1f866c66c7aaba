"""Worker programs as processes: started by Dramatiq's own command, killed, frozen and stopped."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.harness.database import Database
from tests.harness.programs import Program, reads, start

TABLES = """
    create table public.happened (
        id bigint generated always as identity primary key,
        key text not null,
        what text not null,
        pid integer not null,
        at timestamptz not null default clock_timestamp()
    );
    create table public.let_go (key text primary key)
"""


@dataclass
class Programs:
    """Starts worker programs on one database."""

    db: Database
    folder: Path
    started: list[Program] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.db.connection.execute(TABLES)
        return self

    def __exit__(self, *_error: object) -> None:
        for program in self.started:
            program.kill()

    def start(
        self, *, threads: int = 2, prefetch: int = 0, waits: bool = True, **settings: object
    ) -> Program:
        """Start one and, unless it may die before that, wait until it reads.

        Settings are those of app.py.
        """
        program = start(
            [
                *(sys.executable, "-m", "dramatiq", "tests.workers.broker.app"),
                *("--processes", "1", "--threads", str(threads)),
            ],
            log=self.folder / f"{len(self.started)}.log",
            ready=reads(self.db.dsn, "work", "other") if waits else lambda _program: True,
            env={
                "BROKER_DSN": self.db.dsn,
                "dramatiq_queue_prefetch": str(prefetch),
                **{f"BROKER_{name.upper()}": str(value) for name, value in settings.items()},
            },
        )
        self.started.append(program)
        return program

    def let_go(self, key: str) -> None:
        """Let the actors that hold this key go on."""
        self.db.rows("insert into public.let_go values (%s) returning key", key)

    def happened(self, key: str | None = None) -> list[str]:
        """What has happened, in order, to one key or to all."""
        rows = self.db.rows(
            "select what from public.happened where coalesce(key = %s, true) order by id", key
        )
        return [str(what) for (what,) in rows]
