"""The ways in which a call to a payment provider can fail, as callers distinguish them.

`TryLater`, `Unanswered` and `Misconfigured` of `workers.providers.failures` mean the same here:

- `TryLater`: nothing happened. Repeat the call with the same arguments, after `retry_after`.
- `Unanswered`: the outcome is unknown; the provider may have charged. Repeat the call with the same
  arguments: each provider's repeat rule makes it safe.
- `Misconfigured`: nothing happened, and an operator has to act. Repeat it later.
- `Rejected`, below: nothing happened, and the same call will never succeed.
"""

from __future__ import annotations

from workers.providers.failures import Misconfigured, Refused, TryLater, Unanswered

__all__ = ["Absent", "Declined", "Misconfigured", "Rejected", "TryLater", "Unanswered"]


class Rejected(Refused):
    """The provider refuses this call for good; `code` is a stable token.

    Codes of our own: `amount_too_small`, `amount_too_large`, `amount_not_payable` (no multiple of
    the step), `currency_not_offered`, `method_required`, `not_offered`, `wrong_state`, `key_reused`
    (the same key with other arguments). Other codes are the provider's.
    """

    def __init__(self, reason: str, *, code: str) -> None:
        super().__init__(reason)
        self.code = code


class Declined(Rejected):
    """The customer's bank says no. Another method may succeed, under a new key.

    `reference` is the payment at the provider, if it made one. Codes: `card_declined`,
    `insufficient_funds`, `expired_card`, `incorrect_cvc`, `lost_card`, `authentication_failed`,
    `authentication_required` (off-session; the customer has to come back), `processing_error`.
    """

    def __init__(self, reason: str, *, code: str, reference: str | None = None) -> None:
        super().__init__(reason, code=code)
        self.reference = reference


class Absent(Rejected):
    """The provider has no object with this reference."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"The provider knows no {reference}.", code="absent")
