"""Minor units of currencies, in the database, in the adapters and at the providers."""

from __future__ import annotations

import pytest

from tests.harness.database import Database
from workers.providers.payments import units
from workers.providers.payments.cash import Cash
from workers.providers.payments.paypal import units as paypal
from workers.providers.payments.sandbox import LIMIT
from workers.providers.payments.stripe import units as stripe


def test_the_adapters_and_the_database_agree_on_minor_units(db: Database) -> None:
    rows = db.rows("select code::text, minor_digits from public.currencies")
    wrong = {code: digits for code, digits in rows if units.exponent(str(code)) != digits}
    assert wrong == {}


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1050, "EUR", "10.50"),
        (5, "USD", "0.05"),
        (1050, "JPY", "1050"),
        (1005, "KWD", "1.005"),
        (7, "KWD", "0.007"),
    ],
)
def test_decimals_mean_the_same_amount(amount: int, currency: str, text: str) -> None:
    assert units.as_decimal(amount, currency) == text
    assert units.from_decimal(text, currency) == amount


def test_every_amount_comes_back_as_it_went() -> None:
    for currency in ("USD", "JPY", "KWD", "ISK", "HUF", "TWD", "MGA", "INR"):
        for limit, there_and_back in (
            (stripe.limit(currency), lambda it, c: stripe.from_stripe(stripe.to_stripe(it, c), c)),
            (paypal.limit(currency), lambda it, c: paypal.minor(paypal.money(it, c))),
        ):
            if limit is None:
                continue
            least, step = limit.minimum_minor, limit.step_minor
            start = -(-least // step) * step
            for amount in (*range(start, start + 300 * step, step), limit.maximum_minor):
                assert there_and_back(amount, currency) == amount


def test_paypal_writes_some_currencies_whole() -> None:
    assert paypal.money(105_000, "HUF") == {"currency_code": "HUF", "value": "1050"}
    assert paypal.money(1050, "JPY") == {"currency_code": "JPY", "value": "1050"}
    limits = {currency: paypal.limit(currency) for currency in ("HUF", "JPY", "TWD", "USD")}
    assert [limit.step_minor for limit in limits.values() if limit] == [100, 1, 100, 1]
    assert paypal.limit("KWD") is None


def test_cash_and_the_sandbox_take_every_amount() -> None:
    cash = Cash().limit("KWD")
    assert cash and (cash.minimum_minor, cash.step_minor) == (1, 1)
    assert (LIMIT.minimum_minor, LIMIT.step_minor) == (1, 1)
