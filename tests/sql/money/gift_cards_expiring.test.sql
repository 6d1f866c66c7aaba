-- A gift card expires by time alone. A sweep writes down what was left, once; a manager may extend the
-- card; and its buyer hears of it before.
begin;
select plan(42);

-- Given a salon with two cards of 50.00 that expire in a year, and a cut for 20.00
select tests.at('2031-03-10 08:00Z');
select tests.person('owner');
select tests.person('staff');
select tests.person('customer');
select tests.person('stranger');
select tests.business('Salon', 'owner');
select tests.member('staff', 'Salon', 'staff');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon', '08:00', '20:00');
select tests.service('Cut', 'Salon', 60, 2000);
select tests.takes('Cut', 'Ann');

create table tests.sold (called text, answer jsonb);
grant select, insert on tests.sold to authenticated;
create function tests.sold(card text, key text) returns text
language sql stable security definer set search_path = ''
as $$ select answer ->> key from tests.sold where sold.called = card $$;
create function tests.sell(called text, expires_at text) returns void
language sql volatile security invoker set search_path = ''
as $$
    insert into tests.sold
    select
        sell.called,
        public.sell_gift_card(
            tests.id('Salon')::text, '5000', 'Gina', 'gina@example.com', sell.expires_at
        );
    select public.record_cash_payment(tests.sold(sell.called, 'sale_id'));
$$;
create function tests.extend(card text, until text) returns public.gift_cards
language sql volatile security invoker set search_path = ''
as $$ select * from public.extend_gift_card(tests.sold(card, 'gift_card_id'), until) $$;
create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.sale_of(called text) returns text
language sql stable security definer set search_path = ''
as $$ select sale_id::text from scheduling.bookings where bookings.id = tests.id(called) $$;
create function tests.held(kind money.account_kind) returns bigint
language sql stable security definer set search_path = ''
as $$
    select coalesce(sum(money.balance(id)), 0)::bigint from money.accounts
    where accounts.kind = held.kind
$$;
create function tests.told() returns bigint
language sql stable security definer set search_path = ''
as $$
    select count(*) from pgmq.q_notifications
    where message #>> '{kwargs,topic}' = 'gift_card.expiring'
$$;
grant execute on all functions in schema tests to anon, authenticated;

select tests.act_as('owner');
select tests.sell('one', '2032-03-10T00:00Z');
select tests.sell('two', '2032-03-10T00:00Z');
select tests.sell('endless', null);
select tests.act_as('customer');
select tests.note('cut', (public.book(tests.id('Cut')::text, '2031-03-11 09:00Z')).id);
select public.redeem_gift_card(tests.sale_of('cut'), tests.sold('two', 'code'));

-- Its buyer hears of it
select tests.at('2032-02-01 08:00Z');
select tests.act_as_role('worker');
select is(money.announce_expiring_gift_cards(), 0, 'nobody is told long before');
select tests.at('2032-02-20 08:00Z');
select is(money.announce_expiring_gift_cards(), 2, 'they are told in the last 30 days');
select is(money.announce_expiring_gift_cards(), 0, 'once');
select tests.act_as_owner();
select is(tests.told(), 2::bigint, 'by the notifications');
select results_eq(
    $$ select facts.data ->> 'code_end', facts.data -> 'balance' ->> 'minor'
       from money.gift_card_data(array[
           row(1, tests.sold('two', 'gift_card_id')::uuid, '{}')::private.subject_message
       ]) as facts $$,
    $$ values (right(tests.sold('two', 'code'), 4), '3000') $$,
    'which say what is left on which card'
);
select results_eq(
    $$ select readers.email::text
       from money.gift_card_readers(array[
           row(1, tests.sold('two', 'gift_card_id')::uuid, '{}')::private.subject_message
       ], 'customer') as readers $$,
    $$ values ('gina@example.com') $$,
    'to the address of the sale, where no account bought it'
);

-- It expires by time alone
select tests.act_as_role('worker');
select is(money.sweep_gift_cards(), 0, 'a card that has not expired is not swept');
select tests.at('2032-03-10 00:00Z');
select tests.act_as('owner');
select is(
    public.redeem_gift_card(tests.sale_of('cut'), tests.sold('one', 'code')) ->> 'details',
    'not_found', 'a card that has expired pays nothing, whether it was swept or not'
);
select is(
    (select balance_minor from public.gift_cards where id = tests.sold('one', 'gift_card_id')::uuid),
    5000::bigint, 'what is left is still on it'
);

-- Swept once
select tests.act_as_role('worker');
select is(money.sweep_gift_cards(), 2, 'the sweep finds both');
select is(money.sweep_gift_cards(), 0, 'and the next one nothing');
select tests.act_as_owner();
select is(tests.held('breakage'), -8000::bigint, 'what was left is on the breakage account');
select is(tests.held('gift_cards'), -5000::bigint, 'and the card without an end keeps its money');
select tests.act_as('owner');
select results_eq(
    $$ select balance_minor, breakage_minor from public.gift_cards
       where expires_at is not null order by breakage_minor $$,
    $$ values (0::bigint, 3000::bigint), (0, 5000) $$,
    'members read how much it was'
);

-- A late refund to a card that has expired
select public.refund_payment(payment_id::text, 'Sorry')
from public.payment_parts where sale_id = tests.sale_of('cut')::uuid;
select tests.act_as_role('worker');
select is(money.sweep_gift_cards(), 1, 'what returns to an expired card is swept as well');
select tests.act_as('owner');
select is(
    (select breakage_minor from public.gift_cards where id = tests.sold('two', 'gift_card_id')::uuid),
    5000::bigint, 'and adds up'
);

-- Extended
select tests.act_as('stranger');
select throws_ok(
    $$ select tests.extend('one', '2033-01-01T00:00Z') $$, 'PT403', null,
    'a stranger extends no cards'
);
select tests.act_as('staff');
select throws_ok(
    $$ select tests.extend('one', '2033-01-01T00:00Z') $$, 'PT403', null, 'staff extend no cards'
);
select tests.act_as('owner');
select throws_ok(
    $$ select tests.extend('one', '2032-03-09T00:00Z') $$, 'PT400',
    'expires_at must be in the future, and later than it was.', 'nor does a manager shorten one'
);
select throws_ok(
    $$ select tests.extend('endless', '2035-01-01T00:00Z') $$, 'PT400', null,
    'or let one expire that never did'
);
select is(
    (tests.extend('two', '2033-01-01T00:00Z')).balance_minor, 5000::bigint,
    'a manager extends a card, and all that was left is on it again'
);
select is(tests.held('breakage'), -5000::bigint, 'the breakage account has only the other''s');
select is(
    (select breakage_minor from public.gift_cards where id = tests.sold('two', 'gift_card_id')::uuid),
    0::bigint, 'and the card says so'
);
select is((tests.extend('one', null)).expires_at, null, 'or for good');
select is(tests.held('gift_cards'), -15000::bigint, 'so everything can be spent again');
select is(
    (public.gift_card_balance(tests.sold('one', 'code')) ->> 'balance_minor')::bigint, 5000::bigint,
    'by whoever has the code'
);

-- It may expire again
select tests.at('2033-01-01 00:00Z');
select tests.act_as_role('worker');
select is(money.sweep_gift_cards(), 1, 'at its new end it is swept again');
select tests.act_as_owner();
select is(tests.held('breakage'), -5000::bigint, 'in full');
select tests.act_as('owner');
select public.cancel_gift_card(tests.sold('two', 'gift_card_id'), 'Lost');
select throws_ok(
    $$ select tests.extend('two', '2034-01-01T00:00Z') $$, 'PT409', null,
    'a cancelled card is not extended'
);
select tests.act_as_owner();
select throws_ok(
    'update money.gift_card_breakages set amount_minor = 1', 'PT409', null,
    'what was left is never rewritten'
);

-- What was left becomes the business's own where it says so, and only then
create function tests.breakage_earned() returns bigint
language sql stable security definer set search_path = ''
as $$ select coalesce(sum(amount_minor), 0)::bigint from money.earnings where kind = 'breakage' $$;
select is(money.release_breakages(), 0, 'without a rule of the business nothing is its own');
select tests.act_as('owner');
select tests.sell('late', '2033-02-01T00:00Z');
select tests.at('2033-02-01 00:00Z');
select tests.act_as_owner();
select is(money.sweep_gift_cards(), 1, 'another card expires');
select tests.act_as('owner');
select throws_ok(
    $$ insert into public.payment_settings (business_id, breakage_release_days)
       values (tests.id('Salon'), -1) $$,
    'PT400', 'breakage_release_days must be from 0 to 36500.', 'nobody has it before it expired'
);
insert into public.payment_settings (business_id, breakage_release_days)
values (tests.id('Salon'), 30);
select tests.act_as_owner();
select tests.at('2033-03-02 23:59Z');
select is(money.release_breakages(), 1, 'what expired in January is its own after the days that it says');
select tests.at('2033-03-03 00:00Z');
select is(money.release_breakages(), 1, 'then what expired in February is');
select is(money.release_breakages(), 0, 'once');
select is(tests.breakage_earned(), 10000::bigint, 'and its payouts contain both');
select is(tests.held('breakage'), 0::bigint, 'so nothing of it is held back any more');
select tests.act_as('owner');
select is(
    (tests.extend('late', '2035-01-01T00:00Z')).balance_minor, 5000::bigint,
    'a card that is extended after that has its money again'
);
select tests.act_as_owner();
select is(tests.breakage_earned(), 5000::bigint, 'which its business has no more');

-- A card without an end of its own can be spent as long as the business says
select tests.act_as('owner');
update public.payment_settings set gift_card_valid_months = 36 where business_id = tests.id('Salon');
select tests.sell('ruled', null);
select is(
    (select expires_at from public.gift_cards where id = tests.sold('ruled', 'gift_card_id')::uuid),
    '2036-03-03 00:00Z'::timestamptz, 'a card sold without an end takes that of the business'
);
select tests.act_as_owner();
select is_empty('select * from money.ledger_findings()', 'the ledger agrees with the payments');
select * from finish();
rollback;
