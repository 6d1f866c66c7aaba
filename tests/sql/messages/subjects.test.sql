-- What people are told of: a domain registers a subject by functions that exist, and whoever tells of it
-- asks them.
begin;
select plan(17);

create function pg_temp.insert_parcel(changed jsonb)
returns text
language sql
as $$
    select format(
        'insert into private.subjects select * from jsonb_populate_record(null::private.subjects, %L)',
        '{
            "name": "parcel", "description": "A parcel", "id_key": "parcel_id",
            "data_function": "lab.data", "readers_function": "lab.readers",
            "holds_function": "lab.holds", "claim_function": "lab.claim"
        }'::jsonb || changed
    )
$$;
create schema lab;
create function lab.data(messages private.subject_message[]) returns setof private.subject_facts
language sql as $$
    select ordinal, payload || jsonb_build_object('id', subject_id) from unnest(messages)
$$;
create function lab.readers(messages private.subject_message[], audience text)
returns setof private.reader
language sql as $$
    select ordinal, subject_id, audience || '@example.com', null, 'en', null::jsonb
    from unnest(messages)
$$;
create function lab.holds(states private.subject_state[]) returns setof integer
language sql as $$ select ordinal from unnest(states) where condition = 'closed' $$;
create function lab.claim(messages private.subject_message[]) returns setof private.subject_claim
language sql as $$ select ordinal, not payload ? 'known' from unnest(messages) $$;
create function lab.count(messages private.subject_message[]) returns bigint
language sql as $$ select count(*) from unnest(messages) $$;
create function public.lab_data(messages private.subject_message[])
returns setof private.subject_facts
language sql as $$ select ordinal, payload from unnest(messages) $$;

-- Registering
select throws_ok(
    pg_temp.insert_parcel('{"data_function": "lab.nothing"}'), 'PT400', null,
    'a function that does not exist is refused'
);
select throws_ok(
    pg_temp.insert_parcel('{"data_function": "lab.count"}'), 'PT400',
    'data_function must be a function (private.subject_message[]) → SETOF private.subject_facts in a schema '
    'that is not exposed.',
    'a function with another result is refused'
);
select throws_ok(
    pg_temp.insert_parcel('{"holds_function": "lab.claim"}'), 'PT400', null,
    'a function with other arguments is refused'
);
select throws_ok(
    pg_temp.insert_parcel('{"data_function": "public.lab_data"}'), 'PT400', null,
    'a function that clients could call is refused'
);
select throws_ok(
    pg_temp.insert_parcel('{"data_function": "lab.data(null); select lab.data"}'), 'PT400', null,
    'text that is no name is refused'
);
select throws_ok(
    pg_temp.insert_parcel('{"data_function": null}'), '23502', null,
    'a subject always has something to say'
);
select lives_ok(pg_temp.insert_parcel('{}'), 'functions that fit are registered');
select throws_ok(
    $$ update private.subjects set claim_function = 'lab.gone' where name = 'parcel' $$, 'PT400', null,
    'a change is checked as well'
);

-- Asking
create function pg_temp.id() returns uuid
language sql as $$ select '00000000-0000-4000-8000-000000000001'::uuid $$;
create function pg_temp.messages() returns private.subject_message[]
language sql as $$
    select array[
        row(1, pg_temp.id(), '{"to": "Ann"}'), row(2, pg_temp.id(), '{"known": true}')
    ]::private.subject_message[]
$$;
select is(
    private.subject_payload('parcel', pg_temp.id()), jsonb_build_object('parcel_id', pg_temp.id()),
    'a payload names the row'
);
select results_eq(
    $$ select ordinal, data from private.subject_data('parcel', pg_temp.messages()) order by ordinal $$,
    $$ values
        (1, jsonb_build_object('to', 'Ann', 'id', pg_temp.id())),
        (2, jsonb_build_object('known', true, 'id', pg_temp.id())) $$,
    'the domain says of each message what there is to say'
);
select results_eq(
    $$ select ordinal, email
       from private.subject_readers('parcel', pg_temp.messages(), 'staff') order by ordinal $$,
    $$ values (1, 'staff@example.com'), (2, 'staff@example.com') $$, 'the domain says who reads them'
);
select results_eq(
    $$ select private.subjects_that_hold('parcel', array[
           row(1, pg_temp.id(), 'open', null), row(2, pg_temp.id(), 'closed', null)
       ]::private.subject_state[]) $$,
    array[2], 'the domain says which conditions hold'
);
select results_eq(
    $$ select private.subjects_that_hold(
           'parcel', array[row(1, pg_temp.id(), null, null)]::private.subject_state[]
       ) $$,
    array[1], 'where none is required, all is well'
);
select results_eq(
    $$ select is_told from private.claim_subjects('parcel', pg_temp.messages()) order by ordinal $$,
    array[true, false], 'the domain says of which message nobody is to be told'
);
select is_empty(
    $$ select private.subject_data('pigeon', pg_temp.messages()) $$,
    'of what nobody registered nothing is said'
);

-- Deleting
create table lab.parcels (id uuid primary key);
create trigger _100_announce_deletion
after delete on lab.parcels
for each row execute function private.any__announce_deletion('parcel');
create table lab.heard (subject text, subject_id uuid);
create function lab.deleted_subjects__hear() returns trigger
language plpgsql as $$
begin
    insert into lab.heard values (new.subject, new.subject_id);
    return new;
end;
$$;
create trigger _100_hear
before insert on private.deleted_subjects
for each row execute function lab.deleted_subjects__hear();
insert into lab.parcels values (pg_temp.id());
delete from lab.parcels;
select results_eq(
    'select subject, subject_id from lab.heard', $$ values ('parcel', pg_temp.id()) $$,
    'whoever keeps something about a row hears that it is deleted'
);
select is_empty('select 1 from private.deleted_subjects', 'an announcement is not kept');

select * from finish();
rollback;
