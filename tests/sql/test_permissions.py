"""The permission matrix: who may do what, as it was reviewed."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.harness.catalog import query_file
from tests.harness.session import DatabaseSession

HERE = Path(__file__).parent
EXPECTED = HERE / "permissions.expected"
HEAD = """\
# Who may do what. Written from the catalog by
#     ./frontdesk test tests/sql/test_permissions.py --accept-permissions
# and reviewed line by line: a grant that is not here fails the tests.
"""


def matrix(dsn: str) -> str:
    """The matrix of a database: kind, role, object, what is allowed."""
    with psycopg.connect(dsn) as connection:
        rows = query_file(connection, HERE / "permissions.sql")
    lines = [f"{kind:<9} {role:<14} {name}: {allowed}" for kind, role, name, allowed in rows]
    return HEAD + "\n".join([*lines, ""])


def test_the_grants_are_those_that_were_reviewed(
    databases: DatabaseSession, request: pytest.FixtureRequest
) -> None:
    now = matrix(databases.declared)
    if request.config.getoption("--accept-permissions"):
        EXPECTED.write_text(now, "utf-8")
    assert now.splitlines() == EXPECTED.read_text("utf-8").splitlines()
