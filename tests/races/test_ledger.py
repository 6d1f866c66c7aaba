"""Money that moves at the same moment: nothing is spent twice, and no sum misses an entry."""

from __future__ import annotations

import itertools
import uuid

import psycopg
import pytest

from tests.harness.acting import together
from tests.harness.database import Database

SPEND = """
    select money.post(null, 'test.spent', gen_random_uuid(), array[
        money.make_entry(money.account('gift_cards', 'EUR', owner_id => %s), 100),
        money.make_entry(money.account('rounding', 'EUR'), -100)
    ])
"""
SELL = SPEND.replace("-100)", "%s)").replace("100)", "%s)")
POST = """
    select money.post(null, 'test.made', %s, array[
        money.make_entry(money.account('provider', 'EUR', provider => 'sandbox'), 7),
        money.make_entry(money.account('rounding', 'EUR'), -7)
    ])
"""
HELD = "select money.balance(money.account('provider', 'EUR', provider => 'sandbox'))"
CARD = """
    select sold ->> 'code', sold ->> 'sale_id'
    from public.sell_gift_card(tests.id('Salon')::text, '750') as sold
"""
SALES = """
    select sales.place_sale(
        tests.id('Salon'), null, 'Ann', null, null,
        pricing.quote(
            array[pricing.make_line('service', 'Cut', 1, 100, 'EUR', '{}')],
            pricing.for_buyer(pricing.make_terms(), tests.id('Salon'), null)
        )
    )::text
    from generate_series(1, 20)
"""
PAGES = "select money.current_page()"
ENTRIES = "select coalesce(sum(amount_minor), 0)::bigint from money.entries where amount_minor > 0"


@pytest.fixture
def euros(db: Database) -> Database:
    """A ledger in which the accounts of these tests exist."""
    db.connection.execute(
        "insert into pricing.currencies values ('EUR', 'Euro', 2) on conflict do nothing"
    )
    db.rows(POST, uuid.uuid4())
    return db


def tried(db: Database, statement: str, *arguments: object) -> str:
    """Run a statement on a new connection; gives `ok` or the token of the refusal."""
    with psycopg.connect(db.dsn, autocommit=True) as connection:
        try:
            connection.execute(statement.encode(), arguments)
        except psycopg.Error as error:
            return error.diag.message_detail or str(error)
    return "ok"


def test_twenty_who_spend_one_gift_card_spend_what_is_on_it(euros: Database) -> None:
    card = uuid.uuid4()
    euros.rows(SELL, card, -750, 750)
    spent = together(20, lambda _: tried(euros, SPEND, card))
    assert spent == {"ok": 7, "insufficient_credit": 13}
    assert euros.rows("select balance_minor from money.spendable_balances") == [(50,)]


def test_twenty_sales_that_one_gift_card_pays_at_once_are_paid_once(db: Database) -> None:
    db.rows("select tests.person('owner'), tests.business('Salon', 'owner')")
    ((code, sale),) = db.rows(CARD)
    db.rows("select public.record_cash_payment(%s)", sale)
    wanted = [sale for (sale,) in db.rows(SALES)]
    redeem = "select public.redeem_gift_card(%s, %s, '100')"
    spent = together(20, lambda place: tried(db, redeem, wanted[place], code))
    assert spent == {"ok": 7, "insufficient_credit": 13}
    assert db.rows(
        "select sum(captured_minor) from money.payments where provider = 'gift_card'"
    ) == [(700,)]


def test_those_who_spend_from_the_same_accounts_do_not_deadlock(euros: Database) -> None:
    cards = [uuid.uuid4() for _ in range(2)]
    for card in cards:
        euros.rows(SELL, card, -2000, 2000)
    both = """
        select money.post(null, 'test.spent', gen_random_uuid(), array[
            money.make_entry(money.account('gift_cards', 'EUR', owner_id => %s), 1),
            money.make_entry(money.account('gift_cards', 'EUR', owner_id => %s), 1),
            money.make_entry(money.account('rounding', 'EUR'), -2)
        ])
    """
    orders = list(itertools.islice(itertools.cycle([cards, cards[::-1]]), 20))
    assert together(20, lambda place: tried(euros, both, *orders[place])) == {"ok": 20}


def test_a_cause_that_is_posted_by_many_at_once_moves_money_once(euros: Database) -> None:
    before = euros.rows(HELD)
    cause = uuid.uuid4()
    assert together(10, lambda _: tried(euros, POST, cause)) == {"ok": 10}
    assert euros.rows(HELD) == [(int(str(before[0][0])) + 7,)]


def test_an_account_that_many_make_at_once_is_one(euros: Database) -> None:
    make = "select money.account('customer_credit', 'EUR', owner_id => %s)"
    owner = uuid.uuid4()
    assert together(10, lambda _: tried(euros, make, owner)) == {"ok": 10}
    found = euros.rows("select count(*) from money.accounts where owner_id = %s", owner)
    assert found == [(1,)]


def test_checkpoints_that_are_written_while_many_post_miss_nothing(euros: Database) -> None:
    def post(place: int) -> str:
        with psycopg.connect(euros.dsn, autocommit=True) as connection:
            for _ in range(120):
                connection.execute(POST.encode(), (uuid.uuid4(),))
                if place == 0:
                    connection.execute("select money.write_checkpoints()")
        return "ok"

    assert together(6, post) == {"ok": 6}
    euros.rows("select money.write_checkpoints()")
    assert euros.rows("select count(*) > 0 from money.checkpoints") == [(True,)]
    assert euros.rows(HELD) == euros.rows(ENTRIES) == [(7 * 721,)]
    assert euros.rows("select * from money.ledger_findings()") == []


def test_a_page_with_somebody_who_still_writes_gets_no_checkpoint(euros: Database) -> None:
    with psycopg.connect(euros.dsn) as slow:
        slow.execute(POST.encode(), (uuid.uuid4(),))
        ((page,),) = euros.rows(PAGES)
        for _ in range(300):
            euros.rows(POST, uuid.uuid4())
        assert euros.rows(PAGES) > [(page,)]
        euros.rows("select money.write_checkpoints()")
        assert euros.rows("select count(*) from money.checkpoints") == [(0,)]
        slow.commit()
    euros.rows("select money.write_checkpoints()")
    assert euros.rows("select count(*) from money.checkpoints") == [(2,)]
    assert euros.rows(HELD) == [(7 * 302,)]


def test_closing_waits_for_those_who_book_under_its_days(euros: Database) -> None:
    late = POST.replace("\n    ])", "\n    ], date_trunc('month', now()) - interval '3 days')")
    last_month = "(date_trunc('month', now() at time zone 'UTC') - interval '1 day')::date"
    close = f"set lock_timeout = '100ms'; select money.close_period({last_month})"
    with psycopg.connect(euros.dsn) as slow:
        slow.execute(late.encode(), (uuid.uuid4(),))
        assert "lock timeout" in tried(euros, close)
        slow.commit()
    assert tried(euros, close) == "ok"
    balances = euros.rows("select balance_minor from money.period_balances order by 1")
    assert balances == [(-7,), (7,)]
