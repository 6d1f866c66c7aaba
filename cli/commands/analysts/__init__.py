"""Analysts: logins of the database for people who read figures, and only those."""

from __future__ import annotations

import datetime
import re
import secrets
import shlex
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.analysts.logins import address_of, create_login, drop_login
from cli.commands.consent import require_consent
from cli.commands.database import ask, ask_file
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, StateOption, YesOption
from cli.output import show, show_json, talk
from cli.refusal import Refusal
from cli.stack.state import State
from cli.wording import DAY

SQL = Path(__file__).parent
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
COLUMNS = ("name", "until", "is_expired", "connections")

app = typer.Typer(help="Analysts: logins of the database that read figures.", no_args_is_help=True)

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="The login: lower-case letters, digits and _.")
]


@app.command()
def create(
    name: NameArgument,
    until: Annotated[
        datetime.datetime | None,
        typer.Option(
            formats=[DAY],
            envvar="FRONTDESK_UNTIL",
            help="The last day on which the login works (UTC).",
            show_default="no end",
        ),
    ] = None,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
) -> None:
    """Create a login that reads the figures in the schema analytics, and print how to use it."""
    if not NAME.fullmatch(name):
        raise Refusal(
            f"{name!r} cannot name a login.",
            "Use lower-case letters, digits and _, beginning with a letter.",
        )
    today = datetime.datetime.now(datetime.UTC).date()
    if until is not None and until.date() < today:
        raise Refusal(f"{until:{DAY}} is over.", "Name today or a later day, or leave out --until.")
    endpoints = State(state).require_running()
    if ask(endpoints, "select from pg_roles where rolname = %s", name):
        raise Refusal(
            f"There already is a role {name}.", "Choose another name: ./frontdesk analysts list"
        )
    password = secrets.token_urlsafe(18)
    create_login(endpoints, name, password, until=until.date() if until else None)
    address = address_of(endpoints, name)
    if as_json:
        show_json({"name": name, "password": password, "conninfo": address})
        return
    print(f"PGPASSWORD={shlex.quote(password)} psql {shlex.quote(address)}")
    talk("The password is shown only now. What there is to read: docs/analytics.md")


@app.command("list")
def list_analysts(
    state: StateOption = DEFAULT_STATE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """List the logins of analysts, and until when each works."""
    rows = ask_file(State(state).require_running(), SQL / "list.sql", name=None)
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)


@app.command()
def drop(name: NameArgument, state: StateOption = DEFAULT_STATE, yes: YesOption = False) -> None:
    """Delete an analyst's login and end its connections."""
    endpoints = State(state).require_running()
    if not ask_file(endpoints, SQL / "list.sql", name=name):
        raise Refusal(f"There is no analyst {name}.", "List them: ./frontdesk analysts list")
    require_consent(f"Delete the login {name}?", yes=yes)
    drop_login(endpoints, name)
    talk(f"The login {name} is deleted.")
