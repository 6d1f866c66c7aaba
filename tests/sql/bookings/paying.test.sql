-- Some bookings are paid before they are confirmed. A payment that comes too late confirms what is
-- still free, and is given back otherwise.
begin;
select plan(36);

-- Given a salon that asks for a fifth in advance, and a consultation that costs nothing in advance
select tests.at('2031-03-03 08:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.person('rival');
select tests.business('Salon', 'owner');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon', '08:00', '20:00');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.service('Wash', 'Salon', 60, 1000);
select tests.takes('Wash', 'Ann');
select tests.service('Wedding', 'Salon', 60, 9000);
select tests.takes('Wedding', 'Ann');
update catalog.services set prepayment_bps = 0 where id = tests.id('Wash');
update catalog.services set requires_confirmation = true, prepayment_bps = 10000
where id = tests.id('Wedding');
insert into catalog.cancellation_policies (
    id, business_id, name, is_default, no_show_fee_bps
)
values (tests.named('policy'), tests.id('Salon'), 'Strict', true, 5000);
insert into catalog.cancellation_tiers (
    business_id, cancellation_policy_id, hours_before, fee_minor
)
values (tests.id('Salon'), tests.id('policy'), 240, 700);

create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.book(
    called text, service text, starts_at text, is_hold boolean default false
) returns text
language plpgsql volatile security invoker set search_path = ''
as $$
declare
    v_booking public.bookings = public.book(
        tests.id(service)::text, starts_at, hold => is_hold::text
    );
begin
    perform tests.note(called, v_booking.id);
    return v_booking.status;
end;
$$;
create function tests.start(called text, booking text, amount text default null) returns bigint
language plpgsql volatile security invoker set search_path = ''
as $$
declare
    v_payment jsonb = public.start_payment(
        'sandbox', booking_id => tests.id(booking)::text, amount_minor => amount
    );
begin
    perform tests.note(called, (v_payment ->> 'id')::uuid);
    return v_payment ->> 'amount_minor';
end;
$$;
create function tests.pay(called text, kind text default 'payment.captured') returns text
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform money.start_call('create', tests.id(called));
    return money.finish_call('create', tests.id(called), (
        select jsonb_build_object(
            'kind', kind, 'reference', 'ref ' || called, 'amount_minor', amount_minor,
            'currency', currency
        )
        from money.payments where id = tests.id(called)
    )) ->> 'status';
end;
$$;
create function tests.status(called text) returns text
language sql stable security definer set search_path = ''
as $$ select status::text from scheduling.bookings where id = tests.id(called) $$;
create function tests.settle(called text) returns bigint
language sql volatile security definer set search_path = ''
as $$
    select money.settle_sale(business_id, sale_id) from scheduling.bookings
    where id = tests.id(called)
$$;
create function tests.announced(called text) returns text[]
language sql stable security definer set search_path = ''
as $$
    select array_agg(message -> 'kwargs' ->> 'topic' order by msg_id) from pgmq.q_notifications
    where message -> 'kwargs' -> 'payload' ->> 'booking_id' = tests.id(called)::text
$$;
grant execute on all functions in schema tests to anon, authenticated;

select tests.act_as('owner');
insert into public.payment_settings (business_id, prepayment_bps) values (tests.id('Salon'), 2000);
select throws_like(
    $$ update public.payment_settings set providers = '{barter}' $$, '%must each be a provider%',
    'a business offers what exists'
);
select throws_like(
    $$ update public.payment_settings set prepayment_bps = 10001 $$, '%must be from 0 to 10000%',
    'and asks for no more than all'
);

-- Paying confirms
select tests.act_as('customer');
select is(tests.book('wash', 'Wash', '2031-03-04 08:00Z'), 'confirmed', 'a service may ask for nothing');
select is(tests.book('cut', 'Cut', '2031-03-04 09:00Z'), 'pending_payment', 'another waits for the payment');
select is(
    (select hold_expires_at from public.bookings where id = tests.id('cut')),
    '2031-03-03 08:15Z', 'for as long as a hold'
);
select is(
    (public.confirm_booking(tests.id('cut')::text)).status::text, 'pending_payment',
    'confirming it does not help'
);
select tests.act_as('owner');
select throws_ok(
    $$ select public.confirm_booking(tests.id('cut')::text) $$, 'PT409',
    'This booking must be paid before it is confirmed.', 'not even the business'
);
select tests.act_as('customer');
select throws_like(
    $$ select tests.start('x', 'cut', '999') $$, '%must be from 1000 to 5000%', 'a fifth is the least'
);
select is(tests.start('deposit', 'cut'), 1000::bigint, 'and what is paid by default');
select tests.pay('deposit', 'payment.requires_action');
select is(tests.status('cut'), 'pending_payment', 'a step for the payer confirms nothing');
select tests.act_as('owner');
select is(
    (select count(*) from public.sales where balance_minor = 5000), 1::bigint, 'all is owed'
);
select tests.act_as_owner();
select is(
    money.reconcile_payment('sandbox', '{"reference": "ref deposit", "status": "captured",
    "captured_minor": 1000, "amount_minor": 1000, "currency": "EUR"}'),
    false, 'a missed event is found in the list'
);
select is(
    money.reconcile_payment('sandbox', '{"reference": "ref deposit", "status": "captured",
    "captured_minor": 1000, "amount_minor": 1000, "currency": "EUR"}'),
    true, 'once'
);
select is(tests.status('cut'), 'confirmed', 'a captured payment confirms');
select is(
    tests.announced('cut'), '{booking.pending_payment,booking.confirmed}', 'which is announced once'
);

-- A hold, a request, a reservation
select tests.act_as('customer');
select is(tests.book('held', 'Cut', '2031-03-04 11:00Z', true), 'held', 'a hold is held');
select is(
    (public.confirm_booking(tests.id('held')::text)).status::text, 'pending_payment',
    'then it is paid'
);
select tests.start('reserved', 'held', '5000');
select tests.pay('reserved', 'payment.authorized');
select is(tests.status('held'), 'confirmed', 'reserved money is enough');
select is(tests.book('wedding', 'Wedding', '2031-03-04 13:00Z'), 'pending_payment', 'a request is paid first');
select tests.start('all', 'wedding');
select tests.pay('all');
select is(tests.status('wedding'), 'pending', 'and then waits for the business');
select tests.act_as('owner');
select public.reject_booking(tests.id('wedding')::text, 'Away');
select is(tests.settle('wedding'), 9000::bigint, 'a rejection gives it back');

-- Cancelling charges exactly its quote
select tests.act_as('customer');
select is(
    public.cancellation_quote(tests.id('cut')::text) -> 'paid_back_minor', '300', 'of 1000 paid, 700 is the fee'
);
select public.cancel_booking(tests.id('cut')::text, 'Ill');
select is(tests.settle('cut'), 300::bigint, 'the rest is given back');
select is(tests.settle('cut'), 0::bigint, 'once');

-- A payment that comes after the time ran out
select tests.act_as('customer');
select tests.book('late', 'Cut', '2031-03-05 09:00Z');
select tests.start('slow', 'late');
select tests.pay('slow', 'payment.requires_action');
select tests.book('sold', 'Cut', '2031-03-05 11:00Z');
select tests.start('slower', 'sold');
select tests.pay('slower', 'payment.requires_action');
select tests.at('2031-03-03 09:00Z');
select tests.act_as_owner();
select scheduling.apply_due_transitions(100);
select is(tests.status('late'), 'expired', 'unpaid time is free again');
select tests.act_as('rival');
select is(tests.book('other', 'Wash', '2031-03-05 11:00Z'), 'confirmed', 'and taken by somebody else');
select tests.act_as_owner();
select money.reconcile_payment('sandbox', '{"reference": "ref slow", "status": "captured",
    "captured_minor": 1000, "amount_minor": 1000, "currency": "EUR"}');
select is(tests.status('late'), 'confirmed', 'what is still free is confirmed');
select is(
    (select balance_minor from public.sales inner join scheduling.bookings
    on bookings.sale_id = sales.id where bookings.id = tests.id('late')),
    4000::bigint, 'and owed again'
);
select money.reconcile_payment('sandbox', '{"reference": "ref slower", "status": "captured",
    "captured_minor": 1000, "amount_minor": 1000, "currency": "EUR"}');
select is(tests.status('sold'), 'expired', 'what is gone stays gone');
select is(tests.status('other'), 'confirmed', 'the other keeps it');
select is(tests.settle('sold'), 1000::bigint, 'the payment goes back');
select is(tests.settle('sold'), 0::bigint, 'once');

-- Cash, tips and fees at the counter
select tests.act_as('owner');
select is(
    public.record_cash_payment((select sale_id from public.bookings where id = tests.id('late'))::text)
    ->> 'amount_minor', '4000', 'a member takes the rest in cash'
);
select is(
    (public.add_tip((select sale_id from public.bookings where id = tests.id('late'))::text, '500')).balance_minor,
    500::bigint, 'a tip is owed'
);
select tests.at('2031-03-05 10:30Z');
select lives_ok(
    $$ select public.mark_no_show(tests.id('late')::text) $$, 'a customer does not come'
);
select is(
    (select balance_minor from public.sales inner join public.bookings
    on bookings.sale_id = sales.id where bookings.id = tests.id('late')),
    -2000::bigint, 'they owe the fee and the tip, and get the rest'
);

select * from finish();
rollback;
