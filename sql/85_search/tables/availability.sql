-- The search answers the most frequent question of a marketplace: who has time near me? Each
-- business that takes bookings has one document, which contains what a search compares in a form
-- that can be indexed. The search then asks scheduling about one business after another, until
-- enough of them have time.

create schema search;
comment on schema search is 'What is looked at to find businesses.';

create extension if not exists unaccent with schema extensions;

-- The criteria of a search, from the arguments of public.search_availability. Arguments that were
-- left out are null.
create type search.criteria as (
    during tstzrange,
    vertical_id text,
    -- As search.slug returns it.
    category text,
    latitude double precision,
    longitude double precision,
    radius_km double precision,
    words tsquery,
    price_max bigint,
    currency text
);

-- A business that a search considers: a row of the cursor that search.candidates returns.
create type search.candidate as (
    business_id uuid,
    time_zone text,
    has_classes boolean,
    distance_km double precision
);

-- The period of a search by the clock of a candidate.
create type search.local_period as (
    -- The place of the candidate in its batch.
    rank integer,
    business_id uuid,
    from_at timestamp,
    to_at timestamp,
    -- Weekly hours do not tell: the clock is about to change, or there are classes.
    is_uncertain boolean
);

-- A time in which a resource of a business is free. Null bounds: at any time before or after.
create type search.gap as (
    resource_id uuid,
    starts_at timestamptz,
    ends_at timestamptz
);

create table search.documents (
    business_id uuid primary key references business.businesses (id) on delete cascade,
    vertical_id text not null references business.verticals (id) on delete restrict,
    -- Weights: A for the name, B for services, C for categories, D for the description.
    words tsvector not null,
    -- Slugs of the categories of its services.
    categories text array not null,
    -- A point on the globe, in kilometres from its centre; null when the business has no place.
    place extensions.cube,
    time_zone text not null,
    has_classes boolean not null,
    -- Over all services and currencies. A search skips the business when this is above price_max.
    lowest_price_minor bigint not null,
    is_verified boolean not null,
    since timestamptz not null
);
comment on table search.documents is
'What a search looks at: one row a business that is approved, active and has services. Triggers '
'write it; search.refresh writes it anew.';
create index documents_words_idx on search.documents using gin (words);
create index documents_categories_idx on search.documents using gin (categories);
create index documents_place_idx on search.documents using gist (place);
-- These return the order without words and place, for all businesses and for one vertical.
create index documents_rank_idx
on search.documents (is_verified desc, since, business_id);
create index documents_vertical_idx
on search.documents (vertical_id, is_verified desc, since, business_id);

-- A start that public.search_availability found, with the one resource that it proposes.
create type public.found_slot as (
    starts_at timestamptz,
    ends_at timestamptz,
    resource_id uuid,
    remaining integer
);
comment on type public.found_slot is
'A free start that a search found: start and end for the customer, the resource that is proposed '
'for it, and its free places.';

-- A result of public.search_availability.
create type public.availability as (
    business_id uuid,
    name text,
    time_zone text,
    service_id uuid,
    service_name text,
    duration_minutes integer,
    price_minor bigint,
    currency text,
    distance_km numeric,
    slots public.found_slot array
);
comment on type public.availability is
'A business that has time, with one of its services and its first three free starts. '
'May be null: distance_km.';
