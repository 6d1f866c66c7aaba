"""What people find on the command line, and the search written anew."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack


@pytest.fixture
def town(stack: RunningStack) -> Town:
    return built(stack)


def found(town: Town, *words: str) -> Any:
    """What a command shows as JSON."""
    done = town.stack.cli("search", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_rebuild_finds_what_was_loaded_without_triggers(town: Town) -> None:
    town.run(
        "with quiet as (select set_config('session_replication_role', 'replica', true))"
        " update catalog.services set name = 'Zebra grooming' from quiet where id = %s",
        town.ids["salon_service"],
    )
    assert found(town, "zebra grooming") == []
    written = {row["kind"]: row["written"] for row in found(town, "rebuild")}
    assert min(written.values()) > 0
    (row,) = found(town, "zebra groming", "--explain", "--kind", "service")
    assert (row["name"], row["id"]) == ("Zebra grooming", town.ids["salon_service"])
    assert float(row["words"]) > 0


def test_a_bad_query_is_refused_in_the_words_of_the_database(town: Town) -> None:
    refused = town.stack.cli("search", "find", "&|!")
    assert (refused.returncode, "q must contain" in refused.stderr) == (1, True)
