-- Closed days, and the lists that everyone reads.
begin;
select plan(24);

select tests.person('Nora');
select tests.person('Max');
select tests.person('Stan');
select tests.person('Omar');
select tests.business('Loft', owned_by => 'Nora');
select tests.business('Elsewhere', owned_by => 'Omar');
select tests.member('Max', 'Loft', 'manager');
select tests.member('Stan', 'Loft', 'staff');

select tests.act_as('Max');
select results_eq(
    $$ insert into public.closures (business_id, starts_on, ends_on, title)
       values (tests.id('Loft'), '2031-12-24', '2031-12-26', 'Christmas') returning title $$,
    $$ values ('Christmas') $$, 'a manager closes for some days'
);
select results_eq(
    $$ update public.closures set ends_on = '2031-12-27' where business_id = tests.id('Loft')
       returning ends_on $$,
    $$ values ('2031-12-27'::date) $$, 'and changes them'
);
select throws_ok(
    $$ update public.closures set ends_on = '2031-12-01' where business_id = tests.id('Loft') $$, 'PT400',
    'ends_on must not be before starts_on.', 'days are in order'
);
select throws_ok(
    $$ update public.closures set ends_on = '2041-12-01' where business_id = tests.id('Loft') $$, 'PT400',
    'ends_on must be within two years of starts_on.', 'nobody closes for ten years'
);
select throws_ok(
    $$ insert into public.closures (business_id, starts_on) values (tests.id('Loft'), '2031-12-24') $$,
    'PT400', 'ends_on is required.', 'a closure ends'
);
select throws_ok(
    $$ insert into public.closures (business_id, starts_on, ends_on)
       values (tests.id('Elsewhere'), '2031-12-24', '2031-12-24') $$, 'PT403',
    'You are not allowed to change this business.', 'nobody closes another business'
);
select throws_ok(
    $$ insert into public.closures (business_id, starts_on, ends_on)
       values (gen_random_uuid(), '2031-12-24', '2031-12-24') $$, 'PT403',
    'You are not allowed to change this business.', 'or one that does not exist: the same answer'
);
select throws_ok(
    $$ update public.closures set business_id = tests.id('Elsewhere') $$, 'PT400',
    'business_id cannot be changed.', 'a closure stays with its business'
);

select tests.act_as('Stan');
select results_eq(
    $$ select title from public.closures where business_id = tests.id('Loft') $$,
    $$ values ('Christmas') $$, 'staff read closures'
);
select throws_ok(
    $$ insert into public.closures (business_id, starts_on, ends_on)
       values (tests.id('Loft'), '2031-12-24', '2031-12-24') $$, 'PT403',
    'You are not allowed to change this business.', 'and add none'
);
select is_empty(
    $$ update public.closures set title = 'Mine' where business_id = tests.id('Loft') returning 1 $$,
    'change none'
);
select is_empty(
    $$ delete from public.closures where business_id = tests.id('Loft') returning 1 $$, 'delete none'
);
select tests.act_as('Omar');
select is_empty(
    $$ delete from public.closures where business_id = tests.id('Loft') returning 1 $$,
    'nor does a stranger'
);

select tests.act_as_anon();
select results_eq(
    $$ select title from public.closures where business_id = tests.id('Loft') $$,
    $$ values ('Christmas') $$, 'visitors read the closures of a business that they can see'
);
select throws_ok(
    $$ insert into public.closures (business_id, starts_on, ends_on)
       values (tests.id('Loft'), '2031-12-24', '2031-12-24') $$, '42501', null, 'and add none'
);
select tests.act_as('Nora');
select public.set_business_active(tests.id('Loft')::text, 'false');
select tests.act_as_anon();
select is_empty(
    $$ select 1 from public.closures where business_id = tests.id('Loft') $$,
    'those of a business that is off are hidden with it'
);
select tests.act_as('Omar');
select is_empty(
    $$ select 1 from public.closures where business_id = tests.id('Loft') $$, 'from strangers too'
);
select tests.act_as('Max');
select results_eq(
    $$ delete from public.closures where business_id = tests.id('Loft') returning title $$,
    $$ values ('Christmas') $$, 'a manager still works on them'
);

-- Reference data
select tests.act_as_anon();
select cmp_ok(
    (select count(*) from public.verticals), '>=', 12::bigint, 'visitors read the lines of business'
);
select results_eq(
    $$ select code, minor_digits from public.currencies
       where code in ('EUR', 'JPY', 'KWD', 'CLF') order by code $$,
    $$ values ('CLF', 4::smallint), ('EUR', 2::smallint), ('JPY', 0::smallint), ('KWD', 3::smallint) $$,
    'and the currencies with their digits'
);
select throws_ok(
    $$ insert into public.verticals (id, name) values ('casino', 'Casino') $$, '42501', null,
    'and add nothing to either'
);
select throws_ok(
    $$ select 1 from business.business_transitions $$, '42501', null, 'the workflow is not theirs to read'
);
select tests.act_as('Nora');
select throws_ok(
    $$ update public.currencies set minor_digits = 0 $$, '42501', null,
    'nobody changes what a currency is'
);
select throws_ok(
    $$ insert into business.business_history (business_id, kind) values (tests.id('Loft'), 'status') $$,
    '42501', null, 'nobody writes history by hand'
);

select * from finish();
rollback;
