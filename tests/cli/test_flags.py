"""Flags on the command line."""

from __future__ import annotations

import json
from typing import Any

from tests.harness.stack import RunningStack


def asked(stack: RunningStack, *arguments: str) -> Any:
    done = stack.cli("flags", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_flag_is_made_shared_targeted_evaluated_and_deleted(stack: RunningStack) -> None:
    name = "cli_prices"
    refused = stack.cli("flags", "set", name, "--percentage", 101, "--yes")
    assert refused.returncode == 1
    assert "a whole number from 0 to 100" in refused.stderr
    made = stack.cli("flags", "set", name, "--on", "--percentage", 0, "--allow", "ben", "--yes")
    assert made.returncode == 0, made.stderr
    flag = asked(stack, "show", name)
    assert (flag["rules"], flag["allowed"]) == ([{"percentage": 0}], ["ben"])
    (for_ben,) = asked(stack, "evaluate", name, "--subject", "ben")
    assert (for_ben["is_on"], for_ben["reason"]) == (True, "TARGETING_MATCH")
    (for_cem,) = asked(stack, "evaluate", name, "--subject", "cem")
    assert for_cem["is_on"] is False
    again = stack.cli(
        *("flags", "set", name, "--percentage", 30, "--deny", "ben", "--ends-at", "2020-01-01"),
        "--yes",
    )
    assert again.returncode == 0, again.stderr
    (row,) = [row for row in asked(stack, "list", "--stale") if row["key"] == name]
    assert (row["percentage"], row["denied"], row["stale_reason"]) == (30, ["ben"], "ended")
    assert stack.cli("flags", "delete", name, "--yes").returncode == 0
    absent = stack.cli("flags", "show", name)
    assert (absent.returncode, "There is no flag" in absent.stderr) == (1, True)
