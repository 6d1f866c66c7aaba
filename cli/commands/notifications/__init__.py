"""Notifications: what people were told, what failed, and the events that they can hear of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.database import ask, ask_file
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption
from cli.output import show, show_json
from cli.refusal import Refusal
from cli.stack.state import State

SQL = Path(__file__).parent
COLUMNS = (
    *("id", "created_at", "event", "audience", "channel", "address", "status", "reason"),
    *("attempts", "provider"),
)
STATS = ("day", "channel", "status", "deliveries", "attempts", "seconds_to_send")
EVENTS = ("name", "audience", "channels", "is_mandatory", "is_marketing", "description")

app = typer.Typer(help="Notifications: what people were told, and how.", no_args_is_help=True)


@app.command("list")
def list_deliveries(
    status: Annotated[
        str | None,
        typer.Option(
            envvar="FRONTDESK_STATUS",
            help="Only these: queued, sent, delivered, failed, bounced, skipped.",
        ),
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_CHANNEL", help="Only these: mail, sms, push, in_app."),
    ] = None,
    limit: LimitOption = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List deliveries, the newest first."""
    endpoints = State(state).require_running()
    rows = ask_file(endpoints, SQL / "list.sql", status=status, channel=channel, limit=limit)
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)


@app.command("show")
def show_delivery(
    delivery_id: Annotated[str, typer.Argument(metavar="ID", help="The delivery, by its id.")],
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Show one delivery with everything about it, as JSON."""
    rows = ask(
        State(state).require_running(),
        "select * from engagement.notification_deliveries where id::text = %s",
        delivery_id,
    )
    if not rows:
        raise Refusal(
            f"There is no delivery {delivery_id}.", "List them: ./frontdesk notifications list"
        )
    show_json(rows[0])


@app.command()
def stats(
    state: StateOption = DEFAULT_STATE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """Count deliveries by day, channel and status."""
    rows = ask_file(State(state).require_running(), SQL / "stats.sql")
    show(rows, columns=STATS, as_json=as_json, as_csv=as_csv)


@app.command()
def events(
    state: StateOption = DEFAULT_STATE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """List the events that people can hear of: who hears, and on which channels."""
    found = ask_file(State(state).require_running(), SQL / "events.sql")
    rows = [{**row, "channels": ", ".join(row["channels"])} for row in found]
    show(rows, columns=EVENTS, as_json=as_json, as_csv=as_csv)
