-- A domain registers which files its rows have; what it names must exist.
begin;
select plan(6);

create table tests.parcels (id uuid primary key default gen_random_uuid(), business_id uuid);
create table tests.parcel_media (media_id uuid, parcel_id uuid, business_id uuid, position integer, is_featured boolean);
create function tests.place_of_parcel(subject_id uuid) returns files.place language plpgsql as $$
begin
    return files.place_in_business(
        (select parcels.business_id from tests.parcels where parcels.id = subject_id), 'parcel'
    );
end;
$$;
create function tests.register(place text, attach text, relation text, links text, gallery_key text)
returns void language sql as $$
    insert into files.kinds (
        subject, name, bucket, is_public, content_types, max_bytes, max_number, widths,
        place_function, attach_function, relation, links, gallery_key
    )
    values (
        'parcel', 'gallery', 'originals', true, '{image/png}', 5000, 9, '{320}',
        place, attach, relation, links, gallery_key
    );
$$;
select tests.person('Nora');
select tests.business('Loft', owned_by => 'Nora');

select throws_ok(
    $$ select tests.register('tests.nowhere', 'files.add_to_gallery', 'tests.parcels', 'tests.parcel_media', 'parcel_id') $$,
    'PT400', 'place_function must be a function (uuid) → files.place in a schema that is not exposed.',
    'a place function that does not exist is refused'
);
select throws_ok(
    $$ select tests.register('tests.place_of_parcel', 'private.now', 'tests.parcels', 'tests.parcel_media', 'parcel_id') $$,
    'PT400', 'attach_function must be a function (files.media) → void in a schema that is not exposed.',
    'and so is a function with other arguments'
);
select throws_ok(
    $$ select tests.register('tests.place_of_parcel', 'files.add_to_gallery', 'tests.letters', 'tests.parcel_media', 'parcel_id') $$,
    'PT400', 'relation must be a table.', 'a table that does not exist is refused'
);
select throws_ok(
    $$ select tests.register('tests.place_of_parcel', 'files.add_to_gallery', 'tests.parcels', 'tests.parcel_media', 'letter_id') $$,
    'PT400', 'links must be a table with media_id and the gallery''s key.', 'and so is a column of links'
);
select lives_ok(
    $$ select tests.register('tests.place_of_parcel', 'files.add_to_gallery', 'tests.parcels', 'tests.parcel_media', 'parcel_id') $$,
    'a kind whose functions and tables exist is registered'
);
insert into tests.names (name) values ('parcel');
insert into tests.parcels (id, business_id) values (tests.id('parcel'), tests.id('Loft'));
grant select on tests.parcels to authenticated;
select tests.upload('Nora', 'parcel:' || tests.id('parcel'), called => 'label');
select tests.act_as_owner();
select results_eq(
    $$ select media_id, parcel_id, business_id, position, is_featured from tests.parcel_media $$,
    $$ values (tests.id('label'), tests.id('parcel'), tests.id('Loft'), 1, true) $$,
    'and then its rows have galleries, without another function'
);

select * from finish();
rollback;
