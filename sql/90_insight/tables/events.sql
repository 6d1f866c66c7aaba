-- What visitors do, as pages and apps report it. An event has no account and no address. The
-- session is a random number of the client, kept only with the visitor's consent; without it the
-- event is counted and belongs to nobody.

create type insight.event_name as enum (
    'visited', 'searched', 'service_viewed', 'product_viewed', 'slots_viewed', 'added_to_cart',
    'checkout_started', 'paid'
);

create table insight.events (
    id bigint generated always as identity,
    at timestamptz not null,
    name insight.event_name not null,
    -- Null: a page of the platform.
    business_id uuid,
    -- Null without consent.
    session_id uuid,
    service_id uuid,
    product_id uuid,

    primary key (id, at)
)
partition by range (at);
comment on table insight.events is
'What visitors did, by month. A month is dropped as a whole when it is too old.';
-- What happened at a business on a day.
create index events_business_idx on insight.events (business_id, at);

-- What falls into no month that is prepared; insight.keep_event_months prepares them in time.
create table insight.events_else partition of insight.events default;
