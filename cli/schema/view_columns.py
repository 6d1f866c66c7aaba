"""Comments, grants and defaults on the columns of views, which pg-delta does not see."""

from __future__ import annotations

from pathlib import Path

from cli.schema.connection import connect

QUERY = Path(__file__).with_suffix(".sql")


def view_columns(dsn: str) -> dict[str, tuple[str, str]]:
    """What columns of views have: key → the statements that make and unmake it."""
    with connect(dsn) as connection:
        rows = connection.execute(QUERY.read_bytes()).fetchall()
    return {key: (make, unmake) for key, make, unmake in rows}
