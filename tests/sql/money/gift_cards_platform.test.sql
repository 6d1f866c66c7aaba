-- Gift cards of the platform pay wherever a business accepts them. Whoever took one is owed the money
-- by the platform, and is paid out like for any other payment.
begin;
select plan(21);

-- Given the platform's own business, a salon that accepts its cards, and a barber that does not
select tests.at('2031-03-03 08:00Z');
select tests.person('operator');
select tests.person('owner');
select tests.person('barber');
select tests.person('customer');
select tests.business('Platform', 'operator');
select tests.business('Salon', 'owner');
select tests.business('Barber', 'barber');
insert into public.payment_settings (business_id, sells_platform_gift_cards)
values (tests.id('Platform'), true);
select tests.resource('Ann', 'Salon');
select tests.hours('Salon', '08:00', '20:00');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.resource('Bo', 'Barber');
select tests.hours('Barber', '08:00', '20:00');
select tests.service('Shave', 'Barber', 60, 2000);
select tests.takes('Shave', 'Bo');

create table tests.sold (answer jsonb);
grant select, insert on tests.sold to authenticated;
create function tests.sold(key text) returns text
language sql stable security definer set search_path = ''
as $$ select answer ->> key from tests.sold $$;
create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.book(called text, service text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
    perform tests.note(called, (public.book(tests.id(service)::text, '2031-03-04 09:00Z')).id);
end;
$$;
create function tests.sale_of(called text) returns text
language sql stable security definer set search_path = ''
as $$ select sale_id::text from scheduling.bookings where bookings.id = tests.id(called) $$;
create function tests.balance(of_kind money.account_kind, of_business text) returns bigint
language sql stable security definer set search_path = ''
as $$
    select coalesce(sum(money.balance(accounts.id)), 0)::bigint from money.accounts
    where accounts.kind = of_kind and accounts.business_id = tests.id(of_business)
$$;
grant execute on all functions in schema tests to anon, authenticated;

-- Who sells and who accepts
select tests.act_as('owner');
select throws_ok(
    $$ insert into public.payment_settings (business_id, sells_platform_gift_cards)
       values (tests.id('Salon'), true) $$,
    '42501', null, 'a business does not decide that its cards are the platform''s'
);
select lives_ok(
    $$ insert into public.payment_settings (business_id, accepts_platform_gift_cards)
       values (tests.id('Salon'), true) $$,
    'it decides whether it accepts them'
);
select tests.act_as('operator');
insert into tests.sold select public.sell_gift_card(tests.id('Platform')::text, '7000');
select public.record_cash_payment(tests.sold('sale_id'));
select is(
    (select is_platform from public.gift_cards), true,
    'what the platform''s business sells is a card of the platform'
);
select is(tests.balance('gift_cards', 'Platform'), -7000::bigint, 'the platform owes what is on it');
select is(
    public.gift_card_balance(tests.sold('code')) - 'expires_at',
    '{"balance_minor": 7000, "currency": "EUR", "business_id": null}'::jsonb,
    'whoever has the code sees that no single business takes it'
);

-- Used
select tests.act_as('customer');
select tests.book('shave', 'Shave');
select tests.book('cut', 'Cut');
select throws_ok(
    format('select public.redeem_gift_card(%L, %L)', tests.sale_of('shave'), tests.sold('code')),
    'PT422', 'The business does not accept gift cards of the platform.',
    'it pays nothing where it is not accepted'
);
select is(
    public.redeem_gift_card(tests.sale_of('cut'), tests.sold('code')) ->> 'status', 'captured',
    'and pays where it is'
);
select is(tests.balance('gift_cards', 'Platform'), -2000::bigint, 'the platform owes so much less on it');
select is(tests.balance('business_pending', 'Salon'), -5000::bigint, 'and owes it to the salon');
select is(tests.balance('business_pending', 'Platform'), 0::bigint, 'not to its own business');

-- Refunded in part
select tests.act_as('owner');
select public.refund_payment(payment_id::text, 'Too bad', '1000')
from public.payment_parts where sale_id = tests.sale_of('cut')::uuid;
select is(tests.balance('gift_cards', 'Platform'), -3000::bigint, 'a refund returns to the card');
select is(tests.balance('business_pending', 'Salon'), -4000::bigint, 'the salon is owed less');

-- Provided and paid out
select public.set_payout_account(tests.id('Salon')::text, 'EUR', 'sandbox', 'on_demand', '500');
select tests.act_as_role('worker');
select money.note_payout_account(tests.id('Salon'), 'EUR', 'acct_1');
select money.record_payout_account('sandbox', 'acct_1', true, '{}');
select tests.at('2031-03-04 10:30Z');
select tests.act_as('owner');
select public.complete_booking(tests.id('cut')::text);
select tests.at('2031-03-07 08:00Z');
select is(
    (public.request_payout(tests.id('Salon')::text, 'EUR')).amount_minor, 4000::bigint,
    'the payout of the salon contains it'
);
select is(tests.balance('business_pending', 'Salon'), 0::bigint, 'then nothing is pending');

-- Taken back by the platform
select throws_ok(
    format('select public.cancel_gift_card(%L, %L)', tests.sold('gift_card_id'), 'Mine'),
    'PT403', null, 'the salon cannot cancel a card of the platform'
);
select is_empty('select 1 from public.gift_cards', 'nor read it');
select tests.act_as('operator');
select is(
    (public.cancel_gift_card(tests.sold('gift_card_id'), 'Fraud')).balance_minor, 0::bigint,
    'the platform''s managers do'
);
select is(tests.balance('business_pending', 'Platform'), -3000::bigint, 'its rest can be refunded');
select throws_ok(
    format('select public.redeem_gift_card(%L, %L)', tests.sale_of('cut'), tests.sold('code')),
    'PT403', null, 'but pay no sale of the salon'
);
select tests.act_as_owner();
select is(tests.balance('gift_cards', 'Platform'), 0::bigint, 'nothing is owed on cards any more');
select is_empty('select * from money.ledger_findings()', 'the ledger agrees with the payments');
select * from finish();
rollback;
