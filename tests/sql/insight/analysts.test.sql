-- Analysts see how fast stock sells and which customers come back, and nobody's name.
begin;
select plan(9);

select tests.at('2031-01-10 12:00:00Z');
select tests.person('owner');
select tests.person('mia');
select tests.business('Shop', 'owner', 'Europe/Berlin');
insert into catalog.products (id, business_id, name, slug, currency)
values (tests.named('Soap'), tests.id('Shop'), 'Soap', 'soap', 'EUR');
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
values (tests.named('Bar'), tests.id('Shop'), tests.id('Soap'), 'BAR', 300);
insert into business.stores (id, business_id, name)
values (tests.named('Store'), tests.id('Shop'), 'Store');
insert into commerce.stock_levels (business_id, store_id, variant_id)
values (tests.id('Shop'), tests.id('Store'), tests.id('Bar'));

-- 100 pieces at 1.00 and 100 at 2.00 in January, of which 50 are sold; 60 in February, 10 come back
insert into commerce.stock_movements (
    business_id, store_id, variant_id, quantity, reason, at, unit_cost_minor
)
select
    tests.id('Shop'), tests.id('Store'), tests.id('Bar'), moved.quantity,
    moved.reason::commerce.movement_reason, moved.at::timestamptz, moved.cost
from (
    values
    (100, 'received', '2031-01-02 12:00Z', 100),
    (100, 'received', '2031-01-03 12:00Z', 200),
    (-50, 'sold', '2031-01-31 22:30Z', null),
    (-60, 'sold', '2031-01-31 23:30Z', null),
    (10, 'returned', '2031-02-20 12:00Z', null)
) as moved (quantity, reason, at, cost);

-- Mia buys in January, and comes back in March; a guest buys in March
create function tests.sell(moment timestamptz, who uuid, email text) returns void
language sql volatile security definer set search_path = ''
as $$
    insert into sales.sales (business_id, currency, placed_at, customer_id, customer_email)
    values (tests.id('Shop'), 'EUR', moment, who, email)
$$;
select tests.sell('2031-01-05 12:00Z', tests.id('mia'), null);
select tests.sell('2031-03-05 12:00Z', tests.id('mia'), null);
select tests.sell('2031-03-06 12:00Z', null, 'Guest@example.com');
select tests.sell('2031-03-07 12:00Z', null, 'guest@example.com');
select tests.at('2031-03-10 12:00:00Z');
select tests.act_as_role('analyst');

select results_eq(
    $$
    select month, opening_units::integer, closing_units::integer, sold_units::integer
    from analytics.inventory_turnover order by month
    $$,
    $$ values
    ('2031-01-01'::date, 0, 150, 50), ('2031-02-01', 150, 100, 50), ('2031-03-01', 100, 100, 0) $$,
    'a month begins with what the month before left, in the zone of the business'
);
select is(
    (select cogs_minor from analytics.inventory_turnover where month = '2031-02-01'), 7500::bigint,
    'fifty pieces at the mean cost of 1.50 are the cost of goods sold'
);
select is(
    (select average_stock_minor from analytics.inventory_turnover where month = '2031-02-01'),
    18750::bigint, '125 pieces lay there on average'
);
select is(
    (select turnover from analytics.inventory_turnover where month = '2031-02-01'), 0.4000,
    'so stock was sold 0.4 times: 7500 / 18750'
);
select results_eq(
    $$
    select cohort, month_number, customers, retention_bps from analytics.customer_cohorts
    order by cohort, month_number
    $$,
    $$ values
    ('2031-01-01'::date, 0, 1::bigint, 10000), ('2031-01-01', 2, 1, 10000),
    ('2031-03-01', 0, 1, 10000) $$,
    'everybody is in the cohort of their first month, however they write their address'
);
select throws_ok(
    $$ select customer_email from sales.sales $$, '42501', null, 'analysts read no addresses'
);
select throws_ok(
    $$ select name from business.businesses $$, '42501', null, 'nor names of businesses'
);
select throws_ok(
    $$ select * from insight.takings $$, '42501', null, 'nor single movements of money'
);
select throws_ok(
    $$ select insight.refresh_days(1) $$, '42501', null, 'and change no figures'
);

select * from finish();
rollback;
