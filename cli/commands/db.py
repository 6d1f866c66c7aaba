"""`frontdesk db`: the schema's history, its checks, and a shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli import schema
from cli.options import DEFAULT_STATE, ROOT, StateOption, UrlOption
from cli.output import talk
from cli.refusal import Refusal
from cli.schema.advisors import advise
from cli.schema.planning import freeze, write_migrations
from cli.schema.scratch import create_database, scratch_cluster
from cli.stack.programs import postgres_bin
from cli.stack.secrets import without_password
from cli.stack.state import State

app = typer.Typer(help="The database: its schema, migrations and checks.", no_args_is_help=True)


@app.command()
def diff(
    name: Annotated[
        str | None,
        typer.Argument(
            help="What the migration does, such as add_waitlist. Needed from the first release on."
        ),
    ] = None,
    *,
    allow_drops: Annotated[
        bool,
        typer.Option(
            "--allow-drops",
            envvar="FRONTDESK_ALLOW_DROPS",
            help="Write it even when it deletes something.",
        ),
    ] = False,
) -> None:
    """Write the migrations that lead to sql/.

    Until the first release this rewrites the initial migration of each domain that changed.
    """
    if name is not None and not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise Refusal(f"{name!r} cannot name a migration.", "Use lower-case letters, digits and _.")
    paths = write_migrations(name, allow_drops=allow_drops)
    if not paths:
        talk("Nothing changed: the migrations make what sql/ declares.")
    for path in paths:
        print(path.relative_to(ROOT))
    if paths:
        talk("Proved: the migrations now make what sql/ declares. Read the diff, then commit it.")


@app.command()
def migrate(
    *,
    state: StateOption = DEFAULT_STATE,
    db_url: UrlOption = None,
    pre: Annotated[
        bool,
        typer.Option(
            "--pre",
            envvar="FRONTDESK_PRE",
            help="Stop before the first post part: the old version may still run.",
        ),
    ] = False,
) -> None:
    """Apply the migrations that the database lacks."""
    dsn = _database(state, db_url)
    schema.install_platform(dsn)
    applied = schema.migrate(dsn, is_pre_only=pre)
    for version in applied:
        print(version)
    talk(f"Applied {len(applied)}." if applied else "Nothing to apply.")


@app.command(name="freeze")
def freeze_migrations() -> None:
    """List all migrations as released: from then on they never change."""
    added = freeze()
    for path in added:
        print(path.relative_to(ROOT))
    talk(f"Released {len(added)}. Commit supabase/frozen.sha256 with the release.")


@app.command()
def lint() -> None:
    """Check sql/ with sqlfluff and with Supabase's database advisors."""
    talk("sqlfluff …")
    clean = subprocess.run([sys.executable, "-m", "sqlfluff", "lint", "sql"], cwd=ROOT)
    talk("Supabase's advisors …")
    with scratch_cluster() as cluster:
        dsn = create_database(cluster, "lint")
        schema.install_platform(dsn)
        schema.declare(dsn)
        found = advise(dsn)
    for advice in found:
        print(f"{advice.level} {advice.name}: {advice.detail}")
    if clean.returncode or found:
        raise Refusal("sql/ is not clean.", "Correct what is named above.")
    talk("Clean.")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def shell(
    context: typer.Context, *, state: StateOption = DEFAULT_STATE, db_url: UrlOption = None
) -> None:
    """Open psql on the database, as its administrator; further arguments go to psql."""
    psql = str(postgres_bin() / "psql")
    address, environment = without_password(_database(state, db_url))
    os.execve(psql, [psql, address, *context.args], environment)  # noqa: S606


def _database(state: Path, db_url: str | None) -> str:
    return db_url or State(state).require_running().db_url
