"""Random histories of orders against a model: what stock, sale and payments say adds up."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.database import Database

STOCK = 8
PRICE = 701
SHOP = """
    select tests.at('2031-05-01 08:00Z');
    select tests.person(called) from unnest('{owner,customer}'::text[]) as called;
    select tests.business('Salon', 'owner');
    select tests.named(called) from unnest('{Mitte,Oil}'::text[]) as called;
    insert into business.stores (id, business_id, name)
    values (tests.id('Mitte'), tests.id('Salon'), 'Mitte');
    insert into catalog.products (id, business_id, name, slug, currency)
    values (tests.id('Oil'), tests.id('Salon'), 'Oil', 'oil', 'EUR');
    insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
    values (tests.id('Oil'), tests.id('Salon'), tests.id('Oil'), 'OIL', 701);
    select tests.act_as('owner');
    select public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '8', 'received');
    select tests.act_as_owner();
"""
BUY = """
    with sale as (
        select sales.place_sale(
            tests.id('Salon'), tests.id('customer'), 'Cora', null, null, pricing.quote(
                array[pricing.make_line('product', 'Oil', %(units)s, 701, 'EUR',
                    jsonb_build_object('variant_id', tests.id('Oil')), tests.id('Oil'))],
                pricing.for_buyer(pricing.make_terms(), tests.id('Salon'), tests.id('customer'))
            )
        ) as id
    )
    select id::text from sale
"""
PLACE = """
    select commerce.record_movements(
        tests.id('Salon'), tests.id('Mitte'),
        array[(tests.id('Oil'), -sale_lines.quantity)]::commerce.stock_item[], 'sold', null
    ), commerce.place_order(
        business_id, sale_id, tests.id('customer'),
        jsonb_build_object('kind', 'pickup', 'store_id', tests.id('Mitte')),
        array[
            (id, variant_id, tests.id('Mitte'), 'OIL', 'Oil', quantity, 1)
        ]::commerce.order_line[],
        private.now() + interval '1 hour', false
    )::text from sales.sale_lines where sale_id = %(sale)s::uuid
"""
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
AS_OWNER = "select tests.act_as('owner')"
STEPS = ("buy", "pay", "fail", "expire", "cancel", "cancel all", "ship", "deliver", "return")


@dataclass
class Order:
    """What the model knows of an order: units and what was paid."""

    id: str
    sale: str
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
        self.on_hand = STOCK
        self.orders: list[Order] = []
        connection.execute(SHOP.encode())

    def one(self, statement: str, **values: object) -> str:
        """The last column of the one row, as whoever acts."""
        row = self.connection.execute(statement.encode(), values).fetchone()
        return str(row[-1]) if row else ""

    def is_done(self, statement: str, **values: object) -> bool:
        """Whether the API does it for the business, rather than refuse it."""
        self.one(AS_OWNER)
        try:
            with self.connection.transaction():
                self.connection.execute(statement.encode(), values)
            return True
        except psycopg.Error as error:
            assert error.sqlstate in ("PT409",), error
            return False
        finally:
            self.connection.execute("select tests.act_as_owner()")

    def buy(self, units: int) -> None:
        if units <= self.on_hand:
            sale = self.one(BUY, units=units)
            self.orders.append(Order(self.one(PLACE, sale=sale), sale, units))
            self.on_hand -= units

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
        self.on_hand += order.left
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
            self.on_hand += gone
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
            self.on_hand += units

    def take(self, step: str, which: int, units: int) -> None:
        if step == "buy":
            self.buy(units)
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
        assert self.one("select on_hand from commerce.stock_levels") == str(self.on_hand)
        assert self.one("select sum(quantity) from commerce.stock_movements") == str(self.on_hand)
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


@settings(max_examples=25)
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
