"""Programs that tests start: one way to start them, which waits until they are ready."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from cli.options import ROOT
from tests.harness.waiting import wait_until

# A worker that has connected since then has read a queue, and all of its queues are made.
READS = """
    select
        exists (
            select from pg_stat_activity
            where datname = current_database() and application_name = 'broker fetch'
                and backend_start >= %(since)s::timestamptz and query ~ '"pgmq"'
        )
        and (
            select bool_and(to_regclass(format('pgmq.q_%%s_dead', name)) is not null)
            from unnest(%(queues)s::text[]) as name
        )
"""


@dataclass
class Program:
    """A running program, with all that it says."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self.log.read_text()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to every process of it at once."""
        os.killpg(self.process.pid, number)

    def terminate(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, as a supervisor would; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=120)

    def kill(self) -> None:
        """Kill it (-9), whatever state it is in."""
        with contextlib.suppress(ProcessLookupError):
            self.signal_all(signal.SIGKILL)
        self.process.wait()


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a program: no setting of the developer's own stack comes through."""
    clean = {name: value for name, value in os.environ.items() if "FRONTDESK" not in name}
    return {**clean, **(more or {})}


def start(
    arguments: Sequence[str | Path],
    *,
    log: Path,
    ready: Callable[[Program], bool],
    env: Mapping[str, str] | None = None,
) -> Program:
    """Start a program and wait until it is ready; whoever starts it kills it.

    Raises:
        AssertionError: with what it said, when it ended instead.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=ROOT,
            start_new_session=True,
            env=environment(env),
        )
    program = Program(process, log)

    def is_ready() -> bool:
        assert program.is_running, f"It ended before it was ready:\n{program.output}"
        return ready(program)

    try:
        wait_until(is_ready)
    except BaseException:
        program.kill()
        raise
    return program


@contextmanager
def running(
    arguments: Sequence[str | Path],
    *,
    ready: Callable[[Program], bool],
    log: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[Program]:
    """A program that is ready; leaving the context kills it if it still runs."""
    with tempfile.TemporaryDirectory() as folder:
        program = start(arguments, log=log or Path(folder) / "log", ready=ready, env=env)
        try:
            yield program
        finally:
            program.kill()


def reads(dsn: str, *queues: str) -> Callable[[Program], bool]:
    """Whether a worker that starts from now on reads these queues of a database."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        (since,) = connection.execute("select clock_timestamp()").fetchone() or (None,)

    def ready(_program: Program) -> bool:
        with psycopg.connect(dsn, autocommit=True) as connection:
            row = connection.execute(READS, {"since": since, "queues": list(queues)}).fetchone()
        return bool(row and row[0])

    return ready
