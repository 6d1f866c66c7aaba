"""`frontdesk up`: starts a stack, or joins the one that runs already."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Annotated
from urllib.parse import urlsplit

import typer

from cli import hints, settings
from cli.commands.lifecycle.announcement import announce
from cli.commands.lifecycle.preparing import prepare_database
from cli.options import (
    DEFAULT_STATE,
    ConfigOption,
    JsonOption,
    PortOption,
    StateOption,
)
from cli.output import talk
from cli.refusal import Refusal
from cli.settings.file import OVERRIDES
from cli.settings.not_offered import not_offered, sentence
from cli.stack import ending, plan
from cli.stack.journal import Journal
from cli.stack.start import Start, remember, settle
from cli.stack.state import Endpoints, State
from cli.stack.supervisor import Supervisor

ENVIRONMENT = {
    **{name: meaning for name, (_section, _key, meaning) in OVERRIDES.items()},
    "FRONTDESK_AUTHENTICATOR_PASSWORD": "That role's password on a database of your own.",
    "FRONTDESK_RUN_AS": "As root, the user who runs the servers.",
    "POSTGREST_BIN, NGINX_BIN": "Programs to use instead of those on PATH or those installed here.",
    "FRONTDESK_PYTHON": "The Python (3.11 or newer) that .venv is made with.",
    "FRONTDESK_DEBUG": "Show where an unexpected failure happened.",
}
COMMAND = {
    "epilog": "Environment: " + " · ".join(f"{n}: {meaning}" for n, meaning in ENVIRONMENT.items())
}


def up(
    state: StateOption = DEFAULT_STATE,
    port: PortOption = None,
    detach: Annotated[
        bool,
        typer.Option("--detach", envvar="FRONTDESK_DETACH", help="Return when the stack is ready."),
    ] = False,
    workers: Annotated[
        bool,
        typer.Option(
            "--workers/--no-workers",
            envvar="FRONTDESK_WORKERS",
            help="Run the worker processes as well.",
        ),
    ] = True,
    db_url: Annotated[
        str | None,
        typer.Option(
            envvar="FRONTDESK_DB_URL",
            help="Your own PostgreSQL (15 or newer) instead of the embedded one.",
        ),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    ready_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start the stack: database, PostgREST, gateway, edge and worker."""
    place = State(state)
    start = settle(place, Start(db_url=db_url, port=port, config=config))
    unknown = not_offered(settings.load(start.config_path).auth)
    if unknown and ready_fd is None:
        talk(sentence(unknown))
    place.create()
    lock = place.lock()
    if lock is None:
        endpoints = _join(place, port=port)
        if ready_fd is not None:
            _say_ready(ready_fd)
        else:
            announce(endpoints, as_json=as_json, is_detached=True)
    elif detach:
        lock.close()
        _start_detached(place, start, with_workers=workers)
        announce(place.require_running(), as_json=as_json, is_detached=True)
    else:
        with lock:
            _run(place, start, with_workers=workers, as_json=as_json, ready_fd=ready_fd)


def _run(
    place: State, start: Start, *, with_workers: bool, as_json: bool, ready_fd: int | None
) -> None:
    """Run the stack until somebody stops it."""
    ending.end_leftovers(place)
    settled = plan.make(
        place,
        settings.load(start.config_path),
        config_folder=start.config_path.parent,
        port=start.port,
        db_url=start.db_url,
        with_workers=with_workers,
    )
    remember(place, start)
    journal = Journal(place.logs / "supervisor.log")

    def on_ready() -> None:
        journal.say(f"ready at {settled.api_url}")
        if ready_fd is not None:
            _say_ready(ready_fd)
            journal.hush()
        else:
            announce(place.require_running(), as_json=as_json, is_detached=False)

    Supervisor(settled, journal, prepare_database).run(on_ready)


def _join(place: State, *, port: int | None) -> Endpoints:
    """Wait until the stack of another `up` is ready; that one says so when it cannot be.

    Raises:
        Refusal: it ended before it was ready, or runs on another port than the one asked for.
    """
    while place.is_locked():
        record = place.record()
        if record and record.is_ready:
            found = record.endpoints
            if port is not None and urlsplit(found.api_url).port != port:
                raise Refusal(
                    f"Frontdesk already runs at {found.api_url}, not on port {port}.",
                    "Stop it first: ./frontdesk down",
                )
            talk(f"Frontdesk already runs at {found.api_url}.")
            return found
        time.sleep(0.1)
    raise Refusal(
        f"Another `up` in {place.path} did not get ready.", f"Read {place.logs}/supervisor.log."
    )


def _start_detached(place: State, start: Start, *, with_workers: bool) -> None:
    """Run `up` in a session of its own until it says that it is ready.

    It talks to our terminal until then, so a refusal is shown as it is. The URL of the database
    has a password, so it goes by the environment: every user of the machine can read arguments.
    """
    read_end, write_end = os.pipe()
    environment = {k: v for k, v in os.environ.items() if k != "FRONTDESK_DETACH"}
    environment["FRONTDESK_STATE"] = str(place.path)
    if start.db_url:
        environment["FRONTDESK_DB_URL"] = start.db_url
    arguments = ["--workers" if with_workers else "--no-workers"]
    arguments += ["--port", str(start.port)] if start.port else []
    arguments += ["--config", str(start.config_path)] if start.config else []
    arguments += ["--ready-fd", str(write_end)]
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "cli", *hints.options(), "up", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=environment,
        pass_fds=(write_end,),
        start_new_session=True,
    )
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        is_ready = pipe.read() == b"ready"
    if not is_ready:
        raise typer.Exit(child.wait() or 1)


def _say_ready(ready_fd: int) -> None:
    """Tell the `up --detach` that started us that the stack answers."""
    os.write(ready_fd, b"ready")
    os.close(ready_fd)
