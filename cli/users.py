"""Users: rows in auth.users, their platform roles, and tokens for them."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Annotated, Any

import psycopg
import typer

from cli import users_access
from cli.options import (
    DEFAULT_CONFIG,
    DEFAULT_STATE,
    ConfigOption,
    CsvOption,
    JsonOption,
    StateOption,
)
from cli.output import show, talk
from cli.refusal import Refusal
from cli.settings import load
from cli.settings_auth import Auth
from cli.stack import sign_in
from cli.stack.keys import sign
from cli.stack.state import Endpoints, State
from cli.users_database import find, query

COLUMNS = ("id", "email", "name", "created_at")


class PlatformRole(StrEnum):
    """What platform staff are; `none` ends it."""

    admin = "admin"
    finance = "finance"
    support = "support"
    none = "none"


app = typer.Typer(help="Users: rows in auth.users, and tokens for them.", no_args_is_help=True)

app.command()(users_access.show)
app.command()(users_access.ban)
app.command()(users_access.sessions)


@app.command()
def create(
    email: users_access.EmailArgument,
    name: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_USER_NAME", help="The name in the profile.")
    ] = None,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
) -> None:
    """Create a user whose e-mail address counts as confirmed."""
    local, _, host = email.partition("@")
    if not local or not host or email.split() != [email]:
        raise Refusal(f"{email!r} is not an e-mail address.", "Give one such as ada@example.com.")
    endpoints = State(state).require_running()
    rows = query(endpoints, "create_user.sql", email=email, name=name)
    if not rows:
        raise Refusal(
            f"There is a user {email} already.", f"Get a token: ./frontdesk users token {email}"
        )
    show([{**rows[0], "name": name}], columns=COLUMNS, as_json=as_json)


@app.command("list")
def list_users(
    state: StateOption = DEFAULT_STATE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """List the users, the oldest first."""
    rows = query(State(state).require_running(), "list_users.sql", email=None)
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)


@app.command()
def token(
    email: users_access.EmailArgument,
    expires_in: Annotated[
        int | None,
        typer.Option(
            envvar="FRONTDESK_TOKEN_EXPIRES_IN",
            min=1,
            help="Seconds that the token is valid.",
            show_default="[auth] jwt_expiry",
        ),
    ] = None,
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Print a token with which this user calls the API."""
    auth = load(config).auth
    seconds = expires_in or auth.jwt_expiry
    endpoints = State(state).require_running()
    print(token_for(endpoints, email, auth=auth, expires_in=seconds))
    talk(f"Valid for {seconds} seconds; send it as Authorization: Bearer …")


@app.command()
def role(
    email: users_access.EmailArgument,
    platform_role: Annotated[
        PlatformRole, typer.Argument(help="What the user may do for the platform.")
    ],
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Make a user one of the platform's staff, or end it."""
    endpoints = State(state).require_running()
    user = find(endpoints, email)
    _grant(endpoints, user, platform_role)
    talk(f"{email} is {platform_role}.")


def ensure(
    endpoints: Endpoints, email: str, name: str, *, platform_role: PlatformRole | None = None
) -> None:
    """See to it that there is such a user, with that platform role if one is named."""
    query(endpoints, "create_user.sql", email=email, name=name)
    if platform_role:
        _grant(endpoints, find(endpoints, email), platform_role)


def token_for(
    endpoints: Endpoints, email: str, *, auth: Auth | None = None, expires_in: int | None = None
) -> str:
    """An access token of an existing user, of no session, valid for so many seconds.

    What is not said is as the configuration has it.

    Raises:
        Refusal: there is no such user.
    """
    user = find(endpoints, email)
    auth = auth or load(DEFAULT_CONFIG).auth
    issuer = sign_in.issuer(auth, endpoints.auth_url)
    return sign(_claims(user, issuer, expires_in or auth.jwt_expiry), endpoints.jwt_secret)


def _grant(endpoints: Endpoints, user: dict[str, Any], platform_role: PlatformRole) -> None:
    granted = None if platform_role is PlatformRole.none else platform_role.value
    with psycopg.connect(endpoints.db_url) as connection:
        connection.execute(
            "select identity.set_platform_role(%s, %s::identity.platform_role)",
            (user["id"], granted),
        )


def _claims(user: dict[str, Any], issuer: str, expires_in: int) -> dict[str, Any]:
    """What Supabase Auth puts into an access token."""
    now = int(time.time())
    return {
        "iss": issuer,
        "sub": str(user["id"]),
        "aud": "authenticated",
        "role": "authenticated",
        "email": user["email"],
        "phone": "",
        "app_metadata": user["app_metadata"] or {},
        "user_metadata": user["user_metadata"] or {},
        "aal": "aal1",
        "is_anonymous": False,
        "iat": now,
        "exp": now + expires_in,
    }
