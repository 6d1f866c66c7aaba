"""Pages of the platform and of businesses: their texts, versions and publication."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.database import ask, ask_file, change
from cli.options import DEFAULT_STATE, CsvOption, JsonOption, StateOption, YesOption
from cli.output import show, talk
from cli.refusal import Refusal
from cli.stack.state import Endpoints, State

SQL = Path(__file__).parent
COLUMNS = (
    *("slug", "business", "version", "draft", "locales"),
    *("published_at", "is_terms", "is_shown"),
)
VERSIONS = ("version", "locale", "title", "published_at")

app = typer.Typer(help="Pages: their texts, versions and publication.", no_args_is_help=True)

SlugArgument = Annotated[str, typer.Argument(metavar="SLUG", help="The page, by its slug.")]
BusinessOption = Annotated[
    str | None,
    typer.Option(
        "--business",
        envvar="FRONTDESK_BUSINESS",
        help="The slug of the business whose page it is; without it, the platform's.",
    ),
]


@app.command("list")
def list_pages(
    business: BusinessOption = None,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the pages, drafts included."""
    rows = ask_file(State(state).require_running(), SQL / "list.sql", business=business)
    show(rows, columns=COLUMNS, as_json=as_json, as_csv=as_csv)


@app.command()
def versions(
    slug: SlugArgument,
    business: BusinessOption = None,
    state: StateOption = DEFAULT_STATE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List every version of a page, a row for each language."""
    endpoints = State(state).require_running()
    statement = (
        "select * from public.page_versions where page_id = %s order by version desc, locale"
    )
    rows = ask(endpoints, statement, _find(endpoints, slug, business))
    show(rows, columns=VERSIONS, as_json=as_json, as_csv=as_csv)


@app.command()
def save(
    slug: SlugArgument,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Its Markdown; - reads stdin.")],
    locale: Annotated[
        str, typer.Option(envvar="FRONTDESK_LOCALE", help="The language, such as en or de-AT.")
    ],
    title: Annotated[str, typer.Option(envvar="FRONTDESK_TITLE", help="The title.")],
    business: BusinessOption = None,
    is_listed: Annotated[
        bool | None,
        typer.Option(
            "--listed/--unlisted", envvar="FRONTDESK_LISTED", help="Whether home lists it."
        ),
    ] = None,
    is_terms: Annotated[
        bool | None,
        typer.Option(
            "--terms/--no-terms", envvar="FRONTDESK_TERMS", help="Whether people accept it."
        ),
    ] = None,
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Save the draft of a page in one language. `pages publish` shows it to readers."""
    endpoints = State(state).require_running()
    body = sys.stdin.read() if file == "-" else _read(Path(file))
    ask_file(
        endpoints,
        SQL / "save.sql",
        slug=slug,
        locale=locale,
        title=title,
        body=body,
        business=business,
        is_listed=is_listed,
        is_terms=is_terms,
    )
    talk(f"The draft of {slug} in {locale} is saved.")


@app.command()
def publish(
    slug: SlugArgument,
    business: BusinessOption = None,
    yes: YesOption = False,
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Publish the draft of a page. The version never changes from then on."""
    endpoints = State(state).require_running()
    page_id = _find(endpoints, slug, business)
    rows = change(
        endpoints,
        "select version from public.publish_page(%s::text)",
        [page_id],
        question=f"Publish {slug}?",
        yes=yes,
    )
    talk(f"Version {rows[0]['version']} of {slug} is published.")


@app.command()
def retire(
    slug: SlugArgument,
    business: BusinessOption = None,
    yes: YesOption = False,
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Take a page down. Its versions stay, and publishing the next one shows it again."""
    endpoints = State(state).require_running()
    page_id = _find(endpoints, slug, business)
    change(
        endpoints,
        "select public.take_page_down(%s::text)",
        [page_id],
        question=f"Take {slug} down?",
        yes=yes,
    )
    talk(f"{slug} is taken down.")


def _find(endpoints: Endpoints, slug: str, business: str | None) -> str:
    rows = ask_file(endpoints, SQL / "find.sql", slug=slug, business=business)
    if not rows:
        raise Refusal(f"There is no page {slug}.", "List them: ./frontdesk pages list")
    return str(rows[0]["id"])


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}.", "Check the path.") from None
