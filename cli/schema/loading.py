"""Loads a database: the platform below the schema, sql/ itself, and the reference data.

Every function takes a connection string of an administrator. All files run in one transaction, so
that a failure leaves nothing half-done, and are refused by file and line.
"""

from __future__ import annotations

from importlib import resources

import psycopg

from cli.schema.connection import exclusive, exists, run_file
from cli.schema.history import create_history
from cli.schema.layout import SUPABASE, declared_files


def install_platform(dsn: str) -> None:
    """Install what hosted Supabase already has, our own roles, and the record of migrations.

    On Supabase its own part is left alone. May run again at any time.

    Raises:
        Refusal: when a file fails.
    """
    with exclusive(dsn) as connection, connection.transaction():
        if not exists(connection, "select from pg_roles where rolname = 'supabase_admin'"):
            _install_queues(connection)
            for path in sorted((SUPABASE / "platform").glob("*.sql")):
                run_file(connection, path)
        run_file(connection, SUPABASE / "roles.sql")
        create_history(connection)


def declare(dsn: str) -> None:
    """Load the whole of sql/ into a database that has the platform and nothing else.

    Raises:
        Refusal: when a file fails.
    """
    with exclusive(dsn) as connection, connection.transaction():
        for path in declared_files():
            run_file(connection, path)


def seed(dsn: str) -> None:
    """Load the reference data; rows that are there stay as they are.

    Raises:
        Refusal: when the file fails.
    """
    path = SUPABASE / "seed.sql"
    if path.exists():
        with exclusive(dsn) as connection, connection.transaction():
            run_file(connection, path)


def _install_queues(connection: psycopg.Connection) -> None:
    """Install pgmq unless it is there: as an extension where the host has it, else its SQL."""
    if exists(connection, "select to_regclass('pgmq.meta')::oid"):
        return
    if exists(connection, "select from pg_available_extensions where name = 'pgmq'"):
        connection.execute("create extension pgmq")
        return
    with resources.as_file(resources.files("pgmq") / "sql" / "pgmq.sql") as path:
        run_file(connection, path)
