-- Analysts count members, churn and monthly revenue; every figure follows from the rows.
begin;
select plan(18);

-- Given a studio in Berlin with plans of a month, a year, a week after a trial, and a pass
select tests.at('2031-01-20 09:00:00Z');
select tests.person('owner');
select tests.person('mia');
select tests.person('noah');
select tests.person('ann');
select tests.person('ben');
select tests.person('pia');
select tests.person('eve');
select tests.person('zoe');
select tests.business('Studio', 'owner', 'Europe/Berlin');
insert into memberships.membership_plans (
    id, business_id, name, access, renews, period_unit, trial_days
)
values
(tests.named('gold'), tests.id('Studio'), 'Gold', 'gold', true, 'month', 0),
(tests.named('yearly'), tests.id('Studio'), 'Yearly', 'gold', true, 'year', 0),
(tests.named('weekly'), tests.id('Studio'), 'Weekly', 'gold', true, 'week', 14),
(tests.named('pass'), tests.id('Studio'), 'Pass', 'pass', false, 'year', 0);
insert into memberships.plan_prices (business_id, plan_id, currency, price_minor)
values
(tests.id('Studio'), tests.id('gold'), 'EUR', 3000),
(tests.id('Studio'), tests.id('yearly'), 'EUR', 12000),
(tests.id('Studio'), tests.id('weekly'), 'EUR', 700),
(tests.id('Studio'), tests.id('pass'), 'EUR', 5000);

create function tests.pay(who text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_payment_id uuid = (
        public.start_payment('sandbox', membership_id => tests.id(who || ' membership')::text)
        ->> 'id'
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
create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.join(who text, plan text, moment timestamptz, pays boolean default true)
returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
    perform tests.at(moment);
    perform tests.act_as(who);
    perform tests.note(
        who || ' membership', (public.join_membership(tests.id(plan)::text)).id
    );
    if pays then
        perform tests.pay(who);
    end if;
    perform tests.act_as_owner();
end;
$$;

-- Mia joins half an hour before February in Berlin, Noah half an hour into it; Eve never pays
select tests.join('mia', 'gold', '2031-01-31 22:30Z');
select tests.join('noah', 'gold', '2031-01-31 23:30Z');
select tests.act_as('mia');
select public.cancel_membership(tests.id('mia membership')::text);
select tests.join('eve', 'gold', '2031-02-01 09:00Z', false);
select tests.act_as_role('analyst');
select is(
    (select sum(members) from analytics.active_members), 2::numeric,
    'whoever has not paid the first period is no member'
);
select tests.act_as_owner();
select tests.join('ann', 'yearly', '2031-02-10 09:00Z');
select tests.join('ben', 'weekly', '2031-02-20 09:00Z', false);
select tests.join('pia', 'pass', '2031-02-21 09:00Z');

select tests.at('2031-02-25 09:00Z');
select tests.act_as_role('analyst');
select results_eq(
    $$ select renews, status::text, members, mrr_minor from analytics.active_members
       order by plan_id = tests.id('gold') desc, plan_id = tests.id('yearly') desc, renews desc $$,
    $$ values
        (true, 'active', 2::bigint, 6000::bigint),
        (true, 'active', 1, 1000),
        (true, 'trialing', 1, 0),
        (false, 'active', 1, 0) $$,
    'who cancelled is a member to the end; a year is twelve months; trials and passes are no revenue'
);

-- March: Mia's membership is over, Noah does not pay, Ben pays his first week and not the second,
-- and Zoe joins and leaves
select tests.act_as_owner();
select tests.join('zoe', 'gold', '2031-03-02 09:00Z');
select tests.at('2031-03-04 09:00Z');
select tests.act_as('zoe');
select public.cancel_membership(tests.id('zoe membership')::text, 'false');
select tests.act_as_owner();
select tests.at('2031-03-06 09:00Z');
select memberships.run_due(100);
select tests.act_as('ben');
select tests.pay('ben');
select tests.act_as_owner();
select tests.at('2031-03-14 09:00Z');
select memberships.run_due(100);
select memberships.run_due(100);

select tests.act_as_role('analyst');
select results_eq(
    $$ select month, members_at_start, joined, "left", members_at_end, churn_bps, mrr_minor
       from analytics.membership_months order by month $$,
    $$ values
        ('2031-01-01'::date, 0::bigint, 1::bigint, 0::bigint, 1::bigint, null, 3000::bigint),
        ('2031-02-01', 1, 3, 1, 3, 10000, 4000),
        ('2031-03-01', 3, 1, 2, 2, 3333, 4044) $$,
    'months are those of Berlin; who does not pay leaves when the grace is over'
);
select results_eq(
    $$ select plan_id, status::text, mrr_minor from analytics.active_members
       where renews order by mrr_minor $$,
    $$ values
        (tests.id('yearly'), 'active', 1000::bigint), (tests.id('weekly'), 'past_due', 3044) $$,
    'an unpaid period counts during its grace, and a week is 7 days of 30.436875'
);
select is(
    (select sum(mrr_minor) from analytics.active_members),
    (select mrr_minor::numeric from analytics.membership_months where month = '2031-03-01'),
    'both views agree about this month'
);

-- The same with every worker stopped: nobody recorded any end
select tests.act_as_owner();
update memberships.memberships set closed_at = null where closed_at is not null;
select tests.act_as_role('analyst');
select results_eq(
    $$ select members_at_end, "left" from analytics.membership_months order by month $$,
    $$ values (1::bigint, 0::bigint), (3, 1), (2, 2) $$,
    'time alone ends memberships, in the figures too'
);

-- A recount, row by row
select tests.act_as_owner();
select memberships.run_due(100);
select is(
    (select sum(members) from analytics.active_members),
    (
        select count(*)::numeric from public.memberships
        where
            status not in ('cancelled', 'expired')
            and exists (
                select 1 from public.membership_periods
                where membership_id = memberships.id and paid_at is not null
            )
    ),
    'the members are those of the rows'
);
select is(
    (select sum(joined) from analytics.membership_months),
    (
        select count(distinct membership_id)::numeric from public.membership_periods
        where
            paid_at is not null
            and membership_id in (select id from public.memberships where renews)
    ),
    'whoever paid or tried joined once'
);
select is(
    (select sum("left") from analytics.membership_months),
    (
        select count(*)::numeric from public.memberships
        where
            renews and status in ('cancelled', 'expired')
            and id in (select membership_id from public.membership_periods where paid_at is not null)
    ),
    'and whoever is none any more left once'
);
select is_empty(
    $$ select 1 from (
           select members_at_end, lead(members_at_start) over (order by month) as then_at_start,
               members_at_start + joined - "left" as balance
           from analytics.membership_months
       ) as months
       where balance <> members_at_end or then_at_start <> members_at_end $$,
    'each month ends with as many as the next begins'
);

-- Ann rests
select tests.act_as('ann');
select public.pause_membership(tests.id('ann membership')::text);
select tests.act_as_role('analyst');
select results_eq(
    $$ select members, mrr_minor from analytics.active_members where status = 'paused' $$,
    $$ values (1::bigint, 0::bigint) $$,
    'somebody who rests is a member without revenue'
);
select results_eq(
    $$ select members_at_end, mrr_minor from analytics.membership_months
       where month = '2031-03-01' $$,
    $$ values (2::bigint, 3044::bigint) $$,
    'in the month too'
);
select is(
    (select mrr_minor from analytics.membership_months where month = '2031-02-01'),
    4000::bigint, 'and the months before stay as they were'
);

-- Noah pays late
select tests.act_as('noah');
select tests.pay('noah');
select tests.act_as_role('analyst');
select results_eq(
    $$ select members_at_start, "left", members_at_end, churn_bps, mrr_minor
       from analytics.membership_months where month = '2031-03-01' $$,
    $$ values (3::bigint, 1::bigint, 3::bigint, 0, 6044::bigint) $$,
    'a paid overdue invoice restores the membership as if it had never ended'
);

-- Who may look
select throws_ok(
    'select user_id from memberships.memberships', '42501', null,
    'an analyst does not see who is a member'
);
select throws_ok(
    'select plan_id, sale_id from memberships.membership_periods', '42501', null,
    'nor what they were charged'
);
select tests.act_as('owner');
select throws_ok(
    'select * from analytics.active_members', '42501', null,
    'the figures of all businesses are not those of an owner'
);
select throws_ok(
    'select * from analytics.membership_months', '42501', null, 'neither are the months'
);
select finish();
rollback;
