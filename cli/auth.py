"""`frontdesk auth serve`: the sign-in service by itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from psycopg.conninfo import make_conninfo

from cli.options import DEFAULT_CONFIG, DEFAULT_STATE, ConfigOption, StateOption
from cli.output import talk
from cli.settings import load
from cli.stack import sign_in
from cli.stack.keys import keys_of
from cli.stack.secrets import role_password
from cli.stack.state import State

app = typer.Typer(help="Sign-in: the Supabase Auth protocol.", no_args_is_help=True)

# Set by `up` because its gateway tells addresses; a service of its own asks the connection.
BEHIND_THE_GATEWAY = ("GOTRUE_RATE_LIMIT_HEADER",)


@app.callback()
def group() -> None:
    """Sign-in: the Supabase Auth protocol."""


@app.command()
def serve(
    port: Annotated[
        int,
        typer.Option(
            envvar="FRONTDESK_AUTH_PORT", min=1, max=65535, help="The port, on all of 127.0.0.1."
        ),
    ] = 9999,
    host: Annotated[
        str, typer.Option(envvar="FRONTDESK_AUTH_HOST", help="The address to listen on.")
    ] = "127.0.0.1",
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Run the sign-in service by itself, without the prefix /auth/v1, until it is stopped.

    It uses the database of the running stack, or that of DATABASE_URL, and the configuration's
    [auth]; GOTRUE_… variables, as of Supabase Auth, come before both.
    """
    chosen = _environment(state, config, url=f"http://localhost:{port}")
    talk(f"Sign-in listens on http://{host}:{port}")
    arguments = (sys.executable, "-P", "-B", "-m", "workers.edge.auth", host, str(port))
    os.execve(sys.executable, arguments, {**os.environ, **chosen})  # noqa: S606  (ourselves)


def _environment(state_path: Path, config_path: Path, *, url: str) -> dict[str, str]:
    """What is not in the environment already: the database, and the configuration's answers."""
    configuration = load(config_path)
    state = State(state_path)
    secrets = state.secrets()
    keys = keys_of(configuration.auth, secrets, config_path.resolve().parent / "supabase")
    told = dict(os.environ)
    external = told.get("API_EXTERNAL_URL") or told.get("GOTRUE_API_EXTERNAL_URL") or url
    found = dict(sign_in.environment(configuration.auth, keys, auth_url=external))
    for name in BEHIND_THE_GATEWAY:
        found.pop(name, None)
    database = told.get("DATABASE_URL")
    if not database:
        password = role_password(secrets.database_password, "edge")
        database = make_conninfo(state.require_running().db_url, user="edge", password=password)
    found["FRONTDESK_EDGE_DB_URL"] = database
    overridden = {name for name in found if name in told or name.removeprefix("GOTRUE_") in told}
    return {name: value for name, value in found.items() if name not in overridden}
