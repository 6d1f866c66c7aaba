"""Users and their tokens, until sign-in exists."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from psycopg.rows import dict_row

from cli.options import DEFAULT_STATE, CsvOption, JsonOption, StateOption
from cli.output import show, talk
from cli.refusal import Refusal
from cli.stack.keys import sign
from cli.stack.state import Endpoints, State

SQL = Path(__file__).with_name("sql")
COLUMNS = ("id", "email", "name", "created_at")


class PlatformRole(StrEnum):
    """What platform staff are; `none` ends it."""

    admin = "admin"
    finance = "finance"
    support = "support"
    none = "none"


app = typer.Typer(help="Users: rows in auth.users, and tokens for them.", no_args_is_help=True)

EmailArgument = Annotated[str, typer.Argument(help="The user's e-mail address.")]


@app.command()
def create(
    email: EmailArgument,
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
    rows = _query(endpoints, "create_user.sql", email=email, name=name)
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
    rows = _query(State(state).require_running(), "list_users.sql", email=None)
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)


@app.command()
def token(
    email: EmailArgument,
    expires_in: Annotated[
        int,
        typer.Option(
            envvar="FRONTDESK_TOKEN_EXPIRES_IN", min=1, help="Seconds that the token is valid."
        ),
    ] = 3600,
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Print a token with which this user calls the API."""
    print(token_for(State(state).require_running(), email, expires_in=expires_in))
    talk(f"Valid for {expires_in} seconds; send it as Authorization: Bearer …")


@app.command()
def role(
    email: EmailArgument,
    platform_role: Annotated[
        PlatformRole, typer.Argument(help="What the user may do for the platform.")
    ],
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Make a user one of the platform's staff, or end it."""
    endpoints = State(state).require_running()
    user = _find(endpoints, email)
    _grant(endpoints, user, platform_role)
    talk(f"{email} is {platform_role}.")


def ensure(
    endpoints: Endpoints, email: str, name: str, *, platform_role: PlatformRole | None = None
) -> None:
    """See to it that there is such a user, with that platform role if one is named."""
    _query(endpoints, "create_user.sql", email=email, name=name)
    if platform_role:
        _grant(endpoints, _find(endpoints, email), platform_role)


def token_for(endpoints: Endpoints, email: str, *, expires_in: int = 3600) -> str:
    """An access token of an existing user, valid for so many seconds.

    Raises:
        Refusal: there is no such user.
    """
    user = _find(endpoints, email)
    return sign(_claims(user, endpoints.auth_url, expires_in), endpoints.jwt_secret)


def _find(endpoints: Endpoints, email: str) -> dict[str, Any]:
    rows = _query(endpoints, "list_users.sql", email=email)
    if not rows:
        raise Refusal(f"There is no user {email}.", f"Create one: ./frontdesk users create {email}")
    return rows[0]


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


def _query(endpoints: Endpoints, statement: str, **arguments: object) -> list[dict[str, Any]]:
    """Run one of the named statements as the administrator of the running stack."""
    with psycopg.connect(endpoints.db_url, row_factory=dict_row) as connection:
        return connection.execute((SQL / statement).read_bytes(), arguments).fetchall()
