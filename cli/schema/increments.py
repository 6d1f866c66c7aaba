"""The migrations after the first release: what pg-delta plans, in a `pre` and a `post` part.

`pre` adds, and is safe while the old version of the programs still runs. `post` deletes and
tightens, and runs when only the new version runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.refusal import Refusal
from cli.schema import pgdelta
from cli.schema.column_order import column_order, keep_column_order
from cli.schema.connection import connect, run_file
from cli.schema.layout import Checkout, version_of
from cli.schema.parting import part_actions
from cli.schema.text import migration_text
from cli.schema.view_columns import view_columns


@dataclass(frozen=True)
class Parts:
    """The texts of a migration, in order; each is committed before the next one runs."""

    pre: list[str]
    post: list[str]


def plan_parts(migrated: str, declared: str, *, allow_drops: bool) -> Parts:
    """Plan from one database to the other, and apply the plan to the first.

    Raises:
        Refusal: when the plan deletes something and `allow_drops` is not given, or when a part
            does not run.
    """
    order = column_order(declared)
    with TemporaryDirectory() as name:
        folder = Path(name)
        plan = pgdelta.plan(migrated, declared, folder)
        pre, post = [
            [
                keep_column_order(text, order)
                for text in pgdelta.render(plan, actions, folder, allow_drops=allow_drops)
            ]
            for actions in part_actions(plan)
        ]
        _apply(migrated, [*pre, *post], folder)
    before, after = view_columns(migrated), view_columns(declared)
    made = [make for key, (make, _unmake) in after.items() if before.get(key, ("",))[0] != make]
    undone = [unmake for key, (_make, unmake) in before.items() if key not in after]
    return Parts(_extended(pre, made), _extended(post, undone))


def write_parts(parts: Parts, name: str, title: str, checkout: Checkout) -> list[Path]:
    """Write the files of a migration; returns them.

    Raises:
        Refusal: when the newest migration is not in the past.
    """
    now = datetime.now(UTC)
    newest = max(map(version_of, checkout.migration_files()), default="")
    texts = [("pre", text) for text in parts.pre] + [("post", text) for text in parts.post]
    paths = []
    for number, (part, text) in enumerate(texts):
        version = f"{now + timedelta(seconds=number):%Y%m%d%H%M%S}"
        if version <= newest:
            raise Refusal(
                f"The newest migration is {newest}, which is not in the past.",
                "Correct the clock, or wait a moment.",
            )
        path = checkout.migrations / f"{version}_{name}_{part}.sql"
        path.write_text(migration_text(title, text), "utf-8")
        paths.append(path)
    return paths


def _apply(dsn: str, texts: list[str], folder: Path) -> None:
    path = folder / "plan.sql"
    with connect(dsn) as connection:
        for text in texts:
            path.write_text(text, "utf-8")
            try:
                with connection.transaction():
                    run_file(connection, path)
            except Refusal as refusal:
                raise Refusal(
                    f"The plan does not run in two parts: {refusal.message}",
                    "Add first and write that migration; then remove, and write the next one.",
                ) from refusal


def _extended(texts: list[str], statements: list[str]) -> list[str]:
    """The texts with more statements at the end of the last one."""
    return [*texts[:-1], "\n".join([*texts[-1:], *statements])] if statements else texts
