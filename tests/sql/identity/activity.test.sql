-- What users do with their accounts: noted where it happens, theirs to read, nobody's to rewrite.
begin;
select plan(23);

select tests.person('Ada');
select tests.person('Ben');
select tests.person('Fin');

-- Supabase Auth writes down what happens; so does our own sign-in.
create function tests.audited(action text, traits jsonb, ip text default '')
returns void
language sql
volatile
set search_path = ''
begin atomic
    insert into auth.audit_log_entries (instance_id, id, payload, created_at, ip_address)
    values (
        null, gen_random_uuid(),
        json_build_object(
            'action', action, 'actor_id', tests.id('Ada'), 'traits', traits, 'user_agent', 'a browser'
        ),
        now(), ip
    );
end;

select tests.audited('user_signedup', '{"provider": "email", "user_email": "ada@example.com"}', '192.0.2.7');
select tests.audited('login', '{"provider": "google"}', 'no address');
select tests.audited('token_refreshed', null);
select tests.audited('token_revoked', null);
select tests.audited('factor_updated', '{"status": "verified"}');
select tests.audited('user_modified', jsonb_build_object('user_id', tests.id('Ben'), 'by', 'operator'));
select tests.audited('user_deleted', '{"user_id": "nobody"}');
select results_eq(
    $$ select kind::text, host(ip), user_agent, details from identity.activity_events
       where user_id = tests.id('Ada') order by id $$,
    $$ values
       ('signed_up', '192.0.2.7', 'a browser', '{"provider": "email"}'::jsonb),
       ('signed_in', null, 'a browser', '{"provider": "google"}'),
       ('factor_added', null, 'a browser', '{}') $$,
    'what sign-in writes down is activity of its user, without refreshes and without addresses'
);
select results_eq(
    $$ select kind::text, details from identity.activity_events where user_id = tests.id('Ben') $$,
    $$ values ('account_changed', '{"by": "operator"}'::jsonb) $$,
    'what the operator does to Ben is Ben''s activity'
);

select tests.act_as('Ada');
select set_config(
    'request.headers',
    '{"x-real-ip": "2001:db8::7", "x-forwarded-for": "192.0.2.66", "user-agent": "an app"}', true
);
update public.profiles set full_name = 'Ada L', locale = 'de' where id = tests.id('Ada');
update public.profiles set full_name = 'Ada L' where id = tests.id('Ada');
select results_eq(
    $$ select kind::text, host(ip), user_agent, details from public.activity order by id desc limit 2 $$,
    $$ values
       ('profile_changed', '2001:db8::7', 'an app', '{"columns": ["full_name", "locale"]}'::jsonb),
       ('factor_added', null, 'a browser', '{}') $$,
    'a change of the profile is noted once, by the address that the gateway saw'
);
select set_config('request.headers', '{"x-real-ip": "drop table"}', true);
select lives_ok(
    $$ update public.profiles set full_name = 'Ada' where id = tests.id('Ada') $$,
    'an address that is none stops nobody'
);
select is(
    (select count(*) from public.activity where user_id <> tests.id('Ada')), 0::bigint,
    'Ada reads her own activity only'
);
select throws_ok(
    $$ insert into public.activity (user_id, kind) values (tests.id('Ada'), 'signed_in') $$,
    '42501', null, 'and writes none'
);
select throws_ok($$ delete from public.activity $$, '42501', null, 'takes none away');
select throws_ok(
    $$ update public.activity set ip = null $$, '42501', null, 'changes none'
);
select throws_ok(
    $$ select identity.note_activity(tests.id('Ben'), 'signed_in') $$,
    '42501', null, 'nor by the function behind it'
);
select throws_ok(
    $$ select private.forget_old_activity() $$, '42501', null, 'and forgets none'
);

select tests.act_as_anon();
select throws_ok($$ select * from public.activity $$, '42501', null, 'a visitor has none to read');

select tests.act_as_owner();
select set_config('request.headers', '', true);
select tests.business('Salon', owned_by => 'Fin');
select public.set_platform_role(tests.id('Ada')::text, 'admin');
select results_eq(
    $$ select kind::text, details ->> 'from', details ->> 'to' from identity.activity_events
       where kind in ('membership_changed', 'platform_role_changed') order by id $$,
    $$ values ('membership_changed', null, 'owner'), ('platform_role_changed', null, 'admin') $$,
    'roles that are given are noted'
);

select tests.act_as_role('analyst');
select set_config('transaction_read_only', 'off', true);
select results_eq(
    $$ select kind::text, events from analytics.user_activity
       where kind in ('profile_changed', 'signed_in') order by kind::text $$,
    $$ values ('profile_changed', 2::bigint), ('signed_in', 1) $$,
    'analysts count'
);
select throws_ok(
    $$ select user_id from identity.activity_events $$, '42501', null, 'and do not see who'
);
select throws_ok(
    $$ select ip from identity.activity_events $$, '42501', null, 'nor from where'
);
select throws_ok($$ select * from public.activity $$, '42501', null, 'by no way');
select tests.act_as('Ada');
select throws_ok(
    $$ select * from analytics.user_activity $$, '42501', null, 'users do not count each other'
);

select tests.act_as_owner();
select throws_ok(
    $$ update identity.activity_events set kind = 'signed_out' $$, 'PT409',
    'History cannot be changed.', 'not even the owner of the table rewrites it'
);
select throws_ok(
    $$ delete from identity.activity_events $$, 'PT409',
    'History cannot be changed.', 'takes a row away'
);
select throws_ok(
    $$ truncate identity.activity_events $$, 'PT409', 'History cannot be changed.', 'or empties it'
);
select lives_ok(
    $$ delete from auth.users where id = tests.id('Ben') $$, 'a user may go'
);
select ok(
    exists (select 1 from identity.activity_events where user_id = tests.id('Ben')),
    'and what happened stays'
);

insert into identity.activity_events (user_id, kind, at)
values (tests.id('Ada'), 'signed_in', now() - interval '401 days'),
(tests.id('Ada'), 'signed_in', now() - interval '399 days');
select tests.act_as_role('worker');
select is(private.forget_old_activity(), 1, 'after 400 days it is forgotten');

select * from finish();
rollback;
