-- What customers see of stock: where a variant can be bought, stores around a place, wishlists, and
-- products side by side.
begin;
select plan(30);

-- Given a shop with three stores around Berlin and one in Munich, and two products
select tests.at('2031-05-05 08:00Z');
select tests.person(called) from unnest('{owner,ann,cleo,zoe}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.business('Shut', 'owner');
update business.businesses set is_active = false where id = tests.id('Shut');
select tests.named(called) from unnest(
    '{Mitte,Potsdam,Closed,Munich,Hidden,Oil,Soap,Secret,50,Bar,Fox,wish}'::text[]) as called;
insert into business.stores
(id, business_id, name, city, latitude, longitude, is_pickup, is_active) values
(tests.id('Mitte'), tests.id('Shop'), 'Mitte', 'Berlin', 52.52, 13.40, true, true),
(tests.id('Potsdam'), tests.id('Shop'), 'Potsdam', 'Potsdam', 52.40, 13.06, false, true),
(tests.id('Closed'), tests.id('Shop'), 'Closed', 'Berlin', 52.51, 13.41, true, false),
(tests.id('Munich'), tests.id('Shop'), 'Munich', 'München', 48.14, 11.58, true, true),
(tests.id('Hidden'), tests.id('Shut'), 'Hidden', 'Berlin', 52.52, 13.41, true, true);
insert into business.store_hours (business_id, store_id, weekday, opens_at, closes_at) values
(tests.id('Shop'), tests.id('Mitte'), 1, '07:00', '12:00'),
(tests.id('Shop'), tests.id('Potsdam'), 1, '09:00', '12:00');
insert into catalog.brands (id, business_id, name, slug)
values (tests.id('Fox'), tests.id('Shop'), 'Fox', 'fox');
insert into catalog.products (id, business_id, name, slug, currency, is_published, brand_id)
values
(tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true, tests.id('Fox')),
(tests.id('Soap'), tests.id('Shop'), 'Soap', 'soap', 'EUR', true, null),
(tests.id('Secret'), tests.id('Shop'), 'Secret', 'secret', 'EUR', false, null);
insert into catalog.product_options (business_id, product_id, name, allowed_values)
values (tests.id('Shop'), tests.id('Oil'), 'Size', '{50,100}');
insert into catalog.product_variants (id, business_id, product_id, sku, options, price_minor)
values
(tests.id('50'), tests.id('Shop'), tests.id('Oil'), 'OIL-50', '{"Size": "50"}', 900),
(gen_random_uuid(), tests.id('Shop'), tests.id('Oil'), 'OIL-100', '{"Size": "100"}', 1500),
(tests.id('Bar'), tests.id('Shop'), tests.id('Soap'), 'BAR', '{}', 300);
insert into private.queues (name, purpose) values ('wishes', 'What this test reads');
insert into private.routes (topic, queue, actor) values ('wishlist.in_stock', 'wishes', 'read');

create function pg_temp.receive(store text, called text, quantity integer)
returns void
language sql
as $$ select public.adjust_stock(
    tests.id(store)::text, tests.id(called)::text, quantity::text,
    case when quantity > 0 then 'received' else 'lost' end) $$;
grant execute on function pg_temp.receive(text, text, integer) to public;

create function pg_temp.seen()
returns text
language sql
as $$ select string_agg(stores.name || ' ' || state || ' ' || available, ', ' order by stores.name)
from public.variant_availability(tests.id('50')::text)
inner join public.stores on stores.id = store_id $$;
grant execute on function pg_temp.seen() to public;

-- Availability
select tests.act_as('owner');
select pg_temp.receive('Mitte', '50', 500);
select pg_temp.receive('Potsdam', '50', 1);
select pg_temp.receive('Potsdam', '50', -1);
select pg_temp.receive('Closed', '50', 5);
select tests.act_as_anon();
select is(
    pg_temp.seen(), 'Mitte in_stock 100, Potsdam out_of_stock 0',
    'everybody sees where a variant is, and at most 100 of it'
);
select is(
    (select count(*) from public.variant_availability(gen_random_uuid()::text)), 0::bigint,
    'what is not sold is nowhere'
);
select tests.act_as('owner');
select public.set_stock_limits(
    tests.id('Potsdam')::text, tests.id('50')::text, '0', null, '3', '2031-06-01T00:00:00Z',
    '2031-06-03'
);
select tests.act_as_anon();
select is(
    pg_temp.seen(), 'Mitte in_stock 100, Potsdam preorder 3',
    'a variant can be ordered before it comes'
);
select is(
    (select expected_on from public.variant_availability(tests.id('50')::text)
    where state = 'preorder'), date '2031-06-03', 'with the day on which it is expected'
);
select tests.act_as('owner');
select lives_ok(
    $$ select public.reserve_stock(tests.id('Potsdam')::text, jsonb_build_array(
       jsonb_build_object('variant_id', tests.id('50'), 'quantity', 3))::text, '1') $$,
    'so many can be kept'
);
select throws_ok(
    $$ select public.reserve_stock(tests.id('Potsdam')::text, jsonb_build_array(
       jsonb_build_object('variant_id', tests.id('50'), 'quantity', 1))::text) $$,
    'PT409', 'OIL-50: only 0 left.', 'and no more'
);
select throws_ok(
    $$ select public.set_stock_limits(
       tests.id('Potsdam')::text, tests.id('50')::text, '0', null, '3') $$,
    'PT400', 'preorder_limit and preorder_until must be set together.',
    'pre-orders end at some time'
);
select tests.at('2031-06-01 00:00Z');
select tests.act_as_anon();
select is(
    pg_temp.seen(), 'Mitte in_stock 100, Potsdam out_of_stock 0', 'and then they are over'
);
select tests.at('2031-05-05 08:10Z');
select tests.act_as('owner');
select public.set_stock_limits(tests.id('Potsdam')::text, tests.id('50')::text, '2');
select tests.act_as_anon();
select is(
    pg_temp.seen(), 'Mitte in_stock 100, Potsdam backorder 2', 'missing pieces can be back-ordered'
);

-- Stores around a place
create function pg_temp.around(wanted text default null, pickup text default null)
returns text
language sql
as $$ select string_agg(name || ' ' || round(kilometres) || case when is_open then ' open' else '' end,
    ', ' order by kilometres)
from public.nearest_stores(
    '{"latitude": 52.52, "longitude": 13.40}', variant_id => wanted, has_pickup => pickup) $$;
grant execute on function pg_temp.around(text, text) to public;
select is(
    pg_temp.around(), 'Mitte 0 open, Potsdam 27, Munich 504',
    'the nearest stores of open businesses come first, and say whether they are open'
);
select is(
    pg_temp.around(pickup => 'true'), 'Mitte 0 open, Munich 504', 'or those for picking up'
);
select is(
    pg_temp.around(tests.id('50')::text), 'Mitte 0 open, Potsdam 27', 'or those that have something'
);
select throws_ok(
    $$ select public.nearest_stores(null) $$, 'PT400', 'near is required.', 'near what?'
);
select tests.act_as_owner();
set local enable_seqscan = off;
create function pg_temp.plan_of_nearest()
returns setof text
language plpgsql
as $$
begin
    return query execute 'explain select id from business.stores
        where is_active and latitude is not null
        order by business.point_on_earth(latitude, longitude)
        operator(extensions.<->) business.point_on_earth(52.52, 13.40) limit 5';
end;
$$;
select is(
    (select count(*) from pg_temp.plan_of_nearest() as line
    where line like '%Index Scan using stores_place_idx%'), 1::bigint,
    'the index gives them in order'
);

-- Wishlists
select tests.act_as('cleo');
select lives_ok(
    $$ insert into public.wishlist_items (id, business_id, variant_id, wants_notice)
       values (tests.id('wish'), tests.id('Shop'), tests.id('50'), true) $$,
    'a customer remembers a variant'
);
select throws_ok(
    $$ insert into public.wishlist_items (business_id, variant_id)
       values (tests.id('Shop'), tests.id('50')) $$,
    'PT409', null, 'once'
);
select throws_ok(
    $$ insert into public.wishlist_items (business_id, variant_id, user_id)
       values (tests.id('Shop'), tests.id('Bar'), tests.id('zoe')) $$,
    '42501', null, 'and only for themselves'
);
select tests.act_as('zoe');
select is((select count(*) from public.wishlist_items), 0::bigint, 'nobody else reads it');
select tests.act_as('owner');
select is(
    (select count(*) from public.wishlist_items), 0::bigint, 'not even the owner of the business'
);
select pg_temp.receive('Mitte', '50', -500);
select pg_temp.receive('Mitte', '50', 5);
select pg_temp.receive('Mitte', '50', 5);
select pg_temp.receive('Mitte', '50', -10);
select pg_temp.receive('Mitte', '50', 5);
select tests.act_as_owner();
select is(
    (select count(*) from pgmq.q_wishes), 1::bigint, 'who waits is told once that it is there again'
);
select tests.act_as('cleo');
select is(
    (select wants_notice from public.wishlist_items), false, 'and does not wait any more'
);
select lives_ok(
    $$ delete from public.wishlist_items where id = tests.id('wish') $$, 'and forgets about it'
);

-- Side by side
create function pg_temp.compared(key text)
returns jsonb
language sql
as $$ select attribute -> 'values'
from jsonb_array_elements(public.compare_products(jsonb_build_array(
    tests.id('Soap'), tests.id('Oil'))::text) -> 'attributes') as attribute
where attribute ->> 'key' = key $$;
grant execute on function pg_temp.compared(text) to public;
select tests.act_as_anon();
select is(pg_temp.compared('name'), '["Soap", "Oil"]', 'products stand side by side as asked');
select is(pg_temp.compared('brand'), '[null, "Fox"]', 'what one does not have is null');
select is(pg_temp.compared('price_to_minor'), '[300, 1500]', 'prices are compared');
select is(
    pg_temp.compared('option:Size'), '[null, ["50", "100"]]', 'and options'
);
select throws_ok(
    $$ select public.compare_products('[]') $$, 'PT400', 'ids is required.', 'nothing is compared'
);
select throws_ok(
    $$ select public.compare_products((
       select jsonb_agg(gen_random_uuid()) from generate_series(1, 9))::text) $$,
    'PT400', null, 'and not more than 8 products'
);
select throws_ok(
    $$ select public.compare_products(jsonb_build_array(tests.id('Secret'))::text) $$,
    'PT404', null, 'nor what is not published'
);
select tests.act_as('owner');
select lives_ok(
    $$ select public.compare_products(jsonb_build_array(tests.id('Secret'))::text) $$,
    'except by its owner'
);

select * from finish();
rollback;
