"""The permission matrix: who may do what, as it was reviewed; a file a domain."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import psycopg
import pytest

from cli.schema import CHECKOUT
from cli.schema.ownership import owner_of, owners
from tests.harness.catalog import query_file
from tests.harness.session import DatabaseSession

HERE = Path(__file__).parent
NAME = "permissions.expected"
HEAD = """\
# Who may do what. Written from the catalog by
#     ./frontdesk test tests/sql/test_permissions.py --accept-permissions
# and reviewed line by line: a grant that is not here fails the tests.
"""


def matrix(dsn: str) -> dict[Path, str]:
    """The matrix of a database: kind, role, object, what is allowed; by the file of its domain.

    The file beside this one has the schemas that no domain creates.
    """
    with psycopg.connect(dsn) as connection:
        connection.execute("set search_path = ''")
        rows = query_file(connection, HERE / "permissions.sql")
    known = owners(CHECKOUT)
    lines: dict[Path, list[str]] = defaultdict(list)
    for kind, role, name, allowed in rows:
        domain = owner_of(name, known)
        folder = HERE / domain.name if domain else HERE
        lines[folder / NAME].append(f"{kind:<9} {role:<14} {name}: {allowed}")
    return {path: HEAD + "\n".join([*found, ""]) for path, found in lines.items()}


def accept(texts: dict[Path, str]) -> None:
    """Write the matrix, and delete the files of domains that are gone."""
    for path in HERE.rglob(NAME):
        path.unlink()
    for path, text in texts.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")


def test_the_grants_are_those_that_were_reviewed(
    databases: DatabaseSession, request: pytest.FixtureRequest
) -> None:
    now = matrix(databases.declared)
    if request.config.getoption("--accept-permissions"):
        accept(now)
    reviewed = {path: path.read_text("utf-8") for path in HERE.rglob(NAME)}
    assert {path.relative_to(HERE) for path in now} == {p.relative_to(HERE) for p in reviewed}
    for path, text in now.items():
        assert text.splitlines() == reviewed[path].splitlines(), path.relative_to(HERE)


def test_every_object_belongs_to_a_domain(databases: DatabaseSession) -> None:
    beside = matrix(databases.declared)[HERE / NAME].splitlines()
    assert [line for line in beside if not line.startswith(("#", "schema"))] == []
