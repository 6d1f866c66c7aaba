"""Members on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack


@pytest.fixture
def town(stack: RunningStack) -> Town:
    """A town whose customer joined a plan of the salon that costs nothing."""
    town = built(stack)
    mine = {"business_id": town.ids["salon"]}
    town.new("plan", "memberships.membership_plans", **mine, name="Gold", access="gold")
    town.run(
        "insert into memberships.plan_prices (business_id, plan_id, currency, price_minor)"
        " values (%s, %s, 'EUR', 0)",
        town.ids["salon"],
        town.ids["plan"],
    )
    with town.client("customer") as client:
        joined = client.post("/rpc/join_membership", json={"plan_id": town.ids["plan"]})
        assert joined.is_success, joined.text
    town.ids["membership"] = joined.json()["id"]
    return town


def listed(town: Town, *options: str) -> Any:
    done = town.stack.cli("members", "list", *options, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_members_are_listed_shown_and_cancelled(town: Town) -> None:
    mine, salon = town.ids["membership"], ("--business", town.ids["salon"])
    (found,) = listed(town, *salon)
    assert (found["id"], found["status"], found["plan"]) == (mine, "active", "Gold")
    assert listed(town, *salon, "--status", "past_due") == []
    as_csv = town.stack.cli("members", "list", *salon, "--csv")
    assert mine in as_csv.stdout
    shown = json.loads(town.stack.cli("members", "show", mine, "--json").stdout)
    (period,) = shown["periods"]
    assert shown["id"] == mine and period["number"] == 1 and period["paid_at"] is not None
    unasked = town.stack.cli("members", "cancel", mine, "--reason", "Moves away")
    assert unasked.returncode == 1 and "--yes" in unasked.stderr
    assert listed(town, *salon)[0]["ends_at"] is None
    cancelled = town.stack.cli("members", "cancel", mine, "--reason", "Moves away", "--yes")
    assert cancelled.returncode == 0, cancelled.stderr
    assert "It is active, and ends on" in cancelled.stderr
    ended = town.stack.cli("members", "cancel", mine, "--now", "--yes")
    assert "It is cancelled" in ended.stderr
    again = town.stack.cli("members", "cancel", mine, "--yes")
    assert again.returncode == 1 and "This membership is over." in again.stderr


def test_a_run_renews_what_is_due(town: Town) -> None:
    town.run(
        "update memberships.memberships set renews_at = now(), paid_until = now() where id = %s",
        town.ids["membership"],
    )
    done = town.stack.cli("members", "run")
    assert done.returncode == 0, done.stderr
    shown = json.loads(town.stack.cli("members", "show", town.ids["membership"], "--json").stdout)
    assert [period["number"] for period in shown["periods"]] == [1, 2]
    assert shown["status"] == "active"


def test_a_membership_that_does_not_exist_is_refused(stack: RunningStack) -> None:
    for command in ("show", "cancel"):
        done = stack.cli("members", command, "00000000-0000-4000-8000-00000000dead")
        assert done.returncode == 1
        assert "There is no such membership." in done.stderr
