"""The migrations that a database has, and those that it is waiting for."""

from __future__ import annotations

from pathlib import Path

import psycopg

from cli.refusal import Refusal
from cli.schema.connection import connect, exclusive, exists, run_file
from cli.schema.layout import CHECKOUT, Checkout, checksum_of, is_initial, version_of

# The table is the Supabase CLI's; the checksum is ours, and null for what that CLI applied.
HISTORY = """
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
    version text primary key,
    statements text[],
    name text
);
alter table supabase_migrations.schema_migrations add column if not exists sha256 text;
"""
# The step after a refusal of a database that an unreleased schema made.
MAKE_ANEW = (
    "Before the first release a changed schema needs a new database. Make one with"
    " ./frontdesk reset (it deletes the data), or use an empty database of your own."
)


def create_history(connection: psycopg.Connection) -> None:
    """Create the record of applied migrations."""
    connection.execute(HISTORY)


def migrate(dsn: str, checkout: Checkout = CHECKOUT, *, is_pre_only: bool = False) -> list[str]:
    """Apply the migrations that the database does not have; returns their versions, in order.

    Each runs in one transaction together with its record. With `is_pre_only` it stops before the
    first `post` part, so that the old version of the programs can still run.

    Raises:
        Refusal: when a migration fails, or other migrations than those of this checkout made the
            database.
    """
    with exclusive(dsn) as connection:
        waiting = _pending(connection, checkout)
        if is_pre_only:
            waiting = _until_post(waiting)
        if waiting:
            create_history(connection)
        for path in waiting:
            with connection.transaction():
                run_file(connection, path)
                _record(connection, path)
    return [version_of(path) for path in waiting]


def pending(dsn: str, checkout: Checkout = CHECKOUT) -> list[str]:
    """The versions of migrations that the database does not have.

    Raises:
        Refusal: when other migrations than those of this checkout made the database.
    """
    with connect(dsn) as connection:
        return [version_of(path) for path in _pending(connection, checkout)]


def _pending(connection: psycopg.Connection, checkout: Checkout) -> list[Path]:
    files = checkout.migration_files()
    applied = _applied(connection)
    _refuse_unknown(applied, files)
    for path in files:
        version = version_of(path)
        if version not in applied:
            if is_initial(path) and version < max(applied, default=""):
                raise Refusal(f"The database was made without {path.stem[15:]}.", MAKE_ANEW)
        elif applied[version] not in (None, checksum_of(path)):
            raise _changed(path, checkout)
    return [path for path in files if version_of(path) not in applied]


def _refuse_unknown(applied: dict[str, str | None], files: list[Path]) -> None:
    """Refuse a database with a migration that is not in the checkout."""
    unknown = applied.keys() - {version_of(path) for path in files}
    if not unknown:
        return
    if max(unknown) < max(map(version_of, files), default=""):
        raise Refusal(
            f"An older schema made this database: migration {max(unknown)} is gone.", MAKE_ANEW
        )
    raise Refusal(
        f"The database has migration {max(unknown)}, which this version does not know.",
        "Update this checkout to the version that made the database.",
    )


def _changed(path: Path, checkout: Checkout) -> Refusal:
    if path.name in checkout.frozen():
        return Refusal(
            f"{path.name} was changed after the database got it.",
            "Restore the released file, and write changes with ./frontdesk db diff NAME",
        )
    return Refusal(
        f"An older schema made this database: {path.stem[15:]} has changed since.", MAKE_ANEW
    )


def _applied(connection: psycopg.Connection) -> dict[str, str | None]:
    """Version → checksum of what the database has; null where it is not known."""
    if not exists(connection, "select to_regclass('supabase_migrations.schema_migrations')::oid"):
        return {}
    rows = connection.execute(
        "select version, to_jsonb(schema_migrations) ->> 'sha256'"
        " from supabase_migrations.schema_migrations"
    )
    return dict(rows.fetchall())


def _record(connection: psycopg.Connection, path: Path) -> None:
    connection.execute(
        "insert into supabase_migrations.schema_migrations (version, statements, name, sha256)"
        " values (%s, %s, %s, %s)",
        (version_of(path), [path.read_text("utf-8")], path.stem[15:], checksum_of(path)),
    )


def _until_post(waiting: list[Path]) -> list[Path]:
    for number, path in enumerate(waiting):
        if path.stem.endswith("_post"):
            return waiting[:number]
    return waiting
