"""`frontdesk auth serve`: the sign-in service by itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from psycopg.conninfo import make_conninfo

from cli.options import DEFAULT_STATE, ConfigOption, StateOption
from cli.output import talk
from cli.refusal import Refusal
from cli.settings import load
from cli.stack import sign_in
from cli.stack.keys import keys_of
from cli.stack.secrets import Secrets, role_password
from cli.stack.start import config_path
from cli.stack.state import Endpoints, State

app = typer.Typer(help="Sign-in: the Supabase Auth protocol.", no_args_is_help=True)


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
    config: ConfigOption = None,
) -> None:
    """Run the sign-in service by itself, without the prefix /auth/v1, until it is stopped.

    It uses the database and the keys of the running stack, or DATABASE_URL and GOTRUE_JWT_SECRET.
    Everything else comes from the GOTRUE_… variables of Supabase Auth, with its defaults.
    """
    chosen = _environment(
        State(state), config_path(State(state), config), url=f"http://localhost:{port}"
    )
    talk(f"Sign-in listens on http://{host}:{port}")
    arguments = (sys.executable, "-P", "-B", "-m", "workers.edge.auth", host, str(port))
    os.execve(sys.executable, arguments, {**os.environ, **chosen})  # noqa: S606  (ourselves)


def _environment(state: State, config_path: Path, *, url: str) -> dict[str, str]:
    """Return what the environment lacks: the database, the keys, and the address of the site.

    Everything else has Supabase Auth's defaults.
    """
    told = dict(os.environ)
    auth = load(config_path).auth
    endpoints = None if "DATABASE_URL" in told else state.require_running()
    secrets = None if state.is_fresh else state.secrets()
    jwt_secret = told.get("GOTRUE_JWT_SECRET") or auth.jwt_secret
    if secrets is None and jwt_secret is None:
        raise Refusal("There is no secret to sign tokens with.", "Set GOTRUE_JWT_SECRET.")
    secrets = secrets or Secrets(str(jwt_secret), "", 0)
    keys = keys_of(auth, secrets, config_path.resolve().parent / "supabase")
    found = {
        "FRONTDESK_EDGE_DB_URL": told.get("DATABASE_URL") or _edge_login(endpoints, secrets),
        "GOTRUE_API_EXTERNAL_URL": url,
        "GOTRUE_SITE_URL": auth.site_url,
        "GOTRUE_JWT_SECRET": keys.jwt_secret,
        "GOTRUE_JWT_KEYS": keys.signing,
        "GOTRUE_JWT_EXP": str(auth.jwt_expiry),
    }
    if endpoints is not None:
        # The issuer that the stack's REST API expects.
        found["GOTRUE_JWT_ISSUER"] = sign_in.issuer(auth, endpoints.auth_url)
    overridden = {name for name in found if name in told or name.removeprefix("GOTRUE_") in told}
    return {name: value for name, value in found.items() if name not in overridden}


def _edge_login(endpoints: Endpoints | None, secrets: Secrets) -> str:
    """Return how the edge's role connects to the running stack's database."""
    if endpoints is None:
        return ""
    password = role_password(secrets.database_password, "edge")
    return make_conninfo(endpoints.db_url, user="edge", password=password)
