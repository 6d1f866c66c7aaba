"""Whoever goes around the rules of the ledger is found."""

from __future__ import annotations

import psycopg
import pytest

from tests.harness.database import Database

TAMPERED = {
    "unbalanced": "update money.entries set amount_minor = 4999 where amount_minor = 5000",
    "without_entries": "delete from money.entries",
    "checkpoint": "insert into money.checkpoints select id, 1, 1 from money.accounts",
    "spendable_balance": "update money.spendable_balances set balance_minor = 4999",
    "period_balance": "update money.period_balances set balance_minor = 0",
    "payout": """
        insert into money.open_earnings (business_id, earning_id, currency, amount_minor)
        select business_id, id, currency, amount_minor from money.earnings
    """,
}
POSTED = """
    begin;
    select tests.person('owner'), tests.business('Salon', 'owner');
    select tests.at('2031-02-10 08:00Z');
    select money.post(null, 'test.made', gen_random_uuid(), array[
        money.make_entry(money.account('provider', 'EUR', provider => 'sandbox'), 5000),
        money.make_entry(
            money.account('gift_cards', 'EUR', owner_id => gen_random_uuid()), -5000
        )
    ]);
    insert into money.payout_accounts (business_id, currency, provider, provider_reference, status)
    values (tests.id('Salon'), 'EUR', 'sandbox', 'acc_1', 'active');
    select money.take_from_earnings(
        tests.id('Salon'), 'EUR', 'cash', -3000, money.account('disputes', 'EUR')
    );
    select tests.at('2031-03-10 08:00Z');
    select money.run_payouts(10);
    select money.close_period('2031-02-28');
    commit
"""


@pytest.fixture
def posted(db: Database) -> Database:
    """A database in which a gift card was sold and a business was paid out."""
    for statement in POSTED.split(";"):
        db.connection.execute(statement.encode())
    return db


def findings(db: Database) -> set[object]:
    return {finding for (finding,) in db.rows("select finding from money.ledger_findings()")}


@pytest.mark.parametrize(("finding", "statement"), TAMPERED.items(), ids=TAMPERED)
def test_what_was_changed_by_force_is_found(posted: Database, finding: str, statement: str) -> None:
    assert findings(posted) == set()
    with posted.connection.transaction(force_rollback=True):
        posted.connection.execute("set local session_replication_role = replica")
        posted.connection.execute(statement.encode())
        assert finding in findings(posted)
        with (
            pytest.raises(psycopg.errors.RaiseException, match=finding),
            posted.connection.transaction(),
        ):
            posted.connection.execute("select tests.require_balanced_ledger()")
