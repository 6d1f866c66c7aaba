-- The stores of a business: where it sells. A price can be that of one store.

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

create table business.stores (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    -- ISO 3166; null: the country of the business.
    region text,
    position integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),

    constraint stores_business_id_id_unique unique (business_id, id),
    constraint stores_name_unique unique (business_id, name),
    constraint stores_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint stores_region_is_iso_3166 check (
        region is null
        or business.is_region(region)
        or private.invalid('region', 'must be an ISO 3166 code, such as DE or DE-BY')
    )
);
comment on table business.stores is 'Where a business sells: a store has prices of its own.';
