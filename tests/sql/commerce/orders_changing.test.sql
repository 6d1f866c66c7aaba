-- An order that changes after it was placed: goods are added and taken off, what comes back is
-- exchanged for something else, and money, tax, stock and documents follow.
begin;
select plan(64);

-- Given a shop that levies German tax, with oils at the standard rate and a book at the reduced one
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,ann,customer,stranger}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.member('ann', 'Shop', 'staff');
select tests.business('Other', 'stranger');
insert into pricing.tax_settings (business_id) values (tests.id('Shop'));
select tests.named(called)
from unnest('{Mitte,Nord,Post,Oil,Books,Pens,small,large,book,pen,theirs}'::text[]) as called;
insert into business.stores (id, business_id, name) values
(tests.id('Mitte'), tests.id('Shop'), 'Mitte'), (tests.id('Nord'), tests.id('Shop'), 'Nord');
insert into commerce.delivery_options (id, business_id, name, kind, currency)
values (tests.id('Post'), tests.id('Shop'), 'Post', 'delivery', 'EUR');
insert into catalog.products (id, business_id, name, slug, currency, is_published, tax_class)
values
(tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true, 'standard'),
(tests.id('Books'), tests.id('Shop'), 'Book', 'book', 'EUR', true, 'reduced'),
(tests.id('Pens'), tests.id('Other'), 'Pen', 'pen', 'EUR', true, 'standard');
insert into catalog.product_options (business_id, product_id, name, allowed_values)
values (tests.id('Shop'), tests.id('Oil'), 'Size', '{S,L}');
insert into catalog.product_variants (id, business_id, product_id, sku, options, price_minor) values
(tests.id('small'), tests.id('Shop'), tests.id('Oil'), 'S', '{"Size": "S"}', 1190),
(tests.id('large'), tests.id('Shop'), tests.id('Oil'), 'L', '{"Size": "L"}', 2380),
(tests.id('book'), tests.id('Shop'), tests.id('Books'), 'BOOK', '{}', 1070),
(tests.id('theirs'), tests.id('Other'), tests.id('Pens'), 'PEN', '{}', 100);
select commerce.lock_levels(
    tests.id('Shop'), array[tests.id('Mitte')],
    array[(tests.id('small'), 0), (tests.id('large'), 0), (tests.id('book'), 0)]::commerce.stock_item[]
);
select commerce.record_movements(
    tests.id('Shop'), tests.id('Mitte'),
    array[(tests.id('small'), 10), (tests.id('large'), 10), (tests.id('book'), 10)]::commerce.stock_item[],
    'received', null
);

-- Three small oils, and shipping for 5.95
create function tests.place(called text, pays_later boolean default false) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_sale uuid = sales.place_sale(
        tests.id('Shop'), tests.id('customer'), 'Cora', 'cora@example.com', null,
        pricing.quote(
            array[
                (select line from commerce.variant_line(tests.id('Shop'), tests.id('small'), 3)),
                pricing.make_line('shipping', 'Parcel', 1, 595, 'EUR', '{"tax_class": "standard"}')
            ],
            pricing.for_buyer(pricing.make_terms(), tests.id('Shop'), tests.id('customer'))
        )
    );
    v_line uuid = (select id from sales.sale_lines where sale_id = v_sale and kind = 'product');
    v_order uuid;
begin
    perform commerce.record_movements(
        tests.id('Shop'), tests.id('Mitte'),
        array[(tests.id('small'), -3)]::commerce.stock_item[], 'sold', null
    );
    v_order = commerce.place_order(
        tests.id('Shop'), v_sale, tests.id('customer'),
        jsonb_build_object(
            'kind', 'delivery', 'store_id', tests.id('Mitte'),
            'delivery_option_id', tests.id('Post'),
            'address', '{"line1": "Road 1", "city": "Berlin", "country": "DE"}'::jsonb
        ),
        array[
            (v_line, tests.id('small'), tests.id('Mitte'), 'S', 'Oil (S)', 3, 1)
        ]::commerce.order_line[],
        private.now() + interval '1 day', pays_later
    );
    insert into tests.names (name, id) values
    (called, v_order), (called || ' sale', v_sale), (called || ' oils', v_line);
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
        select jsonb_build_object('kind', 'payment.captured', 'reference', 'ref ' || v_payment,
            'amount_minor', amount_minor, 'currency', currency)
        from money.payments where id = v_payment));
    perform money.settle_sale(tests.id('Shop'), tests.id(called || ' sale'));
end;
$$;
create function tests.settle(called text) returns bigint
language sql volatile security definer set search_path = ''
as $$ select money.settle_sale(tests.id('Shop'), tests.id(called || ' sale')) $$;
create function tests.status(called text) returns text
language sql stable security definer set search_path = ''
as $$ select status::text from commerce.orders where id = tests.id(called) $$;
create function tests.left_of(called text, store text default 'Mitte') returns integer
language sql stable security definer set search_path = ''
as $$
    select on_hand from commerce.stock_levels
    where variant_id = tests.id(called) and store_id = tests.id(store)
$$;
create function tests.owed(called text) returns bigint
language sql stable security definer set search_path = ''
as $$ select (money.sale_balance(tests.id('Shop'), tests.id(called || ' sale'))).owed_minor $$;
create function tests.documents(called text) returns text[]
language sql stable security definer set search_path = ''
as $$
    select array_agg(kind || ' ' || total_minor order by issued_at, revision)
    from money.documents where sale_id = tests.id(called || ' sale')
$$;
create function tests.goods(called text, quantity integer, more jsonb default '{}') returns text
language sql stable security definer set search_path = ''
as $$ select jsonb_build_array(jsonb_build_object(
    'variant_id', tests.id(called), 'quantity', quantity) || more)::text $$;
create function tests.lines(line text, quantity integer) returns text
language sql stable security definer set search_path = ''
as $$ select jsonb_build_array(jsonb_build_object(
    'sale_line_id', tests.id(line), 'quantity', quantity))::text $$;
create function tests.name_line(called text, named text, variant text) returns void
language sql volatile security definer set search_path = ''
as $$
    insert into tests.names (name, id)
    select named, id from sales.sale_lines
    where sale_id = tests.id(called || ' sale') and variant_id = tests.id(variant)
    order by position desc limit 1
$$;
create function tests.item(line text) returns uuid
language sql stable security definer set search_path = ''
as $$ select id from commerce.order_items where sale_line_id = tests.id(line) $$;
create function tests.named_as(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.reprice(called text, price bigint) returns void
language sql volatile security definer set search_path = ''
as $$ update catalog.product_variants set price_minor = price where id = tests.id(called) $$;
grant execute on all functions in schema tests to anon, authenticated;

select tests.place('first');
select tests.act_as('customer');
select tests.pay('first');
select is(tests.status('first'), 'paid', 'an order of 41.65 is paid');

-- Asked what it would cost
select tests.act_as('customer');
select is(
    public.order_change_quote(
        tests.id('first')::text, tests.goods('book', 2), tests.lines('first oils', 1)
    ),
    jsonb_build_object(
        'order_id', tests.id('first'), 'version', 1, 'currency', 'EUR',
        'difference_minor', 950, 'total_minor', 5115, 'open_minor', 950, 'refund_minor', 0
    ),
    'two books for one oil cost 9.50 more'
);
select is(
    public.order_change_quote(
        tests.id('first')::text, tests.goods('book', 1), tests.lines('first oils', 1)
    ) ->> 'refund_minor', '120', 'one book for one oil costs 1.20 less'
);

-- Refused
select throws_ok(
    $$ select public.change_order(tests.id('first')::text, '[]') $$, 'PT400', null,
    'a change adds something'
);
select throws_ok(
    $$ select public.change_order(tests.id('first')::text, tests.goods('theirs', 1)) $$, 'PT404',
    'There is no such variant in this business.', 'of this business'
);
select throws_ok(
    $$ select public.change_order(tests.id('first')::text, tests.goods('book', 11)) $$, 'PT409',
    'BOOK: only 10 left.', 'that is there'
);
select throws_ok(
    $$ select public.change_order(
        tests.id('first')::text, tests.goods('book', 1), tests.lines('first oils', 4)) $$, 'PT409',
    'Only 3 of that line are left.', 'and takes off what was ordered'
);
select throws_ok(
    $$ select public.change_order(
        tests.id('first')::text, tests.goods('book', 1, '{"unit_minor": 1}')) $$, 'PT403',
    'Only the business can name a price.', 'customers name no price'
);
select throws_ok(
    $$ select public.change_order(
        tests.id('first')::text, tests.goods('book', 1), total_minor => '5000') $$, 'PT409',
    'The price has changed since you saw it.', 'at the total that they accepted'
);
select throws_ok(
    $$ select public.change_order(
        tests.id('first')::text, tests.goods('book', 1), version => '2') $$, 'PT409',
    'This order has the version 1 now.', 'of the version that they read'
);
select tests.act_as('stranger');
select throws_ok(
    $$ select public.change_order(tests.id('first')::text, tests.goods('book', 1)) $$, 'PT404',
    'There is no such order.', 'strangers find no order'
);
select throws_ok(
    $$ select public.order_change_quote(tests.id('first')::text, tests.goods('book', 1)) $$,
    'PT404', 'There is no such order.', 'and are told no price'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.change_order(tests.id('first')::text, tests.goods('book', 1)) $$, 'PT401',
    null, 'nor does anybody who is not signed in'
);
select is(tests.left_of('book'), 10, 'what was refused moved no stock');
select is(tests.owed('first'), 4165::bigint, 'and changed no price');

-- Changed by the customer: two books for one oil
select tests.act_as('customer');
select is(
    public.change_order(
        tests.id('first')::text, tests.goods('book', 2), tests.lines('first oils', 1), 'A gift',
        version => '1', total_minor => '5115'
    ) - 'order_id',
    '{"version": 2, "currency": "EUR", "difference_minor": 950, "total_minor": 5115,
      "open_minor": 950, "refund_minor": 0}', 'the change costs what was quoted'
);
select tests.name_line('first', 'first books', 'book');
select is(tests.left_of('book'), 8, 'the books are taken out of stock');
select is(tests.left_of('small'), 8, 'the oil is back');
select results_eq(
    $$ select name, quantity, unit_minor, amount_minor, tax_minor, variant_id
       from public.sale_lines where sale_id = tests.id('first sale') and revision = 1
       order by position $$,
    $$ values ('Oil (S)', 1, -1190::bigint, -1190::bigint, -190::bigint, null::uuid),
              ('Book', 2, 1070, 2140, 140, tests.id('book')) $$,
    'the revision has both lines, each with its quantity, variant and tax'
);
select results_eq(
    $$ select rate_bps, sum(base_minor)::bigint, sum(tax_minor)::bigint
       from public.sale_taxes where sale_id = tests.id('first sale')
       group by rate_bps order by rate_bps $$,
    $$ values (700::numeric, 2000::bigint, 140::bigint), (1900, 2500, 475) $$,
    'books are taxed at their rate, and the taxes are those of what stands'
);
select results_eq(
    $$ select name, quantity, cancelled_quantity, store_id from public.order_items
       where order_id = tests.id('first') order by name $$,
    $$ values ('Book', 2, 0, tests.id('Mitte')), ('Oil (S)', 3, 1, tests.id('Mitte')) $$,
    'the order has the books, from the same store'
);
select is(
    (select kind || ' ' || lines::text || ' ' || reason from public.order_changes
        where order_id = tests.id('first') and version = 2),
    format(
        'edited [{"quantity": -1, "sale_line_id": "%s"}, {"quantity": 2, "sale_line_id": "%s"}] A gift',
        tests.id('first oils'), tests.id('first books')
    ),
    'the second version says what went and what came'
);
select is(
    (select array_agg(event::text || ' by ' || actor order by id) from public.order_timeline
        where order_id = tests.id('first') and status = 'paid'),
    '{paid by system,changed by customer}', 'and the timeline by whom'
);
select tests.act_as('ann');
select throws_ok(
    $$ select public.ship_order(tests.id('first')::text) $$, 'PT409', 'This order is not paid yet.',
    'nothing is sent before the difference is paid'
);
select tests.act_as_owner();
select is(
    (select data ->> 'item_names' || ' for ' || (data #>> '{total,minor}')
        || ', open ' || (data #>> '{open,minor}')
        from commerce.order_data(array[
            jsonb_populate_record(null::private.subject_message, jsonb_build_object(
                'ordinal', 1, 'subject_id', tests.id('first'), 'payload', '{}'::jsonb))
        ])),
    '2 × Book, 2 × Oil (S) for 5115, open 950', 'notices say what stands and what is open'
);
select is(tests.documents('first'), '{"receipt 4165"}', 'there is the first receipt');
select tests.act_as('customer');
select tests.pay('first');
select is(
    tests.documents('first'), '{"receipt 4165","receipt 950"}',
    'the difference is paid, and has its own receipt'
);
select tests.act_as('ann');
select is(
    (public.ship_order(tests.id('first')::text)).status::text, 'shipped', 'then everything is sent'
);
select is(tests.status('first'), 'shipped', 'and the order is shipped');
select tests.act_as('customer');
select throws_ok(
    $$ select public.change_order(tests.id('first')::text, tests.goods('book', 1)) $$, 'PT409',
    'An order that is shipped cannot be changed.', 'from then on it is exchanged instead'
);

-- Changed by the business, at a price of its own, for less
select tests.act_as_owner();
select tests.place('second');
select tests.act_as('customer');
select tests.pay('second');
select tests.act_as('ann');
select is(
    public.change_order(
        tests.id('second')::text, tests.goods('large', 1, '{"unit_minor": 2000}'),
        tests.lines('second oils', 3)
    ) ->> 'refund_minor', '1570', 'one large oil at 20.00 for three small ones gives 15.70 back'
);
select tests.act_as_owner();
select is(tests.settle('second'), 1570::bigint, 'which the settlement of the sale does');
select is(tests.owed('second'), 2595::bigint, 'the oil and the shipping stay');
select is(
    (select sum(tax_minor) from sales.sale_taxes where sale_id = tests.id('second sale')),
    414::numeric, 'with their tax'
);

-- A part was sent: the customer changes nothing, the business what is open
select tests.place('third');
select tests.act_as('customer');
select tests.pay('third');
select tests.act_as('ann');
select is(
    (public.ship_order(tests.id('third')::text, items => jsonb_build_array(jsonb_build_object(
        'order_item_id', tests.item('third oils'), 'quantity', 1))::text)).status::text, 'shipped',
    'one oil was sent'
);
select tests.act_as('customer');
select throws_ok(
    $$ select public.change_order(tests.id('third')::text, tests.goods('book', 1)) $$, 'PT409',
    'Something of this order was sent already.', 'the customer comes too late'
);
select tests.act_as('ann');
select is(
    public.change_order(
        tests.id('third')::text, tests.goods('large', 1), tests.lines('third oils', 2)
    ) ->> 'difference_minor', '0', 'the business sends a large one for the two that are open'
);
select lives_ok(
    $$ select public.ship_order(tests.id('third')::text) $$, 'which costs as much, and is sent'
);
select is(tests.status('third'), 'shipped', 'with what was sent the order is shipped');
select is(
    (select string_agg(shipped_quantity || ' ' || name, ', ' order by name) from public.order_items
        where order_id = tests.id('third')),
    '1 Oil (L), 1 Oil (S)', 'one of each'
);

-- An order that is not paid yet
select tests.act_as_owner();
select tests.place('unpaid');
select tests.act_as('customer');
select is(
    public.change_order(tests.id('unpaid')::text, tests.goods('book', 1)) ->> 'open_minor', '5235',
    'of an order that nobody paid everything is open'
);
select is(tests.status('unpaid'), 'pending', 'and it waits as before');
select is(
    (public.cancel_order(tests.id('unpaid')::text)).status::text, 'cancelled',
    'it is cancelled with what was added'
);
select is(tests.owed('unpaid'), 0::bigint, 'and costs nothing');

-- What is not for sale any more
select tests.act_as_owner();
update catalog.product_variants set is_active = false where id = tests.id('book');
select tests.act_as('ann');
select throws_ok(
    $$ select public.change_order(tests.id('second')::text, tests.goods('book', 1)) $$, 'PT409',
    'Book is not for sale any more.', 'what is not for sale is not added'
);
select tests.act_as_owner();
update catalog.product_variants set is_active = true where id = tests.id('book');

-- Exchanged for something else, which has another price
select tests.act_as('ann');
select public.deliver_shipment(id::text) from public.shipments where order_id = tests.id('first');
select tests.act_as('customer');
select throws_ok(
    $$ select public.request_return(
        tests.id('first')::text, tests.lines('first oils', 1),
        replacements => tests.goods('large', 1)) $$, 'PT400', null, 'a return is replaced by nothing'
);
select throws_ok(
    $$ select public.request_return(
        tests.id('first')::text, tests.lines('first oils', 1), kind => 'exchange',
        replacements => tests.goods('large', 1, '{"unit_minor": 1}')) $$, 'PT403', null,
    'and customers name no price'
);
select tests.named_as('larger', (public.request_return(
    tests.id('first')::text, tests.lines('first oils', 1), 'Too small', 'exchange',
    replacements => tests.goods('large', 1))).id);
select results_eq(
    $$ select variant_id, quantity, unit_minor from public.return_replacements
       where return_id = tests.id('larger') $$,
    $$ values (tests.id('large'), 1, 2380::bigint) $$,
    'the exchange keeps the price of the day on which it was asked for'
);
select tests.reprice('large', 9999);
select tests.act_as('ann');
select public.approve_return(tests.id('larger')::text);
select is(tests.left_of('large'), 8, 'before it is received two large oils are sold');
select lives_ok(
    $$ select public.receive_return(tests.id('larger')::text) $$, 'the small one comes back'
);
select is(
    array[tests.left_of('large'), tests.left_of('small')], '{7,8}',
    'another one is taken, and the small one is in stock again'
);
select is(tests.owed('first'), 6305::bigint, 'the order costs 11.90 more');
select is(tests.status('first'), 'fulfilling', 'and something of it is to be sent again');
select throws_ok(
    $$ select public.ship_order(tests.id('first')::text) $$, 'PT409', 'This order is not paid yet.',
    'once the difference is paid'
);
select tests.act_as('customer');
select tests.pay('first');
select is(
    tests.documents('first'), '{"receipt 4165","receipt 950","receipt 1190"}',
    'which has its own receipt'
);
select tests.act_as('ann');
select lives_ok(
    $$ select public.hand_over_order(tests.id('first')::text) $$, 'then it can be handed over'
);
select is(
    (select array_agg(kind || ' ' || version order by version) from public.order_changes
        where order_id = tests.id('first')), '{"edited 2","exchanged 3"}',
    'each change is a version'
);

-- Where the pieces of a return go is decided for each item
select tests.act_as('customer');
select tests.named_as('back', (public.request_return(tests.id('first')::text)).id);
select tests.act_as('ann');
select public.approve_return(tests.id('back')::text);
select throws_ok(
    $$ select public.receive_return(tests.id('back')::text, items => jsonb_build_array(
        jsonb_build_object('order_item_id', tests.item('third oils')))::text) $$, 'PT404',
    'There is no such item in this return.', 'of the items of the return'
);
select lives_ok(
    $$ select public.receive_return(tests.id('back')::text, tests.id('Nord')::text,
        items => jsonb_build_array(
            jsonb_build_object('order_item_id', tests.item('first books'), 'restock', false),
            jsonb_build_object(
                'order_item_id', tests.item('first oils'), 'store_id', tests.id('Mitte')
            ))::text) $$,
    'the books are spoilt, and the small oil goes back to Mitte'
);
select results_eq(
    $$ select order_items.name, return_items.store_id, return_items.is_restocked
       from public.return_items
       inner join public.order_items on order_items.id = return_items.order_item_id
       where return_id = tests.id('back') order by order_items.name $$,
    $$ values ('Book', tests.id('Nord'), false), ('Oil (L)', tests.id('Nord'), true),
              ('Oil (S)', tests.id('Mitte'), true) $$,
    'each item says so'
);
select is(
    array[tests.left_of('book'), tests.left_of('large', 'Nord'), tests.left_of('small')],
    '{8,1,9}', 'and stock follows'
);

-- The option by which it was ordered
select tests.act_as('owner');
select throws_ok(
    $$ delete from public.delivery_options where id = tests.id('Post') $$, 'PT409',
    'Orders are delivered by this option.', 'an option that orders have is not deleted'
);
select lives_ok(
    $$ update public.delivery_options set is_active = false where id = tests.id('Post') $$,
    'it is switched off'
);
select is(
    (select delivery_option_id from public.orders where id = tests.id('first')), tests.id('Post'),
    'and orders keep it'
);

select * from finish();
rollback;
