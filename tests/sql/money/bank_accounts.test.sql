-- An owner with a second factor sets the bank account of a business; nobody reads its number.
begin;
select plan(33);

select tests.person('owner');
select tests.person('partner');
select tests.person('manager');
select tests.person('accountant');
select tests.business('Salon', 'owner');
select tests.member('partner', 'Salon', 'owner');
select tests.member('manager', 'Salon', 'manager');
select tests.member('accountant', 'Salon', 'accountant');

/* Set the account of the salon, as whoever acts now. */
create function tests.set_account(
    number text, routing_number text default null, country text default null,
    currency text default 'EUR'
)
returns text
language sql volatile security invoker set search_path = ''
begin atomic
    select (public.set_bank_account(
        tests.id('Salon')::text, 'Ann', number, currency, routing_number, country
    )).last4;
end;
/* The mails that wait to be sent about it. */
create function tests.told() returns table (address text, account text)
language sql stable security definer set search_path = ''
as $$
    select message -> 'kwargs' -> 'payload' ->> 'to',
        message -> 'kwargs' -> 'payload' ->> 'bank_account'
    from pgmq.q_mail
    where message -> 'kwargs' -> 'payload' ->> 'kind' = 'bank_account_changed'
$$;

select tests.act_with_factor('owner');
select throws_ok(
    $$ select tests.set_account('DE89370400440532013000') $$,
    'PT503', null, 'without a key nothing is kept'
);
select tests.act_as_owner();
-- A public key of 1024 bits, enough for a test that opens nothing.
select private.add_secret_key('0123456789abcdef', (
    select '\xce8d'::bytea || '\x0400000001'::bytea || '\x01'::bytea || '\x0400'::bytea
        || ('\x' || repeat('c5', 128))::bytea || '\x0011010001'::bytea
));

-- Who may
select tests.act_with_factor('manager');
select throws_ok(
    $$ select tests.set_account('DE89370400440532013000') $$,
    'PT403', null, 'a manager sets no bank account'
);
select tests.act_with_factor('accountant');
select throws_ok(
    $$ select tests.set_account('DE89370400440532013000') $$,
    'PT403', null, 'nor does an accountant'
);
select tests.act_as('owner');
select throws_ok(
    $$ select tests.set_account('DE89370400440532013000') $$,
    'PT403', 'This needs a second factor.', 'an owner needs a second factor'
);

-- What a number looks like
select tests.act_with_factor('owner');
select throws_ok(
    $$ select tests.set_account('DE88370400440532013000') $$,
    'PT400', 'number must be an IBAN with the right check digits.', 'a mistyped IBAN is refused'
);
select throws_ok(
    $$ select tests.set_account('DE8937040044053201300') $$,
    'PT400', 'number must be an IBAN of its country.', 'and one that is too short'
);
select throws_ok(
    $$ select tests.set_account('00012345678') $$,
    'PT400', 'number must be an IBAN of its country.', 'a German account has an IBAN'
);
select throws_ok(
    $$ select tests.set_account('DE89370400440532013000', 'DEUT') $$,
    'PT400', 'routing_number must be a BIC of 8 or 11 characters.', 'beside it stands a BIC'
);
select throws_ok(
    $$ select tests.set_account('DE89370400440532013000', null, null, 'XXX') $$,
    'PT400', 'currency must be the code of a row of currencies.', 'in a currency that exists'
);
select throws_ok(
    $$ select tests.set_account('12345678', '123456789', 'U1') $$,
    'PT400', 'country must be an ISO 3166 code of two letters.', 'in a country'
);
select throws_ok(
    $$ select tests.set_account('000123456789', '110000001', 'US') $$,
    'PT400', 'routing_number must be the number of a bank in its country.',
    'an American routing number has a check digit'
);
select throws_ok(
    $$ select tests.set_account('000123456789', null, 'US') $$,
    'PT400', 'routing_number must be the number of a bank in its country.', 'and must be there'
);
select throws_ok(
    $$ select tests.set_account('12-3', '110000000', 'US') $$,
    'PT400', 'number must be the number of a bank account in its country.',
    'an American account has four digits or more'
);
select throws_ok(
    $$ select tests.set_account('000123456789', 'HDFC1004051', 'IN') $$,
    'PT400', 'routing_number must be the number of a bank in its country.',
    'an Indian bank has an IFSC'
);
select throws_ok(
    $$ select tests.set_account('12345', '1100000', 'JP') $$,
    'PT400', 'number must be the number of a bank account in its country.',
    'a Japanese account has seven digits'
);
select is(
    tests.set_account('000123456789', '110000000', 'US'), '6789', 'an American account is kept'
);
select is(
    tests.set_account('000123456789', 'hdfc 0004051', 'in'), '6789', 'so is an Indian one'
);
select is(tests.set_account('0001234', '1100-000', 'JP'), '1234', 'and a Japanese one');
select is(
    tests.set_account('000123456', '082-902', 'AU'), '3456',
    'elsewhere both are letters and digits'
);
select is(
    tests.set_account('GB82 WEST 1234 5698 7654 32', 'WESTGB2L'), '5432',
    'an IBAN names its country itself'
);
select is(
    (select country from public.bank_accounts), 'GB', 'which is not that of the business'
);
select is(tests.set_account('de89 3704 0044 0532 0130 00'), '3000', 'however it is typed');

-- Who reads what
select tests.act_as('accountant');
select results_eq(
    'select holder_name, last4, country from public.bank_accounts',
    $$ values ('Ann', '3000', 'DE') $$, 'an accountant sees its last digits'
);
select throws_ok(
    'select secret_id from money.bank_accounts', '42501', null, 'nobody finds its number'
);
select throws_ok(
    'select 1 from private.secrets', '42501', null, 'nor what is sealed'
);
select tests.act_as('manager');
select is_empty('select 1 from public.bank_accounts', 'a manager sees none');
select tests.act_as_owner();
select is(
    (select count(*) from private.secrets), 1::bigint, 'the numbers before are forgotten'
);

-- Who hears of it
select set_eq(
    'select distinct address from tests.told()',
    $$ values ('owner@example.com'), ('partner@example.com') $$,
    'every owner hears of a change'
);
select is(
    (select count(*) from tests.told() where account = '····3000'), 2::bigint,
    'and which account it is now'
);
select isnt_empty(
    $$
    select 1
    from audit.entries
    where table_name = 'money.bank_accounts' and operation = 'UPDATE'
    $$,
    'the audit trail has the change'
);
select is_empty(
    $$ select 1 from audit.entries where entries::text ~ '370400440532013|000123456' $$,
    'without the number'
);

-- The account waits for the bank account, and is active with it
select tests.act_as('accountant');
select results_eq(
    $$
    select status, missing
    from public.set_payout_account(tests.id('Salon')::text, 'USD', 'bank')
    $$,
    $$ values ('pending'::money.payout_account_status, '{bank_account}'::text[]) $$,
    'a payout account of the bank waits for a bank account'
);
select tests.act_with_factor('owner');
select tests.set_account('000123456789', '110000000', 'US', 'USD');
select results_eq(
    $$ select status, missing from public.payout_accounts where currency = 'USD' $$,
    $$ values ('active'::money.payout_account_status, '{}'::text[]) $$,
    'and is active with it'
);
select * from finish();
rollback;
