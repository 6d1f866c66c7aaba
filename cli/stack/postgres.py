"""An embedded PostgreSQL 17, for a stack or for a test."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from cli.refusal import Refusal
from cli.stack import process, programs
from cli.stack.account import server_account

VERSION = "17"
# What every cluster runs with. A refusal is an ERROR to PostgreSQL, so statements, which hold
# personal data, stay out of the log.
SETTINGS: Mapping[str, object] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": 200,
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_min_error_statement": "panic",
    "jit": "off",
    "random_page_cost": 1.1,
    "max_wal_size": "2GB",
    "shared_preload_libraries": "pg_stat_statements",
    # Realtime follows changes of rows. A slot that nobody reads keeps this much, and is lost then.
    "wal_level": "logical",
    "max_slot_wal_keep_size": "1GB",
}
# Every query builds small hash tables; glibc would give their memory back to the kernel after each
# and fault it in again for the next. Keeping up to 16 MiB a backend is worth a fifth of bookings.
# Source: mallopt(3), M_TRIM_THRESHOLD; docs/benchmarks.md.
ENVIRONMENT: Mapping[str, str] = {"MALLOC_TRIM_THRESHOLD_": str(16 * 1024 * 1024)}


class Cluster:
    """A data folder and the server on it.

    As root the server runs as another user; when that user cannot enter the parents of the wanted
    folder, `data_dir` is one elsewhere that stands for it.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int,
        password: str,
        *,
        log: Path | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        self.account = server_account()
        self.data_dir = self.account.folder(data_dir.absolute())
        self.port = port
        self.log = log or data_dir.absolute().with_suffix(".log")
        self._password = password
        self._settings = {**SETTINGS, **(settings or {}), "port": port}
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def is_initialised(self) -> bool:
        """Whether there is a database in the folder."""
        return (self.data_dir / "PG_VERSION").exists()

    def require_version(self) -> None:
        """Refuse data that another major version of PostgreSQL wrote."""
        found = (self.data_dir / "PG_VERSION").read_text().strip()
        if found != VERSION:
            raise Refusal(
                f"The database in {self.data_dir} is of PostgreSQL {found}, not {VERSION}.",
                "Use the Frontdesk that made it, or choose another folder with --state DIR.",
            )

    def init(self) -> None:
        """Make an empty database, and leave nothing behind when that fails.

        Raises:
            Refusal: with what initdb said.
        """
        password_file = self.data_dir.with_name(f"{self.data_dir.name}.password")
        try:
            self._write_password(password_file)
            done = subprocess.run(
                [
                    *(str(self._program("initdb")), "-D", str(self.data_dir), "-U", "postgres"),
                    *("-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"),
                    *("-A", "scram-sha-256", f"--pwfile={password_file}"),
                ],
                capture_output=True,
                text=True,
                cwd="/",
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
                **self.account.as_popen,  # type: ignore[call-overload]
            )
        finally:
            password_file.unlink(missing_ok=True)
        if done.returncode != 0:
            self.remove()
            raise Refusal(
                f"PostgreSQL could not make its files: {_reason(done.stderr)}.",
                "Give the state folder room, or choose another one with --state DIR.",
            )

    def program(self) -> process.Program:
        """Return the server as a program to start."""
        options = (("-c", f"{name}={_text(value)}") for name, value in self._settings.items())
        return process.Program(
            argv=[
                self._program("postgres"),
                *("-D", self.data_dir),
                *(part for option in options for part in option),
            ],
            log=self.log,
            cwd=self.data_dir,
            env=ENVIRONMENT,
            account=self.account,
            stop_signal=signal.SIGINT,  # the fast shutdown: cut connections, keep the data
        )

    def start(self, *, timeout: float = 30) -> None:
        """Start the server and wait until it answers; `timeout` in seconds."""
        self._server = process.start(self.program())
        deadline = time.monotonic() + timeout
        while not self.answers():
            if self._server.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Refusal(
                    f"PostgreSQL did not start: {process.last_words(self.log)}",
                    f"Read {self.log}.",
                )
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server that `start` started, and keep the data."""
        if self._server is not None:
            identity = process.Identity.of(self._server.pid)
            process.stop([(identity, signal.SIGINT)], timeout=30)
            self._server.wait()
            self._server = None
        self.end_leftovers()

    def answers(self) -> bool:
        """Whether a client can connect."""
        try:
            psycopg.connect(self.dsn(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def end_leftovers(self) -> None:
        """Kill the children of a killed server: they work in the data folder."""
        for found in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if found.name().startswith("postgres") and found.cwd() == str(self.data_dir):
                    found.kill()

    def remove(self) -> None:
        """Delete the data; the server must be stopped."""
        self.account.discard(self.data_dir)

    def dsn(
        self, dbname: str = "postgres", user: str = "postgres", *, password: str | None = None
    ) -> str:
        """Return a connection URL, the administrator's by default."""
        word = quote(password or self._password, safe="")
        return f"postgresql://{user}:{word}@127.0.0.1:{self.port}/{dbname}"

    def _program(self, name: str) -> Path:
        folder = programs.postgres_bin()
        return self.account.program(folder / name, tree=folder.parent)

    def _write_password(self, path: Path) -> None:
        """Write the file that initdb reads, as the user who runs initdb."""
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(self._password)
        if self.account.uid is not None:
            os.chown(path, self.account.uid, self.account.gid or -1)


def _text(value: object) -> str:
    """Return a setting in PostgreSQL's syntax."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _reason(stderr: str) -> str:
    """Return the line of initdb's output that names the error."""
    lines = [line for line in stderr.strip().splitlines() if "error:" in line or "FATAL" in line]
    return (lines or stderr.strip().splitlines() or ["it said nothing"])[0].rstrip(".")
