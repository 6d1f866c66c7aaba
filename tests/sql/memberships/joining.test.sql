-- Somebody joins a studio: on trial, paid, with a pass of visits that pay for classes, and sees what
-- only members see, until the instant at which it ends.
begin;
select plan(44);

-- Given a studio in Berlin with a plan of 30.00 a month after a week of trial, a pass of three
-- visits, and a class for members
select tests.at('2031-01-24 09:00:07Z');
select tests.person('owner');
select tests.person('staff');
select tests.person('mia');
select tests.person('noah');
select tests.business('Studio', 'owner', 'Europe/Berlin');
select tests.member('staff', 'Studio', 'staff');
select tests.resource('Ann', 'Studio');
select tests.hours('Studio', '08:00', '20:00');
select tests.service('Yoga', 'Studio', 60, 1500);
select tests.takes('Yoga', 'Ann');
select tests.service('Members yoga', 'Studio', 60, 1000);
select tests.takes('Members yoga', 'Ann');
select tests.named('gold'), tests.named('pass'), tests.named('silver');

create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.join(called text, plan text, coupon text default null) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
    perform tests.note(
        called,
        (public.join_membership(tests.id(plan)::text, coupon_code => coupon)).id
    );
end;
$$;
create function tests.status(called text) returns text
language sql stable security definer set search_path = ''
as $$ select status::text from public.memberships where id = tests.id(called) $$;
create function tests.pay(called text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_payment_id uuid = (
        public.start_payment('sandbox', membership_id => tests.id(called)::text) ->> 'id'
    )::uuid;
begin
    perform money.start_call('create', v_payment_id);
    perform money.finish_call('create', v_payment_id, jsonb_build_object(
        'kind', 'payment.captured', 'reference', 'ref ' || v_payment_id,
        'amount_minor', payments.amount_minor, 'currency', payments.currency
    ))
    from money.payments where payments.id = v_payment_id;
end;
$$;
create function tests.left_of(plan text) returns integer
language sql stable security definer set search_path = ''
as $$ select (granted - used) from customers.allowances where name = plan $$;
create function tests.price_of(booking text) returns bigint
language sql stable security definer set search_path = ''
as $$ select total_minor from scheduling.bookings where id = tests.id(booking) $$;
create function tests.book(called text, service text, starts_at text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
    perform tests.note(called, (public.book(tests.id(service)::text, starts_at)).id);
end;
$$;
grant execute on all functions in schema tests to anon, authenticated;

-- Plans
select tests.act_as('staff');
select throws_ok(
    $$ insert into public.membership_plans (business_id, name, access)
       values (tests.id('Studio'), 'Gold', 'gold') $$,
    'PT403', null, 'staff write no plans'
);
select tests.act_as('owner');
insert into public.membership_plans (
    id, business_id, name, rank, access, trial_days, advance_days
)
values (tests.id('gold'), tests.id('Studio'), 'Gold', 10, 'gold', 7, 30);
insert into public.membership_plans (
    id, business_id, name, access, renews, period_unit, period_count, credits
)
values (tests.id('pass'), tests.id('Studio'), 'Three visits', 'pass', false, 'day', 90, 3);
insert into public.membership_plans (id, business_id, name, rank, access)
values (tests.id('silver'), tests.id('Studio'), 'Silver', 5, 'silver');
insert into public.membership_plan_prices (business_id, plan_id, currency, price_minor)
values
(tests.id('Studio'), tests.id('gold'), 'EUR', 3000),
(tests.id('Studio'), tests.id('silver'), 'EUR', 2000),
(tests.id('Studio'), tests.id('pass'), 'EUR', 4000);
insert into public.membership_plan_services (business_id, plan_id, service_id)
values (tests.id('Studio'), tests.id('pass'), tests.id('Yoga'));
update public.services set access = 'gold' where id = tests.id('Members yoga');
update public.services set max_advance_days = 10 where id = tests.id('Yoga');
select throws_ok(
    $$ update public.membership_plans set trial_days = 3 where id = tests.id('pass') $$,
    'PT400', 'trial_days must be from 0 to 366, and 0 for a plan without renewal.',
    'a pass has no trial'
);
select tests.act_as_anon();
select is((select count(*) from public.membership_plans), 3::bigint, 'everybody reads the plans');
select is((select count(*) from public.membership_plan_prices), 3::bigint, 'and what they cost');
select ok(not public.is_member(tests.id('gold')::text), 'nobody is a member without signing in');
select throws_ok(
    $$ select public.join_membership(tests.id('gold')::text) $$,
    'PT401', null, 'and nobody joins'
);

-- Before: what only members see
select tests.act_as('mia');
select is(
    (select count(*) from public.services where id = tests.id('Members yoga')), 0::bigint,
    'who is no member does not see the class of members'
);
select throws_ok(
    $$ select public.book(tests.id('Members yoga')::text, '2031-01-25T10:00Z') $$,
    'PT404', null, 'nor books it'
);
select throws_ok(
    $$ select public.book(tests.id('Yoga')::text, '2031-02-20T10:00Z') $$,
    'PT422', 'That time is too far ahead to book.', 'nor further ahead than others'
);

-- A trial
select tests.join('her gold', 'gold');
select is(tests.status('her gold'), 'trialing', 'a trial begins at once');
select ok(public.is_member(tests.id('gold')::text), 'she is a member of the plan');
select ok(public.is_member(business_id => tests.id('Studio')::text), 'and of the studio');
select ok(not public.is_member(tests.id('silver')::text), 'but of no other plan');
select results_eq(
    $$ select number, starts_at, ends_at, sale_id from public.membership_periods $$,
    $$ values (0, '2031-01-24 09:00:07Z'::timestamptz, '2031-01-31 09:00:07Z'::timestamptz, null::uuid) $$,
    'the trial is a period without an invoice'
);
select throws_ok(
    $$ select tests.join('again', 'silver') $$, 'PT409', 'This customer has a membership of the business already.',
    'she has one membership that renews'
);
select is(
    (select count(*) from public.services where id = tests.id('Members yoga')), 1::bigint,
    'she sees the class of members'
);
select lives_ok(
    $$ select tests.book('early', 'Yoga', '2031-02-20T10:00Z') $$, 'she books further ahead'
);
select tests.act_as('noah');
select ok(not public.is_member(tests.id('gold')::text), 'somebody else is no member');
select is((select count(*) from public.memberships), 0::bigint, 'and does not see hers');
select is((select count(*) from public.membership_periods), 0::bigint, 'nor its periods');
select throws_ok(
    $$ select public.cancel_membership(tests.id('her gold')::text) $$,
    'PT404', null, 'nor can he cancel it'
);
select tests.act_as('staff');
select is((select count(*) from public.memberships), 1::bigint, 'the studio sees its members');

-- The end comes by itself: no worker runs here
select tests.act_as('mia');
select tests.at('2031-01-31 09:00:06Z');
select is(tests.status('her gold'), 'trialing', 'to the last second of the trial');
select tests.at('2031-01-31 09:00:07Z');
select is(tests.status('her gold'), 'past_due', 'then the first period is due');
select ok(public.is_member(tests.id('gold')::text), 'she keeps the benefits in the grace');
select tests.at('2031-02-07 09:00:06Z');
select ok(public.is_member(tests.id('gold')::text), 'to its last second');
select tests.at('2031-02-07 09:00:07Z');
select ok(not public.is_member(tests.id('gold')::text), 'and not after it');
select is(tests.status('her gold'), 'expired', 'the membership is over');
select is(
    (select count(*) from public.services where id = tests.id('Members yoga')), 0::bigint,
    'the class of members is gone at that instant'
);

-- Joining again: no second trial
select tests.join('second', 'gold');
select is(tests.status('second'), 'past_due', 'a second time there is no trial');
select ok(not public.is_member(tests.id('gold')::text), 'nothing is granted before it is paid');
select tests.at('2031-02-07 15:30:00Z');
select tests.pay('second');
select is(tests.status('second'), 'active', 'paid, it is active');
select results_eq(
    $$ select paid_until, renews_at, due_until from public.memberships where id = tests.id('second') $$,
    $$ values ('2031-03-07 15:30:00Z'::timestamptz, '2031-03-07 15:30:00Z'::timestamptz,
               '2031-03-14 15:30:00Z'::timestamptz) $$,
    'for a month from the payment'
);
select results_eq(
    $$ select kind::text, name, plan_id, amount_minor from public.sale_lines order by name $$,
    $$ values ('membership', 'Gold', tests.id('gold'), 3000::bigint),
              ('service', 'Yoga', null::uuid, 1500::bigint) $$,
    'the plan is a line of a sale'
);

-- A pass
select tests.act_as('noah');
select tests.join('his pass', 'pass');
select tests.pay('his pass');
select is(tests.left_of('Three visits'), 3, 'a paid pass has its visits');
select tests.book('first', 'Yoga', '2031-02-10T10:00Z');
select is(tests.price_of('first'), 0::bigint, 'a visit pays for a class');
select is(tests.left_of('Three visits'), 2, 'and is used');
select results_eq(
    $$ select name, bearer, amount_minor from public.sale_line_discounts $$,
    $$ values ('Three visits', 'business', 1500::bigint) $$,
    'it is a named discount of the line'
);
select public.cancel_booking(tests.id('first')::text);
select is(tests.left_of('Three visits'), 3, 'cancelled in time, the visit comes back');
select tests.book('one', 'Yoga', '2031-02-10T10:00Z');
select tests.book('two', 'Yoga', '2031-02-11T10:00Z');
select tests.book('three', 'Yoga', '2031-02-12T10:00Z');
select tests.book('four', 'Yoga', '2031-02-13T10:00Z');
select is(tests.price_of('four'), 1500::bigint, 'after the last visit a class costs its price');
select is(tests.left_of('Three visits'), 0, 'and no visit is missing');
select is(
    (select remaining from public.allowances), 0, 'he sees what is left'
);
select tests.act_as_owner();
insert into catalog.cancellation_policies (id, business_id, name, is_default)
values (tests.named('strict'), tests.id('Studio'), 'Strict', true);
insert into catalog.cancellation_tiers (business_id, cancellation_policy_id, hours_before, fee_bps)
values (tests.id('Studio'), tests.id('strict'), 24, 10000);
update scheduling.bookings
set policy = scheduling.policy_of(tests.id('Yoga'))
where id in (tests.id('one'), tests.id('two'));
select tests.at('2031-02-10 09:00Z');
select tests.act_as('noah');
select public.cancel_booking(tests.id('one')::text);
select is(tests.left_of('Three visits'), 0, 'cancelled too late, a visit is used');
select tests.act_as('staff');
select public.cancel_booking(tests.id('two')::text);
select is(tests.left_of('Three visits'), 1, 'cancelled by the studio, it comes back');
select * from finish();
rollback;
