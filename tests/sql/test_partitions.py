"""What still hinders partitioning by business_id is listed, each with its reason."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.harness.catalog import query_file
from tests.harness.database import Database
from tests.harness.session import DatabaseSession

HERE = Path(__file__).parent
LISTED = HERE / "partitions.expected"
VIOLATIONS = {
    "a primary key": "add column id uuid primary key default gen_random_uuid()",
    "a unique constraint": "add constraint found unique (name)",
    "an exclusion constraint": "add constraint found exclude using btree (name with =)",
    "a foreign key": "add constraint found foreign key (service_id) references catalog.services",
}


def hindrances(connection: psycopg.Connection) -> set[str]:
    """Every key and constraint without business_id, as `table name (kind)`."""
    rows = query_file(connection, HERE / "partitions.sql")
    return {f"{table} {name} ({kind})" for table, name, kind in rows}


def listed() -> list[str]:
    """The entries of the list. Each stands below a line that begins with # and says why."""
    lines = LISTED.read_text("utf-8").splitlines()
    assert lines[0].startswith("#"), "the first entry has no reason"
    return [line for line in lines if line and not line.startswith("#")]


def test_every_hindrance_is_listed_with_its_reason(databases: DatabaseSession) -> None:
    with psycopg.connect(databases.declared) as connection:
        found = hindrances(connection)
    assert sorted(found - set(listed())) == [], "lead with business_id, or list it with a reason"
    assert sorted(set(listed()) - found) == [], "is gone: delete the entry"
    assert len(listed()) == len(set(listed()))


@pytest.mark.parametrize("change", VIOLATIONS.values(), ids=VIOLATIONS)
def test_a_hindrance_is_noticed(change: str, db: Database) -> None:
    db.connection.execute(
        "create table catalog.labels (business_id uuid not null, service_id uuid, name text)"
    )
    before = hindrances(db.connection)
    db.connection.execute(f"alter table catalog.labels {change}".encode())
    assert len(hindrances(db.connection) - before) == 1


def test_a_key_that_has_the_business_hinders_nothing(db: Database) -> None:
    before = hindrances(db.connection)
    db.connection.execute(
        "create table catalog.labels (business_id uuid not null, name text, service_id uuid,"
        " primary key (business_id, name),"
        " foreign key (business_id, service_id) references catalog.services (business_id, id))"
    )
    assert hindrances(db.connection) == before
