"""Stripe Connect: accounts, transfers, reversals and payouts, with balances that must suffice."""

from __future__ import annotations

from collections import Counter

from tests.harness.simulators.payments.server import Answer, Body, Call, Step
from tests.harness.simulators.payments.stripe import StripeSimulator

OURS = ""  # the balance of the platform


class ConnectSimulator(StripeSimulator):
    """All of Stripe that we use. `balances` is by account and currency."""

    def __init__(self) -> None:
        super().__init__()
        self.balances: Counter[tuple[str, str]] = Counter({(OURS, "usd"): 1_000_000})
        # An account whose bank refuses payouts at once.
        self.without_bank: set[str] = set()

    @property
    def steps(self) -> list[tuple[str, Step]]:
        return [
            *super().steps,
            (r"POST /v1/accounts", self._account),
            (r"GET /v1/accounts", lambda call: self.list("account", call)),
            (r"GET /v1/accounts/(\w+)", lambda _call, one: self.get(one, "account")),
            (r"POST /v1/account_links", self._link),
            (r"POST /v1/transfers", self._transfer),
            (r"GET /v1/transfers", lambda call: self.list("transfer", call)),
            (r"GET /v1/transfers/(\w+)", lambda _call, one: self.get(one, "transfer")),
            (r"POST /v1/transfers/(\w+)/reversals", self._reverse),
            (r"POST /v1/payouts", self._pay_out),
            (r"GET /v1/payouts", lambda call: self.list("payout", call)),
            (r"GET /v1/payouts/(\w+)", lambda _call, one: self.get(one, "payout")),
        ]

    def _account(self, call: Call) -> Body:
        return self.make(
            "account",
            "acct",
            call,
            payouts_enabled=False,
            capabilities={"transfers": "inactive"},
            requirements={"currently_due": ["external_account", "individual.id_number"]},
        )

    def onboard(self, reference: str) -> None:
        """Let the business hand in everything."""
        account = self.objects[reference]
        account |= {"payouts_enabled": True, "capabilities": {"transfers": "active"}}
        account["requirements"] = {"currently_due": []}
        self.announce("account.updated", account, account=reference)

    def _link(self, call: Call) -> Body:
        url = f"{self.url}/setup/{call.body['account']}"
        return {"object": "account_link", "url": url}

    def _transfer(self, call: Call) -> Answer | Body:
        asked = call.body
        account, amount, currency = asked["destination"], int(asked["amount"]), asked["currency"]
        if self.get(account, "account")["capabilities"]["transfers"] != "active":
            code = "insufficient_capabilities_for_transfer"
            return self.refused(400, code, "The destination needs the capability transfers.")
        if not self._move(amount, currency, OURS, account):
            return self.refused(400, "balance_insufficient", "You have too little.")
        fields = {"amount": amount, "currency": currency, "destination": account}
        return self.make("transfer", "tr", call, reversed=False, **fields)

    def _reverse(self, call: Call, reference: str) -> Answer | Body:
        transfer = self.get(reference, "transfer")
        money = transfer["amount"], transfer["currency"]
        if transfer["reversed"] or not self._move(*money, transfer["destination"], OURS):
            return self.refused(400, "transfer_already_reversed", "It is reversed already.")
        transfer["reversed"] = True
        return self.make("transfer_reversal", "trr", call, transfer=reference)

    def _pay_out(self, call: Call) -> Answer | Body:
        account = call.headers["stripe-account"]
        amount, currency = int(call.body["amount"]), call.body["currency"]
        if account in self.without_bank:
            return self.refused(400, "payouts_not_allowed", "The account has no bank.")
        if not self._move(amount, currency, account, "bank"):
            return self.refused(400, "balance_insufficient", "The account has too little.")
        fields = {"amount": amount, "currency": currency, "account": account}
        return self.make("payout", "po", call, status="pending", **fields)

    def end_payout(self, reference: str, status: str) -> None:
        """Let a payout arrive, or come back into the account's balance."""
        payout = self.objects[reference]
        payout["status"] = status
        if status == "failed":
            self._move(payout["amount"], payout["currency"], "bank", payout["account"])
        self.announce(f"payout.{status}", payout, account=payout["account"])

    def _move(self, amount: int, currency: str, source: str, target: str) -> bool:
        if self.balances[source, currency] < amount:
            return False
        self.balances[source, currency] -= amount
        self.balances[target, currency] += amount
        return True
