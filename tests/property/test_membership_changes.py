"""Whoever changes plans within a period owes the share of each, and gets back no more than that."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.database import Database

JOINED = dt.datetime(2031, 4, 1, 7, 0, tzinfo=dt.UTC)
PERIOD = 30 * 24 * 3600  # April in Berlin: thirty days of 24 hours
PREPARE = """
    select tests.at('2031-04-01 07:00Z'), tests.person('owner'), tests.person('mia'),
        tests.business('Studio', 'owner', 'Europe/Berlin');
    insert into memberships.membership_plans (id, business_id, name, access)
    select tests.named('plan ' || n), tests.id('Studio'), 'Plan ' || n, 'gold'
    from generate_series(0, 3) as n;
    insert into money.payment_methods (id, user_id, provider, provider_reference, brand, last4)
    values (tests.named('card'), tests.id('mia'), 'sandbox', 'pm_mia', 'visa', '4242');
    create function tests.answer_all(kind text) returns void
    language sql volatile security definer set search_path = ''
    as $$
        select money.start_call('create', payments.id), money.finish_call(
            'create', payments.id, jsonb_build_object(
                'kind', kind, 'reference', 'ref ' || payments.id,
                'amount_minor', payments.amount_minor, 'currency', payments.currency
            )
        )
        from money.payments where payments.status = 'pending'
    $$;
"""
PRICES = """
    insert into memberships.plan_prices (business_id, plan_id, currency, price_minor)
    select tests.id('Studio'), tests.id('plan ' || prices.place - 1), 'EUR', prices.minor
    from unnest(%s::bigint[]) with ordinality as prices (minor, place)
"""
JOIN = """
    select tests.at('2031-04-01 07:00Z'), tests.act_as('mia'), public.join_membership(
        tests.id('plan 0')::text, payment_method_id => tests.id('card')::text
    );
    select tests.act_as_owner(), tests.answer_all('payment.captured')
"""
CHANGE = """
    select tests.at(%s::timestamptz), tests.act_as('mia'), public.change_membership(
        id::text, tests.id(%s)::text, 'false'
    ) from memberships.memberships;
    select tests.act_as_owner(), tests.answer_all(%s);
    select money.settle_sale(business_id, id) from sales.sales
"""
BOOKS = """
    select
        (select sum(sales.line_total(sale_lines)) from sales.sale_lines)::bigint,
        sum(captured_minor)::bigint,
        sum(refunding_minor + refunded_minor)::bigint
    from money.payment_parts
"""
# When somebody changes, to which plan, and whether their card pays what that costs.
changes = st.lists(
    st.tuples(st.integers(1, PERIOD - 1), st.integers(0, 3), st.booleans()),
    min_size=1,
    max_size=5,
    unique_by=lambda change: change[0],
).map(sorted)
prices = st.lists(st.integers(1, 20_000), min_size=4, max_size=4)


@pytest.fixture
def studio(db: Database) -> Database:
    """A studio with four plans of one rank, and Mia with a card."""
    db.connection.execute(PREPARE.encode())
    return db


@settings(max_examples=8)
@given(minor=prices, steps=changes)
def test_no_change_gives_back_more_than_was_paid(
    studio: Database, minor: list[int], steps: list[tuple[int, int, bool]]
) -> None:
    with studio.connection.transaction(force_rollback=True):
        studio.connection.execute(PRICES, (minor,))
        studio.connection.execute(JOIN.encode())
        segments, plan, before = [(0, minor[0])], 0, 0
        for second, target, pays in steps:
            if target == plan:
                continue
            plan = target
            segments.append((second, minor[target]))
            say(studio, second, target, pays)
            owed, captured, returned = books(studio)
            assert 0 <= returned <= captured
            assert abs(owed - share(segments)) <= len(segments)
            assert returned == before or captured - returned == owed, "only the surplus returns"
            before = returned


def say(studio: Database, second: int, target: int, pays: bool) -> None:
    """Change to a plan at a second of the period; the card answers, and what is due returns."""
    kind = "payment.captured" if pays else "payment.failed"
    at = JOINED + dt.timedelta(seconds=second)
    statements: list[tuple[str, tuple[Any, ...]]] = list(
        zip(CHANGE.split(";"), ((at, f"plan {target}"), (kind,), ()), strict=True)
    )
    for statement, arguments in statements:
        studio.connection.execute(statement.encode(), arguments)


def books(studio: Database) -> tuple[int, int, int]:
    """What Mia owes in all, paid, and got back or gets back."""
    ((owed, captured, returned),) = studio.rows(BOOKS)
    return int(str(owed)), int(str(captured)), int(str(returned))


def share(segments: list[tuple[int, int]]) -> Fraction:
    """What the seconds of the period cost on the plan of each."""
    ends = [*(second for second, _ in segments[1:]), PERIOD]
    return sum(
        (
            Fraction(price * (end - start), PERIOD)
            for (start, price), end in zip(segments, ends, strict=True)
        ),
        Fraction(0),
    )
