"""Accounts: `users list`, `users create`, `users role`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cli.commands.database import ask, ask_file
from cli.commands.users.creating import create_account
from cli.commands.users.finding import SQL, EmailArgument, find
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, StateOption
from cli.output import show, talk
from cli.refusal import Refusal
from cli.stack.state import Endpoints, State

COLUMNS = ("id", "email", "name", "created_at")


class PlatformRole(StrEnum):
    """A role on the platform's staff; `none` ends it."""

    admin = "admin"
    finance = "finance"
    support = "support"
    none = "none"


def create(
    email: EmailArgument,
    name: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_USER_NAME", help="The name in the profile.")
    ] = None,
    password: Annotated[
        str | None,
        typer.Option(
            envvar="FRONTDESK_USER_PASSWORD",
            help="The password to sign in with; the variable keeps it out of the process list.",
        ),
    ] = None,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
) -> None:
    """Create a user whose e-mail address counts as confirmed."""
    local, _, host = email.partition("@")
    if not local or not host or email.split() != [email]:
        raise Refusal(f"{email!r} is not an e-mail address.", "Name one such as ada@example.com.")
    endpoints = State(state).require_running()
    user = create_account(endpoints, email, name=name, password=password)
    if user is None:
        raise Refusal(
            f"There already is a user {email}.", f"Get a token: ./frontdesk users token {email}"
        )
    show([{**user, "name": name}], columns=COLUMNS, as_json=as_json)


def list_users(
    state: StateOption = DEFAULT_STATE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """List the users, the oldest first."""
    rows = ask_file(State(state).require_running(), SQL / "list.sql", email=None)
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)


def role(
    email: EmailArgument,
    platform_role: Annotated[
        PlatformRole, typer.Argument(help="What the user may do for the platform.")
    ],
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Put a user on the platform's staff, or take them off it."""
    endpoints = State(state).require_running()
    _grant(endpoints, email, platform_role)
    talk(f"{email} is {platform_role}.")


def ensure(
    endpoints: Endpoints, email: str, name: str, *, platform_role: PlatformRole | None = None
) -> None:
    """Create this user unless there is one already, and set the platform role if one is named."""
    create_account(endpoints, email, name=name)
    if platform_role:
        _grant(endpoints, email, platform_role)


def _grant(endpoints: Endpoints, email: str, platform_role: PlatformRole) -> None:
    ask(
        endpoints,
        "select identity.set_platform_role(%s, %s::identity.platform_role)",
        find(endpoints, email)["id"],
        None if platform_role is PlatformRole.none else platform_role.value,
    )
