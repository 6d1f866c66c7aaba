-- Money moves in balance, once a cause, and what was written stays.
begin;
select plan(28);

-- Given a salon with an accountant and a manager, and a platform with finance
select tests.at('2031-03-10 08:00Z');
select tests.person('owner');
select tests.person('accountant');
select tests.person('manager');
select tests.person('stranger');
select tests.person('finance');
select tests.business('Salon', 'owner');
select tests.member('accountant', 'Salon', 'accountant');
select tests.member('manager', 'Salon', 'manager');
insert into identity.platform_staff (user_id, role) values (tests.id('finance'), 'finance');
insert into pricing.currencies (code, name, minor_digits) values ('JPY', 'Yen', 0)
on conflict do nothing;

create function tests.holds(currency text default 'EUR') returns uuid
language sql volatile security definer set search_path = ''
as $$ select money.account('provider', currency, provider => 'sandbox') $$;
create function tests.owes(currency text default 'EUR') returns uuid
language sql volatile security definer set search_path = ''
as $$ select money.account('business_pending', currency, tests.id('Salon')) $$;
create function tests.capture(called text, minor bigint, currency text default 'EUR', at text default null)
returns uuid
language sql volatile security definer set search_path = ''
as $$
    select money.post(
        tests.id('Salon'), 'payment.captured', md5(called)::uuid,
        array[
            money.make_entry(tests.holds(currency), minor),
            money.make_entry(tests.owes(currency), -minor)
        ],
        at::timestamptz
    )
$$;

-- Accounts
select is(tests.holds(), tests.holds(), 'an account is found again by what it is');
select isnt(tests.holds(), tests.holds('JPY'), 'each currency has an account of its own');
select throws_ok(
    $$ select money.account('business_pending', 'EUR') $$, '23514', null,
    'an account of a business names the business'
);

-- Posting
select isnt(tests.capture('first', 5000), null, 'a capture is posted');
select is(money.balance(tests.holds()), 5000::bigint, 'a debit is positive');
select is(money.balance(tests.owes()), -5000::bigint, 'a credit is negative');
select is(
    tests.capture('first', 5000), (select id from money.transactions),
    'the same cause again gets the first transaction'
);
select is(money.balance(tests.holds()), 5000::bigint, 'and moves nothing');
select is(tests.capture('free', 0), null, 'nothing is written when nothing moves');
select throws_ok(
    $$ select money.post(null, 'test.made', gen_random_uuid(), array[
        money.make_entry(tests.holds(), 10), money.make_entry(tests.owes(), -9)]) $$,
    'PT409', 'The entries of a transaction do not sum to zero: 1 EUR.',
    'what does not sum to zero is refused'
);
select throws_ok(
    $$ select money.post(null, 'test.made', gen_random_uuid(), array[
        money.make_entry(tests.holds(), 10), money.make_entry(tests.owes('JPY'), -10)]) $$,
    'PT409', null, 'currencies never net'
);
select throws_ok(
    $$ select money.post(null, 'test.made', gen_random_uuid(), array[
        money.make_entry(gen_random_uuid(), 10), money.make_entry(tests.owes(), -10)]) $$,
    'PT409', null, 'an account that does not exist is refused'
);
select is(
    (select count(*) from money.entries), 2::bigint, 'a refused transaction leaves no entry'
);

-- Nothing is rewritten, not even by the owner of the database
select throws_ok(
    'update money.entries set amount_minor = 1', 'PT409', 'History cannot be changed.',
    'an entry cannot be changed'
);
select throws_ok(
    'delete from money.entries', 'PT409', 'History cannot be changed.',
    'an entry cannot be deleted'
);
select throws_ok(
    'truncate money.entries', 'PT409', 'History cannot be changed.', 'entries cannot be emptied'
);
select throws_ok(
    'truncate money.transactions cascade', 'PT409', 'History cannot be changed.',
    'transactions cannot be emptied'
);
select throws_ok(
    'delete from money.accounts', 'PT409', 'History cannot be changed.',
    'an account cannot be deleted'
);

-- Periods
select is(money.close_period('2031-02-28'), 0, 'a period that saw no money is closed with no balances');
select tests.capture('late', 700, at => '2031-02-11 12:00Z');
select is(
    (select booked_on from money.transactions where cause_id = md5('late')::uuid),
    '2031-03-01'::date, 'what arrives late is booked on the first open day'
);
select throws_ok(
    $$ select money.close_period('2031-03-31') $$, 'PT422', null,
    'a period that is not over is not closed'
);
select tests.at('2031-04-02 08:00Z');
select is(money.close_period('2031-03-31'), 2, 'a period that is over is closed');
select is(
    money.closing_balance(tests.owes(), '2031-03-31'), -5700::bigint,
    'and the balances at its end are kept'
);

-- Who reads
select tests.act_as('accountant');
select results_eq(
    'select kind::text, balance_minor from public.ledger_balances where balance_minor <> 0',
    $$ values ('business_pending', -5700::bigint) $$,
    'an accountant sees the accounts of the business, and not those of the platform'
);
select tests.act_as('manager');
select is_empty('select 1 from public.ledger_balances', 'a manager sees none');
select tests.act_as('finance');
select results_eq(
    $$ select kind::text, balance_minor from public.ledger_balances
       where balance_minor <> 0 order by kind $$,
    $$ values ('business_pending', -5700::bigint), ('provider', 5700::bigint) $$,
    'finance sees all'
);
-- After a day without a run there may be more pages than the server has locks
select tests.act_as_owner();
select setval('money.transaction_numbers', 256 * 20000);
select is(
    money.last_settled_number(0), 256000::bigint - 1, 'a run takes a thousand pages'
);
select is(
    money.last_settled_number(256000 - 1), 512000::bigint - 1, 'and the next one goes on from there'
);
select * from finish();
rollback;
