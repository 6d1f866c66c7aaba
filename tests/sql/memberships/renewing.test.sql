-- Memberships renew: each period once, charged to the saved card, tried again when it fails, alive
-- through the grace and not after it. A payment that comes late restores them.
begin;
select plan(37);

-- Given a studio in Berlin with a plan of 30.00 a month, and Mia, who has a saved card
select tests.at('2031-01-31 09:00:00Z');
select tests.person('owner');
select tests.person('mia');
select tests.person('noah');
select tests.business('Studio', 'owner', 'Europe/Berlin');
insert into memberships.membership_plans (id, business_id, name, rank, access, credits)
values (tests.named('gold'), tests.id('Studio'), 'Gold', 10, 'gold', 4);
select tests.service('Yoga', 'Studio', 60, 1500);
insert into memberships.plan_services (business_id, plan_id, service_id)
values (tests.id('Studio'), tests.id('gold'), tests.id('Yoga'));
insert into memberships.plan_prices (business_id, plan_id, currency, price_minor)
values (tests.id('Studio'), tests.id('gold'), 'EUR', 3000);
insert into money.payment_methods (id, user_id, provider, provider_reference, brand, last4)
values (tests.named('card'), tests.id('mia'), 'sandbox', 'pm_mia', 'visa', '4242');

create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.status(called text) returns text
language sql stable security definer set search_path = ''
as $$ select status::text from public.memberships where id = tests.id(called) $$;
create function tests.open_payment(called text) returns uuid
language sql stable security definer set search_path = ''
as $$
    select payments.id
    from memberships.membership_periods as periods
    inner join money.payment_parts on payment_parts.sale_id = periods.sale_id
    inner join money.payments on payments.id = payment_parts.payment_id
    where periods.membership_id = tests.id(called) and payments.status = 'pending'
$$;
create function tests.answer(payment_id uuid, kind text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform money.start_call('create', payment_id);
    perform money.finish_call('create', payment_id, jsonb_strip_nulls(jsonb_build_object(
        'kind', kind, 'reference', 'ref ' || payment_id,
        'amount_minor', payments.amount_minor, 'currency', payments.currency,
        'data', case kind when 'payment.failed' then '{"failure": "card_declined"}'::jsonb end
    )))
    from money.payments where payments.id = answer.payment_id;
end;
$$;
create function tests.pay(called text) returns void
language sql volatile security definer set search_path = ''
as $$ select tests.answer(tests.open_payment(called), 'payment.captured') $$;
create function tests.fail(called text) returns void
language sql volatile security definer set search_path = ''
as $$ select tests.answer(tests.open_payment(called), 'payment.failed') $$;
create function tests.told(called text) returns text[]
language sql stable security definer set search_path = ''
as $$
    select coalesce(array_agg(message #>> '{kwargs,topic}' order by msg_id), '{}')
    from pgmq.q_notifications
    where message #>> '{kwargs,payload,membership_id}' = tests.id(called)::text
$$;
grant execute on all functions in schema tests to anon, authenticated;

-- Joining with a card
select tests.act_as('noah');
select throws_ok(
    $$ select public.join_membership(tests.id('gold')::text, payment_method_id => tests.id('card')::text) $$,
    'PT404', 'You have no such payment method.', 'nobody joins with the card of somebody else'
);
select tests.act_as('mia');
select tests.note('hers', (public.join_membership(
    tests.id('gold')::text, payment_method_id => tests.id('card')::text, idempotency_key => 'a'
)).id);
select is(
    (public.join_membership(
        tests.id('gold')::text, payment_method_id => tests.id('card')::text, idempotency_key => 'a'
    )).id,
    tests.id('hers'), 'a repeated call joins once'
);
select results_eq(
    $$ select number, failed_at is null from public.membership_charges $$,
    'values (1, true)', 'the saved card is charged at once'
);
select tests.pay('hers');
select is(tests.status('hers'), 'active', 'paid, she is a member');
select results_eq(
    'select granted, ends_at from public.allowances',
    $$ values (4, '2031-02-28 09:00:00Z'::timestamptz) $$,
    'with the credits of the period, which ends on the last of February'
);
select tests.act_as_owner();
select is(memberships.run_due(100), 0, 'nothing is due before the period ends');

-- A reminder
select tests.at('2031-02-26 09:00:00Z');
select memberships.run_due(100);
select memberships.run_due(100);
select is(
    tests.told('hers'),
    '{membership.started,membership.joined,membership.renewing}'::text[],
    'she is reminded once, three days before'
);

-- A renewal
select tests.at('2031-02-28 09:00:00Z');
select is(memberships.renew_due(100), 1, 'at the end of the period it renews');
select is(memberships.renew_due(100), 0, 'once');
select is(
    (
        select count(*) from memberships.charge_attempts
        inner join memberships.membership_periods as periods on periods.id = period_id
        where periods.number = 2
    ),
    1::bigint, 'the card is charged'
);
select is(memberships.charge_due(100), 0, 'once');
select is(tests.status('hers'), 'past_due', 'until the payment comes it is due');
select results_eq(
    $$ select number, starts_at, ends_at, paid_at is null from memberships.membership_periods
       where number = 2 $$,
    $$ values (2, '2031-02-28 09:00Z'::timestamptz, '2031-03-31 08:00Z'::timestamptz, true) $$,
    'periods are counted from the anchor, on the clock of Berlin'
);
select tests.act_as('mia');
select results_eq(
    $$ select kind::text, plan_id, amount_minor from public.sale_lines
       where sale_id = (select sale_id from public.membership_periods where number = 2) $$,
    $$ values ('membership', tests.id('gold'), 3000::bigint) $$,
    'each period has an invoice'
);
select tests.pay('hers');
select is(tests.status('hers'), 'active', 'paid, it goes on');
select is(
    (select renews_at from public.memberships), '2031-03-31 08:00Z'::timestamptz,
    'to the next period'
);
select is((select count(*) from public.allowances), 2::bigint, 'with credits of its own');

-- Dunning
select tests.act_as_owner();
select tests.at('2031-03-31 08:00Z');
select memberships.run_due(100);
select tests.fail('hers');
select results_eq(
    $$ select next_charge_at from memberships.membership_periods where number = 3 $$,
    $$ values ('2031-04-01 08:00Z'::timestamptz) $$,
    'a failed charge is tried again a day later'
);
select is(memberships.charge_due(100), 0, 'not before');
select tests.at('2031-04-01 08:00Z');
select is(memberships.charge_due(100), 1, 'but then');
select tests.fail('hers');
select is(
    (select next_charge_at from memberships.membership_periods where number = 3),
    '2031-04-03 08:00Z'::timestamptz, 'then two days later, as the plan says'
);
select tests.at('2031-04-03 08:00Z');
select memberships.charge_due(100);
select tests.fail('hers');
select tests.at('2031-04-05 08:00Z');
select memberships.charge_due(100);
select tests.fail('hers');
select is(
    (select next_charge_at from memberships.membership_periods where number = 3), null,
    'after the last attempt the card rests'
);
select results_eq(
    'select number, failure from memberships.charge_attempts where at >= ''2031-03-31'' order by number',
    $$ values (1, 'card_declined'), (2, 'card_declined'), (3, 'card_declined'),
              (4, 'card_declined') $$,
    'every attempt is kept'
);
select is(
    (select count(*) from unnest(tests.told('hers')) as topic where topic = 'membership.payment_failed'),
    4::bigint, 'and she hears of each'
);
select tests.act_as('mia');
select ok(public.is_member(tests.id('gold')::text), 'she is a member to the end of the grace');
select tests.act_as_owner();
select tests.at('2031-04-07 08:00Z');
select memberships.run_due(100);
select is(tests.status('hers'), 'expired', 'then it is over');
select tests.act_as('mia');
select ok(not public.is_member(tests.id('gold')::text), 'and so are its benefits');

-- A late payment
select tests.at('2031-04-10 08:00Z');
select isnt(
    public.start_payment('sandbox', membership_id => tests.id('hers')::text), null,
    'the invoice can still be paid'
);
select tests.pay('hers');
select is(tests.status('hers'), 'active', 'a paid overdue invoice restores the membership');
select ok(public.is_member(tests.id('gold')::text), 'with its benefits');
select is(
    (select paid_until from public.memberships), '2031-04-30 08:00Z'::timestamptz,
    'to the end of the period that was paid'
);

-- A scheduler that was down for a month
select tests.act_as_owner();
select tests.at('2031-06-05 08:00Z');
select memberships.run_due(100);
select memberships.run_due(100);
select is(
    (select max(number) from memberships.membership_periods), 3,
    'nobody is renewed after the grace'
);
select is(
    (select count(*) from money.payments where created_at > '2031-04-30'), 0::bigint,
    'and nobody is charged'
);
select is(tests.status('hers'), 'expired', 'the membership ended with its grace');
select is(
    (select ends_at from memberships.memberships), '2031-05-07 08:00Z'::timestamptz,
    'at that very instant, whenever it is recorded'
);

-- Who never pays
select tests.act_as('noah');
select tests.note('his', (public.join_membership(tests.id('gold')::text)).id);
select tests.at('2031-06-06 08:00Z');
select tests.act_as_owner();
select memberships.run_due(100);
select is(tests.status('his'), 'expired', 'what is not paid within a day did not begin');
select is(
    (select balance_minor from public.sales where customer_id = tests.id('noah')), 0::bigint,
    'and its invoice is taken back'
);
select tests.require_balanced_ledger();
select * from finish();
rollback;
