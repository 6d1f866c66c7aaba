-- A company buys at its own prices and pays later; nobody else ever sees these prices.
begin;
select plan(33);

-- Given a shop that sells oil for 9.00 and, to wholesale from 6 pieces on, for 4.3217
select tests.at('2031-05-05 08:00Z');
select tests.person(called)
from unnest('{owner,rita,retail,rival}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.business('Rival', 'rival');
select tests.named(called) from unnest('{Mitte,Trade,List,Oil,50,account,gone}'::text[]) as called;
insert into business.stores (id, business_id, name)
values (tests.id('Mitte'), tests.id('Shop'), 'Mitte');
insert into catalog.product_categories (id, business_id, name, slug)
values (tests.named('Care'), tests.id('Shop'), 'Care', 'care');
insert into catalog.products (id, business_id, name, slug, currency, is_published, category_id)
values (tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true, tests.id('Care'));
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
values (tests.id('50'), tests.id('Shop'), tests.id('Oil'), 'OIL-50', 90000);
insert into customers.customer_groups (id, business_id, name)
values (tests.id('Trade'), tests.id('Shop'), 'Trade');
insert into pricing.price_lists (id, business_id, name, currency, customer_group_id)
values (tests.id('List'), tests.id('Shop'), 'Trade', 'EUR', tests.id('Trade'));
insert into pricing.price_list_items (business_id, price_list_id, variant_id, min_quantity, unit_minor)
values (tests.id('Shop'), tests.id('List'), tests.id('50'), 6, 43217);
select commerce.lock_levels(
    tests.id('Shop'), array[tests.id('Mitte')],
    array[(tests.id('50'), 1)::commerce.stock_item]);
select commerce.record_movements(
    tests.id('Shop'), tests.id('Mitte'), array[(tests.id('50'), 100)::commerce.stock_item],
    'received', null);
insert into commerce.wholesale_packs (business_id, variant_id, pack_size)
values (tests.id('Shop'), tests.id('50'), 6);
select tests.act_as('rita');
select public.request_wholesale(tests.id('Shop')::text, 'Rita GmbH', 'DE', 'DE136695976');
select tests.act_as_owner();
update tests.names set id = (select id from commerce.wholesale_accounts) where name = 'account';
select tests.act_as('owner');
select public.set_wholesale_terms(
    tests.id('account')::text, tests.id('Trade')::text, '30', '600000', null, '6');
select public.decide_wholesale(tests.id('account')::text, 'approved');

create function pg_temp.items(pieces integer)
returns text
language sql
as $$ select jsonb_build_array(jsonb_build_object(
    'variant_id', tests.id('50'), 'quantity', pieces))::text $$;
create function pg_temp.costs(pieces integer)
returns bigint
language sql
as $$ select (public.quote(pg_temp.items(pieces)) ->> 'total_minor')::bigint $$;
create function pg_temp.buy(key text, pieces integer)
returns jsonb
language sql
as $$ select public.checkout(
    key, items => pg_temp.items(pieces), store_id => tests.id('Mitte')::text) $$;
create function pg_temp.listed(list text, tried text default 'true')
returns jsonb
language sql
as $$ select public.order_by_list(tests.id('Shop')::text, list, tried) $$;
grant execute on all functions in schema pg_temp to public;

-- Prices
select tests.act_as('rita');
select is(pg_temp.costs(6), 259302::bigint, 'a company pays its own price from a quantity on');
select is(pg_temp.costs(5), 450000::bigint, 'and below it what everybody pays');
select tests.act_as('retail');
select is(pg_temp.costs(6), 540000::bigint, 'a retail customer pays the price of the catalog');

-- Checkout
select tests.act_as('rita');
select throws_ok(
    $$ select pg_temp.buy('key-1', 7) $$, 'PT422', 'OIL-50 is sold in packs of 6.',
    'an order has whole packs'
);
select lives_ok($$ select pg_temp.buy('key-2', 6) $$, 'a company orders without paying');
select results_eq(
    $$ select status::text, pays_later, expires_at, due_at from commerce.orders $$,
    $$ values ('fulfilling', true, null::timestamptz, timestamptz '2031-06-04 08:00Z') $$,
    'its order is fulfilled, and due in 30 days'
);
select throws_ok(
    $$ select pg_temp.buy('key-3', 12) $$, 'PT409',
    'Your company can owe another 340698 minor units of EUR.', 'credit has a limit'
);
select results_eq(
    $$ select unpaid_minor, is_overdue from public.wholesale_orders $$,
    $$ values (259302::bigint, false) $$, 'the company sees what it owes'
);
select tests.at('2031-06-05 08:00Z');
select is(
    (select is_overdue from public.wholesale_orders), true, 'and what is overdue'
);
select tests.at('2031-05-05 08:00Z');
select tests.act_as('owner');
select lives_ok(
    $$ select public.record_cash_payment((select sale_id::text from public.orders)) $$,
    'the business takes the money'
);
select is(
    (select unpaid_minor from public.wholesale_orders), 0::bigint, 'and nothing is owed'
);
select tests.act_as('rita');
select lives_ok($$ select pg_temp.buy('key-4', 12) $$, 'so there is credit again');
select tests.act_as('retail');
select lives_ok(
    $$ select pg_temp.buy('key-5', 1) $$, 'a retail customer orders one piece'
);
select is(
    (select pays_later from public.orders), false, 'and pays before it is sent'
);
select is((select count(*) from public.wholesale_orders), 0::bigint, 'and sees no company''s orders');

-- Orders by list
select tests.act_as('rita');
select results_eq(
    $$ select line ->> 'sku', line ->> 'problem' from jsonb_array_elements(
       pg_temp.listed(E'sku;quantity\nOIL-50;6\nNOPE;1\nOIL-50;x\n"OIL-50";1\n') -> 'lines') as line $$,
    $$ values ('OIL-50', 'pack_size'), ('NOPE', 'not_found'), ('OIL-50', 'invalid_input'),
       ('OIL-50', 'pack_size') $$,
    'a list is checked line by line, and lines of one SKU are added up'
);
select is(
    pg_temp.listed(E'OIL-50,600') #>> '{lines,0,message}', 'OIL-50: only 81 left.',
    'a list says what is left'
);
select is(
    pg_temp.listed('[{"sku": "OIL-50", "quantity": 12}]') ->> 'problem_count', '0',
    'a list may be JSON'
);
select is((select count(*) from public.cart_items), 0::bigint, 'a list that is tried fills no cart');
select is(
    pg_temp.listed(E'OIL-50,6\nNOPE,1', 'false') ->> 'cart', null,
    'nor does a list with a problem'
);
select is((select count(*) from public.cart_items), 0::bigint, 'not even with its other lines');
select isnt(
    pg_temp.listed(E'OIL-50\t6\r\nOIL-50\t6\r\n', 'false') ->> 'cart', null,
    'a list without a problem goes into the cart'
);
select is((select quantity from public.cart_items), 12, 'with everything in it');
select throws_ok(
    $$ select pg_temp.listed('') $$, 'PT400', 'list is required.', 'an empty list is none'
);
select tests.act_as('retail');
select is(
    pg_temp.listed('OIL-50,1') ->> 'problem_count', '0', 'retail customers order single pieces'
);
select tests.act_as_anon();
select throws_ok(
    $$ select pg_temp.listed('OIL-50,1') $$, 'PT401', null, 'a list needs an account'
);

-- Nobody else sees the price: every view that a caller may read, and every function that reads
select tests.act_as_owner();
create function tests.said_by_views()
returns text
language plpgsql
security invoker
as $$
declare
    v_view regclass;
    v_said text;
    v_all text = '';
begin
    for v_view in
        select pg_class.oid from pg_class
        where pg_class.relkind = 'v' and pg_class.relnamespace = 'public'::regnamespace
        and has_table_privilege(pg_class.oid, 'select')
    loop
        execute format('select string_agg(to_jsonb(shown)::text, '' '') from %s as shown', v_view)
        into v_said;
        v_all = v_all || coalesce(v_said, '');
    end loop;
    return v_all;
end;
$$;
create function tests.said_by_functions()
returns text
language plpgsql
security invoker
as $$
declare
    v_function record;
    v_said text;
    v_all text = '';
    v_called integer = 0;
begin
    for v_function in
        select pg_proc.oid::regproc::text as name, string_agg(
            quote_ident(args.name) || ' => ' || known.value, ', ') as arguments
        from pg_proc
        cross join lateral unnest(pg_proc.proargnames[:pg_proc.pronargs]) as args (name)
        inner join (values
            ('business_id', quote_literal(tests.id('Shop'))),
            ('variant_id', quote_literal(tests.id('50'))),
            ('category_id', quote_literal(tests.id('Care'))),
            ('ids', quote_literal(jsonb_build_array(tests.id('Oil')))),
            ('items', quote_literal(jsonb_build_array(jsonb_build_object(
                'variant_id', tests.id('50'), 'quantity', 6)))),
            ('item', quote_literal(jsonb_build_object('variant_id', tests.id('50'), 'quantity', 6))),
            ('list', quote_literal('OIL-50,6')),
            ('near', quote_literal('{"latitude": 52.5, "longitude": 13.4}')),
            ('from_at', quote_literal('2031-05-05T00:00:00Z')),
            ('to_at', quote_literal('2031-05-06T00:00:00Z'))
        ) as known (name, value) on known.name = args.name
        where pg_proc.pronamespace = 'public'::regnamespace
        and pg_proc.prorettype <> 'trigger'::regtype
        and has_function_privilege(pg_proc.oid, 'execute')
        group by pg_proc.oid
        order by 1
    loop
        begin
            execute format('select string_agg(to_jsonb(said)::text, '' '') from %s(%s) as said',
                v_function.name, v_function.arguments) into v_said;
            v_all = v_all || coalesce(v_said, '');
            v_called = v_called + 1;
        exception when others then
            -- A function that needs more than this, or is not for this caller, says nothing.
            v_all = v_all || sqlerrm;
        end;
    end loop;
    return v_called || ' answered: ' || v_all;
end;
$$;
grant execute on function tests.said_by_views(), tests.said_by_functions() to public;
select tests.act_as('rita');
select matches(
    tests.said_by_functions(), '43217|259302', 'the functions tell the company what it pays'
);
select tests.act_as('retail');
select doesnt_match(tests.said_by_views(), '43217|259302', 'no view tells a retail customer');
select doesnt_match(tests.said_by_functions(), '43217|259302', 'and no function does');
select matches(tests.said_by_functions(), '90000|540000', 'they tell what everybody pays');
select tests.act_as('rival');
select doesnt_match(tests.said_by_views(), '43217|259302', 'no view tells another business');
select tests.act_as_anon();
select doesnt_match(tests.said_by_views(), '43217|259302', 'nor somebody who is not signed in');
select doesnt_match(tests.said_by_functions(), '43217|259302', 'and no function does either');

select * from finish();
rollback;
