"""`frontdesk doctor`: looks at everything that can be wrong, and says what to do."""

from __future__ import annotations

from dataclasses import asdict

import typer

from cli.commands.doctor.checks import Finding, of_checkout, of_stack
from cli.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from cli.output import show_json
from cli.stack.start import config_path
from cli.stack.state import State

MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}


def doctor(
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the installation, the configuration, the stack, the schema and the advisors."""
    findings = [*of_checkout(config_path(State(state), config)), *of_stack(State(state))]
    if as_json:
        show_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            _show(finding)
    if any(finding.result == "fail" for finding in findings):
        raise typer.Exit(1)


def _show(finding: Finding) -> None:
    print(f"{MARKS[finding.result]} {finding.check}: {finding.message}")
    if finding.next_step:
        print(f"    {finding.next_step}")
