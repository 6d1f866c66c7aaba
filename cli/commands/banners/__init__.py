"""Banners: where, for whom, from when to when."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.database import ask_file, change
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, StateOption, YesOption
from cli.output import show, talk
from cli.refusal import Refusal
from cli.stack.state import State

SQL = Path(__file__).parent
COLUMNS = (
    *("id", "business", "place", "locale", "priority", "title"),
    *("starts_at", "ends_at", "is_live"),
)

app = typer.Typer(help="Banners: where, for whom, from when to when.", no_args_is_help=True)


@app.command("list")
def list_banners(
    live: Annotated[
        bool, typer.Option("--live", envvar="FRONTDESK_LIVE", help="Only those that are live.")
    ] = False,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the banners, the most important of each place first."""
    rows = ask_file(State(state).require_running(), SQL / "list.sql", live=live)
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)


@app.command()
def add(
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What it says.")],
    place: Annotated[
        str, typer.Option(envvar="FRONTDESK_PLACE", help="home, search or checkout.")
    ] = "home",
    locale: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_LOCALE", help="The language of its readers; default: all."),
    ] = None,
    priority: Annotated[
        int, typer.Option(envvar="FRONTDESK_PRIORITY", help="The highest comes first.")
    ] = 0,
    body: Annotated[
        str | None, typer.Option(envvar="FRONTDESK_BODY", help="More text, as Markdown.")
    ] = None,
    link: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_LINK", help="Where it leads: https:// or a path."),
    ] = None,
    starts_at: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_STARTS_AT", help="Instant with offset; default: now."),
    ] = None,
    ends_at: Annotated[
        str | None,
        typer.Option(envvar="FRONTDESK_ENDS_AT", help="Instant with offset; default: never."),
    ] = None,
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Add a banner of the platform, and print its id."""
    rows = ask_file(
        State(state).require_running(),
        SQL / "add.sql",
        title=title,
        place=place,
        locale=locale,
        priority=priority,
        body=body,
        link=link,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    typer.echo(rows[0]["id"])


@app.command()
def delete(
    banner_id: Annotated[str, typer.Argument(metavar="ID", help="The banner, by its id.")],
    yes: YesOption = False,
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Delete a banner."""
    rows = change(
        State(state).require_running(),
        "delete from content.banners where id::text = %s returning title",
        [banner_id],
        question=f"Delete the banner {banner_id}?",
        yes=yes,
    )
    if not rows:
        raise Refusal(f"There is no banner {banner_id}.", "List them: ./frontdesk banners list")
    talk(f"The banner “{rows[0]['title']}” is deleted.")
