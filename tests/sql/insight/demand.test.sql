-- What was wanted is read by day, the forecast that won is kept, and a day unlike others is
-- announced once.
begin;
select plan(14);

select tests.at('2031-03-10 12:00:00Z');
select tests.person('owner');
select tests.person('rival');
select tests.business('Shop', 'owner', 'Europe/Berlin');
select tests.business('Other', 'rival', 'Europe/Berlin');
insert into catalog.products (id, business_id, name, slug, currency)
values (tests.named('Soap'), tests.id('Shop'), 'Soap', 'soap', 'EUR');
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
values (tests.named('Bar'), tests.id('Shop'), tests.id('Soap'), 'BAR', 300);
insert into business.stores (id, business_id, name)
values (tests.named('Store'), tests.id('Shop'), 'Store');
insert into commerce.stock_levels (business_id, store_id, variant_id)
values (tests.id('Shop'), tests.id('Store'), tests.id('Bar'));
insert into commerce.stock_movements (
    business_id, store_id, variant_id, quantity, reason, at
)
values (tests.id('Shop'), tests.id('Store'), tests.id('Bar'), 60, 'received', now());

-- Three bars on each of twelve days, in the night of Berlin
create function tests.sell(moment timestamptz, pieces integer) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_sale_id uuid = gen_random_uuid();
begin
    insert into sales.sales (id, business_id, currency, placed_at, customer_name)
    values (v_sale_id, tests.id('Shop'), 'EUR', moment, 'Mia');
    insert into sales.sale_revisions (business_id, sale_id, revision, cause, at)
    values (tests.id('Shop'), v_sale_id, 0, 'agreed', moment);
    insert into sales.sale_lines (
        business_id, sale_id, position, revision, kind, name, quantity, unit_minor, amount_minor,
        variant_id
    )
    values (
        tests.id('Shop'), v_sale_id, 1, 0, 'product', 'Soap', pieces, 300, 300 * pieces,
        tests.id('Bar')
    );
end;
$$;
select tests.sell(moment, 3)
from generate_series(timestamptz '2031-02-20 23:30Z', '2031-03-03 23:30Z', '1 day') as moment;

select is(
    (select jsonb_array_length(series -> 0 -> 'units')
    from insight.demand_series(tests.id('Shop')) as series), 182, 'demand is of 26 weeks'
);
select is(
    (select sum(units.amount::integer) || ' ' || max(units.day) filter (where units.amount = '3')
    from insight.demand_series(tests.id('Shop')) as series
    cross join jsonb_array_elements_text(series -> 0 -> 'units')
    with ordinality as units (amount, day)), '36 177',
    'the last of 36 pieces were sold on the fourth of March in Berlin, which is day 177'
);

-- Smoothing was better: it is used; then the naive forecast was
select insight.keep_forecasts(tests.id('Shop'), jsonb_build_array(jsonb_build_object(
    'variant_id', tests.id('Bar'), 'smoothing', array[3, 5], 'naive', array[9, 9],
    'smoothing_error', 1, 'naive_error', 2
)));
select tests.act_as('owner');
select results_eq(
    $$ select day, expected, method from public.demand_forecasts order by day $$,
    $$ values ('2031-03-10'::date, 3::double precision, 'smoothing'), ('2031-03-11', 5, 'smoothing')
    $$,
    'the forecast begins today'
);
select results_eq(
    $$ select daily_demand, lead_days, reorder_point, is_due from public.reorder_points $$,
    $$ values (4::double precision, 14, 64::bigint, true) $$,
    'four a day for 14 days are 56, and 1.65 * 1.25 * sqrt(14) for safety make 64'
);
insert into public.supply_terms (business_id, variant_id, lead_days, safety_factor)
values (tests.id('Shop'), tests.id('Bar'), 9, 2);
select results_eq(
    $$ select lead_days, safety_stock, reorder_point, is_due from public.reorder_points $$,
    $$ values (9, 7.5::double precision, 44::bigint, false) $$,
    'the manager says how long it takes: 4 * 9 + 2 * 1.25 * 3'
);
select throws_ok(
    $$ update public.supply_terms set lead_days = 0 $$, 'PT400', null,
    'nothing comes in no time'
);
select tests.act_as_owner();
select insight.keep_forecasts(tests.id('Shop'), jsonb_build_array(jsonb_build_object(
    'variant_id', tests.id('Bar'), 'smoothing', array[3, 5], 'naive', array[9, 9],
    'smoothing_error', 2, 'naive_error', 2
)));
select tests.act_as('owner');
select is(
    (select method || max(expected) from public.demand_forecasts group by method),
    'seasonal_naive9', 'smoothing that is no better is not used'
);
select tests.act_as('rival');
select is_empty(
    $$ select 'forecast' from public.demand_forecasts
       union all select 'point' from public.reorder_points
       union all select 'terms' from public.supply_terms
       union all select 'day' from public.unusual_days $$,
    'a rival reads none of it'
);

-- Sundays have eight to twelve bookings; on the last one there are two
select tests.act_as_owner();
insert into insight.days (business_id, day, subject, subject_id, currency, completed, sold_minor)
select
    tests.id('Shop'), date '2031-03-09' - 7 * ago, 'business', '', 'EUR',
    case ago when 0 then 2 else 8 + ago % 5 end, 10000
from generate_series(0, 12) as ago;
insert into insight.kept_days (business_id, day)
select tests.id('Shop'), date '2031-03-09' - 7 * ago from generate_series(0, 12) as ago;
select is(insight.announce_unusual_days(), 1, 'a Sunday with two bookings is announced');
select is(insight.announce_unusual_days(), 0, 'once');
select results_eq(
    $$ select measure, amount, usual, round(score::numeric, 2) from insight.unusual_days $$,
    $$ values ('bookings', 2::bigint, 10::double precision, -5.40) $$,
    'only what is unusual: the same money as always is not'
);
select is(
    (select count(*) from pgmq.q_notifications
    where message -> 'kwargs' ->> 'topic' = 'day.unusual'), 1::bigint,
    'owners and managers are told'
);
select tests.act_as('owner');
select is(
    (select score < -3.5 from public.unusual_days), true, 'the owner reads why'
);
select tests.act_as_owner();
delete from insight.unusual_days;
delete from insight.kept_days where kept_days.day < '2031-01-19';
select is(
    insight.announce_unusual_days(), 0, 'with fewer than eight Sundays before nothing is unusual'
);
select * from finish();
rollback;
