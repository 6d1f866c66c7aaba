-- A user's profile: there from the first moment, theirs alone, and changed only where they may.
begin;
select plan(24);

select tests.person('Nora');
select tests.person('Omar');
select tests.business('Loft', owned_by => 'Nora');

select results_eq(
    $$ select profiles.email from identity.profiles where id = tests.id('Nora') $$,
    $$ values ('nora@example.com') $$,
    'a profile comes with its user'
);
update auth.users set email = 'nora@new.example' where id = tests.id('Nora');
select results_eq(
    $$ select profiles.email from identity.profiles where id = tests.id('Nora') $$,
    $$ values ('nora@new.example') $$,
    'the profile follows the account''s e-mail address'
);

-- Supabase Auth writes users under a role of its own.
grant insert on auth.users to supabase_auth_admin;
set local role supabase_auth_admin;
select lives_ok(
    $$ insert into auth.users (id, email, raw_user_meta_data)
       values ('00000000-0000-4000-8000-000000000001', 'pia@example.com',
               jsonb_build_object('full_name', e'Pia\x01 ' || repeat('x', 500))) $$,
    'the sign-in service makes a user, whatever name they chose'
);
reset role;
select results_eq(
    $$ select length(full_name), full_name like 'Pia x%' from identity.profiles
       where id = '00000000-0000-4000-8000-000000000001' $$,
    $$ values (200, true) $$,
    'the name is kept, cut and printable'
);

select tests.act_as('Nora');
select results_eq(
    $$ select profiles.id from public.profiles $$, $$ select tests.id('Nora') $$,
    'Nora sees her own profile and no other'
);
select lives_ok(
    $$ update public.profiles
       set full_name = 'Nora N', phone = '+491701234567', locale = 'de-AT', time_zone = 'Europe/Vienna' $$,
    'Nora changes her name, phone, language and zone'
);
select is_empty(
    $$ update public.profiles set full_name = 'Nobody' where id = tests.id('Omar') returning 1 $$,
    'Nora changes nothing of Omar''s'
);
select throws_ok(
    $$ update public.profiles set email = 'omar@example.com' $$, '42501', null,
    'Nora cannot choose the e-mail address here'
);
select throws_ok(
    $$ update public.profiles set id = tests.id('Omar') $$, '42501', null,
    'Nora cannot become Omar'
);
select throws_ok(
    $$ insert into public.profiles (id) values (gen_random_uuid()) $$, '42501', null,
    'Nora cannot make profiles'
);
select throws_ok(
    $$ delete from public.profiles $$, '42501', null,
    'Nora cannot delete her profile and keep the account'
);
select throws_ok(
    $$ update public.profiles set phone = '0170' $$, 'PT400',
    'phone must be in international form, such as +491701234567.',
    'a national phone number is refused by name'
);
select throws_ok(
    $$ update public.profiles set time_zone = 'Mars/Base' $$, 'PT400',
    'time_zone must be an IANA time zone, such as Europe/Berlin.',
    'a zone that does not exist is refused'
);
select throws_ok(
    $$ update public.profiles set locale = null $$, 'PT400', 'locale is required.',
    'a language there must be'
);
select throws_ok(
    $$ update public.profiles set full_name = e'\x07' $$, 'PT400',
    'full_name must be one line without control characters.',
    'a name is printable'
);
select throws_ok(
    $$ update public.profiles set full_name = '' $$, 'PT400',
    'full_name must have 1 to 200 characters.',
    'a name is not empty'
);

-- me
select results_eq(
    $$ select me.id, me.email, me.full_name, me.platform_role from public.me() as me $$,
    $$ values (tests.id('Nora'), 'nora@new.example', 'Nora N', null::text) $$,
    'me is Nora, once'
);
select results_eq(
    $$ select m ->> 'slug', m ->> 'role'
       from public.me() as me cross join json_array_elements(me.memberships) as m $$,
    $$ values ('loft', 'owner') $$,
    'me says where Nora works'
);
select tests.act_as('Omar');
select results_eq(
    $$ select me.memberships::text from public.me() as me $$, $$ values ('[]') $$,
    'Omar works nowhere, and that is an empty list'
);

select tests.act_as_anon();
select throws_ok(
    $$ select public.me() $$, 'PT401', 'Sign in first.', 'nobody is nobody'
);
select throws_ok(
    $$ select * from public.profiles $$, '42501', null, 'a visitor reads no profiles'
);

select set_config('request.jwt.claims', json_build_object('sub', gen_random_uuid())::text, true);
select set_config('role', 'authenticated', true);
select throws_ok(
    $$ select public.me() $$, 'PT401', 'This account no longer exists.',
    'a token that outlived its user is nobody''s'
);
select is_empty(
    $$ select * from public.profiles $$, 'a token that outlived its user sees nothing'
);

select tests.act_as_owner();
delete from auth.users where id = tests.id('Omar');
select is_empty(
    $$ select 1 from identity.profiles where id = tests.id('Omar') $$,
    'a profile goes with its user'
);

select * from finish();
rollback;
