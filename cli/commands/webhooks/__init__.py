"""Webhooks: where the events of businesses are sent, and what came of it."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.businesses import BusinessOption, id_of_business, the_business
from cli.commands.database import ask, ask_file, change
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, LimitOption, StateOption, YesOption
from cli.output import show, talk
from cli.stack.state import State

SQL = Path(__file__).parent
ENDPOINTS = ("id", "business", "url", "events", "status", "failures", "pending")
DELIVERIES = (
    *("id", "webhook_endpoint_id", "event_id", "type", "status", "attempts"),
    *("next_attempt_at", "last_error", "created_at"),
)

app = typer.Typer(
    help="Webhooks: where events are sent, and what came of it.", no_args_is_help=True
)

EndpointArgument = Annotated[str, typer.Argument(metavar="ID", help="The endpoint, by its id.")]


class DeliveryStatus(StrEnum):
    """The states of a delivery."""

    pending = "pending"
    delivered = "delivered"
    failed = "failed"


@app.command("list")
def list_endpoints(
    business: BusinessOption = None,
    limit: LimitOption = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List endpoints with how many deliveries wait for each, the newest first."""
    endpoints = State(state).require_running()
    found = id_of_business(endpoints, business)
    rows = ask_file(endpoints, SQL / "list.sql", business_id=found, limit=limit)
    show(rows, columns=ENDPOINTS, as_json=as_json, as_csv=as_csv)


@app.command()
def deliveries(
    business: BusinessOption = None,
    status: Annotated[
        DeliveryStatus | None, typer.Option(envvar="FRONTDESK_STATUS", help="Only in this state.")
    ] = None,
    limit: LimitOption = 20,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List deliveries, the newest first."""
    endpoints = State(state).require_running()
    found = id_of_business(endpoints, business)
    rows = ask_file(
        endpoints, SQL / "deliveries.sql", business_id=found, status=status, limit=limit
    )
    show(rows, columns=DELIVERIES, as_json=as_json, as_csv=as_csv)


@app.command()
def create(
    business: Annotated[str, typer.Argument(help="The business: slug or id.")],
    url: Annotated[str, typer.Argument(help="Where events are sent.")],
    event: Annotated[
        list[str],
        typer.Option(envvar="FRONTDESK_EVENT", help="A type, or booking.* for all; repeatable."),
    ],
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
) -> None:
    """Create an endpoint and print its secret; it is not shown again."""
    endpoints = State(state).require_running()
    rows = ask(
        endpoints,
        "select id, secret from public.create_webhook_endpoint(%s, %s, %s)",
        str(the_business(endpoints, business)["id"]),
        url,
        json.dumps(event),
    )
    show(rows, columns=("id", "secret"), as_json=as_json)


@app.command()
def test(endpoint_id: EndpointArgument, state: StateOption = DEFAULT_STATE) -> None:
    """Send an endpoint the event webhook.test."""
    ask(State(state).require_running(), "select (public.test_webhook(%s)).id", endpoint_id)
    talk("The event is on its way; see: ./frontdesk webhooks deliveries")


@app.command()
def replay(
    endpoint_id: EndpointArgument,
    event: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_EVENT_ID", help="One event, by its id.")
    ] = None,
    from_at: Annotated[
        str | None,
        typer.Option(
            "--from", envvar="FRONTDESK_FROM", help="The beginning of a period, with an offset."
        ),
    ] = None,
    to_at: Annotated[
        str | None, typer.Option("--to", envvar="FRONTDESK_TO", help="Its end; now if left out.")
    ] = None,
    state: StateOption = DEFAULT_STATE,
    yes: YesOption = False,
) -> None:
    """Send one event, or those of a period, again with their ids."""
    rows = change(
        State(state).require_running(),
        "select public.replay_webhook(%s, %s, %s, %s) as count",
        (endpoint_id, event, from_at, to_at),
        question="Send these events again?",
        yes=yes,
    )
    talk(f"{rows[0]['count']} events are on their way.")


@app.command()
def enable(endpoint_id: EndpointArgument, state: StateOption = DEFAULT_STATE) -> None:
    """Enable an endpoint that was disabled; what waited is sent."""
    ask(
        State(state).require_running(),
        "select (public.update_webhook_endpoint(%s, is_enabled => 'true')).id",
        endpoint_id,
    )
    talk("The endpoint is enabled.")
