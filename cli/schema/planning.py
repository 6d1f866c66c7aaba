"""How migrations are written: planned, and proved against what sql/ declares.

Until the first release, the initial migrations are rewritten from sql/. From then on the released
migrations are frozen, and every change is an increment. A migration is kept only when a database
that all migrations make is the one that sql/ declares, for pg-delta and for our own definitions.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cli.refusal import Refusal
from cli.schema import initial, pgdelta
from cli.schema.definitions import definitions, differences
from cli.schema.history import migrate
from cli.schema.increments import plan_parts, write_parts
from cli.schema.layout import CHECKOUT, Checkout, checksum_of
from cli.schema.loading import declare, install_platform
from cli.schema.ownership import owner_of, owners
from cli.schema.scratch import create_database, scratch_cluster
from cli.stack.postgres import Cluster


@dataclass(frozen=True)
class Databases:
    """Two databases of one cluster: as migrated, and as declared."""

    cluster: Cluster
    migrated: str
    declared: str


def write_migrations(
    name: str | None = None, *, allow_drops: bool = False, checkout: Checkout = CHECKOUT
) -> list[Path]:
    """Write and prove what is between the migrations and sql/; returns the files that changed.

    Raises:
        Refusal: when an increment has no name, when it deletes something and `allow_drops` is not
            given, when sql/ or a migration fails, or when the result is not what sql/ declares;
            then nothing is written.
    """
    if not checkout.frozen():
        return _rewrite_initial(checkout)
    if name is None:
        raise Refusal(
            "The migrations are released, so a change is a migration of its own.",
            "Name it: ./frontdesk db diff NAME",
        )
    return _write_increment(name, allow_drops, checkout)


def drift(checkout: Checkout = CHECKOUT) -> list[str]:
    """The files or objects in which the migrations and sql/ differ."""
    if found := _wrong_files(checkout):
        return found
    with scratch_cluster() as cluster:
        return _differences(_build(cluster, checkout))


def freeze(checkout: Checkout = CHECKOUT) -> list[Path]:
    """List all migrations as released; returns those that were not listed before.

    Raises:
        Refusal: when an initial migration is not sql/ joined, or a released one has changed.
    """
    if found := _wrong_files(checkout):
        raise Refusal(
            f"These migrations are not what they were made from: {', '.join(found[:10])}.",
            "Restore released ones; write the others with ./frontdesk db diff",
        )
    files, before = checkout.migration_files(), checkout.frozen()
    lines = [f"{checksum_of(path)}  {path.name}\n" for path in files]
    checkout.frozen_list.write_text("".join(lines), "utf-8")
    return [path for path in files if path.name not in before]


def _wrong_files(checkout: Checkout) -> list[str]:
    """Initial migrations that are not sql/ joined, or released ones that have changed."""
    frozen = checkout.frozen()
    if not frozen:
        return [path.name for path in initial.stale(checkout)]
    present = {path.name: checksum_of(path) for path in checkout.migration_files()}
    return [name for name, checksum in frozen.items() if present.get(name) != checksum]


def _rewrite_initial(checkout: Checkout) -> list[Path]:
    texts = initial.stale(checkout)
    before = {path: path.read_text("utf-8") if path.exists() else None for path in texts}
    initial.write(texts)
    try:
        if texts:
            with scratch_cluster() as cluster:
                _prove(_build(cluster, checkout))
    except Refusal:
        initial.write(before)
        raise
    return list(texts)


def _write_increment(name: str, allow_drops: bool, checkout: Checkout) -> list[Path]:  # noqa: FBT001
    with scratch_cluster() as cluster:
        databases = _build(cluster, checkout)
        found = _differences(databases)
        if not found:
            return []
        parts = plan_parts(databases.migrated, databases.declared, allow_drops=allow_drops)
        title = f"{name.replace('_', ' ').capitalize()} ({_domains(found, checkout)})."
        paths = write_parts(parts, name, title, checkout)
        try:
            _prove(_rebuilt(databases, checkout))
        except Refusal:
            for path in paths:
                path.unlink()
            raise
    return paths


def _domains(found: list[str], checkout: Checkout) -> str:
    """The domains whose objects changed, in load order."""
    known = owners(checkout)
    changed = {domain.path.name for name in found if (domain := owner_of(name, known))}
    return ", ".join(sorted(changed))


def _build(cluster: Cluster, checkout: Checkout) -> Databases:
    install_platform(create_database(cluster, "platform"), checkout)
    declared = create_database(cluster, "declared", template="platform")
    declare(declared, checkout)
    return _migrated(cluster, "migrated", declared, checkout)


def _rebuilt(databases: Databases, checkout: Checkout) -> Databases:
    """The same with another database that the migrations make."""
    return _migrated(databases.cluster, "proof", databases.declared, checkout)


def _migrated(cluster: Cluster, name: str, declared: str, checkout: Checkout) -> Databases:
    migrated = create_database(cluster, name, template="platform")
    migrate(migrated, checkout)
    return Databases(cluster, migrated, declared)


def _prove(databases: Databases) -> None:
    if found := _differences(databases):
        raise Refusal(
            f"The migrations would not make what sql/ declares: {', '.join(found[:10])}.",
            "Add new columns at the end of their table, or write this step by hand.",
        )


def _differences(databases: Databases) -> list[str]:
    migrated, declared = databases.migrated, databases.declared
    found = differences(definitions(migrated), definitions(declared))
    return found or pgdelta.differences(migrated, declared)
