"""The check digits of tax numbers, by python-stdnum."""

from __future__ import annotations

from stdnum import get_cc_module
from stdnum.jp import cn


def has_valid_digits(country: str, number: str) -> bool | None:
    """Whether the check digits of a number hold; None where nobody knows them for the country.

    A Japanese issuer of qualified invoices has `T` before its corporate number.
    """
    if country == "JP":
        return bool(cn.is_valid(number.removeprefix("T")))
    module = get_cc_module(country.lower(), "vat")
    return None if module is None else bool(module.is_valid(number))
