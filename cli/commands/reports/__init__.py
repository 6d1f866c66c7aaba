"""Reports: the dashboards of a business and of the platform, drawn in the terminal."""

from __future__ import annotations

import datetime
import json
import sys
import uuid
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.businesses import the_business
from cli.commands.database import ask
from cli.commands.reports.drawing import draw
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, StateOption
from cli.output import show, show_json
from cli.refusal import Refusal
from cli.stack.state import State

DAY = "%Y-%m-%d"
SERIES = ("day", "bookings", "currency", "sold_minor", "revenue_minor")
RANKED = ("currency", "rank", "name", "revenue_minor", "sold_minor", "bookings", "business_id")

app = typer.Typer(help="Reports: bookings, money and customers in figures.", no_args_is_help=True)

FromOption = Annotated[
    datetime.datetime | None,
    typer.Option(
        "--from",
        formats=[DAY],
        envvar="FRONTDESK_FROM",
        help="The first day.",
        show_default="29 days before --to",
    ),
]
ToOption = Annotated[
    datetime.datetime | None,
    typer.Option(
        "--to",
        formats=[DAY],
        envvar="FRONTDESK_TO",
        help="The last day.",
        show_default="today",
    ),
]


@app.command()
def business(
    name: Annotated[str, typer.Argument(metavar="BUSINESS", help="The business: slug or id.")],
    from_on: FromOption = None,
    to_on: ToOption = None,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Draw the dashboard of a business; as CSV its days."""
    endpoints = State(state).require_running()
    found = the_business(endpoints, name)
    first, last = _period(from_on, to_on)
    (row,) = ask(
        endpoints,
        "select public.business_dashboard(%s, %s, %s) as page",
        str(found["id"]),
        first,
        last,
    )
    page = row["page"]
    if as_json:
        show_json(page)
    elif as_csv:
        show(_days(page["series"]), columns=SERIES, as_json=False, as_csv=True)
    else:
        draw(page)


@app.command()
def platform(
    from_on: FromOption = None,
    to_on: ToOption = None,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Draw the dashboard of the platform; as CSV the businesses with the most revenue."""
    first, last = _period(from_on, to_on)
    (row,) = ask(
        State(state).require_running(),
        "select public.platform_dashboard(%s, %s) as page",
        first,
        last,
    )
    page = row["page"]
    if as_json:
        show_json(page)
    elif as_csv:
        show(page["top_businesses"], columns=RANKED, as_json=False, as_csv=True)
    else:
        draw(page)


@app.command()
def run(
    report: Annotated[
        str,
        typer.Argument(
            help="A JSON file with the definition, - for standard input, or the id of a saved one."
        ),
    ],
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Run a report and print its rows."""
    endpoints = State(state).require_running()
    (row,) = ask(endpoints, "select public.run_report(%s) as page", _definition(report))
    page = row["page"]
    if as_json:
        show_json(page)
    else:
        show(page["rows"], columns=page["columns"], as_json=False, as_csv=as_csv)


def _definition(report: str) -> str:
    """Return the argument of run_report. Raises: Refusal when there is no such file."""
    try:
        return json.dumps({"report_id": str(uuid.UUID(report))})
    except ValueError:
        pass
    if report == "-":
        return sys.stdin.read()
    try:
        return Path(report).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Refusal(
            f"The file {report} cannot be read.", "Name a JSON file, or the id of a saved report."
        ) from None


def _period(from_on: datetime.datetime | None, to_on: datetime.datetime | None) -> tuple[str, str]:
    last = to_on or datetime.datetime.now(datetime.UTC)
    first = from_on or last - datetime.timedelta(days=29)
    if first > last:
        raise Refusal("The period ends before it begins.", "Give --from before --to.")
    return first.strftime(DAY), last.strftime(DAY)


def _days(series: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each day and currency; a day without money has one without a currency."""
    return [{**day, **money} for day in series for money in (day["money"] or [{}])]
