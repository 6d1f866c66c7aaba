"""Every column that may say something about a person is tagged, or listed as harmless."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.harness.catalog import query_file
from tests.harness.database import Database
from tests.harness.session import DatabaseSession

HERE = Path(__file__).parent
LISTED = HERE / "harmless.expected"
TAG = (
    r"\[(person|person: delete|secret"
    r"|personal|personal: replaced|personal: kept \d+ years: [^]]+)\]"
)


def untagged(connection: psycopg.Connection) -> set[str]:
    """Every column of texts, JSON or bytes without a tag, as `table.column`."""
    return {column for (column,) in query_file(connection, HERE / "personal_data.sql")}


def listed() -> list[str]:
    """The entries of the list. Each stands below a line that begins with # and says why."""
    lines = LISTED.read_text("utf-8").splitlines()
    assert lines[0].startswith("#"), "the first entry has no reason"
    return [line for line in lines if line and not line.startswith("#")]


def test_every_column_is_tagged_or_listed(databases: DatabaseSession) -> None:
    with psycopg.connect(databases.declared) as connection:
        found = untagged(connection)
    assert sorted(found - set(listed())) == [], "tag it in its comment, or list it with a reason"
    assert sorted(set(listed()) - found) == [], "is gone or tagged: delete the entry"
    assert len(listed()) == len(set(listed()))


def test_every_tag_is_one_that_is_understood(databases: DatabaseSession) -> None:
    with psycopg.connect(databases.declared) as connection:
        comments = connection.execute(
            "select objoid::regclass || '.' || attname, description from pg_description"
            " join pg_attribute on attrelid = objoid and attnum = objsubid"
            " where classoid = 'pg_class'::regclass and description ~ '\\[[a-z]+'"
            " and regexp_replace(description, %s, '', 'g') ~ '\\[(person|secret)'",
            [TAG],
        ).fetchall()
    assert comments == []


def test_every_table_with_personal_data_says_whose_it_is(databases: DatabaseSession) -> None:
    with psycopg.connect(databases.declared) as connection:
        tables = connection.execute(
            "select relation::text from private.tagged_columns() group by relation"
            " having bool_or(is_personal) and not bool_or(is_key)"
        ).fetchall()
    assert tables == [], "tag the column that names the person"


@pytest.mark.parametrize("column_type", ["text", "jsonb", "varchar(20)", "text[]", "inet", "bytea"])
def test_a_new_column_is_noticed(column_type: str, db: Database) -> None:
    db.connection.execute(f"alter table sales.sales add column remark {column_type}".encode())
    assert "sales.sales.remark" in untagged(db.connection)
    db.connection.execute("comment on column sales.sales.remark is '[personal]'")
    assert "sales.sales.remark" not in untagged(db.connection)
