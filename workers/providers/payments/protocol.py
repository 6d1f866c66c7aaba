"""What a payment provider promises, whichever it is.

The calls block and have time limits, so the edge makes them in threads; threads may share a
provider. None of them decides anything: what is paid, captured or refunded is decided in the
database before the call.

**The repeat rule.** Every call that changes something takes an `Effect`. A crash may leave us
without its answer, so the call is repeated with the same effect until there is one, and the adapter
sees to it that the provider does it once:

- `key`: the provider remembers the key, and answers a repetition with the first result. It forgets
  keys after `key_hours`; a later repetition looks first.
- `natural`: the effect has a name of its own at the provider (an order, the capture of an
  authorization), which cannot happen twice.
- `look_first`: the adapter lists what happened since `began_at` and searches it for the key, before
  it asks for it (again).

Looking and asking are two calls. So nobody makes the same effect in two threads at once, and
`Unanswered.retry_after` leaves time for the lost request to arrive.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from workers.providers.payments import shapes

RepeatRule = Literal["key", "natural", "look_first"]


@dataclass(frozen=True)
class Traits:
    """What distinguishes this provider. Calls that it does not offer raise `Rejected(not_offered)`.

    `needs_method`: an intent must name a method or a token; `public_key` is what the provider's
    script in the browser needs to make one. `asks_about_events`: `parse_event` calls the provider.
    Without `cancels`, the provider itself releases reserved money after some days, and an open
    payment may still be paid: refund it then. `saves_methods`: it is a `SavesMethods`.
    """

    name: str
    repeat_rule: RepeatRule
    key_hours: int | None = None
    captures_parts: bool = True
    cancels: bool = True
    needs_method: bool = False
    saves_methods: bool = False
    pays_out: bool = False
    asks_about_events: bool = False
    public_key: str | None = None


class PaymentProvider(Protocol):
    """A provider of payments. Every call raises only what `payments.failures` lists."""

    @property
    def traits(self) -> Traits:
        """What distinguishes it."""

    def limit(self, currency: str) -> shapes.Limit | None:
        """Return what it charges in a currency, or None when it does not offer the currency."""

    def create(self, intent: shapes.Intent) -> shapes.Started:
        """Start a payment.

        Raises:
            Declined: when the bank says no at once.
            Rejected: for an amount or a currency beyond `limit`, and for other arguments.
        """

    def finish(self, finish: shapes.Finish) -> shapes.Payment:
        """Complete a payment that is `approved`; in any other state, just return it.

        Raises:
            Declined: when the bank says no.
        """

    def capture(self, capture: shapes.Capture) -> shapes.Payment:
        """Take reserved money.

        Raises:
            Rejected: `wrong_state` when it is not authorized (any more); `not_offered` for a part.
        """

    def cancel(self, cancel: shapes.Cancel) -> shapes.Payment:
        """Release reserved money or close an unpaid payment. A cancelled one stays so.

        Raises:
            Rejected: `wrong_state` when it is captured; `not_offered` without `traits.cancels`.
        """

    def refund(self, refund: shapes.Refund) -> shapes.Refunded:
        """Return captured money.

        Raises:
            Rejected: `wrong_state` when less than the amount is left.
        """

    def retrieve(self, payment: str) -> shapes.Payment:
        """Return a payment as it is now.

        Raises:
            Absent: when the provider does not know it.
        """

    def retrieve_refund(self, payment: str, refund: str) -> shapes.Refunded:
        """Return a refund of a payment as it is now."""

    def list_since(self, moment: datetime) -> Iterator[shapes.Payment]:
        """Yield the payments that were created at a moment or later, in any order."""

    def parse_event(self, headers: Mapping[str, str], raw: bytes) -> Event:
        """Verify a webhook over the bytes that came, and return what it says.

        Header names are read without regard to case.

        Raises:
            TryLater: when the provider has to be asked and does not answer; it will call again.
        """


class SavesMethods(Protocol):
    """A provider with `traits.saves_methods`: a method is saved with a payment or by itself."""

    def save_method(self, saving: shapes.Saving) -> shapes.Started:
        """Begin to save a method without a payment; `finish_saving` completes it.

        Raises:
            Rejected: `method_required` without a token where `traits.needs_method` says so.
        """

    def finish_saving(self, finish: shapes.FinishSaving) -> shapes.Method | None:
        """Complete a saving, and return what is saved; None until the customer has done their part.

        Raises:
            Declined: when the bank says no.
            Absent: when the provider does not know the saving (any more).
        """

    def methods(self, customer: str) -> list[shapes.Method]:
        """Return the methods that are saved for a customer."""

    def forget_method(self, method: str) -> None:
        """Delete a saved method. One that is gone is fine."""


class PaysOut(Protocol):
    """A provider with `traits.pays_out`: accounts of businesses, and payouts to them."""

    def create_account(self, account: shapes.NewAccount) -> shapes.Account:
        """Open an account for a business."""

    def account(self, reference: str) -> shapes.Account:
        """Return an account as it is now.

        Raises:
            Absent: when the provider does not know it.
        """

    def onboarding_url(self, account: str, *, return_url: str) -> str:
        """Return the page on which the business hands in what is missing; it expires soon."""

    def pay_out(self, payout: shapes.Payout) -> shapes.PaidOut:
        """Send money to an account.

        Raises:
            Rejected: when the account cannot be paid out, or we hold too little there. No money
                has left us then.
        """

    def retrieve_payout(self, account: str, payout: str) -> shapes.PaidOut:
        """Return a payout as it is now."""

    def recall(self, recall: shapes.Recall) -> None:
        """Bring the money of a failed payout back to us; call it before booking it back."""


class FullProvider(PaymentProvider, SavesMethods, PaysOut, Protocol):
    """A provider that does everything: Stripe, and the sandbox."""


Event = shapes.ProviderEvent | shapes.Ignored | shapes.Forged
