"""Compares the providers' lists with ours at once, and shows what does not agree."""

from __future__ import annotations

from cli.commands.database import ask, ask_file
from cli.commands.payments.listing import SQL
from cli.options import DEFAULT_STATE, JsonOption, StateOption
from cli.output import show, talk
from cli.stack.state import State

COLUMNS = ("kind", "provider", "reference", "payment_id", "detail", "found_at", "resolved_at")


def sync(state: StateOption = DEFAULT_STATE, as_json: JsonOption = False) -> None:
    """Ask the workers to compare with the providers, and list the findings so far.

    They compare every quarter of an hour anyway. What a webhook missed is repaired.
    """
    endpoints = State(state).require_running()
    ask(endpoints, "select private.emit('tick.reconciliation', '{}')::text")
    talk("The workers compare now. Findings so far, open ones first:")
    show(ask_file(endpoints, SQL / "findings.sql"), columns=COLUMNS, as_json=as_json)
