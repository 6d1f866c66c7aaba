"""Tokens with which a user calls the API: `users token`.

What signs them is imported late: the other commands of this group need none of it.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.commands.users.finding import EmailArgument, find
from cli.options import DEFAULT_STATE, ConfigOption, StateOption
from cli.output import talk
from cli.stack.start import config_path
from cli.stack.state import Endpoints, State

if TYPE_CHECKING:
    from cli.settings import Auth


def token(
    email: EmailArgument,
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
    config: ConfigOption = None,
) -> None:
    """Print a token with which this user calls the API."""
    from cli.settings import load

    auth = load(config_path(State(state), config)).auth
    seconds = expires_in or auth.jwt_expiry
    endpoints = State(state).require_running()
    print(token_for(endpoints, email, auth=auth, expires_in=seconds))
    talk(f"Valid for {seconds} seconds; send it as Authorization: Bearer …")


def token_for(
    endpoints: Endpoints, email: str, *, auth: Auth | None = None, expires_in: int | None = None
) -> str:
    """Return an access token of an existing user, outside of any session.

    `expires_in` is in seconds. What is left out comes from the configuration.

    Raises:
        Refusal: there is no such user.
    """
    from cli.settings import load
    from cli.stack import sign_in
    from cli.stack.keys import sign

    user = find(endpoints, email)
    auth = auth or load(config_path(State(Path(endpoints.state_dir)), None)).auth
    issuer = sign_in.issuer(auth, endpoints.auth_url)
    return sign(_claims(user, issuer, expires_in or auth.jwt_expiry), endpoints.jwt_secret)


def _claims(user: dict[str, Any], issuer: str, expires_in: int) -> dict[str, Any]:
    """Return what Supabase Auth puts into an access token."""
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
