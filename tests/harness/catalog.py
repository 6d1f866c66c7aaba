"""Which schemas are ours, which of them are exposed, and queries over them."""

from __future__ import annotations

from pathlib import Path

import psycopg

from cli.options import DEFAULT_CONFIG
from cli.settings import load

# Schemas that the platform, PostgreSQL or the tests own.
FOREIGN = {
    "_realtime",
    "auth",
    "extensions",
    "information_schema",
    "pgmq",
    "realtime",
    "storage",
    "supabase_migrations",
    "tap",
    "tests",
}
EXPOSED = load(DEFAULT_CONFIG).api.schemas


def own_schemas(connection: psycopg.Connection) -> list[str]:
    """The schemas that sql/ fills."""
    rows = connection.execute("select nspname from pg_namespace where nspname !~ '^pg_' order by 1")
    return [name for (name,) in rows if name not in FOREIGN]


def query_file(connection: psycopg.Connection, path: Path) -> list[tuple[str, ...]]:
    """The rows of a query that asks about `%(schemas)s` (ours) and `%(exposed)s`."""
    parameters = {"schemas": own_schemas(connection), "exposed": EXPOSED}
    return connection.execute(path.read_bytes(), parameters).fetchall()
