-- What the platform charges: the most specific plan, the tier of the month, the levels' shares, and
-- what is left for the business.
begin;
select plan(38);

-- Given two salons that Ann and Bob own, and a referrer
select tests.at('2031-03-15 12:00Z');
select tests.person('ann');
select tests.person('bob');
select tests.person('finance');
select tests.business('Salon', 'ann', 'America/New_York', 'USD');
select tests.business('Other', 'bob', 'UTC', 'USD');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.service('Wash', 'Salon', 30, 2000);
insert into catalog.service_categories (id, business_id, name)
values (tests.named('Hair'), tests.id('Salon'), 'Hair');
update catalog.services set category_id = tests.id('Hair') where services.id = tests.id('Cut');

create function tests.make_plan(called text) returns uuid
language sql volatile security definer set search_path = ''
as $$
    insert into money.commission_plans (id, name)
    values (tests.named(called), called) returning id
$$;
create function tests.found(called text, kind sales.line_kind, service text, sold_on date)
returns text
language sql stable security definer set search_path = ''
as $$
    select commission_plans.name from money.commission_plans
    where commission_plans.id = money.find_plan(
        tests.id(called), kind, (select names.id from tests.names where names.name = service), sold_on
    )
$$;

-- The most specific plan holds
select is(
    tests.found('Salon', 'service', 'Cut', '2031-03-15'), null, 'without a scope there is no plan'
);
select tests.make_plan('everyone');
select tests.make_plan('salons');
select tests.make_plan('services');
select tests.make_plan('Salon''s');
select tests.make_plan('hair');
select tests.make_plan('cut');
select tests.make_plan('new');
insert into money.commission_scopes (plan_id) values (tests.id('everyone'));
select is(
    tests.found('Other', 'tip', null, '2031-03-15'), 'everyone',
    'a scope without conditions is for every line'
);
insert into money.commission_scopes (plan_id, vertical_id) values (tests.id('salons'), 'salon');
select is(
    tests.found('Other', 'tip', null, '2031-03-15'), 'salons', 'a vertical comes before all'
);
insert into money.commission_scopes (plan_id, line_kind) values (tests.id('services'), 'service');
select is(
    tests.found('Other', 'service', null, '2031-03-15'), 'services',
    'a kind of line comes before a vertical'
);
select is(
    tests.found('Other', 'tip', null, '2031-03-15'), 'salons', 'and leaves the other kinds alone'
);
insert into money.commission_scopes (plan_id, business_id)
values (tests.id('Salon''s'), tests.id('Salon'));
select is(
    tests.found('Salon', 'service', 'Wash', '2031-03-15'), 'Salon''s',
    'what was agreed with a business comes before what holds for all'
);
select is(
    tests.found('Other', 'service', null, '2031-03-15'), 'services', 'and for no other business'
);
insert into money.commission_scopes (plan_id, business_id, category_id)
values (tests.id('hair'), tests.id('Salon'), tests.id('Hair'));
select is(
    tests.found('Salon', 'service', 'Cut', '2031-03-15'), 'hair',
    'a category comes before the business'
);
select is(
    tests.found('Salon', 'service', 'Wash', '2031-03-15'), 'Salon''s',
    'a service outside of the category is not in it'
);
insert into money.commission_scopes (plan_id, business_id, service_id, starts_on, ends_on)
values (tests.id('cut'), tests.id('Salon'), tests.id('Cut'), '2031-03-01', '2031-03-15');
select is(
    tests.found('Salon', 'service', 'Cut', '2031-03-15'), 'cut',
    'a service comes before its category, its last day included'
);
select is(
    tests.found('Salon', 'service', 'Cut', '2031-03-16'), 'hair', 'and not on the day after'
);
select is(
    tests.found('Salon', 'service', 'Cut', '2031-02-28'), 'hair', 'nor on the day before it starts'
);
insert into money.commission_scopes (plan_id, business_id, service_id, starts_on)
values (tests.id('new'), tests.id('Salon'), tests.id('Cut'), '2031-03-10');
select is(
    tests.found('Salon', 'service', 'Cut', '2031-03-15'), 'new',
    'of two scopes of a service the one that began last holds'
);
select throws_ok(
    $$insert into money.commission_scopes (plan_id, service_id)
    values (tests.id('cut'), tests.id('Cut'))$$,
    'PT400', null, 'a scope of a service names its business'
);

-- Tiers do not overlap, and the boundary is exact
insert into money.commission_tiers (plan_id, currency, from_minor, to_minor, rate_bps, fixed_minor)
values
(tests.id('cut'), 'USD', 0, 100000, 1500, 0),
(tests.id('cut'), 'USD', 100000, null, 1000, 30);
insert into money.commission_tiers (plan_id, rate_bps) values (tests.id('cut'), 2000);
select is(
    (money.find_tier(tests.id('cut'), 'USD', 99999)).rate_bps, 1500,
    'below the boundary the first tier holds'
);
select is(
    (money.find_tier(tests.id('cut'), 'USD', 100000)).rate_bps, 1000,
    'the lower bound belongs to the tier'
);
select is(
    (money.find_tier(tests.id('cut'), 'USD', -5)).rate_bps, 1500,
    'a month of corrections is a month without turnover'
);
select is(
    (money.find_tier(tests.id('cut'), 'EUR', 100000)).rate_bps, 2000,
    'another currency has the tier of every currency'
);
select ok(money.has_tiers(tests.id('cut'), 'USD'), 'the rate in dollars depends on the turnover');
select ok(not money.has_tiers(tests.id('cut'), 'EUR'), 'the rate in euros does not');
select throws_ok(
    $$insert into money.commission_tiers (plan_id, currency, from_minor, to_minor, rate_bps)
    values (tests.id('cut'), 'USD', 99999, 100001, 1)$$,
    '23P01', null, 'tiers of a currency do not overlap'
);
select throws_ok(
    $$insert into money.commission_tiers (plan_id, rate_bps) values (tests.id('cut'), 1)$$,
    '23P01', null, 'there is one tier of every currency'
);
select throws_ok(
    $$insert into money.commission_tiers (plan_id, rate_bps, fixed_minor)
    values (tests.id('hair'), 100, 5)$$,
    'PT400', null, 'a fixed part needs a currency'
);

-- A commission is never more than its base, and rounds half away from zero
select is(money.commission_on(5000, 1500, 30), 780::bigint, 'a rate and a fixed part add up');
select is(money.commission_on(20, 1500, 30), 20::bigint, 'a commission is at most the base');
select is(money.commission_on(0, 1500, 30), 0::bigint, 'nothing is charged for what is free');
select is(money.commission_on(50, 100, 0), 1::bigint, 'half a unit is rounded up');

-- Rule 6: listed 1000.00, 15 %, 18 % GST, included and not
create function tests.net(treatment text, is_included boolean) returns bigint
language plpgsql stable security definer set search_path = ''
as $$
declare
    v_terms money.line_terms;
begin
    v_terms.tax_treatment = treatment;
    v_terms.base_minor = 100000;
    v_terms.tax_minor = case when is_included then 15254 else 18000 end;
    v_terms.paid_minor = case when is_included then 100000 else 118000 end;
    v_terms.subsidy_minor = 0;
    v_terms.commission_minor = money.commission_on(100000, 1500, 0);
    v_terms.commission_tax_minor = money.share_of(v_terms.commission_minor, 1800);
    return (money.shares(v_terms, 0)).net_minor;
end;
$$;
select is(
    tests.net('platform_remits', true), 69746::bigint,
    'with the tax withheld the business earns 697.46'
);
select is(
    tests.net('vendor_remits', true), 85000::bigint,
    'with the tax its own the business earns 850.00'
);
select is(
    tests.net('commission_taxed', true), 82300::bigint,
    'with the commission taxed the business earns 823.00'
);
select is(
    tests.net('platform_remits', false), 85000::bigint,
    'with tax on top and withheld the business earns 850.00'
);
select is(
    tests.net('vendor_remits', false), 103000::bigint,
    'with tax on top and its own the business earns 1030.00'
);
select is(
    tests.net('commission_taxed', false), 100300::bigint,
    'with tax on top and the commission taxed the business earns 1003.00'
);

-- Levels add up, by largest remainder
select results_eq(
    $$select level::text, amount_minor from money.split_commission(tests.id('cut'), 100)$$,
    $$values ('platform', 100::bigint)$$,
    'without shares the platform has the commission'
);
insert into money.commission_shares (plan_id, level, weight)
values (tests.id('cut'), 'platform', 1), (tests.id('cut'), 'partner', 1),
(tests.id('cut'), 'referrer', 1);
select results_eq(
    $$select level::text, amount_minor from money.split_commission(tests.id('cut'), 100)$$,
    $$values ('platform', 34::bigint), ('partner', 33::bigint), ('referrer', 33::bigint)$$,
    'three equal levels share 100 as 34, 33 and 33'
);
select throws_ok(
    $$insert into money.commission_parties (business_id, level, party_id)
    values (tests.id('Salon'), 'referrer', tests.id('Salon'))$$,
    '23514', null, 'a business has no share in its own commission'
);

-- Owners read what may hold for them, and write nothing
select tests.act_as('bob');
select results_eq(
    $$select name from public.commission_plans order by name$$,
    $$values ('everyone'), ('salons'), ('services')$$,
    'an owner reads the plans that may hold for their business'
);
select throws_ok(
    $$update public.commission_plans set name = 'free'$$, '42501', null,
    'an owner cannot change a plan'
);
select * from finish();
rollback;
