-- An order of a shop: paid, sent in parts, cancelled by line, returned, and what stock and sale say.
begin;
select plan(62);

-- Given a shop with two stores, two variants, and some pieces of each in Mitte
select tests.at('2031-05-01 08:00Z');
select tests.person(called)
from unnest('{owner,ann,accountant,customer,stranger}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.member('ann', 'Shop', 'staff');
select tests.member('accountant', 'Shop', 'accountant');
select tests.business('Other', 'stranger');
select tests.named(called) from unnest('{Mitte,Nord,Oil,50,100}'::text[]) as called;
insert into business.stores (id, business_id, name) values
(tests.id('Mitte'), tests.id('Shop'), 'Mitte'),
(tests.id('Nord'), tests.id('Shop'), 'Nord');
insert into catalog.products (id, business_id, name, slug, currency, is_published) values
(tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true);
insert into catalog.product_options (business_id, product_id, name, allowed_values)
values (tests.id('Shop'), tests.id('Oil'), 'Size', '{50,100}');
insert into catalog.product_variants (id, business_id, product_id, sku, options, price_minor) values
(tests.id('50'), tests.id('Shop'), tests.id('Oil'), 'OIL-50', '{"Size": "50"}', 900),
(tests.id('100'), tests.id('Shop'), tests.id('Oil'), 'OIL-100', '{"Size": "100"}', 1500);
select commerce.lock_levels(
    tests.id('Shop'), array[tests.id('Mitte')],
    array[(tests.id('50'), 0), (tests.id('100'), 0)]::commerce.stock_item[]
);
select commerce.record_movements(
    tests.id('Shop'), tests.id('Mitte'),
    array[(tests.id('50'), 20), (tests.id('100'), 10)]::commerce.stock_item[], 'received', null
);

-- Three of 50 at 9.00, one of 100 at 15.00, and shipping for 5.00
create function pg_temp.place(called text, minutes integer, pays_later boolean default false)
returns void
language plpgsql
as $$
declare
    v_sale uuid = sales.place_sale(
        tests.id('Shop'), tests.id('customer'), 'Cora', 'cora@example.com', null,
        pricing.quote(
            array[
                pricing.make_line('product', 'Oil 50', 3, 900, 'EUR',
                    jsonb_build_object('variant_id', tests.id('50')), tests.id('50')),
                pricing.make_line('product', 'Oil 100', 1, 1500, 'EUR',
                    jsonb_build_object('variant_id', tests.id('100')), tests.id('100')),
                pricing.make_line('shipping', 'Parcel', 1, 500, 'EUR', '{}')
            ],
            pricing.for_buyer(pricing.make_terms(), tests.id('Shop'), tests.id('customer'))
        )
    );
    v_order uuid;
begin
    perform commerce.record_movements(
        tests.id('Shop'), tests.id('Mitte'),
        array[(tests.id('50'), -3), (tests.id('100'), -1)]::commerce.stock_item[], 'sold', null
    );
    v_order = commerce.place_order(
        tests.id('Shop'), v_sale, tests.id('customer'),
        '{"kind": "delivery", "address": {"line1": "Road 1", "city": "Berlin"}}',
        array(
            select (
                id, variant_id, tests.id('Mitte'), name, name, quantity, 1
            )::commerce.order_line
            from sales.sale_lines where sale_id = v_sale and kind = 'product' order by position
        ),
        private.now() + make_interval(mins => minutes), pays_later
    );
    insert into tests.names (name, id) values (called, v_order), (called || ' sale', v_sale);
    insert into tests.names (name, id)
    select called || ' ' || name, id from sales.sale_lines where sale_id = v_sale;
    insert into tests.names (name, id)
    select called || ' item ' || name, id from commerce.order_items where order_id = v_order;
end;
$$;
create function tests.pay(called text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_payment uuid = (public.start_payment(
        'sandbox', order_id => tests.id(called)::text) ->> 'id')::uuid;
begin
    perform money.start_call('create', v_payment);
    perform money.finish_call('create', v_payment, (
        select jsonb_build_object('kind', 'payment.captured', 'reference', 'ref ' || called,
            'amount_minor', amount_minor, 'currency', currency)
        from money.payments where id = v_payment));
end;
$$;
create function tests.status(called text) returns text
language sql stable security definer set search_path = ''
as $$ select status::text from commerce.orders where id = tests.id(called) $$;
create function tests.left_of(called text) returns integer
language sql stable security definer set search_path = ''
as $$ select sum(on_hand)::integer from commerce.stock_levels where variant_id = tests.id(called) $$;
create function tests.owed(called text) returns bigint
language sql stable security definer set search_path = ''
as $$ select (money.sale_balance(tests.id('Shop'), tests.id(called || ' sale'))).owed_minor $$;
create function tests.settle(called text) returns bigint
language sql volatile security definer set search_path = ''
as $$ select money.settle_sale(tests.id('Shop'), tests.id(called || ' sale')) $$;
create function tests.refund(called text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_refund money.refunds;
begin
    for v_refund in
        select refunds.* from money.refunds
        inner join money.refund_parts on refund_parts.refund_id = refunds.id
        where refund_parts.sale_id = tests.id(called || ' sale') and refunds.status = 'pending'
    loop
        perform money.start_call('refund', v_refund.id);
        perform money.finish_call('refund', v_refund.id, jsonb_build_object(
            'kind', 'refund.succeeded', 'reference', 're ' || v_refund.id,
            'amount_minor', v_refund.amount_minor, 'currency', v_refund.currency));
    end loop;
end;
$$;
create function tests.lines(line text, quantity integer) returns text
language sql stable security definer set search_path = ''
as $$ select jsonb_build_array(jsonb_build_object(
    'sale_line_id', tests.id(line), 'quantity', quantity))::text $$;
create function tests.pieces(item text, quantity integer) returns text
language sql stable security definer set search_path = ''
as $$ select jsonb_build_array(jsonb_build_object(
    'order_item_id', tests.id(item), 'quantity', quantity))::text $$;
create function tests.named_as(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
grant execute on all functions in schema tests to anon, authenticated;

-- Placed
select pg_temp.place(called, 60) from unnest('{first,second,third,fourth}'::text[]) as called;
select pg_temp.place('terms', 60, true);
select is(tests.status('first'), 'pending', 'an order waits for its payment');
select is(tests.status('terms'), 'fulfilling', 'one with net terms does not');
select tests.act_as('customer');
select is((select count(*) from public.orders), 5::bigint, 'customers see their orders');
select is((select count(*) from public.order_items), 10::bigint, 'and the items of them');
select is(
    (select array_agg(event::text || ' by ' || actor) from public.order_timeline
        where order_id = tests.id('first')),
    '{placed by system}', 'the timeline begins with whoever placed it, here the operator'
);
select tests.act_as('stranger');
select is((select count(*) from public.orders), 0::bigint, 'strangers see none');
select is((select count(*) from public.order_items), 0::bigint, 'nor their items');
select is((select count(*) from public.order_timeline), 0::bigint, 'nor what happened to them');
select throws_ok(
    $$ select public.cancel_order(tests.id('first')::text) $$, 'PT404', 'There is no such order.',
    'a stranger cannot cancel an order'
);
select tests.act_as('accountant');
select throws_ok(
    $$ select public.cancel_order(tests.id('first')::text) $$, 'PT403', null,
    'an accountant sees it and cannot'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.cancel_order(tests.id('first')::text) $$, 'PT401', null,
    'nobody cancels without a sign-in'
);
select tests.act_as('ann');
select throws_ok(
    $$ select public.ship_order(tests.id('first')::text) $$, 'PT409', 'This order is not paid yet.',
    'nothing is sent before it is paid'
);

-- Paid
select tests.act_as('customer');
select tests.pay('first');
select is(tests.status('first'), 'paid', 'a payment pays its order');
select is((select expires_at from public.orders where id = tests.id('first')), null, 'it no longer expires');

-- Sent in parts
select tests.act_as('ann');
select throws_ok(
    $$ select public.ship_order(tests.id('first')::text, tests.pieces('first item Oil 50', 4)) $$,
    'PT409', 'Only 3 of Oil 50 are left to send.', 'no more is sent than was ordered'
);
select throws_ok(
    $$ select public.ship_order(tests.id('first')::text, tests.pieces('second item Oil 50', 1)) $$,
    'PT404', 'There is no such item in this order.', 'nor of another order'
);
select tests.named_as('part', (public.ship_order(
    tests.id('first')::text, tests.pieces('first item Oil 50', 2), 'DHL', 'JD 01',
    'https://dhl.example/JD01')).id);
select is(tests.status('first'), 'fulfilling', 'a part of it is under way');
select throws_ok(
    $$ select public.cancel_order(tests.id('first')::text) $$, 'PT409', null,
    'an order of which a part was sent is not cancelled whole'
);
select tests.act_as('customer');
select is(
    (select tracking_number from public.shipments where id = tests.id('part')), 'JD 01',
    'the customer follows the shipment'
);
select throws_ok(
    $$ select public.cancel_order(tests.id('first')::text, tests.lines('first Oil 100', 1)) $$,
    'PT409', 'Something of this order was sent already.', 'customers cancel nothing any more'
);
select throws_ok(
    $$ select public.deliver_shipment(tests.id('part')::text) $$, 'PT403', null,
    'nor do they say what arrived'
);

-- A line is cancelled: its piece is back, and its price
select tests.act_as('ann');
select is(tests.left_of('100'), 5, 'five pieces were taken');
select throws_ok(
    $$ select public.cancel_order(tests.id('first')::text, version => '2') $$, 'PT409',
    'This order has the version 1 now.', 'nobody cancels another version than they read'
);
select is(
    (public.cancel_order(tests.id('first')::text, tests.lines('first Oil 100', 1), 'Broken', '1')).status,
    'fulfilling', 'the business cancels a line that was not sent'
);
select is(tests.left_of('100'), 6, 'its piece goes back into stock');
select is(tests.owed('first'), 3200::bigint, 'and its price is not owed any more');
select is(tests.settle('first'), 1500::bigint, 'so it is given back');
select tests.refund('first');
select throws_ok(
    $$ select public.cancel_order(tests.id('first')::text, tests.lines('first Oil 100', 1)) $$,
    'PT409', 'Only 0 of that line are left.', 'nothing is cancelled twice'
);
select is(
    (select version from public.orders where id = tests.id('first')), 2, 'that was version 2'
);
select is(
    (select kind::text || ' ' || (lines -> 0 ->> 'quantity') from public.order_changes
        where order_id = tests.id('first')),
    'cancelled -1', 'which says what went'
);

-- The rest is sent, and arrives
select tests.named_as('rest', (public.ship_order(tests.id('first')::text, only_packs => 'true')).id);
select is(tests.status('first'), 'fulfilling', 'what is packed is not sent');
select is((public.send_shipment(tests.id('rest')::text, 'DHL', 'JD 02')).status, 'shipped', 'now it is');
select is(tests.status('first'), 'shipped', 'and so is the order');
select public.deliver_shipment(tests.id('part')::text);
select is(tests.status('first'), 'shipped', 'one parcel is still under way');
select public.deliver_shipment(tests.id('rest')::text);
select is(tests.status('first'), 'delivered', 'with the last one it is delivered');
select is(
    (select returns_until from public.orders where id = tests.id('first')),
    '2031-05-15 08:00Z', 'from then on pieces may be returned for two weeks'
);
select tests.act_as_owner();
select is(
    (select count(*) from sales.sale_line_deliveries where sale_id = tests.id('first sale')),
    2::bigint, 'the business has earned the lines that stand, shipping too'
);

-- Returned
select tests.act_as('customer');
select throws_ok(
    $$ select public.request_return(tests.id('first')::text, tests.lines('first Oil 50', 4)) $$,
    'PT409', 'Only 3 of that line are left.', 'no more comes back than was sent'
);
select tests.named_as('return', (public.request_return(
    tests.id('first')::text, tests.lines('first Oil 50', 2), 'Too small')).id);
select throws_ok(
    $$ select public.request_return(tests.id('first')::text, tests.lines('first Oil 50', 2)) $$,
    'PT409', 'Only 1 of that line are left.', 'nor twice'
);
select throws_ok(
    $$ select public.approve_return(tests.id('return')::text) $$, 'PT403', null,
    'customers do not decide about it'
);
select tests.act_as('ann');
select throws_ok(
    $$ select public.receive_return(tests.id('return')::text) $$, 'PT409',
    'A return that is requested cannot be received.', 'it is approved first'
);
select public.approve_return(tests.id('return')::text, 'Send it back');
select is(
    (public.receive_return(tests.id('return')::text, tests.id('Nord')::text)).status::text,
    'received', 'then its pieces are received in another store'
);
select is(
    (select on_hand from public.inventory_levels
        where store_id = tests.id('Nord') and variant_id = tests.id('50')),
    2, 'which has them now'
);
select is(tests.settle('first'), 1800::bigint, 'two of three are given back');
select tests.refund('first');
select is(
    (select status::text from public.returns where id = tests.id('return')), 'refunded',
    'and then the return is refunded'
);
select is(tests.status('first'), 'delivered', 'the order is what it was');

-- Broken: replaced, or given back without anything coming back
select tests.act_as('customer');
select tests.named_as('claim', (public.request_return(
    tests.id('first')::text, tests.lines('first Oil 50', 1), 'Leaks', 'claim', 'replacement')).id);
select tests.act_as('ann');
select public.approve_return(tests.id('claim')::text);
select is(tests.status('first'), 'fulfilling', 'a replacement is to be sent');
select public.hand_over_order(tests.id('first')::text);
select is(tests.status('first'), 'delivered', 'and is handed over');
select is(tests.owed('first'), 1400::bigint, 'it costs nothing more');

-- The time for returns ends
select tests.at('2031-05-16 08:00Z');
select tests.act_as('customer');
select throws_ok(
    $$ select public.request_return(tests.id('first')::text) $$, 'PT422', null,
    'after two weeks customers return nothing'
);

-- Cancelled, expired, late
select tests.at('2031-05-01 08:30Z');
select is((public.cancel_order(tests.id('second')::text, reason => 'Changed my mind')).status, 'cancelled', 'customers cancel what was not sent');
select is(tests.owed('second'), 0::bigint, 'then nothing is owed, shipping neither');
select lives_ok($$ select public.cancel_order(tests.id('second')::text) $$, 'cancelling again changes nothing');
select tests.act_as_owner();
select tests.at('2031-05-01 09:00Z');
select is(commerce.apply_due_steps(100), 2, 'what nobody pays in time expires');
select is(tests.status('third'), 'expired', 'and says so');
select is(tests.owed('third'), 0::bigint, 'and owes nothing');
select is(commerce.apply_due_steps(100), 0, 'once');
select is(
    (select count(*) from commerce.stock_movements where reason = 'cancelled'), 7::bigint,
    'and every piece went back once'
);
select is(
    (select count(*) from commerce.stock_levels as levels
        where on_hand <> (select sum(quantity) from commerce.stock_movements as moved
            where moved.store_id = levels.store_id and moved.variant_id = levels.variant_id)),
    0::bigint, 'levels are the sum of what moved'
);

-- Several at once
select tests.act_as('ann');
select is(
    (select jsonb_agg(result ->> 'error') from jsonb_array_elements(public.bulk_update_orders(
        jsonb_build_array(tests.id('terms'), tests.id('third'))::text, 'ship')) as result
        where result ->> 'order_id' = tests.id('third')::text),
    '["invalid_transition"]', 'an expired order is not sent'
);
select is(tests.status('terms'), 'shipped', 'and the one beside it is');
select is(
    (select result ->> 'error' from jsonb_array_elements(public.bulk_update_orders(
        jsonb_build_array(tests.id('Oil'))::text, 'ship')) as result),
    'not_found', 'what is no order is reported'
);

select * from finish();
rollback;
