"""The currencies of PayPal, which writes amounts as decimals.

Source: https://developer.paypal.com/reference/currency-codes
"""

from __future__ import annotations

from collections.abc import Mapping

from workers.providers.payments.shapes import Limit
from workers.providers.payments.units import as_decimal, exponent, from_decimal

# Without digits after the point at PayPal, whatever ISO 4217 says.
WHOLE = ("HUF", "JPY", "TWD")
CURRENCIES = (
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "ILS", "MXN", "MYR",
    "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "USD", *WHOLE,
)  # fmt: skip
MOST_DIGITS = 7  # before the point


def limit(currency: str) -> Limit | None:
    """Return what PayPal takes in a currency."""
    if currency not in CURRENCIES:
        return None
    places = exponent(currency)
    step = 10**places if currency in WHOLE else 1
    most = 10 ** (MOST_DIGITS + places) - step
    return Limit(minimum_minor=step, maximum_minor=most, step_minor=step)


def money(amount_minor: int, currency: str) -> dict[str, str]:
    """Return an amount as PayPal writes it."""
    digits = 0 if currency in WHOLE else None
    value = as_decimal(amount_minor, currency, digits=digits)
    return {"currency_code": currency, "value": value}


def minor(written: Mapping[str, str]) -> int:
    """Return an amount of PayPal's in minor units."""
    return from_decimal(written["value"], written["currency_code"])
