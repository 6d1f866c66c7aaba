"""Privacy: exports of what is known about people, erasures, and how long data are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.database import ask, ask_file, change
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption, YesOption
from cli.output import show, show_json, talk
from cli.refusal import Refusal
from cli.stack.state import Endpoints, State

SQL = Path(__file__).parent
REQUESTS = (
    *("id", "kind", "state", "about", "business", "created_at"),
    *("due_at", "finished_at", "expires_at"),
)
RULES = ("relation", "counted_from", "keep", "action", "reason")

app = typer.Typer(
    help="Privacy: exports, erasures, and how long data are kept.", no_args_is_help=True
)

PersonArgument = Annotated[
    str, typer.Argument(metavar="EMAIL", help="The address of an account or of a guest.")
]


@app.command("list")
def list_requests(
    limit: LimitOption = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List requests to export and to erase, the newest first."""
    rows = ask_file(State(state).require_running(), SQL / "list.sql", limit=limit)
    show(rows, columns=REQUESTS, as_json=as_json, as_csv=as_csv)


@app.command("show")
def show_request(
    request_id: Annotated[str, typer.Argument(metavar="ID", help="The request, by its id.")],
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Show what a request did: rows erased, deleted and kept, with the reasons, as JSON."""
    rows = ask(
        State(state).require_running(),
        "select * from public.privacy_requests where id::text = %s",
        request_id,
    )
    if not rows:
        raise Refusal(f"There is no request {request_id}.", "List them: ./frontdesk privacy list")
    show_json(rows[0])


@app.command()
def export(email: PersonArgument, state: StateOption = DEFAULT_STATE) -> None:
    """Print everything about a person as JSON."""
    endpoints = State(state).require_running()
    (row,) = ask_file(endpoints, SQL / "export.sql", **_find(endpoints, email))
    show_json(row["document"])


@app.command()
def erase(
    email: PersonArgument, yes: YesOption = False, state: StateOption = DEFAULT_STATE
) -> None:
    """Have a person erased at once. Sales, the ledger and statistics stay without them."""
    endpoints = State(state).require_running()
    rows = change(
        endpoints,
        SQL / "erase.sql",
        _find(endpoints, email),
        question=f"Erase {email} for good?",
        yes=yes,
    )
    talk(f"A worker erases {email}: ./frontdesk privacy show {rows[0]['id']}")


@app.command()
def retention(
    relation: Annotated[
        str | None,
        typer.Argument(metavar="[TABLE]", help="The table whose period to change."),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_KEEP", help="The new period, such as '400 days'."),
    ] = None,
    yes: YesOption = False,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List how long the rows of each table are kept, or change a period."""
    endpoints = State(state).require_running()
    if relation is None:
        rows = ask_file(endpoints, SQL / "retention.sql")
        show(rows, columns=RULES, as_json=as_json, as_csv=as_csv)
        return
    if keep is None:
        raise Refusal("The new period is missing.", "Name it: --keep '400 days'")
    rows = change(
        endpoints,
        SQL / "keep.sql",
        {"relation": relation, "keep": keep},
        question=f"Keep rows of {relation} for {keep}?",
        yes=yes,
    )
    if not rows:
        raise Refusal(
            f"There is no rule for {relation}.", "List them: ./frontdesk privacy retention"
        )
    talk(f"Rows of {relation} are kept for {rows[0]['keep']}.")


def _find(endpoints: Endpoints, email: str) -> dict[str, str | None]:
    """The account of an address, or the address itself when it is a guest's."""
    rows = ask_file(endpoints, SQL / "find.sql", email=email)
    if rows:
        return {"user_id": str(rows[0]["id"]), "email": None}
    return {"user_id": None, "email": email}
