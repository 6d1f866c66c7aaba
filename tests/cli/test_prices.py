"""Prices on the command line: explained step by step, and listed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack

RULES = """
    insert into pricing.price_rules (business_id, name, priority, change_bps, weekdays)
    values (%(salon)s, 'Saturdays', 5, 1000, '{6}'), (%(salon)s, 'Dearer', 0, 100, null)
"""
PROMOTION = """
    with promotion as (
        insert into pricing.promotions (business_id, name, kind, amount_minor, currency)
        values (%(salon)s, 'Five off', 'fixed', 500, 'EUR')
        returning business_id, id
    )

    insert into pricing.coupons (business_id, promotion_id, code)
    select business_id, id, 'FIVE' from promotion
"""


@pytest.fixture
def town(stack: RunningStack) -> Town:
    """A town with a cut of 30.00, two rules and a coupon."""
    town = built(stack)
    for statement in (RULES, PROMOTION):
        town.run(statement.replace("%(salon)s", f"'{town.ids['salon']}'"))
    return town


def asked(town: Town, *arguments: str) -> Any:
    ((slug,),) = town.run("select slug from business.businesses where id = %s", town.ids["salon"])
    done = town.stack.cli("prices", arguments[0], str(slug), *arguments[1:], "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_price_is_explained_step_by_step_and_what_did_not_hold(town: Town) -> None:
    steps = asked(
        town, *("explain", "Cut", "--coupon", "five", "--starts-at", "2031-05-05T09:00:00Z")
    )
    assert [
        (step["step"], step["name"], step["unit_minor"], step["amount_minor"]) for step in steps
    ] == [
        ("catalog", "Catalog", 3000, None),
        ("rule", "Dearer", 3030, None),
        ("discount", "Five off", None, -500),
        ("tax", "none", None, 0),
        ("total", None, None, 2530),
        ("did not hold", "Saturdays", None, None),
    ]
    assert steps[-1]["detail"] == "weekday"


def test_a_refused_coupon_is_one_sentence_and_a_next_step(town: Town) -> None:
    ((slug,),) = town.run("select slug from business.businesses where id = %s", town.ids["salon"])
    done = town.stack.cli("prices", "explain", str(slug), "Cut", "--coupon", "SIX")
    assert done.returncode == 1
    assert "There is no such coupon." in done.stderr


def test_what_makes_the_prices_of_a_business_is_listed_in_its_order(town: Town) -> None:
    assert [
        (row["kind"], row["name"], row["changes"], row["conditions"]) for row in asked(town, "list")
    ] == [
        ("rule", "Saturdays", "1000 bps", "weekdays [6]"),
        ("rule", "Dearer", "100 bps", None),
        ("promotion", "Five off", "-500 EUR", "is_combinable true"),
    ]
