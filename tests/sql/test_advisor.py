"""Our own advisor: one query a rule, each giving the objects that break it."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from cli import schema
from cli.schema.advisors import advise
from tests.harness.catalog import query_file
from tests.harness.database import Database
from tests.harness.session import DatabaseSession

RULES = sorted(
    path
    for path in (Path(__file__).parent / "advisor").glob("*.sql")
    if not path.name.endswith(".violation.sql")
)


@pytest.mark.parametrize("rule", RULES, ids=lambda path: path.stem)
def test_nothing_breaks_the_rule(rule: Path, databases: DatabaseSession) -> None:
    with psycopg.connect(databases.declared) as connection:
        found = [row[0] for row in query_file(connection, rule)]
    assert found == []


@pytest.mark.parametrize("rule", RULES, ids=lambda path: path.stem)
def test_the_rule_notices_a_violation(rule: Path, db: Database) -> None:
    before = query_file(db.connection, rule)
    schema.run_file(db.connection, rule.with_suffix(".violation.sql"))
    assert len(query_file(db.connection, rule)) > len(before)


def test_supabase_advisors_have_nothing_to_say(databases: DatabaseSession) -> None:
    assert advise(databases.declared) == []


def test_supabase_advisors_are_heard(db: Database) -> None:
    db.connection.execute("create table public.open_to_all (id integer primary key)")
    db.connection.execute("grant select on public.open_to_all to anon")
    assert "rls_disabled_in_public" in {advice.name for advice in advise(db.dsn)}
