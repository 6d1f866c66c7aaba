"""The entry point: the Typer application, and how it tells its failures."""

from __future__ import annotations

import os
import sys

import psycopg
import typer

from cli.commands import (
    auth,
    bench,
    bookings,
    db,
    demo,
    doctor,
    gen,
    mail,
    notifications,
    queues,
    test,
    tour,
    users,
)
from cli.commands.lifecycle.down import down
from cli.commands.lifecycle.reset import reset
from cli.commands.lifecycle.status import status
from cli.commands.lifecycle.up import up
from cli.output import talk
from cli.refusal import Refusal
from cli.settings.file import OVERRIDES

ENVIRONMENT = {
    **{name: meaning for name, (_section, _key, meaning) in OVERRIDES.items()},
    "FRONTDESK_AUTHENTICATOR_PASSWORD": "That role's password on a database of your own.",
    "FRONTDESK_RUN_AS": "As root, the user who runs the servers.",
    "POSTGREST_BIN, NGINX_BIN": "Programs to use instead of those on PATH or those installed here.",
    "FRONTDESK_PYTHON": "The Python (3.11 or newer) that .venv is made with.",
    "FRONTDESK_DEBUG": "Show where an unexpected failure happened.",
}
UP_EPILOG = "Environment: " + " · ".join(f"{n}: {meaning}" for n, meaning in ENVIRONMENT.items())

app = typer.Typer(
    name="frontdesk",
    help="The backend of a marketplace of appointments and goods, on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=UP_EPILOG)(up)
app.command()(status)
app.command()(down)
app.command()(reset)

app.command()(doctor.doctor)
app.command()(demo.demo)
app.command()(tour.tour)
app.command()(mail.mail)
app.command()(bench.bench)
app.add_typer(auth.app, name="auth")
app.add_typer(users.app, name="users")
app.add_typer(bookings.app, name="bookings")
app.add_typer(queues.app, name="queues")
app.add_typer(notifications.app, name="notifications")
app.add_typer(db.app, name="db")
app.add_typer(gen.app, name="gen")
app.command(context_settings=test.CONTEXT)(test.test)


def main() -> None:
    """Run the command; a failure is one sentence and a next step, and exit code 1."""
    try:
        app(prog_name="frontdesk")
    except Refusal as refusal:
        fail(refusal.message, refusal.next_step)
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        fail(f"The database does not answer: {reason}.", "Look with: ./frontdesk status")
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        fail(f"The system refused: {error.strerror or error}{where}.", "Correct that and repeat.")
    except Exception as error:
        if os.environ.get("FRONTDESK_DEBUG"):
            raise
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        fail(
            f"Frontdesk failed in a way that it should not: {what}.",
            "Repeat with FRONTDESK_DEBUG=1 to see where, and report it.",
        )


def fail(message: str, next_step: str) -> None:
    """Say what went wrong and what to do, and end with 1."""
    talk(f"frontdesk: {message}")
    talk(next_step)
    sys.exit(1)
