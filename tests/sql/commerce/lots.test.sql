-- Oil that expires: what leaves first, what is not sold any more, and who bought of a bad lot.
begin;
select plan(27);

-- Given a shop with two stores, a variant, and two lots of it
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,ann,customer,stranger}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.member('ann', 'Shop', 'staff');
select tests.named(called) from unnest('{Mitte,Nord,Oil,50}'::text[]) as called;
insert into business.stores (id, business_id, name) values
(tests.id('Mitte'), tests.id('Shop'), 'Mitte'), (tests.id('Nord'), tests.id('Shop'), 'Nord');
insert into catalog.products (id, business_id, name, slug, currency, is_published)
values (tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true);
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
values (tests.id('50'), tests.id('Shop'), tests.id('Oil'), 'OIL-50', 900);

create function pg_temp.adjust(
    store text, quantity integer, reason text, lot text default null, day text default null,
    cost text default null
)
returns integer
language sql
as $$ select on_hand from public.adjust_stock(
    tests.id(store)::text, tests.id('50')::text, quantity::text, reason, lot_code => lot,
    expires_on => day, unit_cost_minor => cost) $$;
grant execute on function pg_temp.adjust(text, integer, text, text, text, text) to public;

create function pg_temp.lots(store text)
returns text
language sql
as $$ select string_agg(code || ' ' || on_hand, ', ' order by code) from commerce.stock_lots
where store_id = tests.id(store) $$;

create function pg_temp.sell(store text, pieces integer)
returns void
language plpgsql
as $$
begin
    perform commerce.lock_levels(
        tests.id('Shop'), array[tests.id(store)],
        array[(tests.id('50'), pieces)::commerce.stock_item]);
    perform commerce.require_stock(
        tests.id('Shop'), tests.id(store),
        array[(tests.id('50'), pieces)::commerce.stock_item], true);
    perform commerce.record_movements(
        tests.id('Shop'), tests.id(store),
        array[(tests.id('50'), -pieces)::commerce.stock_item], 'sold', null);
end;
$$;

-- Receiving
select tests.act_as('ann');
select is(
    pg_temp.adjust('Mitte', 5, 'received', 'LATE', '2031-09-30', '400'), 5,
    'staff receive a lot'
);
select is(
    pg_temp.adjust('Mitte', 4, 'received', 'SOON', '2031-05-31', '600'), 9, 'and an older one'
);
select is(pg_temp.adjust('Mitte', 2, 'found'), 11, 'and pieces of which nobody knows the lot');
select throws_ok(
    $$ select pg_temp.adjust('Mitte', 1, 'received', null, '2031-05-31') $$, 'PT400',
    'expires_on is for pieces that come in a lot.', 'a date needs a lot'
);
select throws_ok(
    $$ select pg_temp.adjust('Mitte', 1, 'found', null, null, '5') $$, 'PT400',
    'unit_cost_minor is for what is received.', 'only what is received has a cost'
);
select results_eq(
    $$ select received_quantity, average_cost_minor, value_minor from public.stock_costs $$,
    $$ values (9::bigint, 489::bigint, 5379::bigint) $$,
    'pieces cost what they cost on average'
);

-- Selling
select tests.act_as_owner();
select pg_temp.sell('Mitte', 3);
select is(pg_temp.lots('Mitte'), 'LATE 5, SOON 1', 'the lot that expires first is sold first');
select pg_temp.sell('Mitte', 2);
select is(pg_temp.lots('Mitte'), 'LATE 4, SOON 0', 'then the next one');
select tests.act_as('ann');
select pg_temp.adjust('Mitte', -1, 'damaged', 'LATE');
select tests.act_as_owner();
select is(pg_temp.lots('Mitte'), 'LATE 3, SOON 0', 'what is damaged may name its lot');
select tests.act_as('ann');
select throws_ok(
    $$ select pg_temp.adjust('Mitte', -1, 'damaged', 'SOON') $$, 'PT409', 'Only 0 are there.',
    'a lot never has less than nothing'
);
select results_eq(
    $$ select on_hand, available from public.inventory_levels $$, $$ values (5, 5) $$,
    'a level is its lots and the rest'
);

-- Moving
select public.transfer_stock(
    tests.id('Mitte')::text, tests.id('Nord')::text,
    jsonb_build_array(jsonb_build_object('variant_id', tests.id('50'), 'quantity', 4))::text
);
select tests.act_as_owner();
select is(pg_temp.lots('Nord'), 'LATE 3', 'pieces keep their lot in another store');
select is(
    (select expires_on from commerce.stock_lots where store_id = tests.id('Nord')),
    date '2031-09-30', 'and its date'
);

-- Expiry
select tests.at('2031-09-30 20:00Z');
select results_eq(
    $$ select available from commerce.stock_levels cross join lateral (
       select commerce.free_quantity(stock_levels, true) as available) as free
       where store_id = tests.id('Nord') $$,
    $$ values (4) $$, 'a lot is sold on its last day'
);
select tests.at('2031-10-01 08:00Z');
select throws_ok(
    $$ select pg_temp.sell('Nord', 2) $$, 'PT409', 'OIL-50: only 1 left.',
    'and not on the day after'
);
select tests.act_as('ann');
select is(
    pg_temp.adjust('Nord', -3, 'damaged'), 1, 'what has expired is thrown away first'
);
select tests.act_as_owner();
select is(pg_temp.lots('Nord'), 'LATE 0', 'and is gone');

-- Back-orders: what was sold before it came is not in the lot that comes
select tests.act_as('owner');
select public.set_stock_limits(tests.id('Nord')::text, tests.id('50')::text, '3');
select tests.act_as_owner();
select pg_temp.sell('Nord', 3);
select tests.act_as('ann');
select is(
    pg_temp.adjust('Nord', 5, 'received', 'NEW', '2032-01-01'), 3, 'missing pieces come'
);
select tests.act_as_owner();
select is(pg_temp.lots('Nord'), 'LATE 0, NEW 3', 'and the lot has what is left');

-- Recall
select pg_temp.sell('Nord', 1);
select tests.act_as('ann');
select throws_ok(
    $$ select public.recall_lot((select id::text from public.stock_lots where code = 'NEW')) $$,
    'PT403', null, 'staff recall nothing'
);
select tests.act_as('stranger');
select throws_ok(
    $$ select public.recall_lot(tests.id('Oil')::text) $$, 'PT404', null,
    'nobody recalls what is not there'
);
select is((select count(*) from public.stock_lots), 0::bigint, 'strangers read no lots');
select tests.act_as('owner');
select isnt(
    (select recalled_at
    from public.recall_lot((select id::text from public.stock_lots where code = 'NEW'))),
    null, 'the owner recalls a lot'
);
select tests.act_as_owner();
select throws_ok(
    $$ select pg_temp.sell('Nord', 4) $$, 'PT409', 'OIL-50: only 3 left.',
    'of which nothing is sold any more'
);

-- What always holds
select is_empty(
    $$ select 1 from commerce.stock_lots where on_hand <> coalesce((
           select sum(quantity) from commerce.stock_lot_movements
           where stock_lot_id = stock_lots.id), 0) $$,
    'every lot is the sum of its movements'
);
select is_empty(
    $$ select 1 from commerce.stock_levels where on_hand <> (
           select sum(quantity) from commerce.stock_movements
           where stock_movements.store_id = stock_levels.store_id) $$,
    'and every level is the sum of its own'
);
select is(
    (select array_agg(column_name::text) from information_schema.column_privileges
    where table_schema = 'commerce' and table_name like 'stock_lot%'
    and privilege_type <> 'SELECT' and grantee in ('anon', 'authenticated', 'service_role')),
    null, 'nobody writes lots but functions'
);

select * from finish();
rollback;
