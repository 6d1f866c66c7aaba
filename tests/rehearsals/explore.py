"""Generated tests explore new examples, nine times as many as a test run tries."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cli.options import ROOT

PYTEST = (sys.executable, "-m", "pytest", "-q", "--hypothesis-profile", "explore")


@pytest.mark.parametrize(
    "path",
    ["fees", "membership_changes", "periods", "prices", "recurrence", "search", "slots"],
)
@pytest.mark.parametrize("turn", range(1, 10))
def test_new_examples_hold(path: str, turn: int) -> None:
    done = subprocess.run(
        [*PYTEST, f"tests/property/test_{path}.py"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, f"turn {turn}:\n{done.stdout[-20_000:]}"
