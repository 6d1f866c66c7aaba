"""The units in which Stripe counts, and what it charges.

Source: https://docs.stripe.com/currencies
"""

from __future__ import annotations

from workers.providers.payments import units
from workers.providers.payments.shapes import Limit

# Currencies without digits after the point that Stripe counts in hundredths all the same.
AS_HUNDREDTHS = ("ISK", "UGX")
# A currency with two digits that Stripe counts whole.
AS_WHOLE = ("MGA",)
# Currencies whose payouts are whole, though charges are not.
WHOLE_PAYOUTS = ("HUF", "TWD")
# In Stripe's units, for charges. Where none is listed, that of USD is the best guess.
MINIMUMS = {
    "AED": 200, "CZK": 1500, "DKK": 250, "GBP": 30, "HKD": 400, "HUF": 17500, "JPY": 50,
    "MXN": 1000, "MYR": 200, "NOK": 300, "PLN": 200, "RON": 200, "SEK": 300, "THB": 1000,
    "BGN": 100,
}  # fmt: skip
USUAL_MINIMUM, MAXIMUM = 50, 99_999_999
NOT_OFFERED = ("CLF", "CUP", "IQD", "IRR", "KPW", "LYD", "SDG", "SYP", "UYI", "UYW")


def to_stripe(amount_minor: int, currency: str) -> int:
    """Return an amount in Stripe's units."""
    if currency in AS_HUNDREDTHS:
        return amount_minor * 100
    return amount_minor // 100 if currency in AS_WHOLE else amount_minor


def from_stripe(amount: int, currency: str) -> int:
    """Return an amount of Stripe's in minor units."""
    if currency in AS_HUNDREDTHS:
        return amount // 100
    return amount * 100 if currency in AS_WHOLE else amount


def limit(currency: str) -> Limit | None:
    """Return what Stripe charges in a currency."""
    if currency in NOT_OFFERED:
        return None
    step = 10 if units.exponent(currency) == 3 else 100 if currency in AS_WHOLE else 1
    least = from_stripe(MINIMUMS.get(currency, USUAL_MINIMUM), currency) or 1
    most = from_stripe(MAXIMUM, currency)
    return Limit(minimum_minor=least, maximum_minor=most // step * step, step_minor=step)


def payout_limit(currency: str) -> Limit | None:
    """Return what Stripe pays out in a currency."""
    charged = limit(currency)
    if charged is None:
        return None
    step = 100 if currency in WHOLE_PAYOUTS else charged.step_minor
    return Limit(minimum_minor=step, maximum_minor=charged.maximum_minor, step_minor=step)
