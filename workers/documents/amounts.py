"""Amounts as documents show them. Nothing is rounded here: minor units are exact."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency, format_decimal


def units(minor: int, digits: int) -> Decimal:
    """An amount in whole units of its currency: 1234 with 2 digits is 12.34."""
    return Decimal(minor).scaleb(-digits)


def locale_of(tag: str) -> Locale:
    """The locale of a language tag; English where there is none."""
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def money(facts: dict[str, Any], minor: int) -> str:
    """An amount of a document in the words of its locale."""
    return format_currency(
        units(minor, facts["minor_digits"]),
        facts["currency"],
        locale=locale_of(facts["seller"]["locale"]),
        currency_digits=False,
        format=None,
        decimal_quantization=False,
    )


def percent(facts: dict[str, Any], rate_bps: Any) -> str:
    """A rate in percent: 1900 is 19 %."""
    rate = Decimal(str(rate_bps)).scaleb(-2).normalize()
    return f"{format_decimal(rate, locale=locale_of(facts['seller']['locale']))} %"
