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
create function lab.data(id uuid, payload jsonb) returns jsonb
language sql as $$ select payload || jsonb_build_object('id', id) $$;
create function lab.readers(id uuid, audience text, payload jsonb) returns setof private.reader
language sql as $$ select id, audience || '@example.com', null, 'en', null::jsonb $$;
create function lab.holds(id uuid, condition text, starts_at timestamptz) returns boolean
language sql as $$ select condition = 'closed' $$;
create function lab.claim(id uuid, payload jsonb) returns boolean
language sql as $$ select not payload ? 'known' $$;
create function lab.count(id uuid, payload jsonb) returns bigint
language sql as $$ select 1::bigint $$;
create function public.lab_data(id uuid, payload jsonb) returns jsonb
language sql as $$ select payload $$;

-- Registering
select throws_ok(
    pg_temp.insert_parcel('{"data_function": "lab.nothing"}'), 'PT400', null,
    'a function that does not exist is refused'
);
select throws_ok(
    pg_temp.insert_parcel('{"data_function": "lab.count"}'), 'PT400',
    'data_function must be a function (uuid,jsonb) → jsonb in a schema that is not exposed.',
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
    pg_temp.insert_parcel('{"data_function": "lab.data(null, null); select lab.data"}'), 'PT400', null,
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
select is(
    private.subject_id('parcel', private.subject_payload('parcel', pg_temp.id())), pg_temp.id(),
    'a payload names the row'
);
select is(
    private.subject_data('parcel', pg_temp.id(), '{"to": "Ann"}'),
    jsonb_build_object('to', 'Ann', 'id', pg_temp.id()), 'the domain says what there is to say'
);
select is(
    (private.subject_readers('parcel', pg_temp.id(), 'staff', '{}')).email, 'staff@example.com',
    'the domain says who reads it'
);
select ok(
    not private.subject_holds('parcel', pg_temp.id(), 'open', null),
    'the domain says that a condition does not hold'
);
select ok(
    private.subject_holds('parcel', pg_temp.id(), null, null), 'where none is required, all is well'
);
select ok(
    not private.claim_subject('parcel', pg_temp.id(), '{"known": true}'),
    'the domain says that nobody is to be told'
);
select is(
    private.subject_data('pigeon', pg_temp.id(), '{}'), null, 'of what nobody registered nothing is said'
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
