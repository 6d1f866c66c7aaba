-- Feature flags: who writes them, who gets them, and in which order the rules count.
begin;
select plan(50);

-- Given an admin, somebody of support, and two users
select tests.at('2031-05-01 08:00Z');
select tests.person('Ada');
select tests.person('Sue');
select tests.person('Ben');
select tests.person('Cem');
select public.set_platform_role(tests.id('Ada')::text, 'admin');
select public.set_platform_role(tests.id('Sue')::text, 'support');

-- Only admins write
select tests.act_as('Ben');
select throws_ok(
    $$ insert into public.feature_flags (key) values ('mine') $$, '42501', null,
    'a user cannot make a flag'
);
select is_empty($$ select * from public.feature_flags $$, 'nor see flags');
select tests.act_as('Sue');
select throws_ok(
    $$ insert into public.feature_flags (key) values ('mine') $$, '42501', null,
    'support cannot make a flag'
);
select tests.act_as_anon();
select throws_ok($$ select * from public.feature_flags $$, '42501', null, 'a visitor sees none');

select tests.act_as('Ada');
select lives_ok(
    $$ insert into public.feature_flags (key, kind) values ('new_prices', 'release') $$,
    'an admin makes a flag'
);
select is(private.flag('new_prices'), false, 'which is off at first');
select lives_ok(
    $$ update public.feature_flags set is_enabled = true where key = 'new_prices' $$,
    'an admin switches it on'
);
select tests.act_as('Sue');
select results_eq(
    $$ select key, is_enabled from public.feature_flags $$, $$ values ('new_prices', true) $$,
    'support sees it'
);
select is_empty(
    $$ update public.feature_flags set is_enabled = false returning key $$,
    'but cannot switch it off'
);

-- A flag decides in a policy
select tests.act_as_owner();
create table tests.prices (amount integer);
insert into tests.prices (amount) values (1);
alter table tests.prices enable row level security;
grant usage on schema tests to authenticated;
grant select on tests.prices to authenticated;
create policy prices_select on tests.prices for select to authenticated
using ((select private.flag('new_prices')));
select tests.act_as('Ben');
select is((select count(*) from tests.prices), 1::bigint, 'everybody has the new prices');
select tests.act_as('Ada');
select lives_ok(
    $$ insert into public.flag_targets (flag_key, subject, is_denied)
       values ('new_prices', tests.id('Ben')::text, true) $$,
    'an admin denies them to Ben'
);
select tests.act_as('Ben');
select is((select count(*) from tests.prices), 0::bigint, 'so Ben has the old ones');
select tests.act_as('Cem');
select is((select count(*) from tests.prices), 1::bigint, 'and Cem keeps the new ones');

-- Deny beats allow, a target beats the percentage
select tests.act_as('Ada');
update public.feature_flags set rules = '[{"percentage": 0}]' where key = 'new_prices';
insert into public.flag_targets (flag_key, subject)
values ('new_prices', tests.id('Cem')::text), ('new_prices', 'salon');
select tests.act_as('Cem');
select is(private.flag('new_prices'), true, 'a target has it at 0 percent');
select tests.act_as('Sue');
select is(private.flag('new_prices'), false, 'nobody else has it');
select tests.act_as_owner();
select is(
    (flags.evaluate('new_prices', tests.id('Sue')::text, '{"businessId": "salon"}')).is_on, true,
    'a business that is a target has it for its people'
);
select is(
    (flags.evaluate('new_prices', tests.id('Ben')::text, '{"businessId": "salon"}')).is_on, false,
    'but not for somebody who is denied'
);
update flags.flags set is_enabled = false where key = 'new_prices';
select results_eq(
    $$ select is_on, reason from flags.evaluate('new_prices', tests.id('Cem')::text) $$,
    $$ values (false, 'DISABLED') $$, 'a flag that is switched off is off for targets too'
);
select is((flags.evaluate('unheard_of')).key, null, 'an unknown flag has no evaluation');
select is(private.flag('unheard_of'), false, 'and counts as off');

-- A higher percentage keeps everybody, and the subjects are spread evenly
create temporary table buckets as
select flags.bucket('subject-' || number, 'spread') as bucket
from generate_series(1, 100000) as numbers (number);
select is(
    (select max(abs(share.count - share.percent * 1000)) < 1000
     from (
        select percent, (select count(*) from buckets where bucket <= percent) as count
        from generate_series(1, 99) as percents (percent)
     ) as share),
    true, 'each percentage of 100,000 subjects is met within one percentage point'
);
select is(
    (select count(*) from buckets where bucket <= 50) between 49500 and 50500, true,
    'and a half within one percent of itself'
);
select is(flags.murmur3('hello, world'), 345750399::bigint, 'the hash is MurmurHash3');
insert into flags.flags (key, is_enabled, rules) values ('spread', true, '[{"percentage": 10}]');
create temporary table first_ten as
select subject
from generate_series(1, 500) as numbers (number)
cross join lateral (select 'subject-' || number) as subjects (subject)
where (flags.evaluate('spread', subject)).is_on;
select is((select count(*) between 30 and 70 from first_ten), true, 'ten percent have the flag');
update flags.flags set rules = '[{"percentage": 20}]' where key = 'spread';
select is(
    (select bool_and((flags.evaluate('spread', subject)).is_on) from first_ten), true,
    'at twenty percent the first ten still have it'
);

-- Schedules
update flags.flags
set rules = '[]', starts_at = '2031-05-01 09:00Z', ends_at = '2031-05-01 10:00Z'
where key = 'spread';
select is(private.flag('spread', 'a'), false, 'before its start a flag is off');
select tests.at('2031-05-01 09:00Z');
select is(private.flag('spread', 'a'), true, 'from its start on it is on');
select tests.at('2031-05-01 10:00Z');
select is(private.flag('spread', 'a'), false, 'and from its end on off');
select is(
    (select stale_reason from public.feature_flags where key = 'spread'), 'ended',
    'a flag that has ended is stale'
);
select is(
    flags.stale_reason('release', '2031-03-01 10:00Z', null), 'older than 40 days',
    'an old release flag is stale'
);
select is(
    flags.stale_reason('kill_switch', '2001-03-01 10:00Z', null), null, 'a kill switch never is'
);

-- Prerequisites
insert into flags.flags (key, is_enabled) values ('base', false), ('upper', true), ('roof', true);
insert into flags.prerequisites (flag_key, required_key) values ('upper', 'base');
select is(private.flag('upper', 'a'), false, 'a flag waits for another one');
update flags.flags set is_enabled = true where key = 'base';
select is(private.flag('upper', 'a'), true, 'until that one is on');
select throws_ok(
    $$ insert into flags.prerequisites (flag_key, required_key) values ('roof', 'upper') $$,
    'PT409', 'A flag that others wait for cannot wait for flags itself.',
    'what waits cannot be waited for'
);
select throws_ok(
    $$ insert into flags.prerequisites (flag_key, required_key) values ('base', 'roof') $$,
    'PT409', 'A flag that others wait for cannot wait for flags itself.', 'nor the other way'
);

-- A flag's row says whether there is something to look for, whoever writes and however
create function pg_temp.marks(key text)
returns text
language sql
as $$
    select format('%s targets, %s prerequisites', has_targets, has_prerequisites)
    from flags.flags
    where flags.key = marks.key
$$;
insert into flags.flags (key, has_targets, has_prerequisites) values ('marked', true, true);
select is(
    pg_temp.marks('marked'), 'f targets, f prerequisites', 'a new flag has nothing, whatever it says'
);
insert into flags.targets (flag_key, subject) values ('marked', 'a'), ('marked', 'b');
insert into flags.prerequisites (flag_key, required_key) values ('marked', 'base');
select is(pg_temp.marks('marked'), 't targets, t prerequisites', 'what it gets is marked');
update flags.flags set has_targets = false, has_prerequisites = false where key = 'marked';
select is(
    pg_temp.marks('marked'), 't targets, t prerequisites', 'and the owner cannot say otherwise'
);
update flags.flags set key = 'renamed', has_targets = false where key = 'marked';
select is(pg_temp.marks('renamed'), 't targets, t prerequisites', 'a flag that is renamed keeps it');
delete from flags.targets where flag_key = 'renamed' and subject = 'a';
select is(
    pg_temp.marks('renamed'), 't targets, t prerequisites', 'of two targets, one may go'
);
update flags.targets set flag_key = 'spread' where flag_key = 'renamed';
select is(
    pg_temp.marks('renamed') || '; ' || pg_temp.marks('spread'),
    'f targets, t prerequisites; t targets, f prerequisites',
    'a target that moves to another flag is marked there'
);
delete from flags.prerequisites where flag_key = 'renamed';
select is(pg_temp.marks('renamed'), 'f targets, f prerequisites', 'the last prerequisite may go');
truncate flags.targets;
select is(
    (select count(*) from flags.flags where has_targets), 0::bigint, 'and all targets at once'
);

-- What cannot be evaluated is refused
select throws_ok(
    $$ update flags.flags set rules = '[{"percentage": 101}]' where key = 'base' $$,
    'PT400', 'rules.percentage must be a whole number from 0 to 100.', 'a share has a limit'
);
select throws_ok(
    $$ update flags.flags set rules = '[{"constraints": [{"contextName": "a", "operator": "IS",
       "values": []}]}]' where key = 'base' $$,
    'PT400',
    'constraints must have an operator of docs/flags.md and a value that it can compare with.',
    'an operator is known'
);
select throws_ok(
    $$ insert into flags.flags (key, value_type, off_value, variants) values ('text', 'string',
       '"none"', '[{"name": "a", "weight": 1, "value": 7}]') $$,
    'PT400', 'variants.value must be a string.', 'a variant is of the flag''s type'
);
insert into flags.segments (name, constraints)
values ('germans', '[{"contextName": "country", "operator": "IN", "values": ["DE"]}]');
update flags.flags set rules = '[{"segments": ["germans"]}]' where key = 'base';
select is(
    (flags.evaluate('base', 'a', '{"country": "DE"}')).is_on
    and not (flags.evaluate('base', 'a', '{"country": "AT"}')).is_on,
    true, 'a segment decides'
);
select throws_ok(
    $$ delete from flags.segments where name = 'germans' $$, 'PT409',
    'A flag still uses this segment.', 'and stays while it is used'
);

-- What clients may ask
select tests.act_as('Cem');
select is(public.flag('roof'), false, 'clients learn nothing of a flag that is not public');
select tests.act_as_owner();
update flags.flags set is_public = true where key = 'roof';
select tests.act_as('Cem');
select is(public.flag('roof'), true, 'of a public one they do');

select * from finish();
rollback;
