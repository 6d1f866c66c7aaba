-- A gift card is sold, paid, looked up by its code and cancelled; credit is given with a reason.
begin;
select plan(33);

-- Given a salon with an owner, staff and a customer
select tests.at('2031-03-10 08:00Z');
select tests.person('owner');
select tests.person('staff');
select tests.person('customer');
select tests.person('stranger');
select tests.business('Salon', 'owner');
select tests.member('staff', 'Salon', 'staff');
select tests.business('Other', 'stranger');
insert into customers.customers (id, business_id, user_id, name)
values (tests.named('regular'), tests.id('Salon'), tests.id('customer'), 'Cleo');

create table tests.sold (answer jsonb);
grant select, insert on tests.sold to authenticated, anon;
create function tests.sold(key text) returns text
language sql stable security definer set search_path = ''
as $$ select answer ->> key from tests.sold $$;
create function tests.left_on(kind money.account_kind) returns bigint
language sql stable security definer set search_path = ''
as $$
    select coalesce(sum(money.balance(id)), 0)::bigint from money.accounts
    where accounts.kind = left_on.kind
$$;
create function tests.activate() returns void
language sql volatile security definer set search_path = ''
as $$ select money.activate_gift_cards(tests.id('Salon'), tests.sold('sale_id')::uuid) $$;
grant execute on all functions in schema tests to anon, authenticated;

-- Selling
select tests.act_as('stranger');
select throws_ok(
    $$ select public.sell_gift_card(tests.id('Salon')::text, '5000') $$,
    'PT403', null, 'a stranger sells no gift cards of the salon'
);
select tests.act_as('staff');
select throws_ok(
    $$ select public.sell_gift_card(tests.id('Salon')::text, '0') $$,
    'PT400', 'amount_minor must be from 1 to 1000000000000 minor units.',
    'a gift card is worth something'
);
select throws_ok(
    $$ select public.sell_gift_card(tests.id('Salon')::text, '10', expires_at => '2031-03-09T00:00Z') $$,
    'PT400', 'expires_at must be in the future.', 'a gift card does not begin expired'
);
insert into tests.sold
select public.sell_gift_card(
    tests.id('Salon')::text, '5000', 'Gina', 'gina@example.com', '2032-03-10T00:00Z'
);
select matches(
    tests.sold('code'), '^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$',
    'staff sell one and see its code'
);
select results_eq(
    $$ select kind::text, amount_minor, tax_minor from public.sale_lines
       where sale_id = tests.sold('sale_id')::uuid $$,
    $$ values ('gift_card', 5000::bigint, 0::bigint) $$,
    'it is a line of a sale, and its tax falls due when it is used'
);
select results_eq(
    'select amount_minor, balance_minor, last4, activated_at from public.gift_cards',
    $$ values (5000::bigint, 0::bigint, right(tests.sold('code'), 4), null::timestamptz) $$,
    'nothing is on it before it is paid'
);
select is(
    public.gift_card_balance(tests.sold('code')) ->> 'details', 'not_found',
    'and nobody can use it'
);

-- Paid
select tests.act_as_owner();
select tests.activate();
select is(tests.left_on('gift_cards'), -5000::bigint, 'once it is paid, its amount is owed');
select is(tests.left_on('business_pending'), 5000::bigint, 'by what was paid for it');
select tests.activate();
select is(tests.left_on('gift_cards'), -5000::bigint, 'a second payment activates nothing twice');

-- Looked up
select tests.act_as_anon();
select is(
    public.gift_card_balance(tests.sold('code')) - 'business_id',
    '{"balance_minor": 5000, "currency": "EUR", "expires_at": "2032-03-10T00:00:00+00:00"}'::jsonb,
    'whoever has the code sees what is left'
);
select is(
    (public.gift_card_balance(lower(replace(tests.sold('code'), '-', ' '))) ->> 'balance_minor')::bigint,
    5000::bigint, 'however they type it'
);
select is(
    public.gift_card_balance('0000-0000-0000-0000') ->> 'code', 'PT404',
    'a wrong code is answered with not_found'
);
select tests.act_as_owner();
insert into money.gift_card_lookups (origin_id, at)
select md5('one')::uuid, private.now() - interval '10 minutes' from generate_series(1, 10);
select throws_ok(
    $$ select money.refuse_guesses(md5('one')::uuid) $$, 'PGRST', null,
    'after ten wrong codes a network address waits'
);
select lives_ok(
    $$ select money.refuse_guesses(md5('other')::uuid) $$, 'and another address does not'
);
select is(money.forget_old_lookups(), 0, 'wrong codes of the last day are kept');
select tests.at('2031-03-12 08:00Z');
select is(money.forget_old_lookups() >= 10, true, 'and then forgotten');

-- Expired
select tests.at('2032-03-10 00:00Z');
select is(
    public.gift_card_balance(tests.sold('code')) ->> 'details', 'not_found',
    'an expired card cannot be used'
);
select tests.at('2031-03-12 08:00Z');

-- Who reads, and what stays
select tests.act_as('stranger');
select is_empty('select 1 from public.gift_cards', 'a stranger sees no card of the salon');
select throws_ok(
    'select code_hash from money.gift_cards', '42501', null, 'nobody reads the hash of a code'
);
select tests.act_as_owner();
select throws_ok(
    'update money.gift_cards set amount_minor = 1', 'PT409', 'History cannot be changed.',
    'what a card was sold for stays'
);
select throws_ok(
    'update money.spendable_balances set balance_minor = -1', '23514', null,
    'a balance that can be spent is never negative'
);

-- Cancelled
select tests.act_as('staff');
select throws_ok(
    format('select public.cancel_gift_card(%L, %L)', tests.sold('gift_card_id'), 'Lost'),
    'PT403', null, 'staff cancel no gift cards'
);
select tests.act_as('owner');
select is(
    (public.cancel_gift_card(tests.sold('gift_card_id'), 'Lost')).balance_minor, 0::bigint,
    'the owner cancels it, and nothing is left on it'
);
select throws_ok(
    format('select public.cancel_gift_card(%L, %L)', tests.sold('gift_card_id'), 'Again'),
    'PT409', null, 'once'
);
select is(tests.left_on('business_pending'), 0::bigint, 'its price can be refunded');

-- Credit
select tests.act_as('staff');
select throws_ok(
    $$ select public.issue_credit(tests.id('Salon')::text, tests.id('regular')::text, '700', 'Sorry') $$,
    'PT403', null, 'staff give no credit'
);
select tests.act_as('owner');
select throws_ok(
    $$ select public.issue_credit(tests.id('Salon')::text, tests.id('owner')::text, '700', 'Sorry') $$,
    'PT404', null, 'credit is for customers of the business'
);
select is(
    (public.issue_credit(
        tests.id('Salon')::text, tests.id('regular')::text, '700', 'We were late', 'once'
    )).id,
    (public.issue_credit(
        tests.id('Salon')::text, tests.id('regular')::text, '700', 'We were late', 'once'
    )).id,
    'the owner gives credit, once for an idempotency key'
);
select tests.act_as('customer');
select results_eq(
    'select amount_minor, reason, given_by from public.credits',
    $$ values (700::bigint, 'We were late', tests.id('owner')) $$,
    'the customer reads how much, why and from whom'
);
select results_eq(
    'select kind::text, balance_minor from public.ledger_balances',
    $$ values ('customer_credit', -700::bigint) $$, 'and what is left'
);
select tests.act_as('stranger');
select is_empty('select 1 from public.credits', 'a stranger reads no credit of the salon');
select tests.act_as_owner();
select throws_ok(
    'update money.credits set amount_minor = 1', 'PT409', 'History cannot be changed.',
    'credit that was given is never rewritten'
);
select * from finish();
rollback;
