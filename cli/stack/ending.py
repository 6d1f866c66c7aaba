"""Ends a stack: its supervisor, what a killed supervisor left, and its data."""

from __future__ import annotations

import os
import shutil
import signal
import time
from dataclasses import replace

from cli.refusal import Refusal
from cli.stack import process
from cli.stack.account import server_account
from cli.stack.state import Endpoints, State

# How a part is told to stop, where it is not SIGTERM: PostgreSQL's fast shutdown is SIGINT.
STOP_SIGNALS = {"postgres": signal.SIGINT}
PATIENCE = 60  # seconds in which a supervisor must stop its parts


def end(state: State) -> bool:
    """Stop what `up` started here, and nothing else; return whether anything ran."""
    was_running = state.is_locked()
    if was_running:
        _ask_supervisor(state)
    return end_leftovers(state) or was_running


def end_leftovers(state: State) -> bool:
    """Stop the parts that a killed supervisor left, the database last."""
    record = state.record()
    if record is None or record.boot != process.boot():
        return False
    ordered = sorted(record.parts.items(), key=lambda item: item[0] == "postgres")
    found = [
        (identity, STOP_SIGNALS.get(name, signal.SIGTERM))
        for name, identity in ordered
        if process.has_session(identity)
    ]
    process.stop(found, timeout=30)
    return bool(found)


def require_state(state: State) -> None:
    """Refuse a folder that is not a state, so that a mistyped path costs nothing."""
    if state.path.exists() and state.is_fresh and any(state.path.iterdir()):
        raise Refusal(
            f"{state.path} is not the state of a stack.", "Nothing was deleted; check --state."
        )


def remove(state: State) -> None:
    """Delete the state, wherever its parts are.

    Raises:
        Refusal: the folder is not a state.
    """
    require_state(state)
    if not state.path.exists():
        return
    account = server_account()
    for folder in (
        state.database,
        state.gateway,
        state.mail,
        state.metrics,
        state.blobs,
        state.sandbox,
        state.keys,
    ):
        account.discard(account.folder(folder))
    shutil.rmtree(state.path)


def stopped(endpoints: Endpoints) -> Endpoints:
    """Return the same stack with every service stopped."""
    services = {
        name: {**service, "pid": None, "state": "stopped"}
        for name, service in endpoints.services.items()
    }
    return replace(endpoints, services=services)


def _ask_supervisor(state: State) -> None:
    """Tell the supervisor to stop, and kill it when it does not."""
    asked = False
    deadline = time.monotonic() + PATIENCE
    while state.is_locked():
        record = state.record()
        if record and record.supervisor.is_alive():
            if time.monotonic() > deadline:
                os.kill(record.supervisor.pid, signal.SIGKILL)
            elif not asked:
                os.kill(record.supervisor.pid, signal.SIGTERM)
                asked = True
        time.sleep(0.05)
