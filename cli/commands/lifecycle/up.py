"""`frontdesk up`: starts a stack, or joins the one that runs already."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Annotated

import typer

from cli import settings
from cli.commands.lifecycle.announcement import announce
from cli.commands.lifecycle.preparing import prepare_database
from cli.options import (
    DEFAULT_CONFIG,
    DEFAULT_STATE,
    ConfigOption,
    JsonOption,
    PortOption,
    StateOption,
)
from cli.output import talk
from cli.refusal import Refusal
from cli.settings.file import OVERRIDES
from cli.stack import ending, plan
from cli.stack.journal import Journal
from cli.stack.state import State
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
START_TIMEOUT = 90  # seconds that a second `up` waits for the first one to be ready


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
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
    ready_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start the stack: database, PostgREST, gateway, edge and worker."""
    place = State(state)
    loaded = settings.load(config)
    place.create()
    lock = place.lock()
    if lock is None:
        _join(place, as_json=as_json)
        return
    if detach:
        lock.close()
        arguments = ["--state", str(place.path), "--config", str(config.absolute())]
        arguments += ["--port", str(port)] if port else []
        arguments += ["--db-url", db_url] if db_url else []
        _start_detached([*arguments, "--workers" if workers else "--no-workers"])
        announce(place.require_running(), as_json=as_json, is_detached=True)
        return
    with lock:
        ending.end_leftovers(place)
        settled = plan.make(
            place,
            loaded,
            config_folder=config.absolute().parent,
            port=port,
            db_url=db_url,
            with_workers=workers,
        )
        journal = Journal(place.logs / "supervisor.log")

        def on_ready() -> None:
            journal.say(f"ready at {settled.api_url}")
            if ready_fd is not None:
                os.write(ready_fd, b"ready")
                os.close(ready_fd)
                journal.hush()
            else:
                announce(place.require_running(), as_json=as_json, is_detached=False)

        Supervisor(settled, journal, prepare_database).run(on_ready)


def _join(place: State, *, as_json: bool) -> None:
    """A second `up`: wait for the first one's stack and say where it is."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and place.is_locked():
        record = place.record()
        if record and record.is_ready:
            talk(f"Frontdesk already runs at {record.endpoints.api_url}.")
            announce(record.endpoints, as_json=as_json, is_detached=True)
            return
        time.sleep(0.1)
    raise Refusal(
        f"Another `up` in {place.path} did not get ready.", f"Read {place.logs}/supervisor.log."
    )


def _start_detached(arguments: list[str]) -> None:
    """Run `up` in a session of its own until it says that it is ready.

    It talks to our terminal until then, so a refusal is shown as it is.
    """
    read_end, write_end = os.pipe()
    environment = {k: v for k, v in os.environ.items() if k != "FRONTDESK_DETACH"}
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "cli", "up", *arguments, "--ready-fd", str(write_end)],
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
