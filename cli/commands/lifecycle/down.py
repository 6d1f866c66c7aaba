"""`frontdesk down`: stops a stack and keeps its data."""

from __future__ import annotations

from cli.options import DEFAULT_STATE, StateOption
from cli.output import talk
from cli.stack import ending
from cli.stack.state import State


def down(state: StateOption = DEFAULT_STATE) -> None:
    """Stop what `up` started; the data stay."""
    place = State(state)
    talk("Stopped; the data stay." if ending.end(place) else f"Nothing runs in {place.path}.")
