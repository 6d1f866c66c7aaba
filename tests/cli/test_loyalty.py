"""Points on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack

POINTS = """
    with program as (
        insert into loyalty.programs (
            business_id, name, currency, earn_points, earn_minor, redeem_points, redeem_minor
        )
        values (%s, 'Points', 'EUR', 1, 100, 1, 1)
        returning business_id
    )

    insert into customers.customers (business_id, name, email)
    select business_id, 'Mia', 'mia@points.example'
    from program
"""
MIA = "mia@points.example"


@pytest.fixture
def salon(stack: RunningStack) -> tuple[Town, str]:
    """A town whose salon gives points, and the slug of the salon."""
    town = built(stack)
    town.run(POINTS, town.ids["salon"])
    ((slug,),) = town.run("select slug from business.businesses where id = %s", town.ids["salon"])
    return town, str(slug)


def shown(town: Town, *words: str) -> Any:
    done = town.stack.cli("loyalty", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_points_are_adjusted_with_a_reason_and_shown(salon: tuple[Town, str]) -> None:
    town, slug = salon
    given = town.stack.cli(
        "loyalty", "adjust", slug, MIA, "100", "--reason", "We were late", "--yes"
    )
    assert given.returncode == 0, given.stderr
    taken = town.stack.cli(
        "loyalty", "adjust", "--reason", "Too many", "--yes", "--", slug, MIA, "-101"
    )
    assert (taken.returncode, "Only 100 points are left." in taken.stderr) == (1, True)
    (balance,) = shown(town, "balance", MIA, "--business", slug)
    assert balance["points"] == 100
    assert [entry["reason"] for entry in balance["entries"]] == ["We were late"]
    (program,) = shown(town, "programs", "--business", slug)
    assert (program["customers"], program["points"]) == (1, 100)


def test_the_operator_says_who_pays_for_points(salon: tuple[Town, str]) -> None:
    town, slug = salon
    said = town.stack.cli("loyalty", "bearer", slug, "platform", "--yes")
    assert said.returncode == 0, said.stderr
    (program,) = shown(town, "programs", "--business", slug)
    assert program["bearer"] == "platform"
    town.run("delete from loyalty.programs where business_id = %s", town.ids["salon"])
    refused = town.stack.cli("loyalty", "bearer", slug, "business", "--yes")
    assert (refused.returncode, "has no program" in refused.stderr) == (1, True)
