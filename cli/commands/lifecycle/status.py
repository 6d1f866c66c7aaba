"""`frontdesk status`: what runs, and where."""

from __future__ import annotations

import shlex
from enum import StrEnum
from typing import Annotated

import typer

from cli.commands.lifecycle.announcement import announce
from cli.options import DEFAULT_STATE, JsonOption, StateOption
from cli.output import show, show_json
from cli.refusal import Refusal
from cli.stack import ending
from cli.stack.state import Endpoints, State


class Output(StrEnum):
    """The forms in which the status is printed."""

    table = "table"
    json = "json"
    env = "env"


def status(
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    output: Annotated[
        Output,
        typer.Option(
            "--output",
            "-o",
            envvar="FRONTDESK_OUTPUT",
            help="The form: a table, JSON, or NAME=value lines for a shell or an .env file.",
        ),
    ] = Output.table,
) -> None:
    """Show what runs, and where."""
    place = State(state)
    record = place.record()
    if record is None:
        raise Refusal(f"There is no stack in {place.path}.", "Start one: ./frontdesk up")
    endpoints = record.endpoints if place.is_locked() else ending.stopped(record.endpoints)
    if as_json or output is Output.json:
        show_json(endpoints.as_dict())
    elif output is Output.env:
        print(*_variables(endpoints), sep="\n")
    else:
        rows = [{"service": name, **service} for name, service in endpoints.services.items()]
        show(rows, columns=("service", "state", "pid", "restarts", "url"), as_json=False)
        announce(endpoints, as_json=False, is_detached=True)


def _variables(endpoints: Endpoints) -> list[str]:
    """Return the addresses and keys under the names that the Supabase CLI gives them."""
    values = {name: value for name, value in endpoints.as_dict().items() if name != "services"}
    return [f"{name.upper()}={shlex.quote(value)}" for name, value in values.items()]
