"""`frontdesk gen`: generates code and documentation from the schema."""

from __future__ import annotations

import typer

from cli.options import DEFAULT_CONFIG, DEFAULT_STATE, ROOT, ConfigOption, StateOption, UrlOption
from cli.output import talk
from cli.schema import CHECKOUT, declare, install_platform
from cli.schema.dbt import sources
from cli.schema.reference import reference_pages
from cli.schema.scratch import create_database, scratch_cluster
from cli.schema.typescript import database_type
from cli.settings import load
from cli.stack.start import config_path
from cli.stack.state import State

app = typer.Typer(help="Generate code and documentation from the schema.", no_args_is_help=True)


@app.callback()
def gen() -> None:
    """Generate code and documentation from the schema."""


@app.command()
def types(
    *,
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    db_url: UrlOption = None,
) -> None:
    """Print TypeScript types of the API, in the form that supabase-js takes."""
    dsn = db_url or State(state).require_running().db_url
    print(database_type(dsn, load(config_path(State(state), config)).api.schemas), end="")


@app.command()
def dbt(state: StateOption = DEFAULT_STATE, db_url: UrlOption = None) -> None:
    """Print the views of analytics as sources of dbt, with descriptions and tests."""
    print(sources(db_url or State(state).require_running().db_url), end="")


@app.command()
def reference() -> None:
    """Write docs/reference from the comments in sql/, a page for each domain."""
    with scratch_cluster() as cluster:
        dsn = create_database(cluster, "reference")
        install_platform(dsn)
        declare(dsn)
        pages = reference_pages(dsn, load(DEFAULT_CONFIG).api.schemas, CHECKOUT)
    folder = ROOT / "docs" / "reference"
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.md"):
        path.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, "utf-8")
    talk(f"Wrote {len(pages)} pages to {folder.relative_to(ROOT)}.")
