"""What happens to an order, event by event, for test_catalogue.py.

A customer of the Salon orders the last two oils, to be picked up in a store.
"""

from __future__ import annotations

SHOP = """
    select tests.act_as_owner();
    select tests.named(called) from unnest('{Mitte,Oil}'::text[]) as called;
    insert into business.stores (id, business_id, name)
    values (tests.id('Mitte'), tests.id('Salon'), 'Mitte');
    insert into catalog.products (id, business_id, name, slug, currency, is_published)
    values (tests.id('Oil'), tests.id('Salon'), 'Oil', 'oil', 'EUR', true);
    insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
    values (tests.id('Oil'), tests.id('Salon'), tests.id('Oil'), 'OIL', 900);
    select commerce.lock_levels(
        tests.id('Salon'), array[tests.id('Mitte')],
        array[(tests.id('Oil'), 0)]::commerce.stock_item[]
    );
    select commerce.record_movements(
        tests.id('Salon'), tests.id('Mitte'),
        array[(tests.id('Oil'), 2)]::commerce.stock_item[], 'received', null
    );
    select commerce.record_movements(
        tests.id('Salon'), tests.id('Mitte'),
        array[(tests.id('Oil'), -2)]::commerce.stock_item[], 'sold', null
    );
    insert into tests.names (name, id)
    select 'Sale', sales.place_sale(
        tests.id('Salon'), tests.id('customer'), 'Cora', null, null, pricing.quote(
            array[pricing.make_line('product', 'Oil', 2, 900, 'EUR',
                jsonb_build_object('variant_id', tests.id('Oil')), tests.id('Oil'))],
            pricing.for_buyer(pricing.make_terms(), tests.id('Salon'), tests.id('customer'))
        )
    );
    insert into tests.names (name, id)
    select 'Order', commerce.place_order(
        tests.id('Salon'), tests.id('Sale'), tests.id('customer'),
        jsonb_build_object('kind', 'pickup', 'store_id', tests.id('Mitte')),
        array(
            select (id, variant_id, tests.id('Mitte'), 'OIL', 'Oil', 2, 1)::commerce.order_line
            from sales.sale_lines where sale_id = tests.id('Sale')
        ),
        private.now() + interval '1 hour', false
    );
"""
ORDER = "tests.id('Order')::text"
LINE = (
    "(select jsonb_build_array(jsonb_build_object('sale_line_id', id, 'quantity', 1))::text"
    " from sales.sale_lines where sale_id = tests.id('Sale'))"
)
ONE_MORE = (
    "select public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '1', 'received')"
)
OIL = "jsonb_build_array(jsonb_build_object('variant_id', tests.id('Oil'), 'quantity', 1))::text"
ITEM = (
    "(select jsonb_build_array(jsonb_build_object('order_item_id', id, 'quantity', 1))::text"
    " from commerce.order_items)"
)
START = (
    f"select tests.act_as('customer'); select public.start_payment('sandbox', order_id => {ORDER});"
)
# What the provider says of the payment, and of the refund.
CAPTURE = """
    select tests.act_as_owner();
    select money.start_call('create', id) from money.payments;
    select money.finish_call('create', id, jsonb_build_object(
        'kind', 'payment.captured', 'reference', 'ref', 'amount_minor', amount_minor,
        'currency', currency
    )) from money.payments;
"""
REFUND = """
    select tests.act_as_owner();
    select money.settle_sale(tests.id('Salon'), tests.id('Sale'));
    select money.start_call('refund', id) from money.refunds;
    select money.finish_call('refund', id, jsonb_build_object(
        'kind', 'refund.succeeded', 'reference', 're', 'amount_minor', amount_minor,
        'currency', currency
    )) from money.refunds;
"""
PAID = SHOP + START + CAPTURE
SENT = PAID + f"select tests.act_as('ann'); select public.ship_order({ORDER}, carrier => 'DHL');"
SHIPMENT = "(select id::text from commerce.shipments)"
ASKED = SENT + f"select tests.act_as('customer'); select public.request_return({ORDER});"
RETURN = "(select id::text from commerce.returns)"
EXPIRED = (
    SHOP
    + START
    + "select tests.act_as_owner(), tests.at('2031-05-01 09:30Z');"
    + "select commerce.apply_due_steps(10);"
)
ORDER_PLAYS = {
    "order.placed": SHOP,
    "order.paid": PAID,
    "order.part_shipped": PAID
    + f"select tests.act_as('ann'); select public.ship_order({ORDER}, {ITEM});",
    "order.shipped": SENT,
    "order.delivered": SENT + f"select public.deliver_shipment({SHIPMENT});",
    "order.cancelled": SHOP
    + f"select tests.act_as('customer'); select public.cancel_order({ORDER});",
    "order.lines_cancelled": PAID
    + f"select tests.act_as('customer'); select public.cancel_order({ORDER}, {LINE});",
    "order.changed": PAID
    + f"select tests.act_as('ann'); {ONE_MORE}; select public.change_order({ORDER}, {OIL});",
    "order.expired": EXPIRED,
    "order.paid_too_late": EXPIRED + CAPTURE,
    "order.shipment_lost": SENT + f"select public.lose_shipment({SHIPMENT});",
    "order.return_requested": ASKED,
    "order.return_approved": ASKED
    + f"select tests.act_as('ann'); select public.approve_return({RETURN});",
    "order.return_rejected": ASKED
    + f"select tests.act_as('ann'); select public.reject_return({RETURN}, 'Used');",
    "order.refunded": PAID
    + f"select tests.act_as('ann'); select public.cancel_order({ORDER});"
    + REFUND,
}
