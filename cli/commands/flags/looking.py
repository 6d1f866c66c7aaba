"""Flags listed and shown, and what one of them says for a subject."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.database import ask, ask_file
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, StateOption
from cli.output import show, show_json, talk
from cli.refusal import Refusal
from cli.stack.state import Endpoints, State

SQL = Path(__file__).parent
COLUMNS = (
    *("key", "kind", "value_type", "is_enabled", "percentage", "rules", "allowed", "denied"),
    *("is_public", "starts_at", "ends_at", "stale_reason"),
)
EVALUATION = ("key", "is_on", "variant", "value", "reason")

KeyArgument = Annotated[str, typer.Argument(help="The flag; `flags list` shows them.")]


def list_flags(
    stale: Annotated[
        bool, typer.Option("--stale", envvar="FRONTDESK_STALE", help="Only those to remove.")
    ] = False,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the flags: their kind, their share, and why they should be removed."""
    rows = ask_file(State(state).require_running(), SQL / "list.sql", key=None)
    chosen = [row for row in rows if row["stale_reason"] or not stale]
    show(chosen, columns=COLUMNS, as_json=as_json, as_csv=as_csv)


def show_flag(
    key: KeyArgument, state: StateOption = DEFAULT_STATE, as_json: JsonOption = False
) -> None:
    """Show a flag with its rules, variants, targets and prerequisites."""
    flag = the_flag(State(state).require_running(), key)
    if as_json:
        show_json(flag)
    else:
        rows = [{"what": name, "is": value} for name, value in flag.items()]
        show(rows, columns=("what", "is"), as_json=False)


def evaluate(
    key: KeyArgument,
    subject: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_SUBJECT", help="The id of a user, or another key."),
    ] = None,
    context: Annotated[
        str, typer.Option(envvar="FRONTDESK_CONTEXT", help="More about the subject, as JSON.")
    ] = "{}",
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
) -> None:
    """Show what a flag says for a subject, and for which reason."""
    endpoints = State(state).require_running()
    the_flag(endpoints, key)
    rows = ask(endpoints, "select * from flags.evaluate(%s, %s, %s)", key, subject, context)
    show(rows, columns=EVALUATION, as_json=as_json)
    if rows[0]["reason"] == "DISABLED":
        talk("The flag is switched off, or outside of its schedule.")


def the_flag(endpoints: Endpoints, key: str) -> dict[str, Any]:
    """Return a flag by its key.

    Raises:
        Refusal: when there is none.
    """
    rows = ask_file(endpoints, SQL / "list.sql", key=key)
    if not rows:
        raise Refusal(f"There is no flag {key}.", "List them: ./frontdesk flags list")
    return rows[0]
