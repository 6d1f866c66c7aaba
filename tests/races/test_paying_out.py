"""Two who pay a business out at the same moment: it is paid once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.harness.database import Database
from tests.harness.waiting import wait_until

START = "select money.start_transfers('EUR')"
BY_HAND = """
    update money.payout_accounts set provider = 'bank';
    with key as (
        insert into private.secret_keys (id, public_key)
        values ('0123456789abcdef', '') returning id
    ), secret as (
        insert into private.secrets (business_id, secret_key_id, sealed)
        select tests.id('Salon'), id, '' from key returning id
    )
    insert into money.bank_accounts (
        business_id, currency, holder_name, last4, secret_id, country
    )
    select tests.id('Salon'), 'EUR', 'Ann', '3000', id, 'DE' from secret
"""
REQUEST = "select money.request_payout(tests.id('Salon'), 'EUR')"


@pytest.fixture
def salon(db: Database) -> Database:
    """A salon with an active account and an open earning of 50.00."""
    db.connection.execute(
        """
        select tests.person('owner'), tests.business('Salon', 'owner');
        insert into money.payout_accounts (
            business_id, currency, provider, provider_reference, status
        )
        values (tests.id('Salon'), 'EUR', 'sandbox', 'acc_1', 'active');
        update money.payout_runs set next_run_at = '2020-01-01Z';
        select money.take_from_earnings(
            tests.id('Salon'), 'EUR', 'cash', -5000, money.account('disputes', 'EUR')
        );
        """
    )
    return db


def paid(db: Database) -> list[tuple[object, ...]]:
    return db.rows("select amount_minor from money.payouts")


def test_two_runs_pay_once(salon: Database) -> None:
    with psycopg.connect(salon.dsn) as first, psycopg.connect(salon.dsn) as second:
        assert first.execute("select money.run_payouts(100)").fetchone() == (1,)
        assert second.execute("select money.run_payouts(100)").fetchone() == (0,)
        first.commit()
        assert second.execute("select money.run_payouts(100)").fetchone() == (0,)
    assert paid(salon) == [(5000,)]


def test_a_request_during_a_run_pays_nothing_again(salon: Database) -> None:
    with psycopg.connect(salon.dsn) as first, psycopg.connect(salon.dsn) as second:
        first.execute("select money.run_payouts(100)")
        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(second.execute, REQUEST)
            wait_until(lambda: salon.lock_waits() == 1)
            first.commit()
            with pytest.raises(psycopg.Error) as refusal:
                late.result(timeout=60)
    assert refusal.value.diag.message_detail == "nothing_to_pay_out"
    assert paid(salon) == [(5000,)]


def test_two_requests_pay_once(salon: Database) -> None:
    def ask(_: int) -> str:
        with psycopg.connect(salon.dsn) as connection:
            try:
                connection.execute(REQUEST)
            except psycopg.Error as refusal:
                return str(refusal.diag.message_detail)
        return "paid"

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(ask, range(4)))
    assert answers == ["nothing_to_pay_out"] * 3 + ["paid"]
    assert paid(salon) == [(5000,)]


def test_two_files_have_a_payout_once(salon: Database) -> None:
    salon.connection.execute(BY_HAND)
    salon.connection.execute("select money.run_payouts(100)")
    with psycopg.connect(salon.dsn) as first, psycopg.connect(salon.dsn) as second:
        [(file,)] = first.execute(START).fetchall()
        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(lambda: second.execute(START).fetchall())
            wait_until(lambda: salon.lock_waits() == 1)
            first.commit()
            assert late.result(timeout=60) == [(None,)]
        second.commit()
    assert salon.rows("select file_id from money.payouts") == [(file,)]
