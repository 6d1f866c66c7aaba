"""The entry point: the Typer application, and how it tells its failures."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path
from typing import Annotated

import typer

from cli.hints import remember_state
from cli.options import ROOT
from cli.output import talk
from cli.refusal import Refusal
from cli.registry import Registry

app = typer.Typer(
    name="frontdesk",
    cls=Registry,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(is_asked: bool) -> None:  # noqa: FBT001 - how Typer calls it
    """Print the version of this checkout and end."""
    if is_asked:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        print(f"frontdesk {project['version']}")
        raise typer.Exit


@app.callback()
def frontdesk(
    state: Annotated[
        Path | None,
        typer.Option(
            "--state",
            help="The folder of the stack, for any command; the same as --state after its name.",
            show_default=False,
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """The backend of a marketplace of appointments and goods, on this machine."""
    if state is not None:
        remember_state(state)


def main() -> None:
    """Run the command; a failure is one sentence, a next step, and exit code 1."""
    try:
        app(prog_name="frontdesk")
    except Refusal as refusal:
        fail(refusal.message, refusal.next_step)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        fail(f"The system refused: {error.strerror or error}{where}.", "Correct that and repeat.")
    except Exception as error:
        if is_of_the_connection(error):
            reason = str(error).strip().splitlines()[0]
            fail(f"The database does not answer: {reason}.", "Look with: ./frontdesk status")
        if os.environ.get("FRONTDESK_DEBUG"):
            raise
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        fail(
            f"Frontdesk failed in a way that it should not: {what}.",
            "Repeat with FRONTDESK_DEBUG=1 to see where, and report it.",
        )


def fail(message: str, next_step: str) -> None:
    """Print what went wrong and what to do, and exit with 1."""
    talk(f"frontdesk: {message}")
    talk(next_step)
    sys.exit(1)


def is_of_the_connection(error: Exception) -> bool:
    """Whether the database did not answer; psycopg is imported only by those who use it."""
    psycopg = sys.modules.get("psycopg")
    return psycopg is not None and isinstance(error, psycopg.OperationalError)
