"""What goes to a payment provider and what comes back, the same for all of them.

Amounts are integers in the minor unit of ISO 4217 (cents, yen, fils), whatever unit the provider
counts in. Currencies are three capital letters. Moments have a zone. A reference is the provider's
own id of an object; a key is ours.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Minor = Annotated[int, Field(gt=0, lt=2**53)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
# Safe in every provider's header, receipt and metadata. A uuid fits.
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Reference = Annotated[str, Field(min_length=1, max_length=255)]

# `requires_action`: the customer has to do something: pay, pass 3-D Secure, approve.
# `approved`: the customer did it, and `finish` has to be called (PayPal, PAY.JP).
# `processing`: the provider decides later, and an event says how.
# `authorized`: the money is reserved. `captured`: it is ours, in whole or in part.
PaymentStatus = Literal[
    "requires_action", "approved", "processing", "authorized", "captured", "failed", "cancelled"
]
Status = Literal["pending", "succeeded", "failed"]
EventKind = Literal[
    "payment.requires_action",
    "payment.approved",
    "payment.authorized",
    "payment.captured",
    "payment.failed",
    "payment.cancelled",
    "refund.succeeded",
    "refund.failed",
    "dispute.opened",
    "dispute.won",
    "dispute.lost",
    "payout.paid",
    "payout.failed",
    "account.updated",
    "method.saved",
    "method.updated",
    "method.removed",
]


class Shape(BaseModel):
    """A value that never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Effect(Shape):
    """A call that changes something at the provider.

    Store `key` and `began_at` before the first call, and repeat them unchanged. `began_at` is the
    moment of the first attempt: a repetition looks for its effect among what happened since.
    """

    key: Key
    began_at: AwareDatetime


class Intent(Effect):
    """A payment to be made.

    `method` is the reference of a saved method, or the one-time token of the provider's script.
    Without it the customer chooses on the provider's page or form. `off_session`: the customer is
    not there, so a step that needs them is a `Declined` with `authentication_required`.
    """

    amount_minor: Minor
    currency: Currency
    description: Annotated[str, Field(min_length=1, max_length=127)]
    capture_now: bool = True
    customer: Reference | None = None
    email: str | None = None
    method: Reference | None = None
    save_method: bool = False
    off_session: bool = False
    # Where the customer's browser comes back after a page of the provider's.
    return_url: str


class Capture(Effect):
    """Takes reserved money. A smaller amount releases the rest; nothing can be taken later."""

    payment: Reference
    amount_minor: Minor
    currency: Currency


class Cancel(Effect):
    """Releases reserved money, or closes a payment that nobody has paid."""

    payment: Reference


class Finish(Effect):
    """Completes a payment that the customer approved. `capture_now` as in its intent."""

    payment: Reference
    capture_now: bool = True


class Refund(Effect):
    """Returns captured money, in whole or in part."""

    payment: Reference
    amount_minor: Minor
    currency: Currency


class Payout(Effect):
    """Sends money that the provider holds for us to a business's account."""

    account: Reference
    amount_minor: Minor
    currency: Currency
    description: Annotated[str, Field(min_length=1, max_length=127)]


class Recall(Effect):
    """Brings the money of a failed payout back to us."""

    payout: Reference
    account: Reference


class Saving(Effect):
    """A method to be saved without a payment, such as a card that guarantees a booking.

    `method` is the one-time token of the provider's script, where `Traits.needs_method` says so.
    """

    customer: Reference | None = None
    email: str | None = None
    method: Reference | None = None
    return_url: str


class FinishSaving(Effect):
    """Completes a saving once the customer has done their part. `saving` is its reference."""

    saving: Reference


class NewAccount(Effect):
    """A business that shall be paid out. `country` is its ISO 3166 code."""

    name: Annotated[str, Field(min_length=1, max_length=127)]
    email: str
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Client(Shape):
    """What the customer's browser needs next. Nothing in it is secret from that customer.

    `redirect`: open `url`. `client_secret`: give `client_secret` and `public_key` to the provider's
    script. `order`: the same with `order` (Razorpay), and with `customer` when the card is to be
    saved. `none`: there is nothing to do.
    """

    kind: Literal["redirect", "client_secret", "order", "none"]
    url: str | None = None
    client_secret: str | None = None
    order: str | None = None
    public_key: str | None = None
    customer: str | None = None


NOTHING_TO_DO = Client(kind="none")


class Started(Shape):
    """A payment (or a saving of a method) that exists at the provider now."""

    reference: Reference
    status: PaymentStatus
    client: Client = NOTHING_TO_DO
    # The provider's customer, when it made or used one.
    customer: Reference | None = None


class Payment(Shape):
    """A payment as the provider has it. Sums are in the payment's currency."""

    reference: Reference
    # The key of its intent; None for payments that we did not start.
    key: str | None
    status: PaymentStatus
    amount_minor: int
    captured_minor: int
    refunded_minor: int
    currency: Currency
    created_at: AwareDatetime
    # What the provider keeps of it, in `fee_currency`; None while it is unknown.
    fee_minor: int | None = None
    fee_currency: Currency | None = None
    # Why it failed: a code of `Declined`.
    failure: str | None = None
    customer: Reference | None = None
    method: Reference | None = None


class Refunded(Shape):
    """A refund at the provider. While it is `pending` an event says later how it ends."""

    reference: Reference
    status: Status
    amount_minor: int
    currency: Currency


class PaidOut(Shape):
    """A payout at the provider. While it is `pending` an event says later how it ends."""

    reference: Reference
    status: Status
    amount_minor: int
    currency: Currency


class Account(Shape):
    """A business's account at the provider. `missing` names what it still has to hand in."""

    reference: Reference
    can_be_paid_out: bool
    missing: tuple[str, ...] = ()


class Method(Shape):
    """A saved method. `expires_on` is the card's last month as `YYYY-MM`."""

    reference: Reference
    customer: Reference
    brand: str
    last4: str
    expires_on: str | None = None


class Limit(Shape):
    """What the provider charges in one currency. Amounts are multiples of `step_minor`."""

    minimum_minor: int
    maximum_minor: int
    step_minor: int = 1


class ProviderEvent(Shape):
    """One event whose origin is verified.

    These fields are all that is ever applied, so whoever stores them can replay the event.
    `object_reference` is the payment, refund, dispute, payout, account or method that `kind` speaks
    of. `amount_minor` is what was captured in all, refunded by this refund, disputed, or paid out.
    """

    provider: str
    event_id: str
    kind: EventKind
    object_reference: Reference
    amount_minor: int | None = None
    currency: Currency | None = None
    occurred_at: AwareDatetime
    # The payment of a refund or a dispute.
    payment_reference: Reference | None = None
    # The key that we gave the object, so that an event that overtakes our own commit finds it.
    key: str | None = None
    # What else may be of use, without personal data: reason, fee_minor, due_at, customer, account.
    data: dict[str, str] = {}


class Ignored(Shape):
    """A genuine event of which nothing follows; `name` is the provider's word for it."""

    event_id: str
    name: str


class Forged(Shape):
    """A call that the provider did not make, or that is too old. `reason` is one sentence."""

    reason: str
