-- A card is saved without a payment, guarantees a booking, is asked once for each fee, and is gone at
-- its provider when it is removed here.
begin;
select plan(59);

-- Given a salon that charges 20.00 for not coming, a customer with a booking, and a stranger
select tests.at('2031-03-03 08:00Z');
select tests.person('owner');
select tests.person('staff');
select tests.person('customer');
select tests.person('stranger');
select tests.business('Salon', 'owner');
select tests.member('staff', 'Salon', 'staff');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon', '08:00', '20:00');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
insert into catalog.cancellation_policies (business_id, name, is_default, no_show_fee_minor)
values (tests.id('Salon'), 'Strict', true, 2000);

create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.say(event text, kind text, reference text, data jsonb) returns text
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform money.receive_event(jsonb_build_object(
        'provider', 'sandbox', 'event_id', event, 'kind', kind, 'object_reference', reference,
        'occurred_at', private.now(), 'data', data
    ), '\x00');
    return money.apply_event((select id from money.provider_events where event_id = event));
end;
$$;
create function tests.saved(called text, reference text) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_told text = tests.say('saved ' || reference, 'method.saved', reference, '{"customer": "cus_1",
        "brand": "visa", "last4": "4242", "expires_on": "2031-12"}');
begin
    perform tests.note(called, id) from money.payment_methods where provider_reference = reference;
    return v_told;
end;
$$;
create function tests.call(call text, subject uuid, answer jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_job jsonb = money.start_call(call::money.provider_call, subject);
begin
    if v_job is not null then
        perform money.finish_call(call::money.provider_call, subject, answer);
    end if;
    return v_job - array['key', 'began_at', 'email'];
end;
$$;
create function tests.cards() returns setof text
language sql stable security definer set search_path = ''
as $$
    select concat_ws(' ', brand, last4, expires_on) from money.payment_methods
    where removed_at is null order by provider_reference
$$;
create function tests.sale() returns uuid
language sql stable security definer set search_path = ''
as $$ select sale_id from scheduling.bookings where id = tests.id('cut') $$;
create function tests.settle() returns bigint
language sql volatile security definer set search_path = ''
as $$ select money.settle_sale(business_id, sale_id) from scheduling.bookings where id = tests.id('cut') $$;
create function tests.charges() returns setof text
language sql stable security definer set search_path = ''
as $$
    select concat_ws(' ', payments.status, payments.amount_minor, names.name)
    from money.guarantee_charges(tests.id('Salon'), tests.sale()) as payments
    inner join tests.names on names.id = payments.method_id
    order by payments.created_at, payments.status
$$;
create function tests.decline() returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_id uuid = (select id from money.payments where is_off_session and status = 'pending');
begin
    perform tests.call('create', v_id, jsonb_build_object(
        'kind', 'payment.failed', 'reference', 'ref ' || v_id, 'data', '{"failure": "card_declined"}'::jsonb
    ));
end;
$$;
create function tests.tokens() returns setof text
language sql stable security definer set search_path = ''
as $$ select coalesce(method_setups.method_token, 'none') from money.method_setups $$;
create function tests.event(provider text, kind text, reference text, data jsonb default '{}')
returns text
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform money.receive_event(jsonb_build_object(
        'provider', provider, 'event_id', kind, 'kind', kind, 'object_reference', reference,
        'amount_minor', 100, 'currency', 'INR', 'occurred_at', private.now(), 'data', data
    ), '\x00');
    return money.apply_event(provider_events.id) from money.provider_events
    where provider_events.event_id = event.kind;
end;
$$;
grant execute on all functions in schema tests to anon, authenticated;

select tests.act_as('customer');
select tests.note('cut', (public.book(tests.id('Cut')::text, '2031-03-04 09:00Z')).id);

-- A provider that saves by a token of its script
select is(
    public.save_payment_method('payjp', null, 'tok_1') ->> 'status', 'pending',
    'a card is saved by the token of a script'
);
select tests.act_as_owner();
select is(
    money.start_call('save', (select id from money.method_setups)) ->> 'method', 'tok_1',
    'which the provider gets'
);
select is(
    (
        select money.finish_call('save', method_setups.id, '{
            "reference": "cus_9/car_9", "customer": "cus_9", "client": {"kind": "none"}
        }') ->> 'status'
        from money.method_setups
    ),
    'saved', 'then the card is saved'
);
select is(tests.tokens(), 'none', 'and the token is forgotten');
delete from money.method_setups;
select tests.act_as('customer');

-- A provider of which the customer's card or wallet must be fetched once they allowed it
select public.save_payment_method('paypal', 'https://shop.example');
select tests.act_as_owner();
select tests.note('wallet', (select id from money.method_setups));
select is(
    tests.call('keep', tests.id('wallet'), '{}'), null, 'a wallet is not asked for before it is set up'
);
select tests.call('save', tests.id('wallet'), '{"reference": "setup_1", "customer": "buyer_1",
    "client": {"kind": "redirect", "url": "https://pay.example/allow"}}');
select is(
    tests.call('keep', tests.id('wallet'), '{"method": null}'), '{"call": "keep", "provider": "paypal",
        "saving": "setup_1"}', 'then its provider is asked for it'
);
select tests.act_as('stranger');
select throws_ok(
    $$ select public.finish_payment_method(tests.id('wallet')::text) $$, 'PT404', null,
    'a stranger does not learn of it'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.finish_payment_method(tests.id('wallet')::text) $$, 'PT401', null, 'nor does a guest'
);
select tests.act_as('customer');
select is(
    public.finish_payment_method(tests.id('wallet')::text) ->> 'status', 'requires_action',
    'the customer asks again when they are back'
);
select tests.act_as_owner();
select is(
    tests.call('keep', tests.id('wallet'), '{"method": {"reference": "wallet_1", "customer": "buyer_1",
        "brand": "paypal", "last4": "····"}}') ->> 'saving', 'setup_1',
    'and so do the workers'
);
select results_eq($$ select tests.cards() $$, $$ values ('paypal ····') $$, 'what was allowed is saved');
select is(
    money.started_call('keep', tests.id('wallet')) ->> 'status', 'saved', 'which the customer reads'
);
select is(tests.call('keep', tests.id('wallet'), '{}'), null, 'and nobody asks for it again');
select is(
    tests.event('paypal', 'method.saved', 'wallet_1', '{"customer": "buyer_1", "brand": "paypal",
        "last4": "····"}'), 'unchanged', 'an event that tells of it later changes nothing'
);
select tests.act_as('customer');
select public.save_payment_method('razorpay');
select tests.act_as_owner();
select tests.note('rupee', (select id from money.method_setups where provider = 'razorpay'));
select tests.call('save', tests.id('rupee'), '{"reference": "order_1", "customer": "cust_1",
    "client": {"kind": "order", "order": "order_1", "customer": "cust_1"}}');
delete from pgmq.q_payments;
select is(tests.event('razorpay', 'payment.failed', 'order_1'), 'unchanged', 'a payment that saves a card may fail first');
select is(tests.event('razorpay', 'payment.captured', 'order_1'), 'applied', 'once it is paid');
select bag_eq(
    $$ select message -> 'kwargs' ->> 'call' from pgmq.q_payments where message -> 'kwargs' ? 'call' $$, $$ values ('keep') $$,
    'the provider is asked for the card'
);
select tests.at('2031-03-03 08:10Z');
select ok(
    (select money.is_to_check(method_setups) from money.method_setups where id = tests.id('rupee')),
    'and the sweep asks for one of which no event came'
);
select tests.at('2031-03-03 08:00Z');
delete from money.payment_methods;
delete from money.methods_to_forget;
delete from money.method_setups;
select tests.act_as('customer');

-- Saving a card
select throws_ok(
    $$ select public.save_payment_method('cash') $$, 'PT422', 'No card can be saved with that provider.',
    'not every provider saves cards'
);
select is(
    public.save_payment_method('sandbox', 'https://shop.example') ->> 'status', 'pending',
    'a customer begins to save one'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.save_payment_method('sandbox') $$, 'PT401', null, 'nobody does without an account'
);
select tests.act_as_owner();
select tests.note('setup', (select id from money.method_setups));
select is(tests.saved('early', 'met_0'), 'parked', 'an event may come before we know the customer');
select is(
    tests.call('save', tests.id('setup'), '{"reference": "set_1", "customer": "cus_1",
        "client": {"kind": "redirect", "url": "https://pay.example/save"}}'),
    '{"call": "save", "provider": "sandbox", "method": null, "customer": null,
        "return_url": "https://shop.example"}',
    'the provider is asked'
);
select is(
    tests.call('save', tests.id('setup'), '{}'), null, 'once'
);
select is(
    money.started_call('save', tests.id('setup')) -> 'client' ->> 'url', 'https://pay.example/save',
    'and the customer goes to its page'
);
select is(
    money.apply_event((select id from money.provider_events where event_id = 'saved met_0')), 'applied',
    'then the event is applied'
);
select tests.note('early', (select id from money.payment_methods));
select is(tests.saved('first', 'met_1'), 'applied', 'the provider tells what was saved');
select is(
    tests.say('saved again', 'method.saved', 'met_1', '{"customer": "cus_1"}'), 'unchanged',
    'a second event that knows less changes nothing'
);
select results_eq(
    $$ select tests.cards() $$, $$ values ('visa 4242 2031-12-31'), ('visa 4242 2031-12-31') $$,
    'each card is there once'
);
select tests.act_as('stranger');
select is_empty($$ select id from public.payment_methods $$, 'strangers do not see it');

-- A card that the bank replaces
select tests.act_as_owner();
select tests.at('2031-03-03 08:01Z');
select is(
    tests.say('renewed', 'method.updated', 'met_1', '{"last4": "1881", "expires_on": "2033-01"}'), 'applied',
    'a bank replaces a card'
);
select tests.at('2031-03-03 08:00Z');
select is(
    tests.say('older', 'method.updated', 'met_1', '{"last4": "4242", "expires_on": "2031-12"}'), 'unchanged',
    'what is older comes too late'
);
select is(
    tests.say('unknown', 'method.updated', 'met_9', '{"last4": "0000"}'), 'unchanged',
    'nothing is known of a card of somebody else'
);
select results_eq(
    $$ select tests.cards() $$, $$ values ('visa 4242 2031-12-31'), ('visa 1881 2033-01-31') $$,
    'its digits and its last day are new'
);

-- Not coming is charged to the card that was left, once
select tests.act_as('customer');
select public.guarantee_sale(tests.sale()::text, tests.id('first')::text);
select tests.act_as_owner();
select tests.settle();
select is_empty($$ select tests.charges() $$, 'a guarantee costs nothing');
select tests.at('2031-03-04 10:30Z');
select tests.act_as('owner');
select throws_ok(
    $$ select public.charge_guarantee(tests.sale()::text) $$, 'PT409', 'Nothing is left to pay.',
    'nothing is charged without a fee'
);
select public.mark_no_show(tests.id('cut')::text);
select tests.act_as_owner();
select tests.settle();
select tests.settle();
select results_eq($$ select tests.charges() $$, $$ values ('pending 2000 first') $$, 'the fee is asked for once');
select tests.act_as('owner');
select lives_ok($$ select public.charge_guarantee(tests.sale()::text) $$, 'asking meanwhile is no refusal');
select tests.act_as_owner();
select results_eq($$ select tests.charges() $$, $$ values ('pending 2000 first') $$, 'and no second charge');

-- The card is declined
select tests.decline();
select tests.settle();
select results_eq(
    $$ select tests.charges() $$, $$ values ('failed 2000 first') $$, 'a worker does not ask a declined card again'
);
select tests.act_as('staff');
select throws_ok(
    $$ select public.charge_guarantee(tests.sale()::text) $$, 'PT403', null, 'staff do not ask it either'
);
select tests.act_as('stranger');
select throws_ok(
    $$ select public.charge_guarantee(tests.sale()::text) $$, 'PT403', null, 'nor do strangers'
);
select tests.act_as('owner');
select is(
    (public.charge_guarantee(tests.sale()::text)).balance_minor, 2000::bigint, 'the owner does, and the fee is owed'
);
select tests.act_as_owner();
select tests.decline();
select tests.act_as('owner');
select public.charge_guarantee(tests.sale()::text);
select tests.act_as_owner();
select tests.decline();
select tests.act_as('owner');
select throws_ok(
    $$ select public.charge_guarantee(tests.sale()::text) $$, 'PT422', 'This card was declined three times.',
    'three times at most'
);

-- A new fee is asked for with what is open, and another card pays all of it
select tests.at('2031-03-04 11:00Z');
select public.charge_fee(tests.sale()::text, 'Broken mirror', '1000');
select tests.act_as_owner();
select tests.settle();
select results_eq(
    $$ select status from tests.charges() as status where status like 'pending%' $$,
    $$ values ('pending 3000 first') $$, 'after another fee the card is asked for both'
);
select tests.decline();
select tests.act_as('customer');
select public.guarantee_sale(tests.sale()::text, tests.id('early')::text);
select tests.act_as_owner();
select tests.settle();
select results_eq(
    $$ select status from tests.charges() as status where status like 'pending%' $$, $$ values ('pending 3000 early') $$,
    'another card is asked by itself'
);
select tests.note('charge', (select id from money.payments where is_off_session and status = 'pending'));
select tests.call('create', tests.id('charge'), '{"kind": "payment.captured", "reference": "paid",
    "amount_minor": 3000, "currency": "EUR"}');
select tests.settle();
select is(
    (select balance_minor from public.sales where id = tests.sale()), 0::bigint, 'which pays what is owed'
);
select is((select count(*) from tests.charges()), 5::bigint, 'and nothing is asked after that');

-- A card that expires
select is(money.tell_of_expiring_methods(), 0, 'a card of next year is not spoken of');
select tests.at('2031-12-05 08:00Z');
select is(money.tell_of_expiring_methods(), 1, 'one that expires this month is');
select is(money.tell_of_expiring_methods(), 0, 'once');
select is(
    (
        select array_agg((message -> 'kwargs' -> 'payload') - array['user_id', 'to']) from pgmq.q_mail
        where message -> 'kwargs' -> 'payload' ->> 'kind' = 'card_expiring'
    ),
    array['{"kind": "card_expiring", "card": "visa 4242", "month": "12/2031"}'::jsonb],
    'by a mail to its owner'
);
select tests.at('2032-01-01 08:00Z');
select tests.act_as('customer');
select throws_ok(
    $$ select public.guarantee_sale(tests.sale()::text, tests.id('early')::text) $$, 'PT422',
    'This card has expired.', 'then it guarantees nothing'
);

-- Removing a card
select public.remove_payment_method(tests.id('first')::text);
select public.remove_payment_method(tests.id('first')::text);
select tests.act_as_owner();
select is(
    tests.call('forget', tests.id('first'), '{}'),
    '{"call": "forget", "method": "met_1", "provider": "sandbox"}', 'a card that is removed is removed at its provider'
);
select is(tests.call('forget', tests.id('first'), '{}'), null, 'once');
select is_empty($$ select id from money.methods_to_forget $$, 'and nothing is kept of it');
select is(
    tests.say('gone', 'method.removed', 'met_0', '{}'), 'applied', 'a card may be removed there first'
);
select tests.saved('last', 'met_5');
delete from money.payment_methods where user_id = tests.id('customer');
select is(
    tests.call('forget', tests.id('last'), '{}') ->> 'method', 'met_5',
    'the card of somebody who is erased is forgotten as well'
);
select is(
    (select method_id from money.payments where id = tests.id('charge')), null,
    'and what it paid remains'
);

select * from finish();
rollback;
