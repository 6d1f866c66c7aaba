"""`frontdesk status`: what runs, and where."""

from __future__ import annotations

from cli.commands.lifecycle.announcement import announce
from cli.options import DEFAULT_STATE, JsonOption, StateOption
from cli.output import show, show_json
from cli.refusal import Refusal
from cli.stack import ending
from cli.stack.state import State


def status(state: StateOption = DEFAULT_STATE, as_json: JsonOption = False) -> None:
    """Show what runs, and where."""
    place = State(state)
    record = place.record()
    if record is None:
        raise Refusal(f"There is no stack in {place.path}.", "Start one: ./frontdesk up")
    endpoints = record.endpoints if place.is_locked() else ending.stopped(record.endpoints)
    if as_json:
        show_json(endpoints.as_dict())
        return
    rows = [{"service": name, **service} for name, service in endpoints.services.items()]
    show(rows, columns=("service", "state", "pid", "restarts", "url"), as_json=False)
    announce(endpoints, as_json=False, is_detached=True)
