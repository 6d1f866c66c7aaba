"""A period is charged once and a visit is used once, whoever comes at the same moment."""

from __future__ import annotations

import pytest

from tests.harness.acting import DEADLOCKS, answer, number, together
from tests.harness.database import Database

RUN = "select tests.act_as_owner(); select memberships.run_due(5)"
JOIN = "select public.join_membership(tests.id('gold')::text)"
BUY = (
    "select public.checkout('key %s', items => jsonb_build_array("
    "jsonb_build_object('plan_id', tests.id('gold')))::text)"
)
PAY = "select public.start_payment('sandbox', membership_id => id::text) from public.memberships"
CANCEL = "select public.cancel_booking(%s::text)"
BOOK = (
    "select public.book(tests.id('Yoga')::text, (timestamptz '2031-02-01 00:00Z'"
    " + make_interval(mins => 10 * %s))::text, tests.id(%s)::text)"
)
# A studio with a plan of four visits a month and ten members with a card, whose first period is
# paid, and one person who may join.
STUDIO = """
    select tests.person('owner'), tests.person('customer'), tests.business('Studio', 'owner'),
        tests.at('2031-01-31 09:00Z');
    insert into memberships.membership_plans (id, business_id, name, access, credits)
    values (tests.named('gold'), tests.id('Studio'), 'Gold', 'gold', 4);
    insert into memberships.plan_prices (business_id, plan_id, currency, price_minor)
    values (tests.id('Studio'), tests.id('gold'), 'EUR', 3000);
    select tests.hours('Studio', '00:00', '24:00'), tests.service('Yoga', 'Studio', 10, 1500);
    select tests.resource(name, 'Studio'), tests.takes('Yoga', name)
    from unnest('{Ann,Ben,Cleo,Dan,Eve}'::text[]) as person (name);
    update catalog.services set slot_interval_minutes = 10;
    insert into memberships.plan_services (business_id, plan_id, service_id)
    values (tests.id('Studio'), tests.id('gold'), tests.id('Yoga'));
    create function tests.pay_all() returns void
    language sql volatile security definer set search_path = ''
    as $$
        select money.start_call('create', payments.id), money.finish_call(
            'create', payments.id, jsonb_build_object(
                'kind', 'payment.captured', 'reference', 'ref ' || payments.id,
                'amount_minor', payments.amount_minor, 'currency', payments.currency
            )
        )
        from money.payments where payments.status = 'pending'
    $$;
    select tests.person('member ' || n) from generate_series(1, 10) as n;
    insert into money.payment_methods (id, user_id, provider, provider_reference, brand, last4)
    select
        tests.named('card ' || n), tests.id('member ' || n), 'sandbox', 'pm_' || n, 'visa', '4242'
    from generate_series(1, 10) as n;
"""
JOIN_ALL = """
    do $$
    begin
        for n in 1..10 loop
            perform tests.act_as('member ' || n);
            perform public.join_membership(
                tests.id('gold')::text, payment_method_id => tests.id('card ' || n)::text
            );
            perform tests.act_as_owner();
        end loop;
    end;
    $$;
    select tests.pay_all()
"""
PERIODS = "select count(*) from memberships.membership_periods where number = 2"
CHARGES = """
    select count(*) from memberships.charge_attempts
    inner join memberships.membership_periods as periods on periods.id = period_id
    where periods.number = 2
"""
# What is granted and used, and the bookings that cost nothing because of it.
VISITS = """
    select granted, used, (
        select count(*) from scheduling.bookings
        where total_minor = 0 and status not in ('cancelled', 'expired')
    )
    from customers.allowances
"""
SALES = "select count(*) from sales.sales"
PAYMENTS = "select count(*) from money.payments"


@pytest.fixture
def studio(db: Database) -> Database:
    """The studio, on the day on which everybody joined."""
    db.connection.execute(STUDIO.encode())
    move_to(db, "2031-01-31 09:00Z")
    return db


@pytest.fixture
def full(studio: Database) -> Database:
    """The studio with its ten members."""
    studio.connection.execute(JOIN_ALL.encode())
    assert number(studio, SALES) == number(studio, PAYMENTS) == 10
    return studio


def move_to(db: Database, moment: str) -> None:
    """Set the clock for every connection."""
    name = db.connection.info.dbname
    db.connection.execute(f"alter database {name} set frontdesk.now = '{moment}'".encode())
    db.connection.execute(f"set frontdesk.now = '{moment}'".encode())


def test_ten_schedulers_charge_each_period_once(full: Database) -> None:
    move_to(full, "2031-02-28 09:00Z")
    for _ in range(2):
        assert together(10, lambda _: answer(full, RUN)) == {"ok": 10}
    assert number(full, PERIODS) == number(full, CHARGES) == 10
    assert number(full, SALES) == number(full, PAYMENTS) == 20
    assert number(full, DEADLOCKS) == 0


def test_ten_renewals_of_one_membership_charge_once(full: Database) -> None:
    full.connection.execute(b"update memberships.memberships set renews_at = null, ends_at = now()")
    full.connection.execute(
        b"update memberships.memberships set renews_at = paid_until, ends_at = null"
        b" where user_id = tests.id('member 1')"
    )
    move_to(full, "2031-02-28 09:00Z")
    assert together(10, lambda _: answer(full, RUN)) == {"ok": 10}
    assert number(full, PERIODS) == number(full, CHARGES) == 1
    assert number(full, PAYMENTS) == 11


def test_schedulers_that_were_down_for_a_month_charge_nobody_after_the_grace(
    full: Database,
) -> None:
    full.connection.execute(  # four have a grace that is as long
        b"update memberships.memberships set grace_days = 60, due_until = paid_until"
        b" + interval '60 days' where user_id in (select tests.id('member ' || n)"
        b" from generate_series(1, 4) as n)"
    )
    move_to(full, "2031-03-31 09:00Z")
    for _ in range(2):
        assert together(10, lambda _: answer(full, RUN)) == {"ok": 10}
    assert number(full, PERIODS) == number(full, CHARGES) == 4
    assert number(full, SALES) == number(full, PAYMENTS) == 14
    assert full.rows(
        "select closed_at is not null, count(*) from memberships.memberships group by 1 order by 1"
    ) == [(False, 4), (True, 6)]


def test_whoever_joins_ten_times_at_once_is_a_member_once(studio: Database) -> None:
    answers = together(10, lambda _: answer(studio, JOIN))
    assert answers == {"ok": 1, "already_member": 9}
    assert number(studio, "select count(*) from memberships.memberships") == 1
    assert number(studio, SALES) == 1


@pytest.fixture
def hers(studio: Database) -> Database:
    """The studio with a member who has four visits."""
    assert answer(studio, f"{JOIN}; {PAY}") == "ok"
    studio.connection.execute(b"select tests.pay_all()")
    return studio


def test_a_plan_in_ten_carts_at_once_is_joined_once(studio: Database) -> None:
    before = number(studio, DEADLOCKS)
    answers = together(10, lambda n: answer(studio, BUY, n))
    assert answers == {"ok": 1, "already_member": 9}
    assert number(studio, "select count(*) from memberships.memberships") == 1
    assert number(studio, SALES) == number(studio, "select count(*) from sales.baskets") == 1
    assert number(studio, DEADLOCKS) == before


def test_a_plan_that_is_joined_and_bought_at_once_is_joined_once(studio: Database) -> None:
    before = number(studio, DEADLOCKS)
    answers = together(10, lambda n: answer(studio, *((BUY, n) if n % 2 else (JOIN,))))
    assert answers == {"ok": 1, "already_member": 9}
    assert number(studio, "select count(*) from memberships.memberships") == 1
    assert number(studio, SALES) == 1
    assert number(studio, DEADLOCKS) == before


def test_of_ten_who_spend_four_visits_at_once_four_are_paid_by_them(hers: Database) -> None:
    """Whoever was quoted a visit that another spent meanwhile is told that the price changed."""
    answers = together(10, lambda n: book(hers, n))
    assert answers["ok"] >= 4
    assert answers["ok"] + answers["price_changed"] == 10
    assert hers.rows(VISITS) == [(4, 4, 4)]
    assert number(hers, "select count(*) from scheduling.bookings") == answers["ok"]


def test_visits_that_come_back_while_others_spend_them_are_counted_once(hers: Database) -> None:
    """Four cancel, each twice, while others spend what comes back."""
    assert [book(hers, n) for n in range(4)] == ["ok"] * 4
    ids = [row[0] for row in hers.rows("select id from scheduling.bookings")]
    together(16, lambda n: book(hers, n) if n >= 8 else answer(hers, CANCEL, ids[n // 2]))
    ((granted, used, paid_by_them),) = hers.rows(VISITS)
    assert granted == 4 and used == paid_by_them
    assert number(hers, "select count(*) from scheduling.bookings where status = 'cancelled'") == 4


def book(db: Database, n: int) -> str:
    """Book at a time and with somebody of its own."""
    return answer(db, BOOK, n, ("Ann", "Ben", "Cleo", "Dan", "Eve")[n % 5])
