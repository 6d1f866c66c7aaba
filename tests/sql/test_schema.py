"""The schema is what its migrations make, and its documentation has no breaks in a sentence."""

from __future__ import annotations

import re

from cli.schema import planning
from cli.schema.definitions import definitions
from tests.harness.catalog import FOREIGN
from tests.harness.database import Database
from tests.harness.session import DatabaseSession

ENDS = re.compile(r"[.:][)'\"]*$")


def broken_comments(dsn: str) -> list[str]:
    """The objects whose comment goes on in the next line in the middle of a sentence."""
    return [
        name
        for (kind, name), comment in definitions(dsn).items()
        if kind == "comment" and not is_foreign(name)
        if not all(ENDS.search(line) for line in comment.splitlines()[:-1] if line)
    ]


def is_foreign(name: str) -> bool:
    return any(re.search(rf"\b{schema}\b", name) for schema in FOREIGN)


def test_the_migrations_make_what_is_declared() -> None:
    assert planning.drift() == []


def test_every_paragraph_of_a_comment_is_one_line(databases: DatabaseSession) -> None:
    assert broken_comments(databases.declared) == []


def test_a_broken_comment_is_noticed(db: Database) -> None:
    db.connection.execute("comment on view public.currencies is 'Money of the\nworld.'")
    assert broken_comments(db.dsn) == ["view public.currencies"]
