-- Sessions and accounts: one's own to see and to end, all accounts for admins only.
begin;
select plan(14);

select tests.person('Ada');
select tests.person('Ben');
insert into auth.sessions (id, user_id, created_at, aal, user_agent, ip, not_after)
values
(tests.named('phone'), tests.id('Ada'), now() - interval '2 hours', 'aal1', 'phone', '192.0.2.7', null),
(tests.named('desk'), tests.id('Ada'), now() - interval '1 hour', 'aal2', 'desk', '192.0.2.8', null),
(tests.named('over'), tests.id('Ada'), now(), 'aal1', 'over', null, now()),
(tests.named('Ben''s'), tests.id('Ben'), now(), 'aal1', 'his', null, null);

select tests.act_as_anon();
select throws_ok($$ select public.my_sessions() $$, 'PT401', 'Sign in first.', 'a visitor has none');
select throws_ok($$ select * from public.admin_users $$, '42501', null, 'and lists nobody');

select tests.act_as('Ada');
select set_config('request.jwt.claims', json_build_object(
    'sub', tests.id('Ada'), 'role', 'authenticated', 'session_id', tests.id('desk')
)::text, true);
select results_eq(
    $$ select user_agent, aal, host(ip), is_current from public.my_sessions() $$,
    $$ values ('desk', 'aal2', '192.0.2.8', true), ('phone', 'aal1', '192.0.2.7', false) $$,
    'Ada sees hers that are open, the latest first'
);
select throws_ok(
    $$ select public.revoke_session(tests.id('Ben''s')::text) $$, 'PT404',
    'There is no such session.', 'another''s is none of hers'
);
select throws_ok(
    $$ select public.revoke_session('desk') $$, 'PT400', 'session_id must be a UUID.', 'a session is an id'
);
select lives_ok($$ select public.revoke_session(tests.id('phone')::text) $$, 'she ends one');
select is((select count(*) from public.my_sessions()), 1::bigint, 'which is gone');
select results_eq(
    $$ select kind::text, details from public.activity $$,
    $$ values ('session_ended', '{"reason": "revoked"}'::jsonb) $$, 'and noted'
);
select throws_ok(
    $$ select public.revoke_session(tests.id('phone')::text) $$, 'PT404',
    'There is no such session.', 'once'
);
select is((select count(*) from public.admin_users), 0::bigint, 'who is no admin lists nobody');

select tests.act_as_owner();
select public.set_platform_role(tests.id('Ada')::text, 'finance');
select tests.act_as('Ada');
select is((select count(*) from public.admin_users), 0::bigint, 'finance neither');
select tests.act_as_owner();
select public.set_platform_role(tests.id('Ada')::text, 'admin');
select tests.act_as('Ada');
select results_eq(
    $$ select email, platform_role from public.admin_users
       where id in (tests.id('Ada'), tests.id('Ben')) order by email $$,
    $$ values ('ada@example.com', 'admin'), ('ben@example.com', null) $$,
    'an admin lists everybody'
);
select throws_ok(
    $$ update public.admin_users set email = 'x' $$, '42501', null, 'and changes nobody here'
);
select tests.act_as_role('service_role');
select ok((select count(*) from public.admin_users) >= 2, 'so does the operator''s own software');

select * from finish();
rollback;
