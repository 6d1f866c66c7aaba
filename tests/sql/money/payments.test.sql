-- A payment begins for what is owed, moves only up, and gives back only what was taken.
begin;
select plan(65);

-- Given a salon with a cut for 50.00, two bookings of a customer, and a stranger
select tests.at('2031-03-03 08:00Z');
select tests.person('owner');
select tests.person('staff');
select tests.person('customer');
select tests.person('stranger');
select tests.person('finance');
insert into identity.platform_staff (user_id, role) values (tests.id('finance'), 'finance');
select tests.business('Salon', 'owner');
select tests.member('staff', 'Salon', 'staff');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon', '08:00', '20:00');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');

create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.book(called text, starts_at text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
    perform tests.note(called, (public.book(tests.id('Cut')::text, starts_at)).id);
end;
$$;
create function tests.sale_of(called text) returns uuid
language sql stable security definer set search_path = ''
as $$ select bookings.sale_id from scheduling.bookings where bookings.id = tests.id(called) $$;
create function tests.start(called text, booking text, amount text default null) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
    perform tests.note(called, (public.start_payment(
        'sandbox', booking_id => tests.id(booking)::text, amount_minor => amount
    ) ->> 'id')::uuid);
end;
$$;
create function tests.say(
    event_id text, kind text, reference text, amount bigint, currency text default 'EUR',
    payment text default null, data jsonb default '{}'
) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform money.receive_event(jsonb_build_object(
        'provider', 'sandbox', 'event_id', event_id, 'kind', kind, 'object_reference', reference,
        'payment_reference', payment, 'amount_minor', amount, 'currency', currency,
        'occurred_at', private.now(), 'data', data
    ), '\x00ff');
    select provider_events.id into v_id from money.provider_events
    where provider_events.event_id = say.event_id;
    return money.apply_event(v_id);
end;
$$;
create function tests.created(called text, reference text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform money.start_call('create', tests.id(called));
    return money.finish_call('create', tests.id(called), jsonb_build_object(
        'kind', 'payment.requires_action', 'reference', reference,
        'client', '{"kind": "redirect", "url": "https://pay.example/1"}'::jsonb
    ));
end;
$$;
create function tests.status(called text) returns text
language sql stable security definer set search_path = ''
as $$ select status::text from money.payments where id = tests.id(called) $$;
create function tests.balance(booking text) returns bigint
language sql stable security definer set search_path = ''
as $$
    select balance_minor from public.sales where sales.id = tests.sale_of(booking)
$$;
create function tests.part(called text) returns money.payment_parts
language sql stable security definer set search_path = ''
as $$ select payment_parts from money.payment_parts where payment_id = tests.id(called) limit 1 $$;
create function tests.messages(actor text) returns setof jsonb
language sql stable security definer set search_path = ''
as $$
    select q_payments.message -> 'kwargs' from pgmq.q_payments
    where q_payments.message ->> 'actor_name' = actor order by msg_id
$$;
create function tests.refund_answer(kind text, reference text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_refund money.refunds;
begin
    select * into v_refund from money.refunds where status = 'pending' order by created_at, id limit 1;
    perform money.start_call('refund', v_refund.id);
    perform money.finish_call('refund', v_refund.id, jsonb_build_object(
        'kind', kind, 'reference', reference, 'amount_minor', v_refund.amount_minor,
        'currency', v_refund.currency
    ));
end;
$$;
grant execute on all functions in schema tests to anon, authenticated;

select tests.act_as('customer');
select tests.book('morning', '2031-03-04 09:00Z');
select tests.book('noon', '2031-03-04 12:00Z');

-- What cannot be paid
select throws_like(
    $$ select public.start_payment('sandbox', membership_id => tests.id('noon')::text) $$,
    '%There is nothing of that kind to pay%', 'what is no membership is not found'
);
select throws_like(
    $$ select public.start_payment('sandbox') $$, '%only one of them%', 'nobody pays nothing'
);
select throws_ok(
    $$ select public.start_payment('barter', booking_id => tests.id('noon')::text) $$,
    'PT422', 'This cannot be paid with that provider.', 'a provider must exist'
);
select throws_ok(
    $$ select public.start_payment('cash', booking_id => tests.id('noon')::text) $$,
    'PT422', 'This cannot be paid with that provider.', 'customers do not record cash'
);
select throws_like(
    $$ select tests.start('x', 'noon', '5001') $$, '%must be from 1 to 5000%',
    'nobody pays more than is owed'
);
select tests.act_as('stranger');
select throws_ok(
    $$ select tests.start('x', 'noon') $$, 'PT404', 'There is nothing of that kind to pay.',
    'a stranger pays nobody else''s booking'
);
select tests.act_as_anon();
select throws_ok(
    $$ select tests.start('x', 'noon') $$, 'PT401', 'Sign in first.', 'and nobody without an account'
);

-- A payment begins
select tests.act_as('customer');
select tests.start('first', 'morning');
select is(
    (select amount_minor from public.payments where id = tests.id('first')), 5000::bigint,
    'a customer pays what is owed'
);
select is(
    (select status::text from public.payment_parts where payment_id = tests.id('first')),
    'pending', 'and sees the part of the sale'
);
select throws_ok(
    $$ select client from money.payments $$, '42501', null, 'what the browser needs is not read'
);
select is(
    tests.created('first', 'ref_1') -> 'client' ->> 'url', 'https://pay.example/1',
    'but answered to whoever started it'
);
select is(tests.status('first'), 'requires_action', 'the provider waits for the payer');
select tests.act_as_owner();
select is(money.start_call('create', tests.id('first')), null, 'nobody asks for it twice');

-- The business sees its part alone
select tests.act_as('owner');
select is((select count(*) from public.payments), 0::bigint, 'the business sees no payment');
select is((select amount_minor from public.payment_parts), 5000::bigint, 'but its part');
select tests.act_as('stranger');
select is((select count(*) from public.payment_parts), 0::bigint, 'a stranger sees none');
select tests.act_as('finance');
select is((select count(*) from public.payments), 1::bigint, 'finance sees the payment');

-- Events, in any order and any number
select is(tests.say('e0', 'payment.captured', 'ref_9', 5000), 'parked', 'an unknown one waits');
select is(
    tests.say('e1', 'payment.captured', 'ref_1', 4999), 'finding', 'another amount is a finding'
);
select is(
    tests.say('e2', 'payment.captured', 'ref_1', 5000, 'USD'), 'finding',
    'another currency is a finding'
);
select is(tests.status('first'), 'requires_action', 'and neither pays');
select is(
    (select array_agg(kind order by kind) from public.payment_findings),
    '{amount_differs,currency_differs}', 'finance reads both'
);
select is(tests.say('e3', 'payment.captured', 'ref_1', 5000), 'applied', 'the right one pays');
select is(tests.say('e3', 'payment.captured', 'ref_1', 5000), null, 'once');
select is(
    tests.say('e4', 'payment.captured', 'ref_1', 5000), 'unchanged', 'also under another event id'
);
select is(tests.say('e5', 'payment.failed', 'ref_1', 5000), 'applied', 'what comes late');
select is(tests.status('first'), 'captured', 'does not undo it');
select is(tests.balance('morning'), 0::bigint, 'nothing is owed any more');
select tests.act_as_owner();
select is(
    (select sum(entries.amount_minor) from money.entries inner join money.accounts
    on accounts.id = entries.account_id where accounts.kind = 'business_pending'),
    -5000::numeric, 'the ledger holds it for the business'
);
select throws_ok(
    $$ update money.payments set status = 'pending' where id = tests.id('first') $$,
    'PT409', 'A payment that is captured cannot become pending.', 'nothing moves back'
);

-- An event overtakes the answer of the call
select tests.act_as('customer');
select tests.start('second', 'noon', '2000');
select tests.act_as_owner();
select is(tests.say('e6', 'payment.captured', 'ref_2', 2000), 'parked', 'an event overtakes us');
select is((tests.created('second', 'ref_2') ->> 'status'), 'requires_action', 'the answer comes');
select isnt_empty(
    $$ select 1 from tests.messages('apply_event') as kwargs
    inner join money.provider_events on id = (kwargs ->> 'event_id')::uuid
    where event_id = 'e6' offset 1 $$,
    'and the event is sent again'
);
select is(tests.say('e6', 'payment.captured', 'ref_2', 2000), 'applied', 'which pays');
select is(tests.balance('noon'), 3000::bigint, 'a part is paid');

-- Starting again replaces what was not finished; what is paid twice is given back
select tests.act_as('customer');
select tests.at('2031-03-03 08:05Z');
select tests.start('third', 'noon');
select tests.created('third', 'ref_3');
select tests.start('fourth', 'noon');
select isnt_empty(
    $$ select 1 from tests.messages('ask_provider') as kwargs where kwargs =
    jsonb_build_object('call', 'cancel', 'subject_id', tests.id('third')) $$,
    'starting again cancels what was not finished'
);
select tests.created('fourth', 'ref_4');
select is(tests.say('e7', 'payment.captured', 'ref_4', 3000), 'applied', 'the new one is paid');
select is(tests.say('e8', 'payment.captured', 'ref_3', 3000), 'applied', 'the old one as well');
select is(tests.balance('noon'), -3000::bigint, 'so too much was paid');
select tests.act_as_owner();
select isnt_empty(
    $$ select 1 from tests.messages('settle_sale') as kwargs
    where kwargs ->> 'sale_id' = tests.sale_of('noon')::text $$,
    'which is settled'
);
select is(
    money.settle_sale(tests.id('Salon'), tests.sale_of('noon')), 3000::bigint, 'by giving it back'
);
select is(
    money.settle_sale(tests.id('Salon'), tests.sale_of('noon')), 0::bigint, 'once'
);
select tests.refund_answer('refund.succeeded', 'rf_1');
select is(tests.balance('noon'), 0::bigint, 'then nothing is owed');
select is((tests.part('third')).refunded_minor + (tests.part('fourth')).refunded_minor, 3000::bigint,
    'one of the two was refunded');

select is(
    (select count(*) from public.documents where sale_id = tests.sale_of('noon') and kind = 'receipt'),
    1::bigint, 'and the receipt is issued'
);
select money.settle_sale(tests.id('Salon'), tests.sale_of('noon'));
select is(
    (select count(*) from public.documents where sale_id = tests.sale_of('noon') and kind = 'receipt'),
    1::bigint, 'once'
);

-- Members refund
select tests.act_as('staff');
select throws_ok(
    $$ select public.refund_payment(tests.id('first')::text, 'Sorry') $$,
    'PT403', 'You are not allowed to refund this payment.', 'staff refund nothing'
);
select tests.act_as('owner');
select throws_ok(
    $$ select public.refund_payment(tests.id('first')::text, 'Sorry', '5001') $$,
    'PT409', 'Less than that is left of the payment.', 'nobody refunds more than was taken'
);
select is(
    (public.refund_payment(tests.id('first')::text, 'Sorry', '1000', idempotency_key => 'r1')).status::text,
    'pending', 'an owner refunds a part'
);
select is(
    (public.refund_payment(tests.id('first')::text, 'Sorry', '1000', idempotency_key => 'r1')).amount_minor,
    1000::bigint, 'a repetition answers the same'
);
select is((select count(*) from public.refunds where reason = 'Sorry'), 1::bigint, 'and refunds once');
select is(tests.balance('morning'), -1000::bigint, 'the sale is cheaper, and not yet given back');
select tests.refund_answer('refund.failed', 'rf_2');
select is((tests.part('first')).refunding_minor, 0::bigint, 'one that failed frees its amount');
select is(tests.status('first'), 'captured', 'and changes nothing');
select is(tests.say('e9', 'refund.succeeded', 'rf_2', 1000, payment => 'ref_1'), 'applied',
    'its provider may still say otherwise');
select is(tests.status('first'), 'partially_refunded', 'then it is refunded');
select is(tests.say('e10', 'refund.failed', 'rf_2', 1000, payment => 'ref_1'), 'unchanged',
    'for good');
select lives_ok(
    format(
        $$ select public.refund_payment(%L, 'Line', lines => %L) $$, tests.id('first'),
        (select jsonb_build_array(jsonb_build_object('sale_line_id', id))
        from public.sale_lines where sale_id = tests.sale_of('morning') and revision = 0)::text
    ),
    'a line is refunded with what it still costs'
);
select tests.refund_answer('refund.succeeded', 'rf_3');
select is(tests.status('first'), 'refunded', 'until all is given back');
select is(tests.balance('morning'), 0::bigint, 'and the sale costs nothing');
select throws_ok(
    $$ select public.refund_payment(tests.id('first')::text, 'More') $$,
    'PT409', 'Less than that is left of the payment.', 'nothing is left'
);

-- Disputes
select tests.act_as_owner();
select is(
    tests.say('d1', 'dispute.opened', 'dp_1', 2000, payment => 'ref_2', data => '{"fee_minor": "1500"}'),
    'applied', 'a bank takes it back'
);
select is(tests.status('second'), 'disputed', 'the payment is disputed');
select is(tests.say('d2', 'dispute.won', 'dp_1', 2000, payment => 'ref_2'), 'applied', 'it is won');
select is(tests.status('second'), 'captured', 'and paid again');

select * from finish();
rollback;
