-- Members change their plan, rest, skip, cancel, give plans away, and agree to new prices.
begin;
select plan(58);

-- Given a studio with two monthly plans and a yearly one, and Mia with a card on Silver
select tests.at('2031-04-01 00:00:00Z');
select tests.person('owner');
select tests.person('staff');
select tests.person('mia');
select tests.person('noah');
select tests.business('Studio', 'owner');
select tests.member('staff', 'Studio', 'staff');
insert into memberships.membership_plans (id, business_id, name, rank, access, period_unit)
values
(tests.named('silver'), tests.id('Studio'), 'Silver', 5, 'silver', 'month'),
(tests.named('gold'), tests.id('Studio'), 'Gold', 10, 'gold', 'month'),
(tests.named('year'), tests.id('Studio'), 'Gold for a year', 10, 'gold', 'year');
insert into memberships.plan_prices (business_id, plan_id, currency, price_minor)
values
(tests.id('Studio'), tests.id('silver'), 'EUR', 1000),
(tests.id('Studio'), tests.id('gold'), 'EUR', 2000),
(tests.id('Studio'), tests.id('year'), 'EUR', 20000);
insert into money.payment_methods (id, user_id, provider, provider_reference, brand, last4)
values (tests.named('card'), tests.id('mia'), 'sandbox', 'pm_mia', 'visa', '4242');

create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.status(called text) returns text
language sql stable security definer set search_path = ''
as $$ select status::text from public.memberships where id = tests.id(called) $$;
create function tests.answer(payment_id uuid, kind text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform money.start_call('create', payment_id);
    perform money.finish_call('create', payment_id, jsonb_build_object(
        'kind', kind, 'reference', 'ref ' || payment_id,
        'amount_minor', payments.amount_minor, 'currency', payments.currency
    ))
    from money.payments where payments.id = answer.payment_id;
end;
$$;
create function tests.pay_all() returns void
language sql volatile security definer set search_path = ''
as $$
    select tests.answer(payments.id, 'payment.captured')
    from money.payments where payments.status = 'pending'
$$;
create function tests.join(called text, plan text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
    perform tests.note(called, (public.join_membership(
        tests.id(plan)::text, payment_method_id => tests.id('card')::text
    )).id);
    perform tests.pay_all();
end;
$$;
create function tests.change(called text, plan text, at_end text default null) returns void
language sql volatile security invoker set search_path = ''
as $$
    select public.change_membership(tests.id(called)::text, tests.id(plan)::text, at_end)
$$;
create function tests.lines(called text, period integer) returns bigint[]
language sql stable security definer set search_path = ''
as $$
    select array_agg(amount_minor order by position)
    from sales.sale_lines
    inner join memberships.membership_periods as periods on periods.sale_id = sale_lines.sale_id
    where periods.membership_id = tests.id(called) and periods.number = period
$$;
create function tests.balance(called text, period integer) returns bigint
language sql stable security definer set search_path = ''
as $$
    select balance_minor from public.sales
    inner join memberships.membership_periods as periods on periods.sale_id = sales.id
    where periods.membership_id = tests.id(called) and periods.number = period
$$;
create function tests.settle() returns void
language sql volatile security definer set search_path = ''
as $$ select money.settle_sale(business_id, id) from sales.sales $$;
grant execute on all functions in schema tests to anon, authenticated;

-- Proration, by published numbers
select is(
    memberships.prorated(1000, '2031-04-01Z', '2031-05-01Z', '2031-04-16Z'), 500::bigint,
    'at half of a period half of the price is left'
);
select is(
    memberships.prorated(
        1000, '2031-02-01Z', '2031-03-01Z', '2031-03-01Z'::timestamptz - interval '881112 seconds'
    ),
    364::bigint, 'of 1000 a month, 881112 of 2419200 seconds are 364'
);
select is(
    memberships.prorated(1000, '2031-04-01Z', '2031-05-01Z', '2031-06-01Z'), 0::bigint,
    'of a period that is over nothing is left'
);
select is(
    memberships.period_start('2031-04-01Z', 'UTC', 'month', 3, 1) - '2031-04-01Z'::timestamptz,
    interval '91 days', 'from 1 April three months are 91 days'
);
select is(
    memberships.period_start('2031-04-15Z', 'UTC', 'month', 3, 1) - '2031-04-15Z'::timestamptz,
    interval '91 days', 'and from 15 April'
);

-- Up at half of the period: -5, +10
select tests.act_as('mia');
select tests.join('hers', 'silver');
select tests.at('2031-04-16 00:00:00Z');
select is(
    public.quote_membership_change(tests.id('hers')::text, tests.id('gold')::text)
    - '{membership_id,plan_id,at}'::text[],
    '{"currency": "EUR", "credit_minor": 500, "charge_minor": 1000, "difference_minor": 500}'::jsonb,
    'the quote of a change is to the second'
);
select tests.act_as('noah');
select throws_ok(
    $$ select tests.change('hers', 'gold') $$, 'PT404', null, 'a stranger changes nothing'
);
select tests.act_as('mia');
select tests.change('hers', 'gold');
select is(tests.lines('hers', 1), '{1000,-500,1000}'::bigint[], 'the change is a revision of the sale');
select ok(not public.is_member(tests.id('gold')::text), 'the new plan is not granted before it is paid');
select ok(public.is_member(tests.id('silver')::text), 'and the old one is kept');
select is(tests.balance('hers', 1), 500::bigint, 'five more are owed');
select tests.pay_all();
select ok(public.is_member(tests.id('gold')::text), 'paid, the new plan is granted');
select ok(not public.is_member(tests.id('silver')::text), 'instead of the old one');
select is(tests.balance('hers', 1), 0::bigint, 'and nothing is owed');

-- Down: at the end of the period, or at once with money back
select tests.change('hers', 'silver');
select is(
    (select next_plan_id from public.memberships), tests.id('silver'),
    'a lower plan waits for the end of the period'
);
select tests.change('hers', 'gold');
select is((select next_plan_id from public.memberships), null, 'and can be taken back');
select tests.at('2031-04-23 12:00:00Z');
select tests.change('hers', 'silver', 'false');
select is(
    tests.lines('hers', 1), '{1000,-500,1000,-500,250}'::bigint[],
    'at once, a quarter of both prices is prorated'
);
select ok(public.is_member(tests.id('silver')::text), 'the lower plan is granted at once');
select tests.settle();
select is(
    (select sum(amount_minor) from money.refunds), 250::numeric, 'what is too much is given back'
);
select tests.at('2031-05-01 00:00:00Z');
select tests.act_as_owner();
select memberships.run_due(10);
select tests.pay_all();
select is(tests.lines('hers', 2), '{1000}'::bigint[], 'the next period costs what the plan costs');

-- A free period gives nothing back
update memberships.plan_prices set price_minor = 0 where plan_id = tests.id('gold');
select tests.act_as('mia');
select tests.at('2031-05-10 00:00:00Z');
select tests.change('hers', 'gold');
select tests.settle();
select tests.change('hers', 'silver', 'false');
select tests.settle();
select ok(
    (
        select sum(parts.captured_minor - parts.refunding_minor - parts.refunded_minor)
        from money.payment_parts as parts
    ) >= 0 and not exists (select 1 from public.sales where owed_minor < 0),
    'however often she changes, never more is given back than was paid'
);
select tests.pay_all();
select tests.act_as_owner();
update memberships.plan_prices set price_minor = 2000 where plan_id = tests.id('gold');

-- A plan of another length begins a period of its own
select tests.act_as('mia');
select tests.at('2031-05-16 12:00:00Z');
select tests.change('hers', 'year');
select results_eq(
    $$ select number, starts_at, ends_at from public.membership_periods where number = 3 $$,
    $$ values (3, '2031-05-16 12:00Z'::timestamptz, '2032-05-16 12:00Z'::timestamptz) $$,
    'a year begins now'
);
select is(tests.lines('hers', 3), '{20000}'::bigint[], 'with an invoice of its own');
select is(tests.status('hers'), 'past_due', 'which is owed');
select tests.pay_all();
select is(tests.status('hers'), 'active', 'until it is paid');
select tests.settle();
select ok(tests.balance('hers', 2) <= 0, 'what was left of the month is given back');

-- A pause keeps what is left
select tests.at('2031-06-01 00:00:00Z');
select public.pause_membership(tests.id('hers')::text);
select is(tests.status('hers'), 'paused', 'she rests');
select ok(not public.is_member(tests.id('year')::text), 'without the benefits');
select throws_ok(
    $$ select public.pause_membership(tests.id('hers')::text) $$, 'PT409', null, 'she rests once'
);
select tests.at('2031-06-11 00:00:10Z');
select public.resume_membership(tests.id('hers')::text);
select is(tests.status('hers'), 'active', 'she goes on');
select is(
    (select paid_until from public.memberships), '2032-05-26 12:00:10Z'::timestamptz,
    'as much later as she rested, to the second'
);
select ok(public.is_member(tests.id('year')::text), 'with the benefits');
select public.pause_membership(tests.id('hers')::text, '2031-06-21T00:00:10Z');
select is(
    (select paid_until from public.memberships), '2032-06-05 12:00:10Z'::timestamptz,
    'a pause with an end moves what follows at once'
);
select tests.at('2031-06-21 00:00:10Z');
select ok(public.is_member(tests.id('year')::text), 'and ends by itself');

-- A skipped period
select public.skip_membership_period(tests.id('hers')::text);
select results_eq(
    'select paid_until, paused_at, resumes_at, renews_at from public.memberships',
    $$ values ('2032-06-05 12:00:10Z'::timestamptz, '2032-06-05 12:00:10Z'::timestamptz,
               '2033-06-05 12:00:10Z'::timestamptz, '2033-06-05 12:00:10Z'::timestamptz) $$,
    'the next period is skipped'
);
select tests.at('2032-07-01 00:00Z');
select is(tests.status('hers'), 'paused', 'meanwhile she rests');
select tests.act_as_owner();
select memberships.run_due(10);
select is(
    (select max(number) from memberships.membership_periods), 3, 'and nothing is charged'
);
select tests.at('2033-06-05 12:00:10Z');
select memberships.run_due(10);
select tests.pay_all();
select is(
    (select ends_at from memberships.membership_periods where number = 4),
    '2034-06-05 12:00:10Z'::timestamptz, 'then it renews, counted from the same anchor'
);

-- New prices
select tests.act_as('staff');
select throws_ok(
    $$ select public.announce_membership_price(tests.id('year')::text, '25000', '2034-01-01T00:00Z', 'EUR') $$,
    'PT403', null, 'staff announce no prices'
);
select tests.act_as('owner');
select throws_ok(
    $$ select public.announce_membership_price(tests.id('year')::text, '25000', '2033-07-01T00:00Z', 'EUR') $$,
    'PT400', 'effective_at must be at least 30 days ahead.', 'a new price is announced in time'
);
select tests.note('dearer', public.announce_membership_price(
    tests.id('year')::text, '25000', '2034-01-01T00:00Z', 'EUR'
));
select tests.act_as_owner();
select tests.at('2034-06-05 12:00:10Z');
select memberships.run_due(10);
select tests.pay_all();
select is(tests.lines('hers', 5), '{20000}'::bigint[], 'who did not agree keeps their price');
select tests.act_as('noah');
select throws_ok(
    $$ select public.accept_membership_price(tests.id('dearer')::text) $$,
    'PT404', null, 'who is no member accepts nothing'
);
select tests.act_as('mia');
select lives_ok(
    $$ select public.accept_membership_price(tests.id('dearer')::text) $$, 'she agrees'
);
select tests.act_as_owner();
select tests.at('2035-06-05 12:00:10Z');
select memberships.run_due(10);
select tests.pay_all();
select is(tests.lines('hers', 6), '{25000}'::bigint[], 'and then pays the new price');

-- Cancelling
select tests.act_as('mia');
select tests.at('2035-07-01 00:00Z');
select public.cancel_membership(tests.id('hers')::text, reason => 'Too far away');
select results_eq(
    'select status::text, ends_at, renews_at from public.memberships',
    $$ values ('active', '2036-06-05 12:00:10Z'::timestamptz, null::timestamptz) $$,
    'cancelled, it lasts as long as it is paid'
);
select public.keep_membership(tests.id('hers')::text);
select is(
    (select renews_at from public.memberships), '2036-06-05 12:00:10Z'::timestamptz,
    'until then she can keep it'
);
select public.cancel_membership(tests.id('hers')::text);
select tests.at('2036-06-05 12:00:09Z');
select ok(public.is_member(tests.id('year')::text), 'she is a member to the last second');
select tests.at('2036-06-05 12:00:10Z');
select ok(not public.is_member(tests.id('year')::text), 'without any grace');
select is(tests.status('hers'), 'cancelled', 'then it is cancelled');
select tests.join('another', 'gold');
select public.cancel_membership(tests.id('another')::text, 'false');
select is(tests.status('another'), 'cancelled', 'one can cancel at once');
select ok(not public.is_member(business_id => tests.id('Studio')::text), 'and is no member then');
select throws_ok(
    $$ select public.resume_membership(tests.id('another')::text) $$,
    'PT409', 'This membership is over.', 'what is over does not go on'
);

-- A gift
select tests.note('gift', (public.gift_membership(
    tests.id('gold')::text, email => 'noah@example.com', message => 'Enjoy!'
) ->> 'gift_id')::uuid);
select tests.act_as('noah');
select is((select count(*) from public.membership_gifts), 0::bigint, 'a gift shows to its buyer');
select throws_ok(
    $$ select public.redeem_membership_gift(gift_id => tests.id('gift')::text) $$,
    'PT404', null, 'it cannot be redeemed before it is paid'
);
select tests.act_as('mia');
select tests.note('payment', (public.start_payment(
    'sandbox', sale_id => (select sale_id::text from public.membership_gifts)
) ->> 'id')::uuid);
select tests.pay_all();
select throws_ok(
    $$ select public.redeem_membership_gift(gift_id => tests.id('gift')::text) $$,
    'PT404', null, 'nor by somebody else'
);
select tests.act_as('noah');
select tests.note('his', (public.redeem_membership_gift(gift_id => tests.id('gift')::text)).id);
select is(tests.status('his'), 'active', 'but by whom it is for');
select throws_ok(
    $$ select public.redeem_membership_gift(gift_id => tests.id('gift')::text) $$,
    'PT404', null, 'once'
);
select results_eq(
    'select renews, renews_at, ends_at from public.memberships',
    $$ values (false, null::timestamptz, '2036-07-05 12:00:10Z'::timestamptz) $$,
    'for one period, and it does not renew'
);
select tests.require_balanced_ledger();
select * from finish();
rollback;
