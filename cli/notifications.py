"""Notifications: what people were told, what failed, and in which words."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.admin import ask
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, StateOption
from cli.output import show, show_json
from cli.queues import LimitOption
from cli.refusal import Refusal

COLUMNS = (
    *("id", "created_at", "event", "audience", "channel", "address", "status", "reason"),
    *("attempts", "provider"),
)
STATS = ("day", "channel", "status", "deliveries", "attempts", "seconds_to_send")
EVENTS = ("name", "audience", "channels", "is_mandatory", "is_marketing", "description")
LIST = """
    select *
    from engagement.notification_deliveries
    where (%s::text is null or status::text = %s) and (%s::text is null or channel::text = %s)
    order by created_at desc
    limit %s
"""
ONE = "select * from engagement.notification_deliveries where id::text = %s"
SUMS = """
    select
        day, channel, status,
        sum(deliveries)::bigint as deliveries, sum(attempts)::bigint as attempts,
        round(avg(seconds_to_send), 1) as seconds_to_send
    from analytics.notification_stats
    group by day, channel, status
    order by day desc, channel, status
"""
NOTICES = """
    select events.*, notices.audience, notices.channels::text[] as channels
    from engagement.events
    inner join engagement.notices on notices.event = events.name
    order by events.name, notices.audience
"""

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
    rows = ask(state, LIST, status, status, channel, channel, limit)
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)


@app.command("show")
def show_delivery(
    delivery_id: Annotated[str, typer.Argument(metavar="ID", help="The delivery, by its id.")],
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Show one delivery with everything about it, as JSON."""
    rows = ask(state, ONE, delivery_id)
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
    show(ask(state, SUMS), columns=STATS, as_json=as_json, as_csv=as_csv)


@app.command()
def events(
    state: StateOption = DEFAULT_STATE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """List what people can hear of: who, and on which channels."""
    rows = [{**row, "channels": ", ".join(row["channels"])} for row in ask(state, NOTICES)]
    show(rows, columns=EVENTS, as_json=as_json, as_csv=as_csv)
