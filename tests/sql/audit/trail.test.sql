-- The audit trail: what is written, who reads it, and that nobody rewrites it.
begin;
select plan(36);

-- Given an admin, a salon with its owner and somebody who works there, and a rival
select tests.at('2031-05-01 08:00Z');
select tests.person('Ada');
select tests.person('Owen');
select tests.person('Sam');
select tests.person('Rita');
select public.set_platform_role(tests.id('Ada')::text, 'admin');
select tests.business('Salon', 'Owen');
select tests.member('Sam', 'Salon', 'staff');
select tests.business('Rival', 'Rita');
select tests.service('Cut', 'Salon', 30, 3000);

create function pg_temp.entry()
returns bigint
language sql
security definer
as $$ select id from audit.entries where request_id = 'r-1' and table_name = 'catalog.services' $$;
grant execute on function pg_temp.entry() to public;

-- An update is written with what changed, the actor and the call
select tests.act_as('Owen');
select set_config('request.method', 'PATCH', true);
select set_config('request.path', '/services', true);
select set_config(
    'request.headers',
    '{"x-real-ip": "203.0.113.9", "user-agent": "Salon app", "x-request-id": "r-1"}', true
);
update public.services set price_minor = 3500, name = 'Haircut' where id = tests.id('Cut');
select tests.act_as_owner();
select results_eq(
    $$ select operation::text, business_id, before, after, actor_id, actor_role, cause, request_id,
              address, user_agent
       from audit.entries
       where table_name = 'catalog.services' and row_id = tests.id('Cut')::text
       order by id desc limit 1 $$,
    $$ values ('UPDATE', tests.id('Salon'), '{"name": "Cut", "price_minor": 3000}'::jsonb,
               '{"name": "Haircut", "price_minor": 3500}'::jsonb, tests.id('Owen'), 'authenticated',
               'PATCH /services', 'r-1', inet '203.0.113.9', 'Salon app') $$,
    'an update has what changed, who did it, by which call and from where'
);
select set_config('request.headers', '', true);
select is(
    (select count(*) from audit.entries
     where table_name = 'catalog.services' and row_id = tests.id('Cut')::text
         and operation = 'INSERT'),
    1::bigint, 'the insert has an entry'
);
update catalog.services set name = name where id = tests.id('Cut');
select is(
    (select count(*) from audit.entries
     where table_name = 'catalog.services' and row_id = tests.id('Cut')::text),
    2::bigint, 'an update that changes nothing has none'
);
insert into catalog.services (id, business_id, name, duration_minutes, price_minor, currency)
values ('00000000-0000-4000-8000-000000000001', tests.id('Salon'), 'Old', 30, 100, 'EUR');
delete from catalog.services where id = '00000000-0000-4000-8000-000000000001';
select is(
    (select before ->> 'name' from audit.entries
     where row_id = '00000000-0000-4000-8000-000000000001' and operation = 'DELETE'),
    'Old', 'a delete has the row that is gone'
);
select is(
    (select after from audit.entries
     where row_id = '00000000-0000-4000-8000-000000000001' and operation = 'DELETE'),
    null, 'and nothing after it'
);

-- The cause is the call, not the statement inside
select tests.act_as('Ada');
select set_config('request.method', 'POST', true);
select set_config('request.path', '/rpc/suspend_business', true);
select set_config('request.headers', '{"x-request-id": "r-2"}', true);
select public.suspend_business(tests.id('Rival')::text, 'Fraud');
select tests.act_as_owner();
select results_eq(
    $$ select before ->> 'status', after ->> 'status', cause, actor_id from audit.entries
       where table_name = 'business.businesses' and row_id = tests.id('Rival')::text
       order by id desc limit 1 $$,
    $$ values ('approved', 'suspended', 'POST /rpc/suspend_business', tests.id('Ada')) $$,
    'a suspension names the function that was called'
);
select set_config('request.path', '', true);
select set_config('request.headers', '', true);
select set_config('application_name', 'frontdesk flags set', true);
insert into flags.flags (key) values ('trail');
select is(
    (select cause from audit.entries where table_name = 'flags.flags' and row_id = 'trail'),
    'frontdesk flags set', 'outside of a request the program is the cause'
);

-- A longer key, many rows, and a change that is undone
insert into flags.targets (flag_key, subject) select 'trail', 's' || number
from generate_series(1, 1000) as numbers (number);
select is(
    (select count(*) from audit.entries where table_name = 'flags.targets'), 1000::bigint,
    'a thousand rows have a thousand entries'
);
select is(
    (select count(*) from audit.entries
     where table_name = 'flags.targets' and row_id = 'trail/s7'),
    1::bigint, 'whose keys have two parts'
);
update flags.targets set subject = 't7' where subject = 's7';
select results_eq(
    $$ select row_id, before is null, after is null from audit.entries
       where table_name = 'flags.targets' and operation = 'UPDATE' order by row_id $$,
    $$ values ('trail/s7', false, true), ('trail/t7', true, false) $$,
    'a row whose key changes has two entries'
);
savepoint bulk;
update catalog.services set price_minor = price_minor + 1;
rollback to savepoint bulk;
select is(
    (select count(*) from audit.entries
     where table_name = 'catalog.services' and after ->> 'price_minor' = '3501'),
    0::bigint, 'a bulk change that is rolled back leaves nothing'
);

-- What is personal or secret is hidden
update identity.profiles set full_name = 'Owen Cole', phone = '+491701234567', locale = 'de'
where id = tests.id('Owen');
select is(
    (select after from audit.entries
     where table_name = 'identity.profiles' and row_id = tests.id('Owen')::text
     order by id desc limit 1),
    '{"full_name": "***", "phone": "***", "locale": "de"}',
    'personal data shows that it changed, and not into what'
);
insert into identity.devices (user_id, platform, token)
values (tests.id('Owen'), 'ios', 'a-very-secret-token');
select is(
    (select after ->> 'token' from audit.entries where table_name = 'identity.devices'), '***',
    'a secret is not in the trail'
);
select is(
    (select count(*) from audit.entries
     where concat(before, after) ~ 'a-very-secret-token|\+491701234567|Owen Cole'),
    0::bigint, 'anywhere'
);
select is_empty(
    $$ select tagged.relation, tagged.column_name
       from private.tagged_columns() as tagged
       inner join audit.audited_tables() as audited on audited.relation = tagged.relation
       where (tagged.is_secret or tagged.is_personal)
           and tagged.column_name::text <> all(audit.hidden_columns(audited.relation)) $$,
    'every tagged column of every audited table is hidden'
);

-- Who reads
select tests.act_as('Owen');
select ok(
    (select count(*) from public.audit_log where table_name = 'catalog.services') > 0,
    'an owner reads what happened to the salon'
);
select is(
    (select count(*) from public.audit_log where business_id is distinct from tests.id('Salon')),
    0::bigint, 'and nothing else'
);
select is(
    (select count(*) from public.audit_log where address is not null or user_agent is not null),
    0::bigint, 'nor from where it was done'
);
select tests.act_as('Sam');
select is_empty($$ select 1 from public.audit_log $$, 'who works there reads nothing');
select tests.act_as_anon();
select throws_ok($$ select 1 from public.audit_log $$, '42501', null, 'nor does a visitor');
select tests.act_as('Ada');
select ok(
    (select count(distinct business_id) from public.audit_log) > 1, 'an admin reads everything'
);
select is(
    (select host(address) from public.audit_log where id = pg_temp.entry()), '203.0.113.9',
    'and from where it was done'
);

-- Nobody rewrites it
select throws_ok(
    $$ delete from public.audit_log $$, '42501', null, 'an admin deletes nothing'
);
select throws_ok(
    $$ insert into audit.entries (table_name, operation, actor_role, cause)
       values ('x', 'INSERT', 'x', 'x') $$, '42501', null, 'and adds nothing'
);
select tests.act_as_role('service_role');
select throws_ok($$ delete from audit.entries $$, '42501', null, 'nor does the service role');
select tests.act_as_owner();
select throws_ok(
    $$ update audit.entries set actor_id = null $$, 'PT409', 'History cannot be changed.',
    'the owner of the tables changes nothing'
);
select throws_ok(
    $$ delete from audit.entries $$, 'PT409', 'History cannot be changed.', 'and deletes nothing'
);
select throws_ok(
    $$ truncate audit.entries $$, 'PT409', 'History cannot be changed.', 'nor empties it'
);
select throws_ok(
    format('truncate %s', (
        select inhrelid::regclass from pg_inherits
        where inhparent = 'audit.entries'::regclass order by inhrelid::regclass::text limit 1
    )),
    'PT409', 'History cannot be changed.', 'month by month'
);

-- Masking is the one change, and it is written down
select tests.act_as_role('service_role');
select is(
    audit.mask(
        array[pg_temp.entry()], '{name,address}', 'On request'
    ),
    1, 'the operator masks an entry'
);
select results_eq(
    $$ select before, after, address, user_agent from audit.entries where id = pg_temp.entry() $$,
    $$ values ('{"name": "***", "price_minor": 3000}'::jsonb,
               '{"name": "***", "price_minor": 3500}'::jsonb, null::inet, 'Salon app') $$,
    'of which only the named columns are gone'
);
select results_eq(
    $$ select columns, reason, actor_role from audit.maskings $$,
    $$ values ('{name,address}'::text[], 'On request', 'service_role') $$,
    'that it was masked stays written'
);
select tests.act_as_owner();
select throws_ok(
    $$ update audit.entries set cause = 'none' where id = pg_temp.entry() $$, 'PT409',
    'History cannot be changed.', 'a masking allows no other change'
);
select throws_ok(
    $$ delete from audit.maskings $$, 'PT409', 'History cannot be changed.',
    'nor is it taken back'
);

-- Months come and go
create table audit.entries_2020_01 partition of audit.entries
for values from ('2020-01-01 00:00Z') to ('2020-02-01 00:00Z');
select tests.act_as_role('worker');
select is(private.keep_audit_months(), 1, 'a month is dropped when it is two years old');
select tests.act_as_owner();
select is(
    to_regclass('audit.entries_' || to_char(now() at time zone 'UTC' + interval '3 months', 'YYYY_MM'))
    is not null, true, 'and the next three are prepared'
);

select * from finish();
rollback;
