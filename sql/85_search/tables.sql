-- Who has time near me: what a marketplace is asked most. One row a business that takes bookings
-- holds what a search looks at, in the form that indexes want it; whether there is time is asked of
-- scheduling, of one business after another, until enough have some.

create schema search;
comment on schema search is 'What is looked at to find businesses.';

create extension if not exists cube with schema extensions;
create extension if not exists unaccent with schema extensions;

-- What somebody looks for, as public.search_availability read it; what was not said is null.
create type search.criteria as (
    during tstzrange,
    vertical_id text,
    -- As search.slug writes it.
    category text,
    latitude double precision,
    longitude double precision,
    radius_km double precision,
    words tsquery,
    price_max bigint,
    currency text
);

-- A business in question, as search.candidates gives it, best first.
create type search.candidate as (
    business_id uuid,
    time_zone text,
    has_classes boolean,
    distance_km double precision
);

create table search.documents (
    business_id uuid primary key references business.businesses (id) on delete cascade,
    vertical_id text not null references business.verticals (id) on delete restrict,
    -- Weights: A the name, B names of services, C of categories, D the description.
    words tsvector not null,
    -- Slugs of the categories that its services are in.
    categories text array not null,
    -- A point on the globe, in kilometres from its centre; null where the business says no place.
    place extensions.cube,
    time_zone text not null,
    has_classes boolean not null,
    -- Of its services, whatever their currency: a business above price_max need not be looked into.
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
-- The order without words and place, for all and for one vertical.
create index documents_rank_idx
on search.documents (is_verified desc, since, business_id);
create index documents_vertical_idx
on search.documents (vertical_id, is_verified desc, since, business_id);

-- What the search answers with.
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
    slots public.slot array
);
comment on type public.availability is
'A business that has time, with one of its services and its first three free starts. '
'May be null: distance_km.';
