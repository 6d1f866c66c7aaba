"""The migrations that a database has, and those that it is waiting for."""

from __future__ import annotations

from pathlib import Path

import psycopg

from cli.refusal import Refusal
from cli.schema.connection import connect, exclusive, exists, run_file
from cli.schema.layout import MIGRATIONS, migration_files, version_of

HISTORY = """
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
    version text primary key,
    statements text[],
    name text
);
"""


def create_history(connection: psycopg.Connection) -> None:
    """Create the record of applied migrations, in the table of the Supabase CLI."""
    connection.execute(HISTORY)


def migrate(dsn: str, folder: Path = MIGRATIONS) -> list[str]:
    """Apply the migrations that the database does not have; returns their versions, in order.

    Each runs in one transaction together with its record.

    Raises:
        Refusal: when a migration fails, or the database has one that this checkout does not.
    """
    with exclusive(dsn) as connection:
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


def _pending(connection: psycopg.Connection, folder: Path) -> list[Path]:
    files = migration_files(folder)
    applied: set[str] = set()
    if exists(connection, "select to_regclass('supabase_migrations.schema_migrations')::oid"):
        rows = connection.execute("select version from supabase_migrations.schema_migrations")
        applied = {version for (version,) in rows}
    unknown = applied - {version_of(path) for path in files}
    if unknown:
        raise Refusal(
            f"The database has migration {max(unknown)}, which this version does not know.",
            "Update this checkout to the version that made the database.",
        )
    return [path for path in files if version_of(path) not in applied]
