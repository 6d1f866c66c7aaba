-- A phone asks what changed: everything at first, then what changed, and what is out of sight.
select plan(20);

begin;
select tests.person('owner');
select tests.person('mia');
select tests.person('noah');
select tests.business('Salon', 'owner');
select tests.service('Cut', 'Salon');
insert into identity.addresses (id, user_id, recipient, line1, city, postal_code, country)
values
('00000000-0000-4000-8000-00000000000a', tests.id('mia'), 'Mia', 'Weg 1', 'Ulm', '1', 'DE'),
('00000000-0000-4000-8000-00000000000b', tests.id('noah'), 'Noah', 'Weg 2', 'Ulm', '1', 'DE');
commit;

create temporary table page (person text, answer jsonb);
grant all on page to public;

/* Sync as somebody, from where they are; keeps the answer. */
create function pg_temp.pull(person text, scopes text[] default null)
returns jsonb
language plpgsql
as $$
declare
    v_cursor text = (select answer ->> 'cursor' from page where page.person = pull.person);
    v_answer jsonb;
begin
    perform tests.act_as(person);
    v_answer = public.sync(v_cursor, scopes);
    delete from page where page.person = pull.person;
    insert into page values (pull.person, v_answer);
    return v_answer;
end;
$$;

/* What is in an answer, in short: view and id of each, in order. */
create function pg_temp.short(rows jsonb)
returns text
language sql
as $$
select string_agg(
    format('%s %s', each ->> 'view', coalesce(each #>> '{row,city}', each ->> 'id')), ', '
    order by each ->> 'view', each ->> 'id'
)
from jsonb_array_elements(rows) as each
where each ->> 'view' in ('addresses', 'services', 'businesses');
$$;

begin;
select is(
    pg_temp.short(pg_temp.pull('mia') -> 'changes'), 'addresses Ulm', 'Mia gets her address'
);
commit;
begin;
select is(
    pg_temp.pull('mia') - 'cursor',
    '{"reset": [], "changes": [], "tombstones": [], "more": false}', 'and then nothing new'
);
commit;
begin;
select is(
    pg_temp.short(pg_temp.pull('owner') -> 'changes'),
    format('businesses %s, services %s', tests.id('Salon'), tests.id('Cut')),
    'the owner gets the salon'
);
commit;
begin;
select is(
    (select answer -> 'reset' from page where person = 'owner'),
    jsonb_build_array('own', 'business:' || tests.id('Salon')),
    'one of two scopes'
);
select pg_temp.pull('owner');
commit;
begin;
select is(
    pg_temp.pull('owner') -> 'more', 'false', 'when both are read, there is no more'
);
commit;

-- Changes
update identity.addresses set city = 'Bonn' where recipient = 'Mia';
update catalog.services set description = 'New';
begin;
select is(
    pg_temp.short(pg_temp.pull('mia') -> 'changes'), 'addresses Bonn', 'Mia hears of her address'
);
commit;
begin;
select is(
    pg_temp.short(pg_temp.pull('owner') -> 'changes'),
    format('services %s', tests.id('Cut')), 'the owner of the service'
);
commit;

-- Out of sight
update identity.addresses set user_id = tests.id('noah') where recipient = 'Mia';
begin;
select is(
    pg_temp.short(pg_temp.pull('mia') -> 'tombstones'),
    'addresses 00000000-0000-4000-8000-00000000000a', 'a row that went to somebody else is gone'
);
commit;
begin;
select is(
    pg_temp.short(pg_temp.pull('noah') -> 'changes'), 'addresses Bonn, addresses Ulm',
    'for whom it is there'
);
commit;
delete from identity.addresses where recipient = 'Mia';
begin;
select pg_temp.pull('noah');
select is(
    pg_temp.short(pg_temp.pull('noah') -> 'tombstones'), null, 'a tombstone comes once'
);
commit;

-- Roles
begin;
select tests.member('noah', 'Salon', 'staff');
commit;
begin;
select is(
    pg_temp.pull('noah') ->> 'more', 'true', 'who begins to work gets the business'
);
commit;
begin;
select is(
    pg_temp.pull('noah') -> 'reset', '[]', 'which nobody has to forget first'
);
commit;
update business.business_members set role = 'manager' where user_id = tests.id('noah');
begin;
select is(
    pg_temp.pull('noah') -> 'reset', jsonb_build_array('business:' || tests.id('Salon')),
    'with another role it comes anew'
);
commit;
delete from business.business_members where user_id = tests.id('noah');
begin;
select is(
    pg_temp.pull('noah') - 'cursor' - 'changes' - 'tombstones',
    jsonb_build_object('reset', jsonb_build_array('business:' || tests.id('Salon')), 'more', false),
    'who leaves forgets it'
);
commit;

-- Scopes and cursors
begin;
select is(
    pg_temp.pull('owner', array['own']) -> 'reset',
    jsonb_build_array('business:' || tests.id('Salon')), 'a scope may be left out'
);
commit;
begin;
select tests.act_as('owner');
select throws_ok(
    $$ select public.sync(null, array['everything']) $$,
    'PT400', 'scopes must be 1 to 100 of own and business:ID.', 'other scopes there are none'
);
select throws_ok(
    $$ select public.sync('nonsense') $$,
    'PT400', 'cursor must be one of an earlier answer.', 'a cursor is nothing to invent'
);
select throws_ok(
    $$ select public.sync(private.write_cursor('{"x": "1", "v": "", "r": "a", "s": {}, "f": {}}')) $$,
    'PT400', 'cursor must be one of an earlier answer.', 'nor to change'
);
select is(
    public.sync(
        private.write_cursor(
            private.read_cursor((select answer ->> 'cursor' from page where person = 'owner'))
            || '{"t": "another cluster"}'
        )
    ) -> 'reset' ->> 0,
    'own', 'in another history of the database everything comes anew'
);
rollback;
insert into mobile.horizon (transaction_id) values (pg_current_xact_id());
begin;
select is(
    pg_temp.pull('mia') -> 'reset', '["own"]', 'as it does when the log has forgotten'
);
commit;

select * from finish();
