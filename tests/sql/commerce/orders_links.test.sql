-- A guest's order is seen by the link of a mail, exchanged for something else, and taken over by
-- whoever signs up with its address.
begin;
select plan(27);

select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,ann,customer,gus,eve}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.member('ann', 'Shop', 'staff');
select tests.named(called) from unnest('{Mitte,Oil,oil,Large,large}'::text[]) as called;
insert into business.stores (id, business_id, name)
values (tests.id('Mitte'), tests.id('Shop'), 'Mitte');
insert into catalog.products (id, business_id, name, slug, currency, is_published)
values
(tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true),
(tests.id('Large'), tests.id('Shop'), 'Large oil', 'large-oil', 'EUR', true);
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
values
(tests.id('oil'), tests.id('Shop'), tests.id('Oil'), 'OIL', 1000),
(tests.id('large'), tests.id('Shop'), tests.id('Large'), 'LARGE', 2000);
select commerce.lock_levels(
    tests.id('Shop'), array[tests.id('Mitte')], array[(tests.id('oil'), 0), (tests.id('large'), 0)]::commerce.stock_item[]
);
select commerce.record_movements(
    tests.id('Shop'), tests.id('Mitte'), array[(tests.id('oil'), 20), (tests.id('large'), 20)]::commerce.stock_item[],
    'received', null
);

-- Three oils for Gus, who has no account, or for somebody who has one
create function tests.place(called text, buyer uuid default null) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_sale uuid = sales.place_sale(
        tests.id('Shop'), buyer, 'Gus', 'gus@example.com', null,
        pricing.quote(
            array[(select line from commerce.variant_line(tests.id('Shop'), tests.id('oil'), 3))],
            pricing.for_buyer(pricing.make_terms(), tests.id('Shop'), buyer)
        )
    );
    v_line uuid = (select id from sales.sale_lines where sale_id = v_sale);
begin
    perform commerce.record_movements(
        tests.id('Shop'), tests.id('Mitte'), array[(tests.id('oil'), -3)]::commerce.stock_item[],
        'sold', null
    );
    insert into tests.names (name, id) values (called || ' line', v_line), (called, commerce.place_order(
        tests.id('Shop'), v_sale, buyer,
        jsonb_build_object('kind', 'pickup', 'store_id', tests.id('Mitte')),
        array[
            (v_line, tests.id('oil'), tests.id('Mitte'), 'OIL', 'Oil', 3, 1)
        ]::commerce.order_line[],
        private.now() + interval '7 days', true
    ));
end;
$$;
create function tests.reference(called text) returns text
language sql stable security definer set search_path = ''
as $$ select reference from commerce.orders where id = tests.id(called) $$;
create function tests.code() returns text
language sql stable security definer set search_path = ''
as $$
    select message -> 'kwargs' -> 'payload' ->> 'code' from pgmq.q_mail order by msg_id desc limit 1
$$;
create function tests.lines(called text, quantity integer) returns text
language sql stable security definer set search_path = ''
as $$ select jsonb_build_array(jsonb_build_object(
    'sale_line_id', tests.id(called || ' line'), 'quantity', quantity))::text $$;
grant execute on all functions in schema tests to anon, authenticated;

select tests.place('first');
select tests.place('second');
select tests.place('account', tests.id('customer'));

-- The link of a mail
select tests.act_as_owner();
create temporary table links as
select
    commerce.order_path(tests.id('first')) as path, commerce.order_path(tests.id('account')) as other;
alter table links add column token text;
update links set token = split_part(path, 'token=', 2);
grant select on links to public;
select matches(
    (select path from links), '^/functions/v1/order\?order=[0-9a-f-]{36}&token=[0-9a-f]{64}$',
    'the mails about a guest''s order have a link'
);
select is((select other from links), null, 'those to an account have none');
select is_empty(
    $$ select * from tests.finds((select token from links)) where finds !~ 'links' $$,
    'and nothing in the database opens it'
);
select is_empty(
    $$ select name from engagement.events
       where subject = 'order' and link_function is distinct from 'commerce.order_path' $$,
    'every mail about an order has it'
);
select tests.act_as_anon();
select is(
    public.order_by_link(tests.id('first')::text, (select token from links)),
    public.lookup_order(tests.reference('first'), 'gus@example.com'),
    'it shows what reference and address show'
);
select throws_ok(
    $$ select public.order_by_link(tests.id('second')::text, (select token from links)) $$, 'PT403',
    'This link does not work, or not any more.', 'of this order alone'
);
select throws_ok(
    $$ select public.order_by_link(tests.id('first')::text, repeat('a', 64)) $$, 'PT403',
    'This link does not work, or not any more.', 'to whoever has all of it'
);
select is(
    public.cancel_guest_order(tests.reference('first'), 'abc') ->> 'details', 'code_invalid',
    'a link is no code'
);
select public.request_order_code(tests.reference('first'), 'gus@example.com');
select throws_ok(
    $$ select public.order_by_link(tests.id('first')::text, tests.code()) $$, 'PT403',
    'This link does not work, or not any more.', 'and a code is no link'
);
select tests.act_as_owner();
select is(
    commerce.order_path(tests.id('first')) ~ 'token=', true, 'another mail has another link'
);
select tests.act_as_anon();
select is(
    public.cancel_guest_order(
        tests.reference('first'), tests.code(), tests.lines('first', 1)
    ) #>> '{items,0,cancelled_quantity}', '1', 'which leaves the code as it is'
);
select tests.at('2031-07-30 08:01Z');
select throws_ok(
    $$ select public.order_by_link(tests.id('first')::text, (select token from links)) $$, 'PT403',
    'This link does not work, or not any more.', 'after 90 days a link shows nothing'
);
select tests.at('2031-05-01 12:00Z');

-- Links are mailed, not asked for
select tests.act_as_owner();
select commerce.order_path(tests.id('second')) from generate_series(1, 6);
select tests.act_as_anon();
select lives_ok(
    $$ select public.request_order_code(tests.reference('second'), 'gus@example.com') $$,
    'links do not use up the codes of an hour'
);

-- An exchange for another variant
select tests.act_as('ann');
select public.hand_over_order(tests.id('second')::text);
select tests.act_as_anon();
select throws_ok(
    $$ select public.return_guest_order(
        tests.reference('second'), tests.code(), tests.lines('second', 1), kind => 'exchange',
        replacements => json_build_array(json_build_object(
            'variant_id', tests.id('large'), 'quantity', 1, 'unit_minor', 1))::text) $$,
    'PT403', 'Only the business can name a price.', 'a guest names no price'
);
select throws_ok(
    $$ select public.return_guest_order(
        tests.reference('second'), tests.code(), tests.lines('second', 1),
        replacements => json_build_array(json_build_object(
            'variant_id', tests.id('large'), 'quantity', 1))::text) $$,
    'PT400', null, 'only an exchange sends something else'
);
select is(
    public.return_guest_order(
        tests.reference('second'), tests.code(), tests.lines('second', 1), 'Too small', 'exchange',
        replacements => json_build_array(json_build_object(
            'variant_id', tests.id('large'), 'quantity', 1))::text
    ) -> 'returns', '[{"kind": "exchange", "status": "requested"}]',
    'Gus wants a large oil for a small one'
);
select tests.act_as_owner();
select results_eq(
    $$ select variant_id, quantity, unit_minor from commerce.return_replacements $$,
    $$ values (tests.id('large'), 1, 2000::bigint) $$, 'at the price of today'
);

-- From guest to account
select tests.act_as_anon();
select throws_ok(
    $$ select public.claim_guest_orders() $$, 'PT401', null, 'orders go to an account'
);
select tests.act_as_owner();
update auth.users set email = 'Gus@example.com', email_confirmed_at = null
where id = tests.id('gus');
select tests.act_as('gus');
select throws_ok(
    $$ select public.claim_guest_orders() $$, 'PT403', 'Your e-mail address is not verified yet.',
    'whose address is verified'
);
select tests.act_as_owner();
update auth.users set email_confirmed_at = now() where id = tests.id('gus');
select tests.act_as('eve');
select is(public.claim_guest_orders(), 0, 'Eve has another address');
select tests.act_as('gus');
select is(public.claim_guest_orders(), 2, 'Gus gets both orders');
select is(public.claim_guest_orders(), 0, 'once');
select results_eq(
    $$ select orders.id, sales.balance_minor from public.orders inner join public.sales
       on sales.id = orders.sale_id order by sales.balance_minor $$,
    $$ values (tests.id('first'), 2000::bigint), (tests.id('second'), 3000) $$,
    'he reads them and their sales, and no others'
);
select lives_ok(
    $$ select public.cancel_order(tests.id('first')::text) $$, 'he cancels one without a code'
);
select tests.act_as_anon();
select is(
    public.cancel_guest_order(tests.reference('second'), tests.code()) ->> 'details',
    'code_invalid', 'and codes do nothing any more'
);
select tests.act_as('ann');
select is(
    (select count(*) from public.customers where user_id = tests.id('gus')), 1::bigint,
    'the business knows its customer'
);
select tests.act_as_owner();
select is(commerce.order_path(tests.id('first')), null, 'whose mails have no link any more');

select * from finish();
rollback;
