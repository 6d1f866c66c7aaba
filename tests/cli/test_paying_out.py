"""Commissions and payouts on the command line."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.commands.commissions import app as commissions
from cli.commands.payouts import app as payouts
from cli.stack.state import State
from tests.harness.database import Database


@pytest.fixture
def salon(db: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A salon at 15 %, with an earning of 2000.00, which is more than the threshold."""
    monkeypatch.setattr(State, "require_running", lambda _: SimpleNamespace(db_url=db.dsn))
    db.connection.execute(
        """
        select tests.person('owner'), tests.person('clerk'), tests.business('Salon', 'owner');
        with plan as (
            insert into money.commission_plans (name, tax_treatment)
            values ('Standard', 'vendor_remits') returning id
        ), tier as (
            insert into money.commission_tiers (plan_id, rate_bps) select id, 1500 from plan
        )
        insert into money.commission_scopes (plan_id) select id from plan;
        insert into money.payout_accounts (
            business_id, currency, provider, provider_reference, status
        )
        values (tests.id('Salon'), 'EUR', 'sandbox', 'acc_1', 'active');
        update money.payout_runs set next_run_at = '2020-01-01Z';
        select money.take_from_earnings(
            tests.id('Salon'), 'EUR', 'cash', -200000, money.account('disputes', 'EUR')
        );
        """
    )
    return db


def run(app: Any, *arguments: str) -> Any:
    done = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def quietly(*arguments: str) -> None:
    done = CliRunner().invoke(payouts, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output


def test_a_simulated_sale_shows_every_share(salon: Database) -> None:
    shares = run(commissions, "simulate", "salon", "--amount-minor", "10000")
    assert [(row["party"], row["amount_minor"]) for row in shares] == [
        ("customer", 10000),
        ("platform", -1500),
        ("Salon", 8500),
    ]
    assert {row["currency"] for row in shares} == {"EUR"}


def test_a_run_makes_a_payout_that_a_clerk_rejects_and_another_approves(salon: Database) -> None:
    quietly("run")
    (made,) = run(payouts, "list", "--business", "salon", "--status", "pending")
    assert made["amount_minor"] == 200_000
    quietly("reject", made["id"], "--reason", "Looks odd", "--as", "clerk@example.com", "--yes")
    assert run(payouts, "list")[0]["status"] == "rejected"
    salon.rows("update money.payout_runs set next_run_at = '2020-01-01Z' returning 1")
    quietly("run")
    (again,) = run(payouts, "list", "--status", "pending")
    quietly("approve", again["id"], "--yes")
    ((decisions,),) = salon.rows(
        "select array_agg(decision::text || ' ' || coalesce(users.email, '-') order by decided_at)"
        " from money.payout_decisions left join auth.users on users.id = decided_by"
    )
    assert decisions == ["reject clerk@example.com", "approve -"]
    ((month,),) = salon.rows("select to_char(now() at time zone 'UTC', 'YYYY-MM')")
    lines = run(payouts, "statement", "salon", "--month", str(month))
    amounts = {line["kind"]: line["amount_minor"] for line in lines}
    assert amounts["payouts"] + amounts["payouts_returned"] == -200_000
    assert amounts["closing"] == 0
