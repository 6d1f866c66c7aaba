"""`frontdesk gen`: generates code from the schema."""

from __future__ import annotations

import typer

from cli.options import DEFAULT_STATE, ConfigOption, StateOption, UrlOption
from cli.schema.typescript import database_type
from cli.settings import load
from cli.stack.start import config_path
from cli.stack.state import State

app = typer.Typer(help="Generate code from the schema.", no_args_is_help=True)


@app.callback()
def gen() -> None:
    """Generate code from the schema."""


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
