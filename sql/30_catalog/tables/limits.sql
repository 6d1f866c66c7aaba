-- How much of a service, a resource or a whole business may be booked in a period.

create table catalog.booking_limits (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- What it limits: a service, a resource, or with neither the whole business …
    service_id uuid,
    period catalog.limit_period not null,
    max_bookings integer,
    max_minutes integer,
    resource_id uuid,
    -- … and whether for everyone together, or for each customer.
    is_per_customer boolean not null default false,

    constraint booking_limits_business_id_id_unique unique (business_id, id),
    constraint booking_limits_one_a_period unique nulls not distinct (
        business_id, service_id, resource_id, is_per_customer, period
    ),
    constraint booking_limits_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint booking_limits_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint booking_limits_have_one_subject check (
        num_nonnulls(service_id, resource_id) <= 1
        or private.invalid('service_id and resource_id', 'must not both be set')
    ),
    constraint booking_limits_say_something check (
        coalesce(max_bookings, max_minutes) is not null
        or private.invalid('max_bookings or max_minutes', 'is required')
    ),
    constraint booking_limits_max_bookings_is_sane check (
        max_bookings is null
        or max_bookings between 0 and 1000000
        or private.invalid('max_bookings', 'must be from 0 to 1000000')
    ),
    constraint booking_limits_max_minutes_is_sane check (
        max_minutes is null
        or max_minutes between 0 and 100000000
        or private.invalid('max_minutes', 'must be from 0 to 100000000')
    )
);
comment on table catalog.booking_limits is
'How much can be booked in a day, week (from Monday), month or year of the business''s zone, or at '
'once of what is yet to begin (upcoming).';
create index booking_limits_service_idx on catalog.booking_limits (business_id, service_id);
create index booking_limits_resource_idx on catalog.booking_limits (business_id, resource_id);
