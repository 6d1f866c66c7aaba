"""After a release, a change becomes a migration in two parts, and a database with data takes it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cli import schema
from cli.options import ROOT
from cli.refusal import Refusal
from cli.schema import initial
from cli.schema.definitions import definitions, differences
from cli.schema.layout import Checkout
from cli.schema.planning import drift, freeze, write_migrations
from cli.schema.scratch import create_database, drop_database
from tests.harness.session import DatabaseSession

HERE = Path(__file__).parent
BEFORE = HERE / "upgrade" / "before.sql"
AFTER = HERE / "upgrade" / "after.sql"


@pytest.fixture
def released(tmp_path: Path) -> Checkout:
    """A copy of this checkout with one more domain, released."""
    checkout = Checkout(tmp_path)
    shutil.copytree(ROOT / "sql", tmp_path / "sql")
    shutil.copytree(ROOT / "supabase", checkout.supabase, symlinks=True)
    checkout.frozen_list.unlink(missing_ok=True)
    declare(BEFORE, checkout)
    initial.write(initial.stale(checkout))
    freeze(checkout)
    return checkout


@pytest.fixture
def used(databases: DatabaseSession, released: Checkout) -> Iterator[str]:
    """A database of the released schema, with data in it."""
    dsn = create_database(databases.cluster, "used")
    schema.install_platform(dsn)
    schema.migrate(dsn, released)
    schema.seed(dsn, released)
    with schema.connect(dsn) as connection:
        connection.execute("insert into trial.parcels (label, note) values ('one', 'fragile')")
    yield dsn
    drop_database(databases.cluster, "used")


def declare(text: Path, checkout: Checkout) -> None:
    """Make this file the domain `97_trial` of the checkout."""
    folder = checkout.root / "sql" / "97_trial"
    folder.mkdir(exist_ok=True)
    shutil.copy(text, folder / "tables.sql")


def test_a_change_after_a_release_upgrades_a_database_with_data(
    databases: DatabaseSession, released: Checkout, used: str
) -> None:
    declare(AFTER, released)
    with pytest.raises(Refusal, match="a migration of its own"):
        write_migrations(checkout=released)
    paths = write_migrations("weigh_parcels", allow_drops=True, checkout=released)
    # The first file adds a value to an enum, which must be committed before anything uses it.
    assert [path.name[15:] for path in paths] == [
        "weigh_parcels_pre.sql",
        "weigh_parcels_pre.sql",
        "weigh_parcels_post.sql",
    ]
    assert "97_trial" in paths[0].read_text("utf-8").splitlines()[0]

    assert len(schema.migrate(used, released, is_pre_only=True)) == 2
    with schema.connect(used) as connection:
        old_programs_run(connection)
        connection.execute("update trial.parcels set label = 'unnamed' where label is null")
    assert len(schema.migrate(used, released)) == 1

    declared = create_database(databases.cluster, "upgrade_declared")
    schema.install_platform(declared)
    schema.declare(declared, released)
    schema.seed(declared, released)
    assert differences(definitions(used), definitions(declared)) == []
    drop_database(databases.cluster, "upgrade_declared")
    with schema.connect(used) as connection:
        rows = connection.execute("select label, weight_grams from trial.parcels order by 1")
        assert rows.fetchall() == [("one", 0), ("unnamed", 0)]


def old_programs_run(connection: psycopg.Connection) -> None:
    """What the released version does still works between the two parts."""
    connection.execute("insert into trial.parcels (note) values ('no label yet')")
    connection.execute("select id, label, note from public.parcels")
    assert connection.execute("select trial.parcel_count()").fetchone() == (2,)
    connection.execute("set role authenticated")
    connection.execute("update trial.parcels set note = note")
    connection.execute("reset role")


def test_a_released_migration_never_changes(released: Checkout) -> None:
    path = released.migration_files()[0]
    path.write_text(path.read_text("utf-8") + "-- one word more\n", "utf-8")
    assert drift(released) == [path.name]
    with pytest.raises(Refusal, match=path.name):
        freeze(released)


def test_an_initial_migration_that_is_not_sql_joined_is_noticed(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    folder = tmp_path / "sql" / "44_bookings"
    folder.mkdir(parents=True)
    (folder / "tables.sql").write_text("create schema bookings;\n", "utf-8")
    assert drift(checkout) == ["20261130004400_initial_bookings.sql"]
    initial.write(initial.stale(checkout))
    folder.rename(folder.with_name("45_bookings"))
    assert drift(checkout) == [
        "20261130004400_initial_bookings.sql",
        "20261130004500_initial_bookings.sql",
    ]
