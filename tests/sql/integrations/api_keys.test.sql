-- API keys: owners make them, each is shown once, and each does what its scopes name and no more.
begin;
select plan(35);

select tests.person('Nora');
select tests.person('Max');
select tests.person('Omar');
select tests.business('Loft', owned_by => 'Nora');
select tests.business('Elsewhere', owned_by => 'Omar');
select tests.member('Max', works_for => 'Loft', as_role => 'manager');
create temp table made (name text, id uuid, key text);
grant all on made to public;
/* Become the program that has a key, as PostgREST does for a request. */
create function pg_temp.request_with(key text, method text, path text, address text default null)
returns void
language plpgsql
as $$
begin
    reset role;
    perform set_config('request.jwt.claims', '{"role": "api_key"}', true);
    perform set_config(
        'request.headers',
        jsonb_build_object('x-api-key', key, 'x-real-ip', coalesce(address, '192.0.2.7'))::text, true
    );
    perform set_config('request.method', method, true);
    perform set_config('request.path', path, true);
    perform set_config('auth.admitted_key', '', true);
    perform set_config('role', 'api_key', true);
    perform private.check_request();
end;
$$;

-- Creating
select tests.act_as_anon();
select throws_ok(
    $$ select public.create_api_key(tests.id('Loft')::text, 'Till', '["bookings:read"]') $$,
    'PT401', 'Sign in first.', 'a visitor creates no key'
);
select throws_ok($$ select * from public.api_keys $$, '42501', null, 'and sees none');
select tests.act_as('Max');
select throws_ok(
    $$ select public.create_api_key(tests.id('Loft')::text, 'Till', '["bookings:read"]') $$,
    'PT403', null, 'a manager creates no key'
);
select tests.act_as('Omar');
select throws_ok(
    $$ select public.create_api_key(tests.id('Loft')::text, 'Till', '["bookings:read"]') $$,
    'PT403', null, 'neither does an owner of another business'
);
select tests.act_as('Nora');
select throws_ok(
    $$ select public.create_api_key(tests.id('Loft')::text, 'Till', '["everything"]') $$,
    'PT400', 'scopes must be names such as bookings:read.', 'a scope is one of the list'
);
select throws_ok(
    $$ select public.create_api_key(tests.id('Loft')::text, 'Till', '[]') $$,
    'PT400', 'scopes must name at least one scope.', 'a key has a scope'
);
select throws_ok(
    $$ select public.create_api_key(
        tests.id('Loft')::text, 'Till', '["bookings:read"]', '2001-01-01T00:00:00Z'
    ) $$,
    'PT400', 'expires_at must be in the future.', 'a key is not born expired'
);
select throws_ok(
    $$ select public.create_api_key(
        tests.id('Loft')::text, 'Till', '["bookings:read"]', null, '["nowhere"]'
    ) $$,
    'PT400', null, 'an address is one'
);
insert into made
select 'till', id, key
from public.create_api_key(tests.id('Loft')::text, 'Till', '["bookings:read", "catalog:write"]');
insert into made
select 'office', id, key
from public.create_api_key(
    tests.id('Loft')::text, 'Office', '["bookings:read"]', null, '["198.51.100.0/24", "2001:db8::1"]'
);
insert into made
select 'brief', id, key
from public.create_api_key(
    tests.id('Loft')::text, 'Brief', '["bookings:read"]',
    to_char(private.now() + interval '1 day', 'YYYY-MM-DD"T"HH24:MI:SSOF')
);
select matches((select key from made where name = 'till'), '^fdk_[0-9a-f]{64}$', 'a key says what it is');
select results_eq(
    $$ select api_keys.name, scopes, prefix = left(made.key, 12) from public.api_keys
       inner join made using (id) where made.name = 'till' $$,
    $$ values ('Till'::text, '{bookings:read,catalog:write}'::text [], true) $$,
    'owners see their keys by their beginnings'
);
select throws_ok(
    $$ select 1 from identity.api_key_secrets $$, '42501', null, 'and nobody reads what is kept of one'
);
reset role;
select is_empty(
    $$ select 1 from identity.api_key_secrets, made
       where position(convert_to(made.key, 'UTF8') in secret_hash) > 0 $$,
    'a key is kept as a hash alone'
);

-- Using
select lives_ok(
    $$ select pg_temp.request_with((select key from made where name = 'till'), 'GET', '/bookings') $$,
    'a key reads what its scope names'
);
select is(
    array(select private.my_businesses('manage')), array[tests.id('Loft')],
    'it acts for its business'
);
select is_empty($$ select private.my_businesses('own') $$, 'but not as an owner');
select is(auth.uid(), null::uuid, 'and it is no user');
select throws_ok(
    $$ select identity.create_api_key(
        tests.id('Loft'), 'More', '{bookings:read}', null, null, identity.make_key()
    ) $$,
    'PT401', null, 'so it makes no keys'
);
select throws_ok(
    $$ select pg_temp.request_with((select key from made where name = 'till'), 'PATCH', '/bookings') $$,
    'PT403', 'This API key has no scope for this.', 'a scope to read does not write'
);
select throws_ok(
    $$ select pg_temp.request_with((select key from made where name = 'till'), 'POST', '/rpc/cancel_booking') $$,
    'PT403', 'This API key has no scope for this.', 'nor call what writes'
);
select throws_ok(
    $$ select pg_temp.request_with((select key from made where name = 'till'), 'GET', '/customers') $$,
    'PT403', 'This API key has no scope for this.', 'nor read anything else'
);
select lives_ok(
    $$ select pg_temp.request_with((select key from made where name = 'till'), 'GET', '/services') $$,
    'a scope to write reads, too'
);
select throws_ok(
    $$ select pg_temp.request_with('fdk_00', 'GET', '/bookings') $$,
    'PT401', 'This API key is not valid.', 'a key that nobody made is refused'
);
select throws_ok(
    $$ select pg_temp.request_with(null, 'GET', '/bookings') $$,
    'PT401', 'This API key is not valid.', 'and so is the role without a key'
);
select throws_ok(
    $$ select pg_temp.request_with((select key from made where name = 'office'), 'GET', '/bookings') $$,
    'PT403', 'This API key is not accepted from your address.', 'an address that is not allowed is refused'
);
select lives_ok(
    $$ select pg_temp.request_with(
        (select key from made where name = 'office'), 'GET', '/bookings', '198.51.100.9'
    ) $$,
    'one of an allowed network is not'
);
reset role;
select set_config('auth.admitted_key', '', true);
select set_config('role', 'api_key', true);
select is_empty($$ select private.my_businesses('view') $$, 'who was not admitted acts for nobody');
select is_empty($$ select 1 from public.services $$, 'and sees nothing');

-- Rotating, revoking, expiring
select tests.act_as('Nora');
insert into made
select 'new till', id, key
from public.rotate_api_key((select id::text from made where name = 'till'), '1');
select lives_ok(
    $$ select pg_temp.request_with((select key from made where name = 'new till'), 'GET', '/bookings') $$,
    'a rotated key is accepted'
);
select lives_ok(
    $$ select pg_temp.request_with((select key from made where name = 'till'), 'GET', '/bookings') $$,
    'and so is the old one, for the overlap'
);
reset role;
select tests.at(private.now() + interval '61 minutes');
select throws_ok(
    $$ select pg_temp.request_with((select key from made where name = 'till'), 'GET', '/bookings') $$,
    'PT401', 'This API key is not valid.', 'the old one ends with the overlap'
);
select tests.act_as('Nora');
select isnt(
    (public.revoke_api_key((select id::text from made where name = 'till'))).revoked_at, null,
    'an owner revokes a key'
);
select throws_ok(
    $$ select pg_temp.request_with((select key from made where name = 'new till'), 'GET', '/bookings') $$,
    'PT401', 'This API key is not valid.', 'which is refused from then on'
);
reset role;
select ok(
    not identity.is_key_live((select id from made where name = 'till')),
    'a connection that lives longer hears of it, too'
);
select tests.act_as('Nora');
select throws_ok(
    $$ select public.rotate_api_key((select id::text from made where name = 'till')) $$,
    'PT409', 'This API key is revoked.', 'a revoked key stays so'
);
reset role;
select tests.at(private.now() + interval '2 days');
select throws_ok(
    $$ select pg_temp.request_with((select key from made where name = 'brief'), 'GET', '/bookings') $$,
    'PT401', 'This API key is not valid.', 'a key ends when it expires'
);

select * from tap.finish();
rollback;
