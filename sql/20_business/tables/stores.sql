-- The stores of a business: where it sells, with their place and their hours. A price can be that
-- of one store. Places are cubes: an index gives the nearest ones in order.

create extension if not exists cube with schema extensions;

/*
 * Is this a place as ISO 3166 writes it?
 */
create function business.is_region(region text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return region ~ '^[A-Z]{2}(-[A-Z0-9]{1,3})?$';
end;
$$;

/*
 * Return a place as a point on the globe, in kilometres from its centre. The straight line between
 * two points grows with the distance over ground, so both lead to the same nearest place.
 */
create function business.point_on_earth(latitude double precision, longitude double precision)
returns extensions.cube
language plpgsql
immutable
strict
security invoker
set search_path = ''
as $$
declare
    c_earth_km constant double precision = 6371.0088;
begin
    return extensions.cube(array[
        c_earth_km * cosd(latitude) * cosd(longitude),
        c_earth_km * cosd(latitude) * sind(longitude),
        c_earth_km * sind(latitude)
    ]);
end;
$$;

/*
 * Return the distance over ground for a straight line through the globe, both in kilometres.
 */
create function business.way_km(line_km double precision)
returns double precision
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    c_earth_km constant double precision = 6371.0088;
begin
    return 2 * c_earth_km * asin(least(way_km.line_km / (2 * c_earth_km), 1));
end;
$$;

create table business.stores (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    -- ISO 3166; null: the country of the business.
    region text,
    position integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    line1 text,
    line2 text,
    postal_code text,
    city text,
    latitude double precision,
    longitude double precision,
    -- Whether customers may pick their orders up here.
    is_pickup boolean not null default true,

    constraint stores_business_id_id_unique unique (business_id, id),
    constraint stores_name_unique unique (business_id, name),
    constraint stores_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint stores_address_is_short check (
        length(concat(line1, line2, postal_code, city)) <= 500
        and private.is_one_line(concat(line1, line2, postal_code, city))
        or private.invalid('address', 'must have at most 500 characters, all printable')
    ),
    constraint stores_place_is_on_earth check (
        (latitude is null) = (longitude is null)
        and coalesce(latitude between -90 and 90, true)
        and coalesce(longitude between -180 and 180, true)
        or private.invalid(
            'latitude and longitude', 'must together be a place on earth, or both be empty'
        )
    ),
    constraint stores_region_is_iso_3166 check (
        region is null
        or business.is_region(region)
        or private.invalid('region', 'must be an ISO 3166 code, such as DE or DE-BY')
    )
);
comment on table business.stores is 'Where a business sells: a store has prices of its own.';
-- The nearest stores to a place.
create index stores_place_idx on business.stores
using gist (business.point_on_earth(latitude, longitude)) where is_active and latitude is not null;

create table business.store_hours (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    store_id uuid not null,
    -- 1: Monday; 7: Sunday.
    weekday smallint not null,
    -- On the clock of the business's zone. Several rows of a day are several openings.
    opens_at time not null,
    closes_at time not null,

    constraint store_hours_business_id_id_unique unique (business_id, id),
    constraint store_hours_once unique (business_id, store_id, weekday, opens_at),
    constraint store_hours_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete cascade,
    constraint store_hours_weekday_is_iso check (
        weekday between 1 and 7
        or private.invalid('weekday', 'must be 1 (Monday) to 7 (Sunday)')
    ),
    constraint store_hours_close_after_they_open check (
        closes_at > opens_at or private.invalid('closes_at', 'must be after opens_at')
    )
);
comment on table business.store_hours is 'When a store is open.';
