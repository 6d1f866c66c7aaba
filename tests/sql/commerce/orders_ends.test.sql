-- How orders end: lost parcels, bundles, exchanges, late payments, the steps that nobody may take,
-- and what never changes, whoever asks.
begin;
select plan(32);

-- Given a shop with a bundle of two oils and a soap
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,ann,customer}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.member('ann', 'Shop', 'staff');
select tests.named(called) from unnest('{Mitte,Oil,Soap,Goods}'::text[]) as called;
insert into business.stores (id, business_id, name)
values (tests.id('Mitte'), tests.id('Shop'), 'Mitte');
insert into catalog.products (id, business_id, name, slug, currency)
values (tests.id('Goods'), tests.id('Shop'), 'Goods', 'goods', 'EUR');
insert into catalog.product_options (business_id, product_id, name, allowed_values)
values (tests.id('Shop'), tests.id('Goods'), 'Kind', '{Oil,Soap}');
insert into catalog.product_variants (id, business_id, product_id, sku, options, price_minor) values
(tests.id('Oil'), tests.id('Shop'), tests.id('Goods'), 'OIL', '{"Kind": "Oil"}', 1000),
(tests.id('Soap'), tests.id('Shop'), tests.id('Goods'), 'SOAP', '{"Kind": "Soap"}', 500);
select commerce.lock_levels(
    tests.id('Shop'), array[tests.id('Mitte')],
    array[(tests.id('Oil'), 0), (tests.id('Soap'), 0)]::commerce.stock_item[]
);
select commerce.record_movements(
    tests.id('Shop'), tests.id('Mitte'),
    array[(tests.id('Oil'), 20), (tests.id('Soap'), 20)]::commerce.stock_item[], 'received', null
);

-- An order of three bundles for 21.01 each: two oils and a soap in each
create function pg_temp.place(called text, minutes integer) returns void
language plpgsql
as $$
declare
    v_sale uuid = sales.place_sale(
        tests.id('Shop'), tests.id('customer'), 'Cora', null, null,
        pricing.quote(
            array[pricing.make_line('product', 'Set', 3, 2101, 'EUR',
                jsonb_build_object('variant_id', tests.id('Oil')), tests.id('Oil'))],
            pricing.for_buyer(pricing.make_terms(), tests.id('Shop'), tests.id('customer'))
        )
    );
    v_line uuid = (select id from sales.sale_lines where sale_id = v_sale);
    v_order uuid;
begin
    perform commerce.record_movements(
        tests.id('Shop'), tests.id('Mitte'),
        array[(tests.id('Oil'), -6), (tests.id('Soap'), -3)]::commerce.stock_item[], 'sold', null
    );
    v_order = commerce.place_order(
        tests.id('Shop'), v_sale, tests.id('customer'),
        jsonb_build_object('kind', 'pickup', 'store_id', tests.id('Mitte')),
        array[
            (v_line, tests.id('Oil'), tests.id('Mitte'), 'OIL', 'Oil', 6, 2),
            (v_line, tests.id('Soap'), tests.id('Mitte'), 'SOAP', 'Soap', 3, 1)
        ]::commerce.order_line[],
        private.now() + make_interval(mins => minutes), false
    );
    insert into tests.names (name, id) values
    (called, v_order), (called || ' sale', v_sale), (called || ' set', v_line);
    insert into tests.names (name, id)
    select called || ' ' || sku, id from commerce.order_items where order_id = v_order;
end;
$$;
create function tests.pay(called text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_payment uuid = (select id from money.payments order by created_at desc limit 1);
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
create function tests.on_hand(called text) returns integer
language sql stable security definer set search_path = ''
as $$ select on_hand from commerce.stock_levels where variant_id = tests.id(called) $$;
create function tests.owed(called text) returns bigint
language sql stable security definer set search_path = ''
as $$ select (money.sale_balance(tests.id('Shop'), tests.id(called || ' sale'))).owed_minor $$;
create function tests.lines(line text, quantity integer) returns text
language sql stable security definer set search_path = ''
as $$ select jsonb_build_array(jsonb_build_object(
    'sale_line_id', tests.id(line), 'quantity', quantity))::text $$;
create function tests.named_as(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
grant execute on all functions in schema tests to anon, authenticated;

-- A payment that comes when the time is gone
select pg_temp.place('late', 30);
select tests.act_as('customer');
select public.start_payment('sandbox', order_id => tests.id('late')::text);
select tests.act_as_owner();
select tests.at('2031-05-01 08:30Z');
select commerce.apply_due_steps(100);
select is(tests.status('late'), 'expired', 'nobody paid in time');
select is(tests.on_hand('Oil'), 20, 'the pieces of its bundles are back');
select tests.pay('late');
select is(tests.status('late'), 'expired', 'a late payment does not bring it back');
select is(
    (select event::text from commerce.order_history where order_id = tests.id('late')
        order by id desc limit 1),
    'paid_too_late', 'its timeline says that it was too late'
);
select is(
    money.settle_sale(tests.id('Shop'), tests.id('late sale')), 6303::bigint,
    'and all of it is given back'
);
select is(money.settle_sale(tests.id('Shop'), tests.id('late sale')), 0::bigint, 'once');

-- Units of a bundle
select pg_temp.place('set', 60);
select tests.act_as('customer');
select is(
    (public.cancel_order(tests.id('set')::text, tests.lines('set set', 1))).status, 'pending',
    'one of three bundles is cancelled'
);
select is(tests.on_hand('Oil'), 16, 'that were two oils');
select is(tests.on_hand('Soap'), 18, 'and a soap');
select is(tests.owed('set'), 4202::bigint, 'two bundles are owed');
select public.start_payment('sandbox', order_id => tests.id('set')::text);
select tests.act_as_owner();
select tests.pay('set');
select tests.act_as('ann');
select is((public.fulfil_order(tests.id('set')::text)).status, 'fulfilling', 'the business packs it');
select is((public.fulfil_order(tests.id('set')::text)).status, 'fulfilling', 'once');
select tests.named_as('oils', (public.ship_order(tests.id('set')::text, jsonb_build_array(
    jsonb_build_object('order_item_id', tests.id('set OIL'), 'quantity', 4))::text)).id);
select tests.named_as('soaps', (public.ship_order(
    tests.id('set')::text, idempotency_key => 'soaps')).id);
select is(
    (public.ship_order(tests.id('set')::text, idempotency_key => 'soaps')).id, tests.id('soaps'),
    'the same key sends once'
);
select throws_ok(
    $$ select public.ship_order(tests.id('set')::text) $$, 'PT409',
    'Nothing is left to send of an order that is shipped.', 'and no more than there is'
);

-- Lost, and given back
select public.deliver_shipment(tests.id('soaps')::text);
select is(
    (public.deliver_shipment(tests.id('soaps')::text)).status::text, 'delivered',
    'what arrived arrived once'
);
select is((public.lose_shipment(tests.id('oils')::text)).status::text, 'lost', 'the oils are lost');
select is((public.lose_shipment(tests.id('oils')::text)).status::text, 'lost', 'once');
select throws_ok(
    $$ select public.deliver_shipment(tests.id('oils')::text) $$, 'PT409',
    'A shipment that is lost cannot become delivered.', 'and do not arrive'
);
select tests.act_as('customer');
select tests.named_as('claim', (public.request_return(
    tests.id('set')::text, tests.lines('set set', 1), 'Lost', 'claim')).id);
select tests.act_as('ann');
select public.approve_return(tests.id('claim')::text);
select is(tests.owed('set'), 2101::bigint, 'a claim gives the price of a bundle back');
select is(tests.on_hand('Oil'), 16, 'nothing comes back into stock');
select is(
    (select status::text from public.returns where id = tests.id('claim')), 'received',
    'it waits for its refund'
);

-- Exchanged
select tests.act_as('customer');
select throws_ok(
    $$ select public.request_return(tests.id('set')::text, kind => 'exchange', resolution => 'refund') $$,
    'PT400', null, 'an exchange is no refund'
);
select tests.named_as('exchange', (public.request_return(
    tests.id('set')::text, reason => 'Wrong smell', kind => 'exchange')).id);
select tests.act_as('ann');
select public.approve_return(tests.id('exchange')::text);
select public.receive_return(tests.id('exchange')::text, restock => 'false');
select is(tests.on_hand('Oil'), 14, 'two more oils are taken for an exchange');
select is(tests.status('set'), 'fulfilling', 'and are to be sent');
select public.hand_over_order(tests.id('set')::text);
select tests.named_as('rest', (public.request_return(tests.id('set')::text)).id);
select throws_ok(
    $$ select public.reject_return(tests.id('rest')::text, '') $$, 'PT400', null,
    'a rejection says why'
);
select is(
    (public.reject_return(tests.id('rest')::text, 'Used')).status::text, 'rejected',
    'then the pieces stay with the customer'
);
select is((public.complete_order(tests.id('set')::text)).status, 'completed', 'the order is complete');
select is((public.complete_order(tests.id('set')::text)).status, 'completed', 'once');

-- Nobody rewrites
select tests.act_as_owner();
select throws_ok(
    $$ update commerce.orders set status = 'paid' where id = tests.id('set') $$, 'PT409',
    'An order that is completed cannot become paid.', 'the table owner takes no step that does not exist'
);
select throws_ok(
    $$ update commerce.order_items set quantity = 1 $$, 'PT409', null,
    'what was ordered does not change'
);
select throws_ok(
    $$ update commerce.order_items set shipped_quantity = quantity + 1 $$, '23514', null,
    'no more is sent than was ordered'
);
select throws_ok(
    $$ delete from commerce.order_history $$, 'PT409', null, 'what happened happened'
);

select * from finish();
rollback;
