"""A worker that is killed between the sandbox's answer and our commit pays out once.

The sandbox's own books are the judge. What fails comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from tests.harness.database import Database as Declared
from tests.harness.waiting import wait_until
from tests.workers.payments.doomed import TIMEOUTS, killed
from tests.workers.payments.wired_sandbox import WiredSandbox
from workers.actors.database import Database
from workers.actors.payouts import Paymaster
from workers.sandbox.outcomes import PAYOUT_FAILS, PAYOUT_REFUSED


@dataclass
class Office:
    """A salon with an account at the sandbox, and a paymaster."""

    db: Declared
    paymaster: Paymaster
    wired: WiredSandbox

    def earn(self, minor: int) -> str:
        """Owe the salon an amount, and make a payout of it."""
        self.db.rows(
            "select money.take_from_earnings(tests.id('Salon'), 'EUR', 'cash', %s,"
            " money.account('disputes', 'EUR'))",
            -minor,
        )
        ((payout_id,),) = self.db.rows("select money.request_payout(tests.id('Salon'), 'EUR')")
        self.db.rows(
            "update money.payouts set status = 'approved' where status = 'pending' returning 1"
        )
        return str(payout_id)

    def status(self, payout_id: str) -> str:
        """Return a payout's status."""
        ((found,),) = self.db.rows("select status from money.payouts where id = %s", payout_id)
        return str(found)

    def balance(self, kind: str) -> object:
        """Return what an account of the salon has."""
        ((found,),) = self.db.rows(
            "select money.balance(money.account_id(%s, 'EUR', tests.id('Salon'), null, null))", kind
        )
        return found


@pytest.fixture
def office(db: Declared, tmp_path: Path) -> Iterator[Office]:
    """The salon, whose account is complete."""
    db.connection.execute("select tests.person('owner'), tests.business('Salon', 'owner')")
    db.rows(
        "select money.set_payout_account(tests.id('Salon'), 'EUR', 'sandbox', null, null)::text"
    )
    wired = WiredSandbox(tmp_path)
    wired.simulator.open()
    with ConnectionPool(db.dsn, min_size=1, max_size=3, kwargs={"autocommit": True}) as pool:
        provider = wired.make("", wired.simulator.url, TIMEOUTS)
        paymaster = Paymaster(Database(pool), {"sandbox": provider})
        ((salon,),) = db.rows("select tests.id('Salon')::text")
        paymaster.open_account(str(salon), "EUR")
        ((reference, status),) = db.rows(
            "select provider_reference, status::text from money.payout_accounts"
        )
        assert status == "pending"
        url = provider.onboarding_url(str(reference), return_url="https://salon.example")
        wired.sandbox.press(url, choice="complete")
        paymaster.refresh_account("sandbox", str(reference))
        yield Office(db, paymaster, wired)
    wired.simulator.close()


def test_a_worker_that_is_killed_after_the_answer_pays_once(office: Office) -> None:
    payout_id = office.earn(5000)
    killed(office.db.dsn, office.wired, "pay_out", payout_id)
    office.paymaster.execute(payout_id)
    ((reference,),) = office.db.rows("select provider_reference from money.payouts")
    wait_until(lambda: bool(_payouts(office)))
    assert {event["data"]["object"]["id"] for event in _payouts(office)} == {reference}
    office.paymaster.execute(payout_id)
    assert office.status(payout_id) == "paid"
    assert office.balance("business_in_transit") == 0


def _payouts(office: Office) -> list[Any]:
    return [event for event in office.wired.sandbox.all("/events") if "payout" in event["type"]]


@pytest.mark.parametrize("minor", [PAYOUT_REFUSED, PAYOUT_FAILS])
def test_what_fails_is_open_again_and_the_account_waits(office: Office, minor: int) -> None:
    payout_id = office.earn(minor)
    office.paymaster.execute(payout_id)
    if minor == PAYOUT_FAILS:
        wait_until(lambda: bool(_payouts(office)))
        office.paymaster.execute(payout_id)
    assert office.status(payout_id) == "failed"
    office.paymaster.recall(payout_id)
    office.paymaster.recall(payout_id)
    assert office.status(payout_id) == "reversed"
    assert office.balance("business_payable") == -minor
    assert office.db.rows("select status::text from money.payout_accounts") == [("restricted",)]
