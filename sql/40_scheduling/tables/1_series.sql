-- Series: one wish, repeated by a rule. Each occurrence is a booking of its own.

-- An RRULE (RFC 5545), as scheduling.to_recurrence reads it.
create type scheduling.recurrence as (
    frequency text,
    step integer,
    -- Numbers of the week's days, 1 is Monday, each with its ordinal, or 0 for every one.
    weekdays integer array,
    ordinals integer array,
    -- Days of the month; negative ones count from its end.
    month_days integer array,
    count integer,
    -- The last local wall clock that may be one.
    until timestamp
);

create table scheduling.booking_series (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    customer_id uuid references auth.users (id) on delete set null,
    service_id uuid not null,
    rrule text not null,
    -- The wall clock of the first occurrence, which the others keep, and its zone.
    first_at timestamp not null,
    time_zone text not null,
    -- The occurrences that could not be booked: [{starts_at, reason}], a token of docs/errors.md.
    conflicts jsonb not null default '[]',
    created_at timestamptz not null default now(),

    constraint booking_series_business_id_id_unique unique (business_id, id),
    constraint booking_series_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete restrict,
    constraint booking_series_time_zone_exists check (private.is_time_zone(time_zone))
);
comment on table scheduling.booking_series is
'Bookings that were made together by a rule, such as every Monday at nine.';
create index booking_series_service_idx on scheduling.booking_series (business_id, service_id);
create index booking_series_customer_id_idx on scheduling.booking_series (customer_id);
