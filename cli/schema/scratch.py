"""Throw-away databases, for planning migrations and for tests."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql

from cli.schema.connection import connect
from cli.stack.ports import free_port
from cli.stack.postgres import Cluster

# Nothing here outlives the process, so nothing has to reach the disk.
SETTINGS = {
    "fsync": False,
    "synchronous_commit": False,
    "full_page_writes": False,
    "autovacuum": False,
    "shared_buffers": "128MB",
}


@contextmanager
def scratch_cluster() -> Iterator[Cluster]:
    """A running cluster of its own, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-") as folder:
        Path(folder).chmod(0o711)  # as root another user runs the server, in a folder of its own
        cluster = Cluster(
            Path(folder) / "db", free_port(), secrets.token_hex(16), settings=SETTINGS
        )
        cluster.init()
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()
            cluster.remove()


def create_database(cluster: Cluster, name: str, *, template: str = "template1") -> str:
    """Make a database, perhaps as a copy of another one; returns its connection string.

    Copying files is three times as fast as writing each page into the log.
    """
    command = sql.SQL("create database {} template {} strategy file_copy")
    with connect(cluster.dsn()) as connection:
        connection.execute(command.format(sql.Identifier(name), sql.Identifier(template)))
    return cluster.dsn(name)


def drop_database(cluster: Cluster, name: str) -> None:
    """Delete a database, whoever is connected to it."""
    with connect(cluster.dsn()) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
