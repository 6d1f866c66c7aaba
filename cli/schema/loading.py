"""Loads a database: the platform below the schema, sql/ itself, and the reference data.

Every function takes a connection string of an administrator. All files run in one transaction, so
that a failure leaves nothing half-done, and are refused by file and line.
"""

from __future__ import annotations

from importlib import resources

import psycopg

from cli.schema.connection import exclusive, exists, run_file
from cli.schema.history import create_history
from cli.schema.layout import CHECKOUT, Checkout
from cli.schema.text import RESTORE_FUNCTIONS, WITHHOLD_FUNCTIONS


def install_platform(dsn: str, checkout: Checkout = CHECKOUT) -> None:
    """Install what hosted Supabase already has, our own roles, and the record of migrations.

    On Supabase its own part is left alone. May run again at any time.

    Raises:
        Refusal: when a file fails.
    """
    with exclusive(dsn) as connection, connection.transaction():
        if not exists(connection, "select from pg_roles where rolname = 'supabase_admin'"):
            _install_queues(connection)
            for path in sorted((checkout.supabase / "platform").glob("*.sql")):
                run_file(connection, path)
        run_file(connection, checkout.supabase / "roles.sql")
        create_history(connection)


def declare(dsn: str, checkout: Checkout = CHECKOUT) -> None:
    """Load the whole of sql/ into a database that has the platform and nothing else.

    Raises:
        Refusal: when a file fails.
    """
    with exclusive(dsn) as connection, connection.transaction():
        connection.execute(WITHHOLD_FUNCTIONS)
        for path in checkout.declared_files():
            run_file(connection, path)
        connection.execute(RESTORE_FUNCTIONS)


def seed(dsn: str, checkout: Checkout = CHECKOUT) -> None:
    """Load the reference data of every domain; rows that are there stay as they are.

    Raises:
        Refusal: when a file fails.
    """
    with exclusive(dsn) as connection, connection.transaction():
        for path in checkout.seed_files():
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
