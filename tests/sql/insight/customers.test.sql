-- Each customer is in one segment; churn, cohorts and values follow from what they bought. Owners
-- read their customers, analysts count them, and nobody else sees anything.
begin;
select plan(21);

select tests.at('2031-01-10 12:00:00Z');
select tests.person('owner');
select tests.person('rival');
select tests.person('clerk');
select tests.person('mia');
select tests.business('Salon', 'owner', 'Europe/Berlin');
select tests.business('Rival', 'rival', 'Europe/Berlin');
select tests.member('clerk', 'Salon', 'staff');

insert into customers.customers (id, business_id, user_id, name, email, contact_verified_at)
select
    tests.named(who.name || ' there'), tests.id('Salon'), who.user_id, who.name,
    lower(who.name) || '@example.com', now()
from (
    values
    ('Mia', tests.id('mia')), ('Ben', null::uuid), ('Ann', null), ('Eve', null), ('Zoe', null)
) as who (name, user_id);

create function tests.buys(
    who text, moment timestamptz, amount bigint, kind text default 'service',
    currency text default 'EUR'
) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_sale_id uuid = gen_random_uuid();
begin
    insert into sales.sales (id, business_id, currency, placed_at, customer_id, customer_email)
    values (
        v_sale_id, tests.id('Salon'), buys.currency, moment,
        case who when 'mia' then tests.id('mia') end,
        case when who <> 'mia' then who || '@Example.com' end
    );
    insert into sales.sale_revisions (business_id, sale_id, revision, cause, at)
    values (tests.id('Salon'), v_sale_id, 0, 'agreed', moment);
    insert into sales.sale_lines (
        business_id, sale_id, position, revision, kind, name, quantity, unit_minor, amount_minor
    )
    values (
        tests.id('Salon'), v_sale_id, 1, 0, buys.kind::sales.line_kind, 'It', 1, amount, amount
    );
end;
$$;
-- Mia comes every month, twice on one day; Ben came twice long ago; Ann comes once, lately
select tests.buys('mia', moment, 5000)
from generate_series(timestamptz '2030-01-08 10:00Z', '2031-01-08 10:00Z', '1 month') as moment;
select tests.buys('mia', '2031-01-08 15:00Z', 1000);
select tests.buys('mia', '2031-01-08 16:00Z', 9900, 'service', 'USD');
select tests.buys('ben', '2030-01-20 10:00Z', 3000);
select tests.buys('ben', '2030-02-20 10:00Z', 3000);
select tests.buys('ann', '2030-12-31 23:30Z', 2000);
-- Eve bought a gift card, Zoe's sale came to nothing
select tests.buys('eve', '2030-12-20 10:00Z', 5000, 'gift_card');
select tests.buys('zoe', '2030-12-20 10:00Z', 0);

select is(
    insight.count_customer_values(tests.id('Salon')), 3,
    'who bought only a gift card, or nothing in the end, is no customer with a value'
);

select tests.act_as('owner');
select results_eq(
    $$ select name, first_on, last_on, purchases, value_minor
       from public.customer_values
       inner join public.customers on customers.id = customer_values.customer_id order by name $$,
    $$ values
    ('Ann', '2031-01-01'::date, '2031-01-01'::date, 1, 2000::bigint),
    ('Ben', '2030-01-20', '2030-02-20', 2, 6000),
    ('Mia', '2030-01-08', '2031-01-08', 13, 66000) $$,
    'days are of the salon; two sales on a day are one purchase, and dollars are not added'
);
select results_eq(
    $$ select name, recency_score, frequency_score, monetary_score, segment
       from public.customer_values
       inner join public.customers on customers.id = customer_values.customer_id order by name $$,
    $$ values
    ('Ann', 4, 2, 2, 'potential_loyalists'), ('Ben', 2, 4, 4, 'at_risk'),
    ('Mia', 5, 5, 5, 'champions') $$,
    'scores are fifths of the customers, and each customer is in one segment'
);
select results_eq(
    $$ select name, days_since, usual_gap_days, churn_bps, is_churned
       from public.customer_values
       inner join public.customers on customers.id = customer_values.customer_id order by name $$,
    $$ values
    ('Ann', 8, 30.5, 2078, false), ('Ben', 323, 30.7, 9132, true), ('Mia', 1, 30.4, 318, false) $$,
    'who is silent for many of their usual gaps has probably gone'
);
select results_eq(
    $$ select cohort, customers, churned, churn_bps from public.customer_churn order by cohort $$,
    $$ values ('2030-01-01'::date, 2::bigint, 1::bigint, 5000), ('2031-01-01', 1, 0, 0) $$,
    'of the customers of January 2030 one of two has gone'
);
select results_eq(
    $$ select month_number, customers, retention_bps from public.customer_retention
       where cohort = '2030-01-01' order by month_number limit 3 $$,
    $$ values (0, 2::bigint, 10000), (1, 2, 10000), (2, 1, 5000) $$,
    'both came again in February and one in March'
);
select is(
    (select count(distinct (r, f)) from generate_series(1, 5) as r, generate_series(1, 5) as f
    where insight.segment_of(r, f) is not null), 25::bigint, 'each pair of scores has a segment'
);
select is(
    (select count(distinct insight.segment_of(r, f))
    from generate_series(1, 5) as r, generate_series(1, 5) as f), 10::bigint,
    'there are ten segments'
);

-- What a model expects comes in one write, and goes when no model fits
select tests.act_as_owner();
select is(
    (select jsonb_array_length(insight.customer_histories(tests.id('Salon')))), 3,
    'the worker reads a history for each customer'
);
select is(
    (select (each -> 'days')::text || (each ->> 'mean_minor')
    from jsonb_array_elements(insight.customer_histories(tests.id('Salon'))) as each
    where each ->> 'customer_id' = tests.id('Ben there')::text),
    '[354, 323]3000.0000000000000000', 'a history has days ago, and the mean after the first'
);
select insight.keep_model(
    tests.id('Salon'),
    '{"customers": 3, "r": 0.2, "alpha": 4, "a": 1, "b": 2, "p": 6, "q": 4, "v": 15,
    "test_days": 30, "expected_purchases": 1.5, "actual_purchases": 2, "error": 0.1,
    "naive_error": 0.2}',
    jsonb_build_array(jsonb_build_object(
        'customer_id', tests.id('Ben there'), 'alive', 0.25, 'purchases', 1.5, 'minor', 3001.4
    ))
);
select tests.act_as('owner');
select results_eq(
    $$ select alive_bps, projected_minor, lifetime_minor from public.customer_values
       where customer_id = tests.id('Ben there') $$,
    $$ values (2500, 4502::bigint, 10502::bigint) $$,
    'projected value is expected purchases times what one is worth'
);
select is(
    (select error from public.value_models), 0.1::double precision,
    'the error of the back-test stands beside the parameters'
);
select tests.act_as_owner();
select insight.keep_model(tests.id('Salon'), null, '[]');
select tests.act_as('owner');
select is_empty(
    $$ select 1 from public.customer_values where lifetime_minor is not null
       union all select 1 from public.value_models $$,
    'without a model nothing is expected of anybody'
);

-- Key figures
select results_eq(
    $$ select month, new_customers, returning_customers, sold_minor, returning_bps
       from public.business_kpis where month >= '2030-12-01' order by month $$,
    $$ values ('2030-12-01'::date, 2::bigint, 1::bigint, 5000::bigint, 3333),
    ('2031-01-01', 1, 1, 8000, 5000) $$,
    'key figures are months in the zone of the salon and its currency'
);
select tests.act_as('rival');
select is_empty(
    $$ select customer_id::text from public.customer_values
       union all select 'churn' from public.customer_churn
       union all select 'kept' from public.customer_retention
       union all select 'kpis' from public.business_kpis where business_id = tests.id('Salon') $$,
    'a rival sees nothing of the salon'
);
select tests.act_as('clerk');
select is_empty(
    $$ select customer_id::text from public.customer_values
       union all select 'kept' from public.customer_retention
       union all select 'kpis' from public.business_kpis $$,
    'figures are not for staff'
);
select tests.act_as_anon();
select throws_ok(
    $$ select 1 from public.customer_values $$, '42501', null, 'nor for visitors'
);

select tests.act_as_role('analyst');
select results_eq(
    $$ select segment, customers, value_minor from analytics.customer_segments order by segment $$,
    $$ values ('at_risk', 1::bigint, 6000::bigint), ('champions', 1, 66000),
    ('potential_loyalists', 1, 2000) $$,
    'analysts count segments'
);
select is(
    (select sum(churned) from analytics.customer_churn), 1::numeric, 'and who has gone'
);
select throws_ok(
    $$ select customer_id from insight.customer_values $$, '42501', null,
    'they see no customer'
);
select is(
    (select sold_minor from analytics.kpis where month = '2031-01-01' and sold_minor > 0),
    8000::bigint, 'key figures are one view for them too'
);
select * from finish();
rollback;
