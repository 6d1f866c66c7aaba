"""Payouts: makes those that are due, hands them to providers, opens accounts, recalls failures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dramatiq

from workers.actors.database import Database
from workers.actors.retrying import PATIENCE, later
from workers.providers.failures import TryLater
from workers.providers.payments import onboarding, shapes
from workers.providers.payments.failures import Rejected
from workers.providers.payments.protocol import PaymentProvider

QUEUE = "payouts"
BATCH = 1_000  # accounts

Job = Mapping[str, Any]


@dataclass(frozen=True)
class Paymaster:
    """Calls the providers that pay out, by name, and records what they answer."""

    database: Database
    providers: Mapping[str, PaymentProvider]

    def execute(self, payout_id: str) -> None:
        """Hand a payout to its provider, or ask what became of it. The key is always the same."""
        job = self.database.call("select money.start_payout(%s)", payout_id)
        if job is None:
            return
        payer = onboarding.payer(self.providers, job["provider"])
        if job["reference"] is not None:
            paid = payer.retrieve_payout(job["account"], job["reference"])
            self._record(payout_id, paid.status, paid.reference, None)
            return
        asked = shapes.Payout(
            **_effect(job),
            account=job["account"],
            amount_minor=job["amount_minor"],
            currency=job["currency"],
            description=job["description"],
        )
        try:
            paid = payer.pay_out(asked)
        except Rejected as error:
            self._record(payout_id, "failed", None, error.code)
        else:
            self._record(payout_id, paid.status, paid.reference, None)

    def recall(self, payout_id: str) -> None:
        """Bring the money of a failed payout back, then book it back."""
        job = self.database.call("select money.start_recall(%s)", payout_id)
        if job is None:
            return
        if job["payout"] is not None:  # otherwise no money has left us
            onboarding.payer(self.providers, job["provider"]).recall(
                shapes.Recall(**_effect(job), payout=job["payout"], account=job["account"])
            )
        self.database.call("select money.reverse_payout(%s)::text", payout_id)

    def open_account(self, business_id: str, currency: str) -> None:
        """Open the account of a business at its provider, and note what it may do."""
        job = self.database.call("select money.start_payout_account(%s, %s)", business_id, currency)
        account = onboarding.account(onboarding.payer(self.providers, job["provider"]), job)
        self.database.call(
            "select money.note_payout_account(%s, %s, %s)::text",
            business_id,
            currency,
            account.reference,
        )
        self._note(job["provider"], account)

    def refresh_account(self, provider: str, reference: str) -> None:
        """Ask a provider what an account may do now."""
        self._note(provider, onboarding.payer(self.providers, provider).account(reference))

    def _note(self, provider: str, account: shapes.Account) -> None:
        self.database.call(
            "select money.record_payout_account(%s, %s, %s, %s)",
            provider,
            account.reference,
            account.can_be_paid_out,
            list(account.missing),
        )

    def _record(
        self, payout_id: str, outcome: str, reference: str | None, failure: str | None
    ) -> None:
        self.database.call(
            "select money.record_payout(%s, %s, %s, %s)::text",
            payout_id,
            outcome,
            reference,
            failure,
        )


def declare(broker: dramatiq.Broker, paymaster: Paymaster) -> None:
    """Declare the actors."""

    def run_payouts(topic: str, payload: dict[str, Any]) -> None:
        """Make the payouts that are due by their accounts' schedules, and chase those that wait."""
        paymaster.database.call("select money.chase_payouts()")
        while paymaster.database.call("select money.run_payouts(%s)", BATCH) == BATCH:
            pass

    def execute_payout(payout_id: str) -> None:
        """Hand one payout to its provider."""
        with _patience():
            paymaster.execute(payout_id)

    def recall_payout(payout_id: str) -> None:
        """Bring the money of one failed payout back."""
        with _patience():
            paymaster.recall(payout_id)

    def open_payout_account(business_id: str, currency: str) -> None:
        """Open the account of one business."""
        with _patience():
            paymaster.open_account(business_id, currency)

    def refresh_payout_account(provider: str, reference: str) -> None:
        """Ask a provider what one account may do."""
        with _patience():
            paymaster.refresh_account(provider, reference)

    for actor in (
        run_payouts,
        execute_payout,
        recall_payout,
        open_payout_account,
        refresh_payout_account,
    ):
        dramatiq.actor(broker=broker, queue_name=QUEUE, **PATIENCE)(actor)


@contextmanager
def _patience() -> Iterator[None]:
    """Retry at the time that the provider named, else after growing pauses."""
    try:
        yield
    except TryLater as error:
        raise later(error) from None


def _effect(job: Job) -> dict[str, Any]:
    return {"key": job["key"], "began_at": job["began_at"]}
