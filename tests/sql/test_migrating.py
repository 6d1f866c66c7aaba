"""A database gets the migrations that it lacks, and only from the checkout that made it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from cli import schema
from cli.refusal import Refusal
from cli.schema.layout import Checkout, checksum_of
from cli.schema.scratch import create_database, drop_database
from tests.harness.session import DatabaseSession

NUMBERS = count(1)


@pytest.fixture
def empty(databases: DatabaseSession) -> Iterator[str]:
    """A database with the platform alone."""
    name = f"migrating_{next(NUMBERS)}"
    dsn = create_database(databases.cluster, name)
    schema.install_platform(dsn)
    yield dsn
    drop_database(databases.cluster, name)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout with the initial migrations of three domains."""
    made = Checkout(tmp_path)
    made.migrations.mkdir(parents=True)
    for number, name in enumerate(("foundation", "business", "bookings")):
        write(made, f"2026113000{number}000_initial_{name}.sql", f"create schema trial_{name};")
    return made


def write(checkout: Checkout, name: str, text: str) -> Path:
    path = checkout.migrations / name
    path.write_text(text, "utf-8")
    return path


def test_each_migration_is_applied_once(empty: str, checkout: Checkout) -> None:
    versions = ["20261130000000", "20261130001000", "20261130002000"]
    assert schema.pending(empty, checkout) == versions
    assert schema.migrate(empty, checkout) == versions
    assert schema.migrate(empty, checkout) == []


def test_a_failing_file_is_named_with_its_line(empty: str, checkout: Checkout) -> None:
    write(checkout, "20310101000000_broken.sql", "select 1;\n\nselect nothing;\n")
    with pytest.raises(Refusal, match=r"broken\.sql:3: column \"nothing\" does not exist"):
        schema.migrate(empty, checkout)
    assert schema.pending(empty, checkout) == ["20310101000000"]


def test_a_stopped_run_goes_on_where_it_stopped(empty: str, checkout: Checkout) -> None:
    last = write(checkout, "20261130002000_initial_bookings.sql", "select nothing;")
    with pytest.raises(Refusal):
        schema.migrate(empty, checkout)
    last.write_text("select 1;", "utf-8")
    assert schema.migrate(empty, checkout) == ["20261130002000"]


def test_a_database_of_a_newer_version_is_refused(empty: str, checkout: Checkout) -> None:
    path = write(checkout, "20310101000000_newer.sql", "select 1;\n")
    schema.migrate(empty, checkout)
    path.unlink()
    with pytest.raises(Refusal, match="does not know") as refused:
        schema.migrate(empty, checkout)
    assert "Update this checkout" in refused.value.next_step


def test_a_changed_initial_migration_needs_a_new_database(empty: str, checkout: Checkout) -> None:
    schema.migrate(empty, checkout)
    write(checkout, "20261130001000_initial_business.sql", "create schema other;")
    with pytest.raises(Refusal, match="initial_business has changed since") as refused:
        schema.migrate(empty, checkout)
    assert "./frontdesk reset" in refused.value.next_step
    with pytest.raises(Refusal, match="initial_business has changed since"):
        schema.pending(empty, checkout)


def test_a_new_domain_needs_a_new_database(empty: str, checkout: Checkout) -> None:
    schema.migrate(empty, checkout)
    write(checkout, "20261130000500_initial_messages.sql", "create schema other;")
    with pytest.raises(Refusal, match="without initial_messages") as refused:
        schema.migrate(empty, checkout)
    assert "./frontdesk reset" in refused.value.next_step


def test_the_single_initial_migration_of_before_needs_a_new_database(
    empty: str, checkout: Checkout
) -> None:
    with schema.connect(empty) as connection:
        connection.execute(
            "insert into supabase_migrations.schema_migrations (version, name)"
            " values ('20261121163059', 'initial')"
        )
    with pytest.raises(Refusal, match="An older schema made this database") as refused:
        schema.migrate(empty, checkout)
    assert "./frontdesk reset" in refused.value.next_step


def test_a_released_migration_is_restored_not_reset(empty: str, checkout: Checkout) -> None:
    schema.migrate(empty, checkout)
    files = checkout.migration_files()
    lines = [f"{checksum_of(path)}  {path.name}\n" for path in files]
    checkout.frozen_list.write_text("".join(lines), "utf-8")
    files[1].write_text("create schema other;", "utf-8")
    with pytest.raises(Refusal, match="was changed after the database got it") as refused:
        schema.migrate(empty, checkout)
    assert "Restore the released file" in refused.value.next_step


def test_migrations_that_the_supabase_cli_applied_are_accepted(
    empty: str, checkout: Checkout
) -> None:
    schema.migrate(empty, checkout)
    with schema.connect(empty) as connection:
        connection.execute("alter table supabase_migrations.schema_migrations drop column sha256")
    assert schema.migrate(empty, checkout) == []
    write(checkout, "20310101000000_later.sql", "select 1;\n")
    assert schema.migrate(empty, checkout) == ["20310101000000"]


def test_pre_stops_before_the_first_post_part(empty: str, checkout: Checkout) -> None:
    for version, name in (("01", "colour_pre"), ("02", "colour_post"), ("03", "size_pre")):
        write(checkout, f"203101010000{version}_{name}.sql", "select 1;")
    assert schema.migrate(empty, checkout, is_pre_only=True)[-1] == "20310101000001"
    assert schema.migrate(empty, checkout) == ["20310101000002", "20310101000003"]
