-- Who runs the platform: who knows, who decides, and what is remembered.
begin;
select plan(26);

select tests.person('Ada');
select tests.person('Fin');
select tests.person('Nora');

select lives_ok(
    $$ select public.set_platform_role(tests.id('Ada')::text, 'admin') $$,
    'the operator makes the first admin'
);

select tests.act_as('Nora');
select is_empty($$ select * from public.platform_staff $$, 'Nora does not see who runs the platform');
select throws_ok(
    $$ select public.set_platform_role(tests.id('Nora')::text, 'admin') $$, 'PT403',
    'Only the platform''s staff may do this.', 'Nora cannot make herself an admin'
);
select throws_ok(
    $$ select identity.set_platform_role(tests.id('Nora'), 'admin') $$, 'PT403',
    'Only the platform''s staff may do this.', 'nor by the function behind it'
);
select throws_ok(
    $$ insert into public.platform_staff (user_id, role) values (tests.id('Nora'), 'admin') $$,
    '42501', null, 'nor by writing the row'
);
select is(private.is_platform_staff('support'), false, 'Nora is not staff');
select is(private.is_operator(), false, 'and not the operator');

select tests.act_as_anon();
select throws_ok(
    $$ select public.set_platform_role(tests.id('Nora')::text, 'admin') $$, 'PT401',
    'Sign in first.', 'a visitor signs in first'
);
select throws_ok($$ select * from public.platform_staff $$, '42501', null, 'a visitor reads no staff');

select tests.act_as('Ada');
select lives_ok(
    $$ select public.set_platform_role(tests.id('Fin')::text, 'finance') $$,
    'an admin gives a role'
);
select results_eq(
    $$ select user_id, role::text, granted_by from public.platform_staff where role = 'finance' $$,
    $$ values (tests.id('Fin'), 'finance', tests.id('Ada')) $$,
    'staff see who has which role, and from whom'
);
select throws_ok(
    $$ select public.set_platform_role(tests.id('Fin')::text, 'king') $$, 'PT400',
    'role must be support, finance, admin or null.', 'a role is one of three'
);
select throws_ok(
    $$ select public.set_platform_role('Fin', 'admin') $$, 'PT400',
    'user_id must be a UUID.', 'a user is an id'
);
select throws_ok(
    $$ select public.set_platform_role('00000000-0000-4000-8000-00000000dead', 'admin') $$, 'PT404',
    'There is no such user.', 'nobody cannot be staff'
);
select throws_ok(
    $$ select public.set_platform_role(tests.id('Ada')::text, null) $$, 'PT409',
    'The platform''s last admin cannot be removed.', 'the last admin cannot leave'
);
select throws_ok(
    $$ select public.set_platform_role(tests.id('Ada')::text, 'support') $$, 'PT409',
    'The platform''s last admin cannot be removed.', 'nor step down'
);

select tests.act_as('Fin');
select is(private.is_platform_staff('support'), true, 'finance may what support may');
select is(private.is_platform_staff('admin'), false, 'finance is not admin');
select throws_ok(
    $$ select public.set_platform_role(tests.id('Fin')::text, 'admin') $$, 'PT403',
    'Only the platform''s staff may do this.', 'finance gives no roles'
);

-- Around the API.
select tests.act_as_owner();
select throws_ok(
    $$ delete from identity.platform_staff $$, 'PT409',
    'The platform''s last admin cannot be removed.', 'not even the owner of the table removes the last'
);
select throws_ok(
    $$ delete from auth.users where id = tests.id('Ada') $$, 'PT409',
    'The platform''s last admin cannot be removed.', 'not even with the account'
);
select lives_ok(
    $$ select public.set_platform_role(tests.id('Fin')::text, 'admin') $$, 'the operator makes a second admin'
);
select lives_ok(
    $$ select public.set_platform_role(tests.id('Ada')::text, null) $$, 'then the first one may go'
);
select results_eq(
    $$ select user_id, old_role::text, new_role::text, actor_id
       from identity.platform_staff_history
       where user_id in (tests.id('Ada'), tests.id('Fin')) order by id $$,
    $$ values
       (tests.id('Ada'), null, 'admin', null),
       (tests.id('Fin'), null, 'finance', tests.id('Ada')),
       (tests.id('Fin'), 'finance', 'admin', null),
       (tests.id('Ada'), 'admin', null, null) $$,
    'every role that was given or taken is remembered'
);
select throws_ok(
    $$ update identity.platform_staff_history set actor_id = null $$, 'PT409',
    'History cannot be changed.', 'and cannot be rewritten'
);
select throws_ok(
    $$ truncate identity.platform_staff_history $$, 'PT409',
    'History cannot be changed.', 'or emptied'
);

select * from finish();
rollback;
