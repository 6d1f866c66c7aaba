-- A phone sends what was changed without a connection: once, and only onto the version it had.
begin;
select plan(27);

select tests.person('owner');
select tests.person('mia');
select tests.person('noah');
select tests.business('Salon', 'owner');
select tests.service('Cut', 'Salon');

/* What a push answers, with its status. */
create function pg_temp.push(view text, id uuid, client_id text, changes jsonb, version text)
returns jsonb
language plpgsql
as $$
declare
    v_answer jsonb;
begin
    perform set_config('response.status', '', true);
    v_answer = public.push_change(view, id, client_id, changes, version);
    return v_answer || jsonb_build_object('status', current_setting('response.status'));
end;
$$;

/* The version of a row as sync sends it. */
create function pg_temp.version(of_view text, of_id uuid)
returns text
language sql
as $$
select change ->> 'version'
from json_array_elements(public.sync() -> 'changes') as change
where change ->> 'view' = of_view and change ->> 'id' = of_id::text
limit 1;
$$;

-- A new row, with the id that the phone gave it
select tests.act_as('mia');
select is(
    pg_temp.push(
        'addresses', '00000000-0000-4000-8000-000000000001', 'first',
        '{"recipient": "Mia", "line1": "Weg 1", "city": "Ulm", "postal_code": "89073", "country": "DE"}',
        null
    ) #>> '{row,city}',
    'Ulm', 'Mia adds an address that she wrote in a tunnel'
);
select is(
    pg_temp.push(
        'addresses', '00000000-0000-4000-8000-000000000001', 'first',
        '{"recipient": "Mia", "line1": "Weg 1", "city": "Ulm", "postal_code": "89073", "country": "DE"}',
        null
    ) #>> '{row,city}',
    'Ulm', 'sent again, it has the same answer'
);
select is((select count(*) from public.addresses), 1::bigint, 'and is written once');
select throws_ok(
    $$ select public.push_change('addresses', '00000000-0000-4000-8000-000000000001', 'first',
       '{"city": "Bonn"}') $$,
    'PT409', null, 'another change needs another client id'
);
select is(
    pg_temp.push(
        'addresses', '00000000-0000-4000-8000-000000000001', 'second', '{"city": "Ulm"}', null
    ) ->> 'version',
    pg_temp.version('addresses', '00000000-0000-4000-8000-000000000001'),
    'a row that has these values already is written'
);

-- A change onto the version that the phone had
select is(
    pg_temp.push(
        'addresses', '00000000-0000-4000-8000-000000000001', 'third', '{"city": "Bonn"}',
        pg_temp.version('addresses', '00000000-0000-4000-8000-000000000001')
    ) #>> '{row,city}',
    'Bonn', 'she moves'
);
select is(
    pg_temp.push(
        'addresses', '00000000-0000-4000-8000-000000000001', 'fourth', '{"city": "Kiel"}', 'old'
    ) - array['message', 'hint', 'code'] - 'theirs',
    '{"details": "version_conflict", "status": "409", "yours": {"city": "Kiel"}}'::jsonb,
    'a change of an old version is a conflict'
);
select is(
    pg_temp.push(
        'addresses', '00000000-0000-4000-8000-000000000001', 'fourth', '{"city": "Kiel"}', 'old'
    ) #>> '{theirs,row,city}',
    'Bonn', 'which shows the other side, however often it is asked'
);
select is(
    pg_temp.push(
        'addresses', '00000000-0000-4000-8000-000000000001', 'fourth', '{"city": "Kiel"}', 'old'
    ) #>> '{theirs,version}',
    pg_temp.version('addresses', '00000000-0000-4000-8000-000000000001'),
    'with the version on which to build'
);
select is(
    (select addresses.city from public.addresses), 'Bonn', 'and nothing was written'
);
select is(
    pg_temp.push(
        'addresses', '00000000-0000-4000-8000-000000000001', 'fifth', '{"city": "Bonn"}', 'old'
    ) ->> 'status',
    '', 'the same change on two phones is no conflict'
);

-- Deletions
select is(
    pg_temp.push('addresses', '00000000-0000-4000-8000-000000000001', 'sixth', null, 'old')
    ->> 'details',
    'version_conflict', 'a row that changed is not deleted'
);
select is(
    pg_temp.push(
        'addresses', '00000000-0000-4000-8000-000000000001', 'seventh', null,
        pg_temp.version('addresses', '00000000-0000-4000-8000-000000000001')
    ) ->> 'id',
    '00000000-0000-4000-8000-000000000001', 'one that did not is'
);
select is(
    pg_temp.push('addresses', '00000000-0000-4000-8000-000000000001', 'eighth', null, 'old')
    ->> 'id',
    '00000000-0000-4000-8000-000000000001', 'and what is gone is deleted'
);
select throws_ok(
    $$ select public.push_change('addresses', '00000000-0000-4000-8000-000000000001', 'ninth',
       '{"city": "Jena"}', 'old') $$,
    'PT404', null, 'but not changed'
);

-- What nobody may
select throws_ok(
    $$ select public.push_change('ledger_balances', gen_random_uuid(), 'x', '{"a": 1}') $$,
    'PT400', 'view must be one that sync returns.', 'only what is synced is pushed'
);
select throws_ok(
    $$ select public.push_change('addresses', gen_random_uuid(), 'x', '{"house": 1}') $$,
    'PT400', 'changes has no column house.', 'a column must exist'
);
select throws_ok(
    $$ select public.push_change('addresses', gen_random_uuid(), 'x', '[1]') $$,
    'PT400', 'changes must be an object of columns.', 'changes are columns'
);
select throws_ok(
    $$ select public.push_change('addresses', gen_random_uuid(), 'x', '{"id": 1}') $$,
    'PT400', 'changes must not contain id.', 'a row keeps its id'
);
select throws_ok(
    $$ select public.push_change('addresses', gen_random_uuid(), 'x') $$,
    'PT400', 'version must not be null when a row is deleted.', 'nothing is deleted unseen'
);
select throws_ok(
    $$ select public.push_change('bookings', gen_random_uuid(), 'x', '{"status": "confirmed"}', 'v') $$,
    'PT403', 'You may not write status.', 'a booking changes by its functions'
);
select throws_ok(
    $$ select public.push_change('bookings', gen_random_uuid(), 'y', null, 'v') $$,
    'PT403', 'You may not delete this row.', 'and is not deleted'
);
select throws_ok(
    $$ select public.push_change('services', tests.id('Cut'), 'z', '{"name": "Free"}',
       (select mobile.version(to_json(services)::text) from public.services where id = tests.id('Cut'))) $$,
    'PT403', 'You may not change this row.', 'a customer changes no service'
);
select tests.act_as('noah');
select is(
    pg_temp.push(
        'addresses', '00000000-0000-4000-8000-000000000002', 'x',
        jsonb_build_object(
            'user_id', tests.id('mia'), 'recipient', 'M', 'line1', 'L', 'city', 'C',
            'postal_code', '1', 'country', 'DE'
        ),
        null
    ) #>> '{row,user_id}',
    tests.id('noah')::text, 'nobody writes a row of somebody else'
);
select tests.act_as('owner');
select is(
    pg_temp.push(
        'services', tests.id('Cut'), 'a', '{"description": "With a wash."}',
        pg_temp.version('services', tests.id('Cut'))
    ) #>> '{row,description}',
    'With a wash.', 'the owner does'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.push_change('addresses', gen_random_uuid(), 'x', '{"city": "Jena"}') $$,
    '42501', null, 'nobody pushes without an account'
);
select throws_ok('select public.sync()', '42501', null, 'nor syncs');

select * from finish();
rollback;
