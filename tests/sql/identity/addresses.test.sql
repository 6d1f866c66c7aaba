-- An address book: one's own, with at most one default.
begin;
select plan(20);

select tests.person('Nora');
select tests.person('Omar');

select tests.act_as('Nora');
select results_eq(
    $$ insert into public.addresses (user_id, recipient, line1, city, country, label)
       values (tests.id('Omar'), 'Nora', 'Lane 1', 'Graz', 'AT', 'Home')
       returning user_id, is_default $$,
    $$ values (tests.id('Nora'), true) $$,
    'Nora''s first address is hers, whatever she sends, and the default'
);
select results_eq(
    $$ insert into public.addresses (recipient, line1, city, country, label)
       values ('Nora', 'Road 2', 'Graz', 'AT', 'Work') returning is_default $$,
    $$ values (false) $$,
    'her second one is not the default'
);
update public.addresses set is_default = true where label = 'Work';
select results_eq(
    $$ select label from public.addresses where is_default $$, $$ values ('Work') $$,
    'setting the default moves the mark'
);
select results_eq(
    $$ insert into public.addresses (recipient, line1, city, country, label, is_default)
       values ('Nora', 'Hut 3', 'Graz', 'AT', 'Hut', true) returning is_default $$,
    $$ values (true) $$,
    'a new address can be the default at once'
);
select results_eq(
    $$ select label from public.addresses where is_default $$, $$ values ('Hut') $$,
    'then it is the only one'
);
update public.addresses set is_default = true;
select results_eq(
    $$ select count(*) from public.addresses where is_default $$, $$ values (1::bigint) $$,
    'marking all of them leaves one'
);
select lives_ok(
    $$ set constraints all immediate $$, 'and at commit nothing is said against it'
);
select throws_ok(
    $$ update public.addresses set id = gen_random_uuid() where label = 'Hut' $$, 'PT400',
    'id cannot be changed.', 'an address keeps its id'
);
select throws_ok(
    $$ insert into public.addresses (recipient, line1, city, country) values ('N', 'L', 'G', 'Austria') $$,
    'PT400', 'country must be a two-letter ISO 3166 code, such as DE.', 'a country is a code'
);
select throws_ok(
    $$ insert into public.addresses (recipient, city, country) values ('N', 'G', 'AT') $$,
    'PT400', 'line1 is required.', 'a street is needed'
);
select throws_ok(
    $$ insert into public.addresses (recipient, line1, city, country)
       values ('N', repeat('x', 1001), 'G', 'AT') $$,
    'PT400', 'address must have at most 1000 characters in total.', 'an address is short'
);
select throws_ok(
    $$ update public.addresses set created_at = now() $$, '42501', null,
    'nobody rewrites when an address was added'
);

select tests.act_as('Omar');
select is_empty($$ select * from public.addresses $$, 'Omar sees none of Nora''s addresses');
select is_empty(
    $$ update public.addresses set city = 'Linz' returning 1 $$, 'Omar changes none of them'
);
select is_empty($$ delete from public.addresses returning 1 $$, 'Omar deletes none of them');
select results_eq(
    $$ insert into public.addresses (recipient, line1, city, country, is_default)
       values ('Omar', 'Way 9', 'Linz', 'AT', false) returning is_default $$,
    $$ values (true) $$,
    'Omar''s first address is his default, whatever Nora has'
);

select tests.act_as_anon();
select throws_ok(
    $$ select * from public.addresses $$, '42501', null, 'a visitor reads no addresses'
);

select tests.act_as('Nora');
delete from public.addresses where label = 'Hut';
select results_eq(
    $$ select count(*) from public.addresses $$, $$ values (2::bigint) $$,
    'Nora deletes an address of hers, and Omar''s stays out of sight'
);

-- Around the API.
select tests.act_as_owner();
set constraints all deferred;
alter table identity.addresses disable trigger _500_keep_one_default;
update identity.addresses set is_default = true where user_id = tests.id('Nora');
select throws_ok(
    $$ set constraints all immediate $$, '23P01', null,
    'without the rule that moves the mark, the constraint keeps a second default out'
);
select results_eq(
    $$ select user_id from identity.addresses where city = 'Linz' $$,
    $$ select tests.id('Omar') $$, 'Omar''s address is still there'
);

select * from finish();
rollback;
