"""API keys: which programs act for a business, and what they may do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.businesses import BusinessOption, id_of_business, the_business
from cli.commands.database import ask, ask_file, change
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption, YesOption
from cli.output import show, talk
from cli.stack.state import State

SQL = Path(__file__).parent
COLUMNS = (
    *("id", "business", "name", "prefix", "scopes", "status", "expires_at", "last_used_at"),
    "created_at",
)

app = typer.Typer(help="API keys: which programs act for a business.", no_args_is_help=True)

KeyArgument = Annotated[str, typer.Argument(metavar="ID", help="The key, by its id.")]


@app.command("list")
def list_keys(
    business: BusinessOption = None,
    limit: LimitOption = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List API keys without their secrets, the newest first."""
    endpoints = State(state).require_running()
    found = id_of_business(endpoints, business)
    rows = ask_file(endpoints, SQL / "list.sql", business_id=found, limit=limit)
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)


@app.command()
def scopes(
    state: StateOption = DEFAULT_STATE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """List the scopes that a key can have, and what each opens."""
    rows = ask(
        State(state).require_running(),
        "select name, description, array_to_string(objects, ' ') as objects from api_key_scopes",
    )
    show(rows, columns=("name", "description", "objects"), as_json=as_json, as_csv=as_csv)


@app.command()
def create(
    business: Annotated[str, typer.Argument(help="The business: slug or id.")],
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[
        list[str],
        typer.Option(envvar="FRONTDESK_SCOPE", help="A scope, such as bookings:read; repeatable."),
    ],
    expires_at: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_EXPIRES_AT", help="When it expires, with an offset."),
    ] = None,
    address: Annotated[
        list[str] | None,
        typer.Option(
            envvar="FRONTDESK_ADDRESS",
            help="An address or network from which it is accepted; repeatable.",
        ),
    ] = None,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
) -> None:
    """Create a key and print it; it is not shown again."""
    endpoints = State(state).require_running()
    rows = ask_file(
        endpoints,
        SQL / "create.sql",
        business_id=str(the_business(endpoints, business)["id"]),
        name=name,
        scopes=json.dumps(scope),
        expires_at=expires_at,
        allowed_addresses=json.dumps(address) if address else None,
    )
    show(rows, columns=("id", "key"), as_json=as_json)


@app.command()
def rotate(
    key_id: KeyArgument,
    overlap_hours: Annotated[
        int,
        typer.Option(
            envvar="FRONTDESK_OVERLAP_HOURS", help="How long the old key is accepted, 0 to 168."
        ),
    ] = 24,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Replace a key and print the new one."""
    rows = change(
        State(state).require_running(),
        "select id, key from public.rotate_api_key(%s, %s)",
        (key_id, str(overlap_hours)),
        question=f"Replace the key, and refuse the old one after {overlap_hours} hours?",
        yes=yes,
    )
    show(rows, columns=("id", "key"), as_json=as_json)


@app.command()
def revoke(key_id: KeyArgument, state: StateOption = DEFAULT_STATE, yes: YesOption = False) -> None:
    """Revoke a key; it is refused from the next request on."""
    change(
        State(state).require_running(),
        "select (public.revoke_api_key(%s)).name",
        (key_id,),
        question="Revoke the key? Programs that use it stop working at once.",
        yes=yes,
    )
    talk("The key is revoked.")
