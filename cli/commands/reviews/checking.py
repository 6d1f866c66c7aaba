"""Compares the ratings with a recount of all published reviews."""

from __future__ import annotations

from cli.commands.database import ask
from cli.options import DEFAULT_STATE, JsonOption, StateOption
from cli.output import show, talk
from cli.refusal import Refusal
from cli.stack.state import State

COLUMNS = ("subject", "subject_id", "aspect", "kept", "recounted")


def check(state: StateOption = DEFAULT_STATE, as_json: JsonOption = False) -> None:
    """Recount all published reviews, and compare the ratings with them."""
    rows = ask(State(state).require_running(), "select * from reviews.miscounts()")
    show(rows, columns=COLUMNS, as_json=as_json)
    if rows:
        raise Refusal(
            "These ratings differ from the reviews.",
            "Report it with what was done to the reviews: ./frontdesk audit list",
        )
    talk("The ratings equal a recount.")
