"""Races for customers: mergers at the same moment lose nothing and move nothing twice."""

from __future__ import annotations

import pytest

from tests.harness.acting import DEADLOCKS, answer, number, together
from tests.harness.database import Database

MERGE = (
    "select tests.act_as('owner'), public.merge_customers(tests.id(%s)::text, tests.id(%s)::text)"
)
UNMERGE = (
    "select tests.act_as('owner'), public.unmerge_customers("
    "(select id::text from public.customer_merges))"
)
CREDIT = (
    "select tests.act_as('owner'), public.issue_credit("
    "tests.id('Salon')::text, tests.id(%s)::text, '100', 'Sorry.')"
)
LEFT = """
    select coalesce(sum(balance_minor), 0) from money.spendable_balances
    inner join money.accounts on accounts.id = spendable_balances.account_id
    where accounts.owner_id = any(array[{}])
"""
ALL = LEFT.format("tests.id('Mia'), tests.id('Mimi'), tests.id('Maria')")
# What lies with somebody who was merged.
LOST = """
    select coalesce(sum(balance_minor), 0) from money.spendable_balances
    inner join money.accounts on accounts.id = spendable_balances.account_id
    inner join customers.customers on customers.id = accounts.owner_id
    where customers.merged_into_id is not null
"""


@pytest.fixture
def salon(shop: Database) -> Database:
    """A salon with three customers, each with credit."""
    shop.connection.execute(
        """
        insert into customers.customers (id, business_id, name)
        select tests.named(called), tests.id('Salon'), called
        from unnest('{Mia,Mimi,Maria}'::text[]) as called;
        select tests.act_as('owner');
        select public.issue_credit(tests.id('Salon')::text, tests.id(called)::text, '500', 'Hi')
        from unnest('{Mia,Mimi,Maria}'::text[]) as called;
        select tests.act_as_owner();
        """
    )
    return shop


def test_mergers_in_both_directions_end_with_one_customer(salon: Database) -> None:
    before = number(salon, DEADLOCKS)
    pairs = (("Mia", "Mimi"), ("Mimi", "Mia"))
    answers = together(6, lambda n: answer(salon, MERGE, *pairs[n % 2]))
    assert answers == {"ok": 3, "already_merged": 3}
    assert number(salon, DEADLOCKS) == before
    assert number(salon, "select count(*) from crm.mergers") == 1
    assert number(salon, ALL) == 1500
    assert number(salon, LOST) == 0


def test_mergers_in_a_circle_lose_no_credit(salon: Database) -> None:
    before = number(salon, DEADLOCKS)
    pairs = (("Mia", "Mimi"), ("Mimi", "Maria"), ("Maria", "Mia"))
    answers = together(6, lambda n: answer(salon, MERGE, *pairs[n % 3]))
    assert set(answers) <= {"ok", "already_merged"}
    assert number(salon, DEADLOCKS) == before
    assert number(salon, ALL) == 1500
    assert number(salon, LOST) == 0


def test_credit_for_somebody_who_is_being_merged_is_not_lost(salon: Database) -> None:
    def act(n: int) -> str:
        return answer(salon, CREDIT, "Mimi") if n % 2 else answer(salon, MERGE, "Mia", "Mimi")

    assert together(8, act) == {"ok": 8}
    assert number(salon, ALL) == 1900
    assert number(salon, LOST) == 0


def test_a_merger_is_undone_once(salon: Database) -> None:
    assert answer(salon, MERGE, "Mia", "Mimi") == "ok"
    assert together(4, lambda _: answer(salon, UNMERGE)) == {"ok": 4}
    assert number(salon, LEFT.format("tests.id('Mia')")) == 500
    assert number(salon, LEFT.format("tests.id('Mimi')")) == 500
