"""10^5 random sales with tax, discounts, commissions and refunds add up under every rounding rule.

The models are those of tests/property: fractions, and largest remainders.
"""

from __future__ import annotations

import json
from itertools import product
from random import Random, SystemRandom

import pytest

from tests.harness.database import Database
from tests.property import test_commissions as commissions
from tests.property import test_taxes as taxes

SALES = 4_200  # in each currency, by each rounding rule: 24 times
BATCH = 300
RULES = list(product(taxes.PLACES, taxes.UNITS, taxes.MODES))


@pytest.mark.parametrize(("currency", "unit", "mode"), RULES)
def test_every_sale_adds_up(db: Database, currency: str, unit: str, mode: str) -> None:
    for _ in range(SALES // BATCH):
        seed = SystemRandom().randrange(2**32)
        print(f"seed {seed}")  # shown where it fails
        random = Random(seed)
        sales = [taxes.sold_in(random, currency, unit, mode) for _ in range(BATCH)]
        taxes.tax(db, sales)
        for sale in sales:
            taxes.check(sale)
        split_among_parties(db, [sharing(random, line) for sale in sales for line in sale.lines])
        give_back(db, random, random.sample(sales, BATCH // 3))


def sharing(random: Random, line: taxes.Line) -> commissions.Line:
    """Return a taxed line with discounts, a commission and those who share it."""
    discount, subsidy = (random.choice((0, 0, line.amount // 7)) for _ in range(2))
    treatment = random.choice(commissions.TREATMENTS)
    return commissions.Line(
        treatment=treatment,
        price=line.amount + discount + subsidy,
        tax=sum(line.taxes or ()),
        is_included=line.is_included,
        business_discount=discount,
        subsidy=subsidy,
        rate=random.randint(0, 4_000),
        fixed=random.randint(0, 50),
        commission_tax=1_800 if treatment == "commission_taxed" else 0,
        weights=tuple(random.randint(1, 9) for _ in range(random.randint(1, 4))),
    )


def split_among_parties(db: Database, lines: list[commissions.Line]) -> None:
    """Take lines back in steps: all parties together always have what the customer left."""
    asked = [(line, taken) for line in lines for taken in sorted({0, line.paid // 3, line.paid})]
    sent = [
        {"terms": line.terms(), "reversed_minor": taken, "weights": line.weights}
        for line, taken in asked
    ]
    rows = db.rows(commissions.SHARES, json.dumps(sent))
    for (line, taken), (shares, levels) in zip(asked, rows, strict=True):
        wanted = line.shares(taken)
        assert (shares, levels) == (wanted, line.levels(taken))
        had = wanted["net_minor"] + wanted["withheld_minor"] + sum(line.levels(taken))
        assert had == line.paid - taken + wanted["subsidy_minor"]


def give_back(db: Database, random: Random, sales: list[taxes.Sale]) -> None:
    """Refund parts of the sales, then all that is left: no tax is left either."""
    for turn in range(taxes.REFUNDS):
        for sale in sales:
            sale.refund(random, is_last=turn == taxes.REFUNDS - 1)
        taxes.tax(db, sales)
        for sale in sales:
            taxes.check(sale)
    for sale in sales:
        assert not any(sale.written().values())
        assert sum(line.base for line in sale.lines) == 0
