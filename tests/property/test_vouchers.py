"""What vouchers pay of random sales, under random classes of tax.

A voucher is a gift card that was taxed when it was sold, so what it pays is not taxed again. It may
pay any part of a sale, more or less than before, under every rule of rounding.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.database import Database
from tests.property.test_taxes import MODES, UNITS

EXAMPLES = 400 if settings.get_current_profile_name() == "explore" else 3
BATCH = 12
STEPS = 4
# Class → its taxes: component, basis points, and whether it is compound.
CLASSES: dict[str, list[tuple[str, Fraction, bool]]] = {
    "standard": [("vat", Fraction(1900), False)],
    "reduced": [("state", Fraction(400), False), ("city", Fraction(4875, 10), False)],
    "intermediate": [("gst", Fraction(500), False), ("qst", Fraction(9975, 10), True)],
    "zero": [],
}
SALE = """
    select sales.place_sale(tests.id('Salon'), null, null, null, null, pricing.add_taxes(%s::jsonb,
        pricing.for_buyer(pricing.make_terms(), tests.id('Salon'), null)))
"""
OWED = "select sum(sales.line_total(lines)) from sales.sale_lines as lines where sale_id = %s"
OF_LINES = """
    select coalesce(lines.corrects_line_id, lines.id)::text, taxes.component, sum(taxes.tax_minor)
    from sales.sale_lines as lines
    inner join sales.sale_line_taxes as taxes
        on taxes.business_id = lines.business_id and taxes.sale_line_id = lines.id
    where lines.sale_id = %s and taxes.rate_bps > 0
    group by 1, 2
"""
OF_DOCUMENTS = """
    select component, sum(tax_minor) from sales.sale_taxes
    where sale_id = %s and rate_bps > 0 group by 1
"""
PAID = "select sales.apply_vouchers(tests.id('Salon'), %s, %s)::text"
Taxes = dict[tuple[str, str], int]  # by line and component


@pytest.fixture
def salon(db: Database) -> Database:
    """A salon whose country leaves every way to round to it."""
    db.rows("select tests.person('owner')")
    db.rows("select tests.business('Salon', 'owner', 'UTC', 'USD')")
    for statement in (
        "update business.businesses set country = 'US' where id = tests.id('Salon')",
        "update pricing.tax_places set rounding_units = '{line,rate}',"
        " rounding_modes = '{half_up,down,up}' where country = 'US'",
        "insert into pricing.tax_settings (business_id) values (tests.id('Salon'))",
    ):
        db.connection.execute(statement.encode())
    for name, taxes in CLASSES.items():
        for position, (component, rate, is_compound) in enumerate(taxes, 1):
            db.connection.execute(
                b"insert into pricing.tax_rules (business_id, country, tax_class, component,"
                b" rate_bps, is_compound, position, during) values (tests.id('Salon'), 'US', %s,"
                b" %s, %s, %s, %s, '[2000-01-01,)')",
                (name, component, str(float(rate)), is_compound, position),
            )
    return db


@dataclass
class Sale:
    """A sale: how it is taxed, what is owed of it, and its taxes before a voucher paid."""

    id: str
    unit: str
    mode: str
    is_included: bool
    owed: int = 0
    taxes: Taxes = field(default_factory=dict)

    def key(self, line: str, component: str) -> tuple[str, str]:
        """What is rounded together."""
        return (line if self.unit == "line" else "", component)


def sold(salon: Database, random: Random) -> Sale:
    """Place a random sale."""
    sale = Sale("", random.choice(UNITS), random.choice(MODES), random.random() < 0.5)
    salon.connection.execute(
        b"update pricing.tax_settings set prices_include_tax = %s, rounding_unit = %s,"
        b" rounding_mode = %s",
        (sale.is_included, sale.unit, sale.mode),
    )
    prices = [
        random.choice((1, 10, 1999, random.randint(1, 400), random.randint(1, 50_000)))
        for _ in range(random.randint(1, 4))
    ]
    lines = [
        {
            "kind": "service",
            "name": "Cut",
            "quantity": 1,
            "unit_minor": price,
            "amount_minor": price,
            "discount_minor": 0,
            "tax_class": random.choice(list(CLASSES)),
        }
        for price in prices
    ]
    totals = {"subtotal_minor": sum(prices), "discount_minor": 0}
    quote = {"currency": "USD", "lines": lines, "promotions": [], **totals}
    sale.id = str(salon.rows(SALE, json.dumps(quote))[0][0])
    sale.owed, sale.taxes = owed(salon, sale), taxes(salon, sale)
    return sale


def owed(salon: Database, sale: Sale) -> int:
    return int(str(salon.rows(OWED, sale.id)[0][0]))


def taxes(salon: Database, sale: Sale) -> Taxes:
    """Return the taxes of the lines, which are those of the documents."""
    found: defaultdict[tuple[str, str], int] = defaultdict(int)
    by_component: defaultdict[str, int] = defaultdict(int)
    for line, component, tax in salon.rows(OF_LINES, sale.id):
        found[sale.key(str(line), str(component))] += int(str(tax))
        by_component[str(component)] += int(str(tax))
    documents = {str(it): int(str(tax)) for it, tax in salon.rows(OF_DOCUMENTS, sale.id)}
    assert by_component == documents
    return dict(found)


@given(st.integers(0, 2**32))
@settings(max_examples=EXAMPLES)
def test_what_a_voucher_pays_is_not_taxed_again(salon: Database, seed: int) -> None:
    random = Random(seed)
    for _ in range(BATCH):
        sale = sold(salon, random)
        for _ in range(STEPS):
            pay(salon, sale, random.choice((1, random.randint(0, sale.owed), sale.owed)))
        pay(salon, sale, sale.owed)
        assert not any(taxes(salon, sale).values()), "what is paid in full leaves no tax"
        pay(salon, sale, 0)
        assert taxes(salon, sale) == sale.taxes, "what returns to a voucher is taxed as before"


def pay(salon: Database, sale: Sale, amount: int) -> None:
    """Let vouchers pay so much of a sale in all."""
    salon.rows(PAID, sale.id, amount)
    assert owed(salon, sale) == sale.owed, "nobody owes more, or less"
    for key, tax in taxes(salon, sale).items():
        assert 0 <= tax <= sale.taxes[key]
