"""The schema of a database: what the platform gives, what sql/ declares, what migrations made.

Every function takes a connection string of an administrator. Files run in one transaction each, or
all in one, so that a failure leaves nothing half-done, and are refused by file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import psycopg

from cli.options import ROOT
from cli.refusal import Refusal

SQL = ROOT / "sql"
SUPABASE = ROOT / "supabase"
MIGRATIONS = SUPABASE / "migrations"
STEPS = ("tables", "functions", "rules", "policies", "api")
# Two processes that prepare one database at the same time take turns on this advisory lock.
LOCK = 0x66726F6E74
MIGRATION_NAME = re.compile(r"(?P<version>\d{14})_(?P<name>[a-z0-9_]+)\.sql")

HISTORY = """
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
    version text primary key,
    statements text[],
    name text
);
"""


def install_platform(dsn: str) -> None:
    """What hosted Supabase has by itself, our own roles, and the record of migrations.

    On Supabase its own part is left alone. May run again at any time.

    Raises:
        Refusal: when a file fails.
    """
    with _exclusive(dsn) as connection, connection.transaction():
        if not _holds(connection, "select from pg_roles where rolname = 'supabase_admin'"):
            _install_queues(connection)
            for path in sorted((SUPABASE / "platform").glob("*.sql")):
                run_file(connection, path)
        run_file(connection, SUPABASE / "roles.sql")
        connection.execute(HISTORY)


def declare(dsn: str) -> None:
    """Load the whole of sql/ into a database that has the platform and nothing else.

    Raises:
        Refusal: when a file fails.
    """
    with _exclusive(dsn) as connection, connection.transaction():
        for path in declared_files():
            run_file(connection, path)


def declared_files(folder: Path = SQL) -> list[Path]:
    """The files of sql/ in loading order: domain by domain, in each the five steps."""
    files: list[Path] = []
    for domain in sorted(path for path in folder.iterdir() if path.is_dir()):
        for step in STEPS:
            files += sorted((domain / step).glob("*.sql"))
            files += (path for path in [domain / f"{step}.sql"] if path.exists())
    return files


def migrate(dsn: str, folder: Path = MIGRATIONS) -> list[str]:
    """Apply the migrations that the database does not have; gives their versions, in order.

    Each runs in one transaction together with its record, in the table of the Supabase CLI.

    Raises:
        Refusal: when a migration fails, or the database has one that this checkout does not.
    """
    with _exclusive(dsn) as connection:
        waiting = _pending(connection, folder)
        for path in waiting:
            with connection.transaction():
                run_file(connection, path)
                connection.execute(
                    "insert into supabase_migrations.schema_migrations (version, statements, name)"
                    " values (%s, %s, %s)",
                    (version_of(path), [path.read_text("utf-8")], path.stem.partition("_")[2]),
                )
    return [version_of(path) for path in waiting]


def pending(dsn: str, folder: Path = MIGRATIONS) -> list[str]:
    """The versions of migrations that the database does not have.

    Raises:
        Refusal: when the database has one that this checkout does not.
    """
    with connect(dsn) as connection:
        return [version_of(path) for path in _pending(connection, folder)]


def seed(dsn: str) -> None:
    """Reference data; rows that are there stay as they are.

    Raises:
        Refusal: when the file fails.
    """
    path = SUPABASE / "seed.sql"
    if path.exists():
        with _exclusive(dsn) as connection, connection.transaction():
            run_file(connection, path)


def migration_files(folder: Path = MIGRATIONS) -> list[Path]:
    """The migrations of this checkout, oldest first.

    Raises:
        Refusal: when a file is not named as a migration.
    """
    files = sorted(folder.glob("*.sql"))
    for path in files:
        if not MIGRATION_NAME.fullmatch(path.name):
            raise Refusal(
                f"{_shown(path)} is not named as a migration.",
                "Name it <yyyymmddHHMMSS>_<name>.sql, as `frontdesk db diff` does.",
            )
    return files


def version_of(path: Path) -> str:
    """The version of a migration: the fourteen digits that its name begins with."""
    return path.name[:14]


def run_file(connection: psycopg.Connection, path: Path) -> None:
    """Run a file of SQL.

    Raises:
        Refusal: naming the file, the line and what PostgreSQL said.
    """
    text = path.read_text("utf-8")
    try:
        connection.execute(text.encode())
    except psycopg.Error as error:
        position = int(error.diag.statement_position or 1)
        line = text.count("\n", 0, position - 1) + 1
        said = error.diag.message_primary or str(error)
        raise Refusal(
            f"{_shown(path)}:{line}: {said}.",
            error.diag.message_hint or error.diag.context or "Correct it and try again.",
        ) from error


@contextmanager
def connect(dsn: str) -> Iterator[psycopg.Connection]:
    """A connection in autocommit, closed at the end.

    Raises:
        Refusal: when there is no answer.
    """
    try:
        connection = psycopg.connect(dsn, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise Refusal(
            f"The database does not answer: {str(error).strip()}", "Is the stack running?"
        ) from error
    with connection:
        yield connection


@contextmanager
def _exclusive(dsn: str) -> Iterator[psycopg.Connection]:
    with connect(dsn) as connection:
        connection.execute("set client_min_messages = error")
        connection.execute("select pg_advisory_lock(%s)", (LOCK,))
        yield connection


def _pending(connection: psycopg.Connection, folder: Path) -> list[Path]:
    files = migration_files(folder)
    applied: set[str] = set()
    if _holds(connection, "select to_regclass('supabase_migrations.schema_migrations')::oid"):
        rows = connection.execute("select version from supabase_migrations.schema_migrations")
        applied = {version for (version,) in rows}
    unknown = applied - {version_of(path) for path in files}
    if unknown:
        raise Refusal(
            f"The database has migration {max(unknown)}, which this version does not know.",
            "Update this checkout to the version that made the database.",
        )
    return [path for path in files if version_of(path) not in applied]


def _install_queues(connection: psycopg.Connection) -> None:
    """Install pgmq unless it is there: as an extension where the host has it, else its SQL."""
    if _holds(connection, "select to_regclass('pgmq.meta')::oid"):
        return
    if _holds(connection, "select from pg_available_extensions where name = 'pgmq'"):
        connection.execute("create extension pgmq")
        return
    with resources.as_file(resources.files("pgmq") / "sql" / "pgmq.sql") as path:
        run_file(connection, path)


def _holds(connection: psycopg.Connection, query: str) -> bool:
    row = connection.execute(query.encode()).fetchone()
    return row is not None and row != (None,)


def _shown(path: Path) -> Path:
    """A path as people know it: from the checkout's root where it lies in it."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
