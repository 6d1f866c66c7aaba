"""The question before something that cannot be undone."""

from __future__ import annotations

import sys

import typer

from cli.refusal import Refusal


def require_consent(question: str, *, yes: bool) -> None:
    """Ask the person at the terminal, unless they said `--yes`.

    Raises:
        Refusal: the answer is no, or nobody is at a terminal to answer.
    """
    if not yes and not (sys.stdin.isatty() and typer.confirm(question, err=True)):
        raise Refusal("Nothing was changed.", "Add --yes to do it without being asked.")
