"""`frontdesk doctor`: checks what can be wrong, and says what to do."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Annotated

import typer

from cli.commands.doctor.checks import Finding, checks, examined
from cli.hints import completed
from cli.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from cli.output import show_json
from cli.stack.start import config_path
from cli.stack.state import State

MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}


def doctor(
    deep: Annotated[
        bool,
        typer.Option(
            "--deep",
            envvar="FRONTDESK_DEEP",
            help="Build the migrations and sql/ as well, and compare them (half a minute).",
        ),
    ] = False,
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the installation, the configuration, the stack, the schema and the advisors."""
    place = State(state)
    findings = []
    for check in checks(place, config_path(place, config), is_deep=deep):
        with _progress(check[0]):
            found = examined(check)
        finding = replace(found, next_step=completed(found.next_step))
        findings.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        show_json([asdict(finding) for finding in findings])
    if any(finding.result == "fail" for finding in findings):
        raise typer.Exit(1)


@contextlib.contextmanager
def _progress(check: str) -> Iterator[None]:
    """Tell somebody at a terminal which check runs; the line goes when it is over."""
    from rich.console import Console

    console = Console(stderr=True)
    with console.status(f"{check} …") if sys.stderr.isatty() else contextlib.nullcontext():
        yield


def _show(finding: Finding) -> None:
    print(f"{MARKS[finding.result]} {finding.check}: {finding.message}", flush=True)
    if finding.next_step:
        print(f"    {finding.next_step}", flush=True)
