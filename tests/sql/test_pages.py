"""No function of the API is cut: its answer fits a page, or is refused with `too_many_rows`.

PostgREST cuts the rows of a function at `max_rows` and answers 200, so a client would take the
rest for absent. A function that returns rows therefore asks `private.require_page`, unless its
answer is short by construction.
"""

from __future__ import annotations

import psycopg
import pytest

from cli.options import DEFAULT_CONFIG
from cli.settings import load
from tests.harness.catalog import EXPOSED
from tests.harness.database import Database
from tests.harness.session import DatabaseSession

FUNCTIONS = """
    select format('%%s.%%s', pronamespace::regnamespace, proname) from pg_proc
    where pronamespace::regnamespace::text = any(%s) and proretset
"""
# Two businesses of the owner, who works in both and is booked there at the same time, and has
# signed in twice.
TOWN = """
    select tests.at('2031-05-01 00:00Z'), tests.person('owner');
    select tests.business('Studio', 'owner'), tests.business('Shop', 'owner');
    select tests.resource('Ann', 'Studio'), tests.resource('Ben', 'Shop');
    select tests.hours('Studio'), tests.hours('Shop');
    select tests.service('Talk', 'Studio'), tests.service('Cut', 'Shop'),
        tests.service('Yoga', 'Studio');
    select tests.takes('Talk', 'Ann'), tests.takes('Cut', 'Ben'), tests.takes('Yoga', 'Ann');
    update catalog.services set is_class = true where id = tests.id('Yoga');
    insert into auth.sessions (id, user_id, created_at)
    select gen_random_uuid(), tests.id('owner'), now() from generate_series(1, 2);
    update catalog.resources set member_id = business_members.id
    from business.business_members where business_members.business_id = resources.business_id;
    select tests.act_as('owner');
    select public.book(tests.id('Talk')::text, '2031-05-06T09:00:00Z'),
        public.book(tests.id('Cut')::text, '2031-05-06T09:00:00Z');
    select public.set_preferred_service(tests.id('Studio')::text, tests.id('Talk')::text);
    select public.save_page(
        'prices', language, 'Prices', 'Low.', business_id => tests.id('Studio')::text
    ) from unnest('{en,de}'::text[]) as language;
    select tests.act_as_owner();
    insert into catalog.product_attributes (business_id, key, name, kind)
    select tests.id('Shop'), key, key, 'text' from unnest('{colour,length}'::text[]) as key;
"""
# Every function of the API that returns rows, with a call that returns at least two.
CALLS = {
    "public.available_slots": (
        "tests.id('Talk')::text, '2031-05-05T00:00:00Z', '2031-05-06T00:00:00Z'"
    ),
    "public.category_attributes": "tests.id('Shop')::text",
    "public.create_slots": "tests.id('Yoga')::text, '2031-05-07', '09:00', '12:00', '5'",
    "public.date_availability": "tests.id('Talk')::text, '2031-05-05', '2031-05-07'",
    "public.my_businesses": "",
    "public.my_double_bookings": "",
    "public.my_sessions": "",
    "public.preferred_slots": (
        "tests.id('Studio')::text, '2031-05-05T00:00:00Z', '2031-05-06T00:00:00Z'"
    ),
    "public.publish_page": (
        "(select distinct page_id::text from public.page_versions where slug = 'prices')"
    ),
    "public.search_availability": "'2031-05-05T00:00:00Z', '2031-05-06T00:00:00Z'",
}
# Functions that return rows and need not ask, with the most rows that they can return.
BOUNDED = {
    # One for each id that the caller sends, of which there are at most a hundred.
    "public.reorder_media": 100,
    # A page, of at most so many products.
    "public.products_in_category": 200,
    "public.list_products": 200,
    # At most so many suggestions.
    "public.autocomplete": 20,
    "public.recommend": 50,
    # A page, of at most so many events.
    "public.customer_timeline": 200,
    # One for each coupon that the caller asks for, of which there are at most a thousand.
    "public.create_coupons": 1000,
    # A store each, of at most so many.
    "public.variant_availability": 200,
    "public.nearest_stores": 100,
    # A variant each, of at most so many.
    "public.sellers_of": 200,
    # One for each kind of movement, and those that open and close the month.
    "public.payout_statement": 11,
}


def rows(db: Database, function: str, page: int) -> int | str:
    """How many rows the owner gets with pages of a size, or the token of the refusal."""
    call = f"select count(*) from {function}({CALLS[function]})"
    with psycopg.connect(db.dsn) as connection:
        connection.execute("select tests.at('2031-05-01 00:00Z'), tests.act_as('owner')")
        connection.execute("select set_config('app.settings.max_rows', %s, true)", (str(page),))
        try:
            ((count,),) = connection.execute(call.encode()).fetchall()
        except psycopg.Error as error:
            assert error.sqlstate == "PT422", error
            assert error.diag.message_hint, "the hint says how to ask for less"
            return str(error.diag.message_detail)
        finally:
            connection.rollback()
    return int(count)


def test_every_function_that_returns_rows_is_tried(databases: DatabaseSession) -> None:
    with psycopg.connect(databases.declared) as connection:
        found = {name for (name,) in connection.execute(FUNCTIONS, (EXPOSED,))}
    assert found == CALLS.keys() | BOUNDED.keys()


def test_an_answer_that_is_short_by_construction_fits_a_page() -> None:
    assert max(BOUNDED.values()) <= load(DEFAULT_CONFIG).api.max_rows


@pytest.mark.parametrize("function", sorted(CALLS))
def test_an_answer_that_does_not_fit_a_page_is_refused(db: Database, function: str) -> None:
    db.connection.execute(TOWN.encode())
    db.connection.commit()
    count = rows(db, function, 1000)
    assert isinstance(count, int), count
    assert count >= 2
    assert rows(db, function, count) == count, "a full page is an answer"
    assert rows(db, function, count - 1) == "too_many_rows"


def test_without_a_setting_a_page_is_as_long_as_supabase_s(db: Database) -> None:
    for unset in ("reset app.settings.max_rows", "set app.settings.max_rows = ''"):
        db.connection.execute(unset.encode())
        assert db.rows("select private.max_rows()") == [(1000,)]
