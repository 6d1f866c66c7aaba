-- What lies in the stores of a shop: who changes it, what is refused, and what the levels say.
begin;
select plan(49);

-- Given a shop with two stores and two variants, and a stranger with a shop of their own
select tests.at('2031-05-01 08:00Z');
select tests.person(called)
from unnest('{owner,ann,accountant,customer,stranger}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.member('ann', 'Shop', 'staff');
select tests.member('accountant', 'Shop', 'accountant');
select tests.business('Other', 'stranger');
select tests.named(called) from unnest('{Mitte,Nord,Away,Oil,50,100,Foreign}'::text[]) as called;
insert into business.stores (id, business_id, name) values
(tests.id('Mitte'), tests.id('Shop'), 'Mitte'),
(tests.id('Nord'), tests.id('Shop'), 'Nord'),
(tests.id('Away'), tests.id('Other'), 'Away');
insert into catalog.products (id, business_id, name, slug, currency, is_published) values
(tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true),
(tests.id('Foreign'), tests.id('Other'), 'Oil', 'oil', 'EUR', true);
insert into catalog.product_options (business_id, product_id, name, allowed_values)
values (tests.id('Shop'), tests.id('Oil'), 'Size', '{50,100}');
insert into catalog.product_variants (id, business_id, product_id, sku, options, price_minor) values
(tests.id('50'), tests.id('Shop'), tests.id('Oil'), 'OIL-50', '{"Size": "50"}', 900),
(tests.id('100'), tests.id('Shop'), tests.id('Oil'), 'OIL-100', '{"Size": "100"}', 1500),
(tests.id('Foreign'), tests.id('Other'), tests.id('Foreign'), 'OIL', '{}', 900);
insert into private.queues (name, purpose) values ('alerts', 'What this test reads');
insert into private.routes (topic, queue, actor) values ('stock.low', 'alerts', 'read');

create function pg_temp.items(called text, quantity integer)
returns text
language sql
as $$ select jsonb_build_array(jsonb_build_object(
    'variant_id', tests.id(called), 'quantity', quantity))::text $$;
grant execute on function pg_temp.items(text, integer) to public;

create function pg_temp.adjust(store text, called text, quantity integer, reason text)
returns integer
language sql
as $$ select on_hand from public.adjust_stock(
    tests.id(store)::text, tests.id(called)::text, quantity::text, reason) $$;
grant execute on function pg_temp.adjust(text, text, integer, text) to public;

-- Adjusting
select tests.act_as('ann');
select is(pg_temp.adjust('Mitte', '50', 10, 'received'), 10, 'staff receive goods');
select is(pg_temp.adjust('Mitte', '50', -2, 'damaged'), 8, 'staff write off what is damaged');
select throws_ok(
    $$ select pg_temp.adjust('Mitte', '50', -9, 'lost') $$,
    'PT409', 'Only 8 are there.', 'nobody takes away what is not there'
);
select throws_ok(
    $$ select pg_temp.adjust('Mitte', '50', -1, 'received') $$,
    'PT400', null, 'what is received is positive'
);
select throws_ok(
    $$ select pg_temp.adjust('Mitte', '50', 1, 'damaged') $$,
    'PT400', null, 'what is damaged is negative'
);
select throws_ok(
    $$ select pg_temp.adjust('Mitte', '50', 0, 'corrected') $$,
    'PT400', null, 'nothing is no adjustment'
);
select throws_ok(
    $$ select pg_temp.adjust('Mitte', '50', 1, 'counted') $$,
    'PT400', 'reason must be received, returned, found, damaged, lost or corrected.',
    'a count is no adjustment'
);
select throws_ok(
    $$ select pg_temp.adjust('Mitte', 'Foreign', 1, 'received') $$,
    'PT404', 'There is no such variant in this business.',
    'a store has no variants of another business'
);
select throws_ok(
    $$ select pg_temp.adjust('Away', 'Foreign', 1, 'received') $$,
    'PT403', null, 'staff change no store of another business'
);
select throws_ok(
    $$ select pg_temp.adjust('Oil', '50', 1, 'received') $$,
    'PT404', 'There is no such store.', 'a store must exist'
);
select results_eq(
    $$ select on_hand from public.adjust_stock(tests.id('Mitte')::text, tests.id('50')::text, '1',
       'found', 'behind the shelf', 'key') $$,
    $$ values (9) $$, 'an adjustment may have a key'
);
select results_eq(
    $$ select on_hand from public.adjust_stock(tests.id('Mitte')::text, tests.id('50')::text, '1',
       'found', 'behind the shelf', 'key') $$,
    $$ values (9) $$, 'the same key adjusts once'
);
select tests.act_as('accountant');
select throws_ok(
    $$ select pg_temp.adjust('Mitte', '50', 1, 'found') $$, 'PT403', null,
    'accountants adjust nothing'
);
select tests.act_as('customer');
select throws_ok(
    $$ select pg_temp.adjust('Mitte', '50', 1, 'found') $$, 'PT403', null,
    'customers adjust nothing'
);
select tests.act_as_anon();
select throws_ok(
    $$ select pg_temp.adjust('Mitte', '50', 1, 'found') $$, 'PT401', null,
    'nobody adjusts without signing in'
);

-- Counting
select tests.act_as('ann');
select is(
    public.count_stock(
        tests.id('Mitte')::text,
        (select jsonb_agg(jsonb_build_object('variant_id', tests.id(called), 'quantity', n))::text
        from (values ('50', 4), ('50', 3), ('100', 0)) as counted (called, n))
    ),
    1, 'a count corrects the levels that differ, and adds up the shelves'
);
select results_eq(
    $$ select on_hand, counted_at from public.inventory_levels
       where store_id = tests.id('Mitte') and variant_id = tests.id('50') $$,
    $$ values (7, timestamptz '2031-05-01 08:00Z') $$, 'the level is what was counted'
);
select throws_ok(
    $$ select public.count_stock(tests.id('Mitte')::text, pg_temp.items('50', -1)) $$,
    'PT400', 'items.quantity must be a whole number from 0 to 1000000.',
    'nobody counts fewer than none'
);
select throws_ok(
    $$ select public.count_stock(tests.id('Mitte')::text, '[]') $$,
    'PT400', 'items is required.', 'nobody counts nothing'
);

-- Transfers
select lives_ok(
    $$ select public.transfer_stock(tests.id('Mitte')::text, tests.id('Nord')::text,
       pg_temp.items('50', 3), 'for the weekend') $$,
    'staff move pieces between stores'
);
select results_eq(
    $$ select stores.name, on_hand from public.inventory_levels
       inner join public.stores on stores.id = store_id
       where variant_id = tests.id('50') order by stores.name $$,
    $$ values ('Mitte', 4), ('Nord', 3) $$, 'one store has fewer, the other has as many more'
);
select is(
    (select sum(quantity) from public.stock_movements where reason = 'transferred'), 0::bigint,
    'a transfer nets to zero'
);
select throws_ok(
    $$ select public.transfer_stock(tests.id('Mitte')::text, tests.id('Nord')::text,
       pg_temp.items('50', 5)) $$,
    'PT409', 'OIL-50: only 4 left.', 'nobody moves what is not there'
);
select throws_ok(
    $$ select public.transfer_stock(tests.id('Mitte')::text, tests.id('Mitte')::text,
       pg_temp.items('50', 1)) $$,
    'PT400', 'to_store_id must be another store of the same business.',
    'a transfer is between two stores'
);
select tests.act_as_owner();
select throws_ok(
    $$ insert into commerce.stock_movements
       (business_id, store_id, variant_id, quantity, reason, transfer_id, at)
       select tests.id('Shop'), tests.id('Nord'), tests.id('50'), 1, 'transferred', id, private.now()
       from commerce.stock_transfers; set constraints all immediate $$,
    '23514', 'The movements of a transfer must net to zero.',
    'not even the owner of the tables makes pieces appear'
);

-- Reservations
create temporary table kept (id uuid);
grant all on kept to authenticated;
select tests.act_as('ann');
insert into kept select public.reserve_stock(tests.id('Mitte')::text, pg_temp.items('50', 3), '30');
select results_eq(
    $$ select on_hand, reserved, available from public.inventory_levels
       where store_id = tests.id('Mitte') and variant_id = tests.id('50') $$,
    $$ values (4, 3, 1) $$, 'reserved pieces are there and not available'
);
select throws_ok(
    $$ select public.reserve_stock(tests.id('Mitte')::text, pg_temp.items('50', 2)) $$,
    'PT409', 'OIL-50: only 1 left.', 'nobody reserves more than is free'
);
select throws_ok(
    $$ select public.transfer_stock(tests.id('Mitte')::text, tests.id('Nord')::text,
       pg_temp.items('50', 2)) $$,
    'PT409', 'OIL-50: only 1 left.', 'reserved pieces stay where they are'
);
select tests.at('2031-05-01 08:30Z');
select results_eq(
    $$ select reserved, available from public.inventory_levels
       where store_id = tests.id('Mitte') and variant_id = tests.id('50') $$,
    $$ values (0, 4) $$, 'an expired reservation is free at once'
);
select is((select count(*) from public.stock_reservations), 0::bigint, 'and shows nowhere');
select lives_ok(
    $$ insert into kept
       select public.reserve_stock(tests.id('Mitte')::text, pg_temp.items('50', 4)) $$,
    'somebody else reserves all of it'
);
select tests.act_as('stranger');
select throws_ok(
    $$ select public.release_stock((select id::text from kept offset 1)) $$, 'PT404', null,
    'a stranger releases nothing'
);
select tests.act_as('ann');
select public.release_stock((select id::text from kept offset 1));
select is(
    (select available from public.inventory_levels
    where store_id = tests.id('Mitte') and variant_id = tests.id('50')), 4,
    'what is released is free'
);
select throws_ok(
    $$ select public.set_stock_limits(tests.id('Mitte')::text, tests.id('50')::text, '2') $$,
    'PT403', null, 'staff allow no back-orders'
);

-- Back-orders
select tests.act_as('owner');
select public.set_stock_limits(tests.id('Mitte')::text, tests.id('50')::text, '2', '2');
select lives_ok(
    $$ select public.reserve_stock(tests.id('Mitte')::text, pg_temp.items('50', 6)) $$,
    'back-orders can be reserved'
);
select throws_ok(
    $$ select public.reserve_stock(tests.id('Mitte')::text, pg_temp.items('50', 1)) $$,
    'PT409', null, 'up to their limit'
);
select tests.act_as_owner();
select throws_ok(
    $$ insert into commerce.stock_movements
       (business_id, store_id, variant_id, quantity, reason, at)
       values (tests.id('Shop'), tests.id('Nord'), tests.id('50'), -4, 'corrected', private.now()) $$,
    '23514', null, 'a level without back-orders never goes below zero'
);

-- What orders take and give back
select throws_ok(
    $$ insert into commerce.stock_movements
       (business_id, store_id, variant_id, quantity, reason, at)
       values (tests.id('Shop'), tests.id('Nord'), tests.id('50'), 1, 'sold', private.now()) $$,
    '23514', null, 'what is sold leaves the store'
);
select throws_ok(
    $$ insert into commerce.stock_movements
       (business_id, store_id, variant_id, quantity, reason, at)
       values (tests.id('Shop'), tests.id('Nord'), tests.id('50'), -1, 'cancelled', private.now()) $$,
    '23514', null, 'what is cancelled comes back'
);

-- Alerts
select is((select count(*) from pgmq.q_alerts), 0::bigint, 'enough pieces alert nobody');
select tests.act_as('ann');
select pg_temp.adjust('Mitte', '50', -2, 'lost');
select pg_temp.adjust('Mitte', '50', -1, 'lost');
select tests.act_as_owner();
select is(
    (select count(*) from pgmq.q_alerts), 1::bigint, 'a level that falls to its threshold alerts once'
);
select tests.act_as('ann');
select pg_temp.adjust('Mitte', '50', 5, 'received');
select pg_temp.adjust('Mitte', '50', -5, 'lost');
select tests.act_as_owner();
select is((select count(*) from pgmq.q_alerts), 2::bigint, 'and again after it recovered');

-- History, and who sees what
select throws_ok(
    $$ update commerce.stock_movements set quantity = 1000 $$, 'PT409', null,
    'a movement never changes'
);
select throws_ok(
    $$ delete from commerce.stock_movements $$, 'PT409', null, 'a movement is never deleted'
);
select is_empty(
    $$ select 1 from commerce.stock_levels where on_hand <> coalesce((
           select sum(quantity) from commerce.stock_movements
           where stock_movements.store_id = stock_levels.store_id
           and stock_movements.variant_id = stock_levels.variant_id), 0) $$,
    'every level is the sum of its movements'
);
select tests.act_as('owner');
select throws_ok(
    $$ delete from public.product_variants where sku = 'OIL-50' $$, 'PT409',
    'It has movements of stock.', 'a variant with movements stays'
);
select throws_ok(
    $$ update commerce.stock_levels set on_hand = 1000 $$, '42501', null,
    'not even the owner of the business writes a level'
);
select tests.act_as('accountant');
select is(
    (select count(*) from public.inventory_levels), 3::bigint, 'every member reads the levels'
);
select tests.act_as('stranger');
select is((select count(*) from public.inventory_levels), 0::bigint, 'strangers read nothing');

select * from finish();
rollback;
