-- Payouts to bank accounts: the operator takes the approved ones in a file, transfers them at their
-- bank, and says what became of each.
begin;
select plan(25);

select tests.at('2031-03-03 08:00Z');
select tests.person('owner');
select tests.person('rival');
select tests.business('Salon', 'owner', 'Europe/Berlin', 'EUR');
select tests.business('Spa', 'rival', 'Europe/Berlin', 'EUR');
-- A public key of 1024 bits, enough for a test that opens nothing.
select private.add_secret_key('0123456789abcdef', (
    select '\xce8d'::bytea || '\x0400000001'::bytea || '\x01'::bytea || '\x0400'::bytea
        || ('\x' || repeat('c5', 128))::bytea || '\x0011010001'::bytea
));

/* What a business earned; taking less than nothing is earning. */
create function tests.earn(called text, minor bigint) returns void
language sql volatile security definer set search_path = ''
as $$
    select money.take_from_earnings(
        tests.id(called), 'EUR', 'cash', - minor, money.account('disputes', 'EUR')
    )
$$;
create function tests.status(called text) returns text
language sql stable security definer set search_path = ''
as $$
    select payouts.status::text from money.payouts
    where payouts.business_id = tests.id(called)
    order by payouts.created_at desc, payouts.status desc limit 1
$$;
create function tests.sent(actor text) returns bigint
language sql stable security definer set search_path = ''
as $$ select count(*) from pgmq.q_payouts where message ->> 'actor_name' = actor $$;
create function tests.file() returns uuid
language sql stable security definer set search_path = ''
as $$ select payouts.file_id from money.payouts where payouts.file_id is not null limit 1 $$;

-- Given two businesses with bank accounts
select tests.act_with_factor('owner');
select public.set_bank_account(
    tests.id('Salon')::text, 'Ann', 'DE89370400440532013000', 'EUR'
);
select public.set_payout_account(tests.id('Salon')::text, 'EUR', 'bank');
select tests.act_with_factor('rival');
select public.set_payout_account(tests.id('Spa')::text, 'EUR', 'bank');
select throws_ok(
    $$ select public.request_payout(tests.id('Spa')::text, 'EUR') $$,
    'PT409', null, 'without a bank account nothing is paid out'
);
select public.set_bank_account(
    tests.id('Spa')::text, 'Rita', 'GB82WEST12345698765432', 'EUR'
);
select tests.act_as_owner();
select is(tests.sent('open_payout_account'), 0::bigint, 'no provider is asked for an account');
select is(
    money.start_payout_account(tests.id('Salon'), 'EUR'), null, 'nor does one have a page for it'
);
select tests.earn('Salon', 5000);
select tests.earn('Spa', 7000);

-- When both ask for a payout
select tests.act_as('owner');
select is(
    (public.request_payout(tests.id('Salon')::text, 'EUR')).status::text, 'approved',
    'a small payout is approved at once'
);
select tests.act_as('rival');
select public.request_payout(tests.id('Spa')::text, 'EUR');
select tests.act_as_owner();
select is(tests.sent('execute_payout'), 0::bigint, 'no worker hands it to a provider');
select tests.at('2031-03-03 12:00Z');
select is(money.chase_payouts(), 0, 'and nobody chases what waits for the operator');
select throws_ok(
    $$ select money.settle_transfers(payouts.id, 'succeeded') from money.payouts $$,
    'PT409', 'The payout is in no file yet.', 'what is in no file is not paid'
);

-- Then the operator makes a file
select is(money.start_transfers('USD'), null, 'there is none in another currency');
select isnt(money.start_transfers('EUR'), null, 'a file has the approved payouts of a currency');
select is(money.start_transfers('EUR'), null, 'each is in one file');
select is(tests.status('Salon'), 'in_transit', 'their transfers are under way');
select results_eq(
    $$
    select business, holder_name, country, amount_minor, minor_digits, sealed is not null
    from money.transfers_of_file(tests.file())
    order by business
    $$,
    $$
    values
    ('Salon', 'Ann', 'DE', 5000::bigint, 2::smallint, true),
    ('Spa', 'Rita', 'GB', 7000, 2::smallint, true)
    $$,
    'the file says to whom, and how much'
);
select tests.act_with_factor('rival');
select public.set_bank_account(tests.id('Spa')::text, 'Rita', 'DE89370400440532013000', 'EUR');
select tests.act_as_owner();
select is(
    (select sealed from money.transfers_of_file(tests.file()) where business = 'Spa'), null,
    'it never names another account than when it was made'
);

-- And says what became of them
select is(money.settle_transfers(tests.file(), 'succeeded'), 2, 'the bank made the transfers');
select is(tests.status('Salon'), 'paid', 'so they are paid');
select is(money.settle_transfers(tests.file(), 'succeeded'), 0, 'once');
select is(
    (
        select sum(entries.amount_minor)
        from money.entries
        inner join money.accounts on accounts.id = entries.account_id
        where accounts.kind = 'provider' and accounts.provider = 'bank'
    ),
    - 12000::numeric, 'the money has left the platform''s bank'
);
select is(
    (
        select money.settle_transfers(payouts.id, 'failed', 'Account closed')
        from money.payouts
        where payouts.business_id = tests.id('Salon')
    ),
    1, 'a bank may return one days later'
);
select is(tests.sent('recall_payout'), 1::bigint, 'then a worker books it back');
select is(
    (
        select money.start_recall(payouts.id) ->> 'payout'
        from money.payouts
        where payouts.status = 'failed'
    ),
    null, 'without asking a provider'
);
select money.reverse_payout(payouts.id) from money.payouts where payouts.status = 'failed';
select tests.act_as('owner');
select results_eq(
    'select failure from public.payouts', $$ values ('Account closed') $$,
    'the business reads why'
);
select throws_ok(
    $$ select public.request_payout(tests.id('Salon')::text, 'EUR') $$,
    'PT409', null, 'and is paid nothing'
);
select tests.act_with_factor('owner');
select public.set_bank_account(
    tests.id('Salon')::text, 'Ann', 'GB82WEST12345698765432', 'EUR'
);
select is(
    (public.request_payout(tests.id('Salon')::text, 'EUR')).amount_minor, 5000::bigint,
    'until it sets another account'
);
select tests.act_as_owner();
select throws_ok(
    $$ select money.settle_transfers(tests.id('Salon'), 'succeeded') $$,
    'PT404', 'There is no such transfer.', 'what is no transfer is not found'
);
select tests.act_as_role('worker');
select throws_ok(
    $$ select money.start_transfers('EUR') $$, '42501', null, 'only the operator makes files'
);
select * from finish();
rollback;
