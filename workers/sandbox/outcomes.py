"""How payments and payouts end: chosen by a test method or by an amount."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What happens to a payment with a method.

    `later` happens after a while: `captured`, `failed` or `dispute`. `refund` says how refunds end.
    """

    decline: str | None = None
    needs_customer: bool = False
    later: str | None = None
    refund: str = "succeeded"


# The method of a payment that the customer makes on the sandbox's page, unless they choose another.
PLAIN = "test_ok"
METHODS = {
    PLAIN: Outcome(),
    "test_3ds": Outcome(needs_customer=True),
    "test_declined": Outcome(decline="card_declined"),
    "test_insufficient_funds": Outcome(decline="insufficient_funds"),
    "test_expired_card": Outcome(decline="expired_card"),
    "test_incorrect_cvc": Outcome(decline="incorrect_cvc"),
    "test_lost_card": Outcome(decline="lost_card"),
    "test_processing_error": Outcome(decline="processing_error"),
    "test_slow": Outcome(later="captured"),
    "test_slow_declined": Outcome(later="failed"),
    "test_disputed": Outcome(later="dispute"),
    "test_refund_slow": Outcome(refund="slow"),
    "test_refund_fails": Outcome(refund="fails"),
}
# Amounts in minor units that choose a method where none is named.
AMOUNTS = {
    990_000: PLAIN,
    990_001: "test_declined",
    990_002: "test_insufficient_funds",
    990_003: "test_expired_card",
    990_004: "test_3ds",
    990_005: "test_slow",
    990_006: "test_slow_declined",
    990_007: "test_disputed",
    990_008: "test_refund_slow",
    990_009: "test_refund_fails",
}
# Amounts of payouts: one is refused at once, one fails later.
PAYOUT_REFUSED, PAYOUT_FAILS = 990_011, 990_012
