"""Random histories of orders against a model: what stock, sale and payments say adds up."""

from __future__ import annotations

import ast
from dataclasses import dataclass

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.database import Database

STOCK = {"Mitte": 8, "Nord": 3}
PRICE = 701
SHOP = """
    select tests.at('2031-05-01 08:00Z');
    select tests.person(called) from unnest('{owner,customer}'::text[]) as called;
    select tests.business('Salon', 'owner');
    select tests.named(called) from unnest('{Mitte,Nord,Oil}'::text[]) as called;
    insert into business.stores (id, business_id, name) values
    (tests.id('Mitte'), tests.id('Salon'), 'Mitte'), (tests.id('Nord'), tests.id('Salon'), 'Nord');
    insert into catalog.products (id, business_id, name, slug, currency, is_published)
    values (tests.id('Oil'), tests.id('Salon'), 'Oil', 'oil', 'EUR', true);
    insert into commerce.delivery_options (business_id, name, kind, currency, price_minor)
    values (tests.id('Salon'), 'Counter', 'pickup', 'EUR', 0);
    insert into commerce.order_settings (business_id, unpaid_hours) values (tests.id('Salon'), 1);
    insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
    values (tests.id('Oil'), tests.id('Salon'), tests.id('Oil'), 'OIL', 701);
    select tests.act_as('owner');
    select public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '8', 'received');
    select public.adjust_stock(tests.id('Nord')::text, tests.id('Oil')::text, '3', 'received');
    select tests.act_as_owner();
"""
ITEMS = """
    jsonb_build_array(
        jsonb_build_object('variant_id', tests.id('Oil'), 'quantity', %(units)s::integer)
    )::text
"""
BUY = f"""
    select answer #>> '{{orders,0,sale_id}}', answer #>> '{{orders,0,id}}'
    from public.checkout(
        %(key)s::text, store_id => tests.id(%(store)s)::text, items => {ITEMS}
    ) as answer
"""
MOVE = f"""
    select public.transfer_stock(tests.id(%(start)s)::text, tests.id(%(goal)s)::text, {ITEMS})
"""
LEVELS = """
    select jsonb_object_agg(stores.name, coalesce(had.pieces, 0))
    from business.stores left join ({pieces}) as had on had.store_id = stores.id
"""
ON_HAND = "select store_id, on_hand as pieces from commerce.stock_levels"
MOVED = "select store_id, sum(quantity) as pieces from commerce.stock_movements group by store_id"
LINES = (
    "(select jsonb_build_array(jsonb_build_object('sale_line_id', sale_line_id, 'quantity',"
    " %(units)s::integer))::text from commerce.order_items where order_id = %(order)s::uuid)"
)
PIECES = LINES.replace("'sale_line_id', sale_line_id", "'order_item_id', id")
CAPTURE = """
    select money.start_call('create', %(payment)s::uuid), money.finish_call(
        'create', id, jsonb_build_object('kind', %(kind)s::text, 'reference', 'ref ' || id,
            'amount_minor', amount_minor, 'currency', currency))
    from money.payments where id = %(payment)s::uuid
"""
REFUND = """
    select money.start_call('refund', id), money.finish_call('refund', id, jsonb_build_object(
        'kind', 'refund.succeeded', 'reference', 're ' || id, 'amount_minor', amount_minor,
        'currency', currency)) from money.refunds where status = 'pending'
"""
STEPS = (
    "buy",
    "pay",
    "fail",
    "expire",
    "cancel",
    "cancel all",
    "ship",
    "deliver",
    "return",
    "move",
)


@dataclass
class Order:
    """What the model knows of an order: units and what was paid."""

    id: str
    sale: str
    store: str
    units: int
    state: str = "open"
    paid: int = 0
    cancelled: int = 0
    shipped: int = 0
    delivered: int = 0
    returned: int = 0

    @property
    def left(self) -> int:
        return self.units - self.cancelled - self.shipped

    @property
    def owed(self) -> int:
        return 0 if self.state == "over" else PRICE * (self.units - self.cancelled - self.returned)

    @property
    def is_paid(self) -> bool:
        return self.state == "open" and self.paid > 0


class History:
    """A shop, its orders, and what should be true of them."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self.on_hand = dict(STOCK)
        self.orders: list[Order] = []
        self.refused = 0
        connection.execute(SHOP.encode())

    def one(self, statement: str, **values: object) -> str:
        """The last column of the one row, as whoever acts."""
        row = self.connection.execute(statement.encode(), values).fetchone()
        return str(row[-1]) if row else ""

    def row(self, who: str, statement: str, **values: object) -> tuple[object, ...] | None:
        """What the API answers somebody; nothing where it refuses."""
        self.connection.execute(f"select tests.act_as('{who}')".encode())
        try:
            with self.connection.transaction():
                return self.connection.execute(statement.encode(), values).fetchone() or ()
        except psycopg.Error as error:
            assert error.sqlstate in ("PT409",), error
            return None
        finally:
            self.connection.execute("select tests.act_as_owner()")

    def is_done(self, statement: str, **values: object) -> bool:
        """Whether the API does it for the business, rather than refuse it."""
        return self.row("owner", statement, **values) is not None

    def buy(self, store: str, units: int) -> None:
        key = f"order {len(self.orders)} {self.refused}"
        bought = self.row("customer", BUY, key=key, store=store, units=units)
        assert (bought is not None) == (units <= self.on_hand[store])
        if bought:
            self.orders.append(Order(str(bought[1]), str(bought[0]), store, units))
            self.on_hand[store] -= units
        else:
            self.refused += 1

    def move(self, start: str, units: int) -> None:
        goal = "Nord" if start == "Mitte" else "Mitte"
        can = units <= self.on_hand[start]
        assert self.is_done(MOVE, start=start, goal=goal, units=units) == can
        if can:
            self.on_hand[start] -= units
            self.on_hand[goal] += units

    def pay(self, order: Order, kind: str) -> None:
        start = f"select public.start_payment('sandbox', order_id => '{order.id}')"
        can = order.owed > order.paid
        assert self.is_done(start) == can
        if can:
            payment = self.one(
                "select payment_id::text from money.payment_parts"
                " inner join money.payments on payments.id = payment_id"
                " where sale_id = %(sale)s::uuid and payments.status = 'pending'",
                sale=order.sale,
            )
            self.one(CAPTURE, payment=payment, kind=kind)
            order.paid = order.owed if kind == "payment.captured" else order.paid

    def expire(self) -> None:
        self.one("select tests.at(private.now() + interval '2 hours')")
        self.one("select commerce.apply_due_steps(100)")
        for order in self.orders:
            if order.state == "open" and not order.paid:
                self.end(order)

    def end(self, order: Order) -> None:
        self.on_hand[order.store] += order.left
        order.cancelled, order.state = order.units, "over"

    def cancel(self, order: Order, units: int | None) -> None:
        lines = "" if units is None else f", {LINES}"
        done = self.is_done(
            f"select public.cancel_order(%(order)s::text{lines})", order=order.id, units=units
        )
        if units is None:
            can = order.state == "open" and not order.shipped and order.left > 0
            assert done == (can or self.is_cancelled(order))
        else:
            can = order.state == "open" and units <= order.left
            assert done == can
        if can:
            gone = order.left if units is None else units
            self.on_hand[order.store] += gone
            order.cancelled += gone
            order.state = "over" if order.cancelled == order.units else "open"

    def is_cancelled(self, order: Order) -> bool:
        status = "select status::text from commerce.orders where id = %(id)s::uuid"
        return self.one(status, id=order.id) == "cancelled"

    def ship(self, order: Order, units: int) -> None:
        can = order.is_paid and units <= order.left
        done = self.is_done(
            f"select public.ship_order(%(order)s::text, {PIECES})", order=order.id, units=units
        )
        assert done == can
        order.shipped += units if can else 0

    def deliver(self, order: Order) -> None:
        self.is_done(
            "select public.deliver_shipment(id::text) from commerce.shipments"
            " where order_id = %(order)s::uuid and status = 'shipped'",
            order=order.id,
        )
        order.delivered = order.shipped

    def give_back(self, order: Order, units: int) -> None:
        can = units <= order.shipped - order.returned
        done = self.is_done(
            f"select public.request_return(%(order)s::text, {LINES})", order=order.id, units=units
        )
        assert done == can
        if can:
            for step in ("approve", "receive"):
                assert self.is_done(
                    f"select public.{step}_return(id::text) from commerce.returns"
                    " where status in ('requested', 'approved')"
                )
            order.returned += units
            self.on_hand[order.store] += units

    def take(self, step: str, which: int, units: int) -> None:
        store = "Nord" if which % 2 else "Mitte"
        if step == "buy":
            self.buy(store, units)
        elif step == "move":
            self.move(store, units)
        elif step == "expire":
            self.expire()
        elif self.orders:
            order = self.orders[which % len(self.orders)]
            match step:
                case "pay" | "fail":
                    self.pay(order, "payment.captured" if step == "pay" else "payment.failed")
                case "cancel" | "cancel all":
                    self.cancel(order, None if step == "cancel all" else units)
                case "ship":
                    self.ship(order, units)
                case "deliver":
                    self.deliver(order)
                case "return":
                    self.give_back(order, units)

    def check(self) -> None:
        """Stock and sales are what the model says."""
        for pieces in (ON_HAND, MOVED):
            assert ast.literal_eval(self.one(LEVELS.format(pieces=pieces))) == self.on_hand
        for order in self.orders:
            owed = "select (money.sale_balance(tests.id('Salon'), %(sale)s::uuid)).owed_minor"
            assert self.one(owed, sale=order.sale) == str(order.owed), order

    def settle(self) -> None:
        """In the end every sale is paid what it owes, or nothing, and no more was given back."""
        for order in self.orders:
            self.one("select money.settle_sale(tests.id('Salon'), %(sale)s::uuid)", sale=order.sale)
        self.connection.execute(REFUND.encode())
        for order in self.orders:
            held = self.one(
                "select coalesce(sum(captured_minor - refunded_minor), 0) from"
                " money.payment_parts where sale_id = %(sale)s::uuid",
                sale=order.sale,
            )
            assert int(held) == min(order.paid, order.owed), order
        late = "select count(*) from commerce.returns where status <> 'refunded'"
        assert self.one(late) == "0"


@settings(max_examples=20)
@given(
    history=st.lists(
        st.tuples(st.sampled_from(STEPS), st.integers(0, 2), st.integers(1, 4)), max_size=14
    )
)
def test_stock_sales_and_payments_add_up(db: Database, history: list[tuple[str, int, int]]) -> None:
    with db.connection.transaction(force_rollback=True):
        shop = History(db.connection)
        shop.take("buy", 0, 3)
        for step, which, units in history:
            shop.take(step, which, units)
            shop.check()
        shop.settle()
