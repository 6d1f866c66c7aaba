"""Minor units of currencies, and what a provider's limit refuses before it is asked.

Source: ISO 4217, list one
"""

from __future__ import annotations

from workers.providers.payments.failures import Rejected
from workers.providers.payments.shapes import Limit

USUAL = 2
EXPONENTS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND"),
        0,
    ),
    **dict.fromkeys(("VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


def exponent(currency: str) -> int:
    """Return the digits after the point: 0 for JPY, 2 for EUR, 3 for KWD."""
    return EXPONENTS.get(currency, USUAL)


def as_decimal(amount_minor: int, currency: str, *, digits: int | None = None) -> str:
    """Return an amount as text: 1050 EUR is `10.50`; `digits` after the point, if not as usual.

    The amount has no more digits than these; a limit's step sees to it.
    """
    places = exponent(currency)
    whole, part = divmod(amount_minor, 10**places)
    wanted = places if digits is None else digits
    text = f"{part:0{places}d}"[:wanted] if places else ""
    return f"{whole}.{text}" if text else str(whole)


def from_decimal(text: str, currency: str) -> int:
    """Return the amount that a text means: `10.50` EUR is 1050."""
    whole, _, part = text.partition(".")
    places = exponent(currency)
    return int(whole + part.ljust(places, "0")[:places])


def require_payable(amount_minor: int, currency: str, limit: Limit | None) -> None:
    """Refuse an amount beyond a provider's limit.

    Raises:
        Rejected: `currency_not_offered`, `amount_too_small`, `amount_too_large` or
            `amount_not_payable`.
    """
    if limit is None:
        raise Rejected(f"{currency} is not offered.", code="currency_not_offered")
    if amount_minor < limit.minimum_minor:
        reason = f"The least is {limit.minimum_minor} {currency} in minor units."
        raise Rejected(reason, code="amount_too_small")
    if amount_minor > limit.maximum_minor:
        reason = f"The most is {limit.maximum_minor} {currency} in minor units."
        raise Rejected(reason, code="amount_too_large")
    require_step(amount_minor, currency, limit)


def require_step(amount_minor: int, currency: str, limit: Limit | None) -> None:
    """Refuse an amount that the provider cannot express; a refund may be below its minimum.

    Raises:
        Rejected: `currency_not_offered` or `amount_not_payable`.
    """
    if limit is None:
        raise Rejected(f"{currency} is not offered.", code="currency_not_offered")
    if amount_minor % limit.step_minor:
        reason = f"Amounts in {currency} are multiples of {limit.step_minor} minor units."
        raise Rejected(reason, code="amount_not_payable")
