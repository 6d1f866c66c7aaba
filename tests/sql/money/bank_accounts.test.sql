-- An owner sets the bank account of a business; nobody reads its number.
begin;
select plan(11);

select tests.person('owner');
select tests.person('manager');
select tests.person('accountant');
select tests.business('Salon', 'owner');
select tests.member('manager', 'Salon', 'manager');
select tests.member('accountant', 'Salon', 'accountant');

select tests.act_as('owner');
select throws_ok(
    $$ select public.set_bank_account(tests.id('Salon')::text, 'Ann', 'DE89370400440532013000', 'EUR') $$,
    'PT503', null, 'without a key nothing is kept'
);
select tests.act_as_owner();
-- A public key of 1024 bits, enough for a test that opens nothing.
select private.add_secret_key('0123456789abcdef', (
    select '\xce8d'::bytea || '\x0400000001'::bytea || '\x01'::bytea || '\x0400'::bytea
        || ('\x' || repeat('c5', 128))::bytea || '\x0011010001'::bytea
));
select tests.act_as('manager');
select throws_ok(
    $$ select public.set_bank_account(tests.id('Salon')::text, 'Ann', 'DE89370400440532013000', 'EUR') $$,
    'PT403', null, 'a manager sets no bank account'
);
select tests.act_as('owner');
select throws_ok(
    $$ select public.set_bank_account(tests.id('Salon')::text, 'Ann', 'DE88370400440532013000', 'EUR') $$,
    'PT400', 'number must be an IBAN with the right check digits.', 'a mistyped IBAN is refused'
);
select throws_ok(
    $$ select public.set_bank_account(tests.id('Salon')::text, 'Ann', '12-34', 'EUR') $$,
    'PT400', 'number must have 5 to 34 letters and digits.', 'a number has letters and digits'
);
select throws_ok(
    $$ select public.set_bank_account(tests.id('Salon')::text, 'Ann', '00012345678', 'XXX') $$,
    'PT400', 'currency must be the code of a row of currencies.', 'in a currency that exists'
);
select is(
    (public.set_bank_account(
        tests.id('Salon')::text, 'Ann', 'de89 3704 0044 0532 0130 00', 'EUR'
    )).last4,
    '3000', 'an owner sets it, however it is typed'
);
select is(
    (public.set_bank_account(tests.id('Salon')::text, 'Ann', '00012345678', 'EUR')).last4,
    '5678', 'and sets another instead'
);
select tests.act_as('accountant');
select results_eq(
    'select holder_name, last4 from public.bank_accounts', $$ values ('Ann', '5678') $$,
    'an accountant sees its last digits'
);
select throws_ok(
    'select secret_id from money.bank_accounts', '42501', null, 'nobody finds its number'
);
select tests.act_as('manager');
select is_empty('select 1 from public.bank_accounts', 'a manager sees none');
select tests.act_as_owner();
select is(
    (select count(*) from private.secrets), 1::bigint, 'the number before is forgotten'
);
select * from finish();
rollback;
