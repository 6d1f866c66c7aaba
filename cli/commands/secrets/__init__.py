"""Secrets: which keys seal them, and how to change the key."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.consent import require_consent
from cli.commands.database import ask, ask_file, change
from cli.commands.sealed import opened
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, StateOption, YesOption
from cli.output import show, talk
from cli.refusal import Refusal
from cli.stack.state import Endpoints, State

BANK_ACCOUNT = Path(__file__).with_name("bank_account.sql")
COLUMNS = ("id", "created_at", "secrets", "is_current")
PATIENCE = 300  # seconds without any progress until the command gives up

app = typer.Typer(
    help="Secrets: the keys that seal account numbers and the like.", no_args_is_help=True
)


@app.command("list")
def list_keys(
    state: StateOption = DEFAULT_STATE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """List the keys, and how many secrets each seals."""
    endpoints = State(state).require_running()
    rows = ask(endpoints, "select * from private.secret_key_states()")
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)


@app.command()
def rotate(state: StateOption = DEFAULT_STATE, yes: YesOption = False) -> None:
    """Make a new key, and seal every secret with it. The workers do it."""
    endpoints = State(state).require_running()
    before = _current(endpoints)
    change(
        endpoints,
        "select private.request_secret_rotation()",
        (),
        question="Seal every secret with a new key?",
        yes=yes,
    )
    deadline, left = time.monotonic() + PATIENCE, -1
    while _current(endpoints) == before or (_outdated(endpoints)):
        if (now := _outdated(endpoints)) != left:
            deadline, left = time.monotonic() + PATIENCE, now
        if time.monotonic() > deadline:
            raise Refusal(
                "No worker has finished it yet.",
                "Look for rotate_secrets in: frontdesk queues dead housekeeping",
            )
        time.sleep(0.2)
    talk("Every secret is sealed with the new key. Keep the old keys as long as older dumps.")


@app.command()
def bank_account(
    business: Annotated[str, typer.Argument(help="The slug or the id of a business.")],
    currency: Annotated[
        str, typer.Option(envvar="FRONTDESK_CURRENCY", help="The currency of the transfer.")
    ],
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Print the number of a business's bank account, and that of its bank, for a transfer."""
    place = State(state)
    endpoints = place.require_running()
    rows = ask_file(endpoints, BANK_ACCOUNT, business=business, currency=currency)
    if not rows:
        raise Refusal(
            f"{business} has no bank account in {currency}.",
            "Its owner sets one with set_bank_account.",
        )
    require_consent(f"Print the bank account of {rows[0]['business']}?", yes=yes)
    account = json.loads(opened(place, "workers.sealing", str(rows[0]["secret_id"])))
    talk(rows[0]["holder_name"])
    print(*(it for it in (account["number"], account["routing_number"]) if it))


def _current(endpoints: Endpoints) -> str | None:
    [row] = ask(endpoints, "select private.current_secret_key() as id")
    return str(row["id"]) if row["id"] else None


def _outdated(endpoints: Endpoints) -> int:
    rows = ask(endpoints, "select * from private.secret_key_states()")
    return sum(int(row["secrets"]) for row in rows if not row["is_current"])
