"""The doctor names what is wrong and what to do."""

from __future__ import annotations

import json
from pathlib import Path

from tests.harness.stack import RunningStack, run_cli


def findings(stdout: str) -> dict[str, dict[str, str]]:
    return {finding["check"]: finding for finding in json.loads(stdout)}


def test_a_well_stack(stack: RunningStack) -> None:
    found = findings(stack.cli("doctor", "--json").stdout)
    results = {check: finding["result"] for check, finding in found.items()}
    checks = ("installation", "configuration", "services", "api", "schema", "advisors")
    assert {check: results[check] for check in checks} == dict.fromkeys(checks, "ok"), found
    assert "migrations" in results


def test_no_stack_is_a_warning_and_a_missing_program_fails(folder: Path) -> None:
    done = run_cli(
        "doctor", "--json", "--state", folder / "none", env={"NGINX_BIN": "/nowhere/nginx"}
    )
    found = findings(done.stdout)
    assert done.returncode == 1
    assert found["services"]["result"] == "warn"
    assert found["installation"]["result"] == "fail"
    assert "NGINX_BIN" in found["installation"]["next_step"]
