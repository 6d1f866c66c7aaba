"""Stripe Connect: accounts of businesses, and payouts to their banks.

A payout is two steps: a transfer from our balance to the account's, and a payout from there to the
bank. When the second is refused, the first is reversed, so that the money is ours again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workers.providers.payments import repeating, shapes
from workers.providers.payments.failures import Absent, Rejected
from workers.providers.payments.repeating import MARK
from workers.providers.payments.stripe import reading
from workers.providers.payments.stripe.calls import failures, once
from workers.providers.payments.stripe.units import payout_limit, to_stripe
from workers.providers.payments.units import require_payable

TRANSFER = "frontdesk_transfer"
Body = dict[str, Any]


class Connect:
    """The half of `Stripe` that pays out. `_api` is the SDK's v1."""

    _api: Any

    def create_account(self, account: shapes.NewAccount) -> shapes.Account:
        """See `PaysOut.create_account`. Stripe's own pages ask for the papers."""
        params: Body = {
            "country": account.country,
            "email": account.email,
            "business_profile": {"name": account.name},
            "capabilities": {"transfers": {"requested": True}},
            "controller": {
                "fees": {"payer": "application"},
                "losses": {"payments": "application"},
                "stripe_dashboard": {"type": "express"},
            },
            "settings": {"payouts": {"schedule": {"interval": "manual"}}},
            "metadata": {MARK: account.key},
        }
        made = once(
            account,
            "account",
            lambda options: self._api.accounts.create(params, options),
            self._look(account, self._api.accounts.list),
        )
        return reading.account(made)

    def account(self, reference: str) -> shapes.Account:
        """See `PaysOut.account`."""
        try:
            with failures():
                return reading.account(self._api.accounts.retrieve(reference).to_dict())
        except Absent:
            raise Absent(reference) from None

    def onboarding_url(self, account: str, *, return_url: str) -> str:
        """See `PaysOut.onboarding_url`. A page that has expired leads back to `return_url`."""
        with failures():
            link = self._api.account_links.create(
                {
                    "account": account,
                    "type": "account_onboarding",
                    "return_url": return_url,
                    "refresh_url": return_url,
                }
            )
            return str(link.url)

    def pay_out(self, payout: shapes.Payout) -> shapes.PaidOut:
        """See `PaysOut.pay_out`."""
        require_payable(payout.amount_minor, payout.currency, payout_limit(payout.currency))
        money: Body = {
            "amount": to_stripe(payout.amount_minor, payout.currency),
            "currency": payout.currency.lower(),
            "description": payout.description,
        }
        to = {**money, "destination": payout.account, "metadata": {MARK: payout.key}}
        transfer = once(
            payout,
            "transfer",
            lambda options: self._api.transfers.create(to, options),
            self._look(payout, self._api.transfers.list, destination=payout.account),
        )
        on = {**money, "metadata": {MARK: payout.key, TRANSFER: transfer["id"]}}
        try:
            made = once(
                payout,
                "payout",
                lambda options: self._api.payouts.create(on, options),
                self._look(payout, self._api.payouts.list, account=payout.account),
                account=payout.account,
            )
        except Rejected:
            self._reverse(payout, transfer["id"])
            raise
        return reading.paid_out(made)

    def retrieve_payout(self, account: str, payout: str) -> shapes.PaidOut:
        """See `PaysOut.retrieve_payout`."""
        return reading.paid_out(self._payout(account, payout))

    def recall(self, recall: shapes.Recall) -> None:
        """See `PaysOut.recall`: a failed payout lies in the account's balance."""
        self._reverse(recall, self._payout(recall.account, recall.payout)["metadata"][TRANSFER])

    def _payout(self, account: str, payout: str) -> Body:
        with failures():
            found: Body = self._api.payouts.retrieve(
                payout, None, {"stripe_account": account}
            ).to_dict()
            return found

    def _reverse(self, effect: shapes.Effect, transfer: str) -> None:
        def look() -> Body | None:
            with failures():
                found: Body = self._api.transfers.retrieve(transfer).to_dict()
            return found if found["reversed"] else None

        if look():
            return
        once(
            effect,
            "reverse",
            lambda options: self._api.transfers.reversals.create(transfer, {}, options),
            look,
        )

    def _look(
        self, effect: shapes.Effect, search: Any, *, account: str = "", **wanted: str
    ) -> Callable[[], Body | None]:
        """Return what finds the object that carries the effect's key."""

        def look() -> Body | None:
            since = repeating.search_from(effect)
            params = {"created": {"gte": since}, "limit": 100, **wanted}
            options = {"stripe_account": account} if account else {}
            with failures():
                return repeating.first(
                    found.to_dict()
                    for found in search(params, options).auto_paging_iter()
                    if _carries(found.to_dict(), effect.key)
                )

        return look


def _carries(body: Body, key: str) -> bool:
    """Whether an object came from this effect and still has it: a reversed transfer has none."""
    return (body.get("metadata") or {}).get(MARK) == key and not body.get("reversed")
