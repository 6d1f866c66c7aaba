"""Races at checkout: what there is goes to somebody, and nobody buys what there is not."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.harness.acting import DEADLOCKS, answer, connected, number, together
from tests.harness.database import Database
from tests.races.test_stock import WRONG

BUY = (
    "select public.checkout(%s, items => (select jsonb_agg(jsonb_build_object("
    "'variant_id', tests.id(wanted.name), 'quantity', wanted.quantity)"
    " order by wanted.position)::text from json_to_recordset(%s)"
    " as wanted (position integer, name text, quantity integer)){more})"
)
ADD = "select public.add_to_cart(jsonb_build_object('variant_id', tests.id(%s))::text)"
HERE = ", store_id => tests.id('Mitte')::text"
SENT = (
    ", delivery_option_id => tests.id('Post')::text, address =>"
    ' \'{"name": "Ada", "line1": "Weg 1", "city": "Berlin", "country": "DE"}\''
)


@pytest.fixture
def goods(shop: Database) -> Database:
    """Five pieces of oil and wax in Mitte, a set of one each, a post that splits, and a coupon."""
    shop.connection.execute(
        """
        select tests.named(called)
        from unnest('{Mitte,Nord,Oil,Wax,Set,Post,Ten}'::text[]) as called;
        insert into business.stores (id, business_id, name, position) values
        (tests.id('Mitte'), tests.id('Salon'), 'Mitte', 1),
        (tests.id('Nord'), tests.id('Salon'), 'Nord', 2);
        insert into catalog.products (id, business_id, name, slug, currency, is_published)
        select tests.id(called), tests.id('Salon'), called, lower(called), 'EUR', true
        from unnest('{Oil,Wax,Set}'::text[]) as called;
        insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
        select tests.id(called), tests.id('Salon'), tests.id(called), called, 1000
        from unnest('{Oil,Wax,Set}'::text[]) as called;
        insert into catalog.bundle_items (business_id, bundle_variant_id, variant_id, quantity)
        select tests.id('Salon'), tests.id('Set'), tests.id(called), 1
        from unnest('{Oil,Wax}'::text[]) as called;
        insert into commerce.delivery_options (id, business_id, name, kind, currency, can_split)
        values (tests.id('Post'), tests.id('Salon'), 'Post', 'delivery', 'EUR', true);
        insert into commerce.delivery_options (business_id, name, kind, currency)
        values (tests.id('Salon'), 'Counter', 'pickup', 'EUR');
        insert into pricing.promotions (
            id, business_id, name, kind, percent_bps, is_active, max_uses
        )
        values (tests.id('Ten'), tests.id('Salon'), 'Ten', 'percent', 1000, true, 100);
        insert into pricing.coupons (business_id, promotion_id, code)
        values (tests.id('Salon'), tests.id('Ten'), 'TEN');
        """
    )
    stock(shop, "Mitte", 5)
    return shop


def stock(db: Database, store: str, quantity: int) -> None:
    """Put so many more pieces of oil and wax into a store."""
    db.connection.execute(
        "select tests.act_as('owner'); "
        f"select public.adjust_stock(tests.id('{store}')::text, tests.id(called)::text, "
        f"'{quantity}', 'received') from unnest('{{Oil,Wax}}'::text[]) as called; "
        "select tests.act_as_owner();".encode()
    )


def buy(db: Database, key: str, *wanted: tuple[str, int], more: str = HERE) -> str:
    """Check out goods, sent in this order."""
    items = [
        {"position": at, "name": name, "quantity": quantity}
        for at, (name, quantity) in enumerate(wanted)
    ]
    return answer(db, BUY.format(more=more), key, json.dumps(items))


def test_of_twenty_checkouts_for_five_pieces_five_succeed(goods: Database) -> None:
    answers = together(20, lambda n: buy(goods, str(n), ("Oil", 1)))
    assert answers == {"ok": 5, "out_of_stock": 15}
    assert number(goods, "select count(*) from commerce.orders") == 5
    assert number(goods, "select count(*) from sales.sales") == 5
    assert number(goods, WRONG) == 0


def test_baskets_in_opposite_order_do_not_deadlock(goods: Database) -> None:
    before = number(goods, DEADLOCKS)
    there, back = (("Oil", 1), ("Wax", 1)), (("Wax", 1), ("Oil", 1))
    answers = together(20, lambda n: buy(goods, str(n), *(there if n % 2 else back)))
    assert answers == {"ok": 5, "out_of_stock": 15}
    assert number(goods, DEADLOCKS) == before
    assert number(goods, WRONG) == 0


def test_sets_and_their_parts_share_what_there_is(goods: Database) -> None:
    """Each takes one piece of oil, alone or in a set; a set takes one of wax as well."""
    answers = together(16, lambda n: buy(goods, str(n), ("Set" if n % 2 else "Oil", 1)))
    assert answers == {"ok": 5, "out_of_stock": 11}
    assert number(goods, WRONG) == 0
    left = "select sum(on_hand) from commerce.stock_levels where variant_id = tests.id('Oil')"
    assert number(goods, left) == 0


def test_four_pieces_come_from_two_stores_only_where_that_is_allowed(goods: Database) -> None:
    """Two in each store: one order of four empties both, and all others get nothing."""
    buy(goods, "first", ("Oil", 3), ("Wax", 3))
    stock(goods, "Nord", 2)
    assert buy(goods, "here", ("Oil", 4)) == "out_of_stock"
    answers = together(6, lambda n: buy(goods, str(n), ("Oil", 4), more=SENT))
    assert answers == {"ok": 1, "out_of_stock": 5}
    assert number(goods, WRONG) == 0


def test_a_coupon_with_a_hundred_uses_is_used_a_hundred_times(goods: Database) -> None:
    stock(goods, "Mitte", 200)

    def one(n: int) -> str:
        found = [
            buy(goods, f"{n} {at}", ("Oil", 1), more=f"{HERE}, coupon_code => 'ten'")
            for at in range(15)
        ]
        return " ".join(sorted(found))

    answers = together(10, one)
    words = " ".join(text for text in answers.elements()).split()
    assert (words.count("ok"), words.count("coupon_exhausted")) == (100, 50)
    assert number(goods, "select used_count from pricing.promotions") == 100
    assert number(goods, "select count(*) from commerce.orders") == 100


def test_the_same_key_at_the_same_moment_buys_once(goods: Database) -> None:
    answers = together(8, lambda _n: buy(goods, "one", ("Oil", 1)))
    assert answers == {"ok": 8}
    assert number(goods, "select count(*) from commerce.orders") == 1


def test_a_cart_that_changes_while_it_is_checked_out_is_bought_whole_or_not(
    goods: Database,
) -> None:
    """The total is that of two pieces; somebody adds more at the same moments."""

    def one(n: int) -> str:
        if n % 3:
            return f"add {answer(goods, ADD, 'Wax')}"
        call = f"select public.checkout(%s, total_minor => '2000'{HERE})"
        return f"buy {answer(goods, call, str(n))}"

    assert answer(goods, ADD, "Oil") == answer(goods, ADD, "Wax") == "ok"
    answers = together(12, one)
    assert answers["add ok"] == 8
    assert set(answers) <= {"add ok", "buy ok", "buy price_changed", "buy not_found"}
    wrong = (
        "select count(*) from sales.sales where (select sum(sales.line_total(sale_lines))"
        " from sales.sale_lines where sale_lines.sale_id = sales.id) <> 2000"
    )
    assert number(goods, wrong) == 0
    assert number(goods, WRONG) == 0


def test_what_a_checkout_writes_is_gone_when_any_of_it_fails(goods: Database) -> None:
    """Each table that a checkout writes refuses it once: nothing is left, and then it succeeds."""
    call = BUY.format(more=f"{HERE}, provider => 'sandbox', coupon_code => 'TEN'")
    items = json.dumps([{"position": 1, "name": "Oil", "quantity": 1}])
    goods.connection.execute("update money.providers set is_enabled = true")
    with connected(goods) as buyer:
        before = rows_of(buyer)
        buyer.execute("begin; select tests.act_as('customer')")
        buyer.execute(call.encode(), ("dry", items))
        written = buyer.execute(
            "reset role; select format('%I.%I', schemaname, relname) from pg_stat_xact_user_tables"
            " where n_tup_ins + n_tup_upd + n_tup_del > 0 and schemaname <> 'pg_temp'"
            # A broadcast that fails is a warning.
            " and schemaname <> 'realtime'"
        )
        while written.nextset():
            pass
        tables = sorted(str(row[0]) for row in written.fetchall())
        buyer.execute("rollback")
        assert {"sales.sale_lines", "commerce.orders", "money.payments"} <= set(tables)
        assert {"commerce.stock_levels", "pricing.promotions"} <= set(tables)
        for table in tables:
            assert fails_at(goods, buyer, table, call, items), table
            assert rows_of(buyer) == before, table
    assert answer(goods, call, "dry", items) == "ok"


def fails_at(db: Database, buyer: psycopg.Connection, table: str, call: str, items: str) -> bool:
    """Check out while a table takes no rows; whether that failed."""
    db.connection.execute(
        "create or replace function tests.fail() returns trigger language plpgsql as"
        " $$ begin raise exception 'No.'; end $$; grant execute on function tests.fail() to public;"
        f"create trigger _999_fail after insert or update or delete on {table}"
        " for each row execute function tests.fail()".encode()
    )
    try:
        buyer.execute("begin; select tests.act_as('customer')")
        buyer.execute(call.encode(), ("dry", items))
        buyer.execute("commit")
    except psycopg.Error:
        buyer.execute("rollback")
        return True
    finally:
        db.connection.execute(f"drop trigger _999_fail on {table}".encode())
    return False


def rows_of(buyer: psycopg.Connection) -> str:
    """What there is of all that a checkout may leave behind."""
    tables = (
        "commerce.carts commerce.cart_items commerce.orders commerce.order_items sales.baskets"
        " commerce.order_history commerce.stock_movements sales.sales sales.sale_lines"
        " sales.sale_taxes money.payments money.payment_parts pricing.coupon_redemptions"
        " customers.customers private.idempotency_keys"
    )
    counts = " || ' ' || ".join(f"(select count(*) from {name})" for name in tables.split())
    found = buyer.execute(
        f"select {counts} || ' ' || (select coalesce(sum(queue_length), 0) from pgmq.metrics_all())"
        " || ' ' || (select sum(on_hand) from commerce.stock_levels)"
        " || ' ' || (select sum(used_count) from pricing.promotions)".encode()
    )
    return str(found.fetchone())
