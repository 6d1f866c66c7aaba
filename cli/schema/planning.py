"""How the next migration is planned: from the migrated schema to the declared one.

The first migration is sql/ itself. Every later one is what pg-delta plans between two throw-away
databases, with the columns of new tables in order, and with the comments and grants on columns of
views, which pg-delta does not see. Each is proved: built again, compared by pg-delta and by a
catalog of our own.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cli import schema
from cli.options import ROOT
from cli.refusal import Refusal
from cli.schema.column_order import column_order, keep_column_order
from cli.schema.definitions import definitions, differences
from cli.schema.scratch import create_database, scratch_cluster
from cli.schema.view_columns import view_columns
from cli.stack.postgres import Cluster

PGDELTA = ROOT / "node_modules" / ".bin" / "pgdelta"
NOTHING_TO_DO = 3
HEAD = "-- {title}\nset lock_timeout = '5s';\n"
TAIL = "notify pgrst, 'reload schema';\n"


@dataclass(frozen=True)
class Plan:
    """Two databases of one cluster: as migrated, and as declared."""

    cluster: Cluster
    migrated: str
    declared: str


def write_migration(
    name: str, *, allow_drops: bool = False, folder: Path = schema.MIGRATIONS
) -> list[Path]:
    """Plan, write and prove the next migration; gives its files, none when nothing changed.

    Raises:
        Refusal: when the plan deletes something and `allow_drops` is not given, when sql/ or a
            migration fails, or when the result is not what sql/ declares; then nothing is written.
    """
    with scratch_cluster() as cluster:
        plan = _build(cluster, folder)
        if not differences(definitions(plan.migrated), definitions(plan.declared)):
            return []
        parts = (
            _parts(plan, allow_drops=allow_drops)
            if schema.migration_files(folder)
            else [_baseline()]
        )
        paths = _write(parts, name, folder)
        try:
            _prove(plan, folder)
        except Refusal:
            for path in paths:
                path.unlink()
            raise
    return paths


def drift(folder: Path = schema.MIGRATIONS) -> list[str]:
    """The objects in which the migrations and sql/ differ, as `kind name`."""
    with scratch_cluster() as cluster:
        plan = _build(cluster, folder)
        found = differences(definitions(plan.migrated), definitions(plan.declared))
        return found or _pgdelta_differences(plan.migrated, plan.declared)


def _build(cluster: Cluster, folder: Path) -> Plan:
    schema.install_platform(create_database(cluster, "platform"))
    plan = Plan(
        cluster=cluster,
        migrated=create_database(cluster, "migrated", template="platform"),
        declared=create_database(cluster, "declared", template="platform"),
    )
    schema.migrate(plan.migrated, folder)
    schema.declare(plan.declared)
    return plan


def _baseline() -> str:
    files = schema.declared_files()
    return "\n".join(f"-- {path.relative_to(ROOT)}\n\n{path.read_text('utf-8')}" for path in files)


def _parts(plan: Plan, *, allow_drops: bool) -> list[str]:
    """The plan as texts; each is applied to the migrated database before the next is known."""
    order = column_order(plan.declared)
    with TemporaryDirectory() as folder, schema.connect(plan.migrated) as connection:
        parts = [
            keep_column_order(text, order) for text in _render(plan, Path(folder), allow_drops)
        ]
        for number, part in enumerate(parts):
            path = Path(folder) / f"plan_{number}.sql"
            path.write_text(part, "utf-8")
            with connection.transaction():
                schema.run_file(connection, path)
    before, after = view_columns(plan.migrated), view_columns(plan.declared)
    undone = [unmake for key, (_make, unmake) in before.items() if key not in after]
    made = [make for key, (make, _unmake) in after.items() if before.get(key, ("",))[0] != make]
    if undone or made:
        parts = [*parts[:-1], "\n".join([*parts[-1:], *undone, *made, ""])]
    return parts


def _render(plan: Plan, folder: Path, allow_drops: bool) -> list[str]:  # noqa: FBT001
    plan_file = folder / "plan.json"
    _pgdelta(
        *("plan", "--source", plan.migrated, "--desired", plan.declared),
        *("--renames", "off", "--strict-coverage", "--out", str(plan_file)),
    )
    drops = ["--allow-drops"] if allow_drops else []
    done = subprocess.run(
        [PGDELTA, "render", "--plan", plan_file, "--out", folder / "part", *drops],
        capture_output=True,
        text=True,
    )
    if done.returncode == NOTHING_TO_DO:
        return []
    if done.returncode:
        raise Refusal(
            f"This migration is not written: {done.stderr.strip()}",
            "Read what it deletes; when that is meant, repeat with --allow-drops.",
        )
    return [Path(file["path"]).read_text("utf-8") for file in json.loads(done.stdout)["files"]]


def _write(parts: list[str], name: str, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    newest = max(map(schema.version_of, schema.migration_files(folder)), default="")
    paths = []
    for number, part in enumerate(parts):
        version = f"{now + timedelta(seconds=number):%Y%m%d%H%M%S}"
        if version <= newest:
            raise Refusal(
                f"The newest migration is {newest}, which is not in the past.",
                "Correct the clock, or wait a moment.",
            )
        path = folder / f"{version}_{name}.sql"
        title = name.replace("_", " ").capitalize() + "."
        path.write_text("\n".join([HEAD.format(title=title), part.strip() + "\n", TAIL]), "utf-8")
        paths.append(path)
    return paths


def _prove(plan: Plan, folder: Path) -> None:
    proof = create_database(plan.cluster, "proof", template="platform")
    schema.migrate(proof, folder)
    found = differences(definitions(proof), definitions(plan.declared))
    found = found or _pgdelta_differences(proof, plan.declared)
    if found:
        raise Refusal(
            f"The migration would not make what sql/ declares: {', '.join(found[:10])}.",
            "Add new columns at the end of their table, or write this step by hand.",
        )


def _pgdelta_differences(one: str, other: str) -> list[str]:
    said = _pgdelta("diff", "--source", one, "--desired", other)
    return [] if "No differences" in said else said.splitlines()


def _pgdelta(*arguments: str) -> str:
    done = subprocess.run([PGDELTA, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise Refusal(f"pg-delta failed: {done.stderr.strip()}", "Repeat after `npm ci`.")
    return done.stdout
