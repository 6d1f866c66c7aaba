"""A throw-away cluster, a template with the whole schema, and clones of it for the tests."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import LiteralString, cast

import psycopg
from psycopg.pq import TransactionStatus

from cli import schema
from cli.options import ROOT
from cli.schema.scratch import create_database
from cli.stack.postgres import Cluster

PGTAP = ROOT / "node_modules" / "@electric-sql" / "pglite-pgtap" / "dist" / "pgtap.tar.gz"
HELPERS = ROOT / "tests" / "sql" / "helpers.sql"


@dataclass(frozen=True)
class Database:
    """A database of one test: its administrator's connection, in autocommit, and its address."""

    dsn: str
    connection: psycopg.Connection

    def rows(self, query: str, *arguments: object) -> list[tuple[object, ...]]:
        """What a query gives."""
        return self.connection.execute(cast("LiteralString", query), arguments or None).fetchall()

    def lock_waits(self) -> int:
        """How many of its sessions wait for a lock now."""
        ((waits,),) = self.rows(
            "select count(*) from pg_stat_activity"
            " where wait_event_type = 'Lock' and datname = current_database()"
        )
        return int(str(waits))


def declared_database(cluster: Cluster, name: str) -> str:
    """A database with platform, sql/ and seed, and nothing of the tests; gives its dsn."""
    dsn = create_database(cluster, name)
    schema.install_platform(dsn)
    schema.declare(dsn)
    schema.seed(dsn)
    return dsn


def template_database(cluster: Cluster) -> str:
    """The database that the tests clone: the declared one with pgTAP and the helpers."""
    create_database(cluster, "template", template="declared")
    with psycopg.connect(cluster.dsn("template"), autocommit=True) as connection:
        connection.execute("create schema tap; grant usage on schema tap to public")
        connection.execute("set search_path = tap")
        connection.execute(_pgtap())
        connection.execute("grant execute on all functions in schema tap to public")
        connection.execute("grant select on all tables in schema tap to public")
        connection.execute("reset search_path")
        schema.run_file(connection, HELPERS)
    return "template"


@contextmanager
def opened(dsn: str) -> Iterator[Database]:
    """A database with a connection to it, closed at the end."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield Database(dsn, connection)


def require_true_books(connection: psycopg.Connection) -> None:
    """Fail when a test left a ledger or stock that does not agree, unless it broke the database."""
    if not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE:
        try:
            connection.execute("reset role")
        except psycopg.OperationalError:
            return  # the test cut it
        helper = "select to_regprocedure('tests.require_balanced_ledger()') is not null"
        if connection.execute(helper).fetchall() == [(True,)]:
            connection.execute(
                "select tests.require_balanced_ledger(), tests.require_true_levels()"
            )


def _pgtap() -> bytes:
    """Give pgTAP as plain SQL, without the line that only psql understands."""
    with tarfile.open(PGTAP) as archive:
        member = archive.extractfile("share/postgresql/extension/pgtap--1.3.5.sql")
        text = io.TextIOWrapper(member or io.BytesIO(), "utf-8").read()
    return "\n".join(line for line in text.splitlines() if not line.startswith("\\")).encode()
