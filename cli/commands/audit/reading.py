"""Entries of the audit trail listed, and one shown with the row before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.businesses import BusinessOption
from cli.commands.database import ask, ask_file
from cli.commands.users.finding import find
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption
from cli.output import show, show_json
from cli.refusal import Refusal
from cli.stack.state import Endpoints, State

SQL = Path(__file__).parent
COLUMNS = (
    *("id", "at", "actor", "operation", "table_name", "row_id", "changed", "business", "cause"),
    "address",
)

EntryArgument = Annotated[int, typer.Argument(help="The entry; `audit list` shows the ids.")]


def list_entries(
    table: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_TABLE", help="Only of this one: catalog.services."),
    ] = None,
    row: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_ROW", help="Only of the row with this id.")
    ] = None,
    business: BusinessOption = None,
    actor: Annotated[
        str | None,
        typer.Option(metavar="EMAIL", envvar="FRONTDESK_ACTOR", help="Only what this user did."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", envvar="FRONTDESK_SINCE", help="Only from then on."),
    ] = None,
    limit: LimitOption = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List what was changed, the latest first: by whom, by which call, from where."""
    endpoints = State(state).require_running()
    rows = ask_file(
        endpoints,
        SQL / "list.sql",
        table=table,
        row=row,
        business=business,
        actor_id=find(endpoints, actor)["id"] if actor else None,
        since=since,
        limit=limit,
    )
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)


def show_entry(
    entry: EntryArgument, state: StateOption = DEFAULT_STATE, as_json: JsonOption = False
) -> None:
    """Show an entry with the row before and after."""
    found = the_entry(State(state).require_running(), entry)
    if as_json:
        show_json(found)
    else:
        rows = [{"what": name, "is": value} for name, value in found.items()]
        show(rows, columns=("what", "is"), as_json=False)


def the_entry(endpoints: Endpoints, entry: int) -> dict[str, Any]:
    """Return an entry by its id.

    Raises:
        Refusal: when there is none.
    """
    rows = ask(endpoints, "select * from public.audit_log where id = %s", entry)
    if not rows:
        raise Refusal(f"There is no entry {entry}.", "List them: ./frontdesk audit list")
    return rows[0]
