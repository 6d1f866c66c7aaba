-- What a business offers, with whom, where and when: services and their add-ons, resources (staff,
-- rooms, equipment) with a capacity, which resources a service takes, and the hours in which they
-- work. Hours are wall clocks: weekday, local time and zone. They become instants date by date,
-- when asked for.

create type catalog.resource_kind as enum ('staff', 'room', 'equipment');
create type catalog.requirement_mode as enum ('all', 'any');
create type catalog.visibility as enum ('public', 'hidden');
create type catalog.limit_period as enum ('day', 'week', 'month', 'year', 'upcoming');

create table catalog.service_categories (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    position integer not null default 0,
    created_at timestamptz not null default now(),

    constraint service_categories_business_id_id_unique unique (business_id, id),
    constraint service_categories_name_unique unique (business_id, name),
    constraint service_categories_name_is_short check (
        length(btrim(name)) between 1 and 200 and not private.has_control_characters(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    )
);
comment on table catalog.service_categories is 'How a business groups its services.';

create table catalog.services (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    category_id uuid,
    cancellation_policy_id uuid,
    name text not null,
    description text,
    duration_minutes integer not null,
    price_minor bigint not null,
    currency text not null references pricing.currencies (code) on delete restrict,
    buffer_before_minutes integer not null default 0,
    buffer_after_minutes integer not null default 0,
    -- Starts are offered every so many minutes from each opening, the first after the offset.
    slot_interval_minutes integer not null default 15,
    slot_offset_minutes integer not null default 0,
    min_notice_minutes integer not null default 0,
    -- How many days ahead can be booked, counted in the business's zone; null is as far as one
    -- likes.
    max_advance_days integer,
    bookable_from date,
    bookable_until date,
    max_party_size integer not null default 1,
    -- Given to many at once, at the sessions that were made for it, and at no other time.
    is_class boolean not null default false,
    -- A booking of this service waits for the business to confirm it …
    requires_confirmation boolean not null default false,
    -- … and takes its time while it waits, or leaves it to whoever is confirmed first.
    is_blocked_by_pending boolean not null default true,
    hold_minutes integer not null default 15,
    -- How long each who waits has to accept a time that became free.
    offer_minutes integer not null default 60,
    position integer not null default 0,
    is_active boolean not null default true,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- Who leaves the choice open gets whom they prefer or know, if free.
    prefers_known_staff boolean not null default false,
    -- What is hidden is in nobody's catalog: members and private links book it.
    visibility catalog.visibility not null default 'public',

    constraint services_business_id_id_unique unique (business_id, id),
    constraint services_category_fkey foreign key (business_id, category_id)
    references catalog.service_categories (business_id, id) on delete set null (category_id),
    constraint services_cancellation_policy_fkey foreign key (business_id, cancellation_policy_id)
    references catalog.cancellation_policies (business_id, id)
    on delete set null (cancellation_policy_id),
    constraint services_name_is_short check (
        length(btrim(name)) between 1 and 200 and not private.has_control_characters(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint services_description_is_short check (
        description is null
        or length(description) <= 5000 and not private.has_control_characters(description)
        or private.invalid('description', 'must have at most 5000 printable characters')
    ),
    constraint services_duration_is_sane check (
        duration_minutes between 1 and 1440
        or private.invalid('duration_minutes', 'must be from 1 to 1440')
    ),
    constraint services_price_not_negative check (
        price_minor between 0 and 1000000000000
        or private.invalid('price_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint services_buffer_before_is_sane check (
        buffer_before_minutes between 0 and 1440
        or private.invalid('buffer_before_minutes', 'must be from 0 to 1440')
    ),
    constraint services_buffer_after_is_sane check (
        buffer_after_minutes between 0 and 1440
        or private.invalid('buffer_after_minutes', 'must be from 0 to 1440')
    ),
    constraint services_slot_interval_is_sane check (
        slot_interval_minutes between 5 and 1440
        or private.invalid('slot_interval_minutes', 'must be from 5 to 1440')
    ),
    constraint services_slot_offset_is_sane check (
        slot_offset_minutes between 0 and 1439
        or private.invalid('slot_offset_minutes', 'must be from 0 to 1439')
    ),
    constraint services_min_notice_is_sane check (
        min_notice_minutes between 0 and 525600
        or private.invalid('min_notice_minutes', 'must be from 0 to 525600')
    ),
    constraint services_max_advance_is_sane check (
        max_advance_days is null
        or max_advance_days between 0 and 3650
        or private.invalid('max_advance_days', 'must be from 0 to 3650')
    ),
    constraint services_bookable_until_after_from check (
        coalesce(bookable_until >= bookable_from, true)
        or private.invalid('bookable_until', 'must not be before bookable_from')
    ),
    constraint services_max_party_size_is_sane check (
        max_party_size between 1 and 1000
        or private.invalid('max_party_size', 'must be from 1 to 1000')
    ),
    constraint services_hold_is_sane check (
        hold_minutes between 1 and 1440
        or private.invalid('hold_minutes', 'must be from 1 to 1440')
    ),
    constraint services_offer_is_sane check (
        offer_minutes between 1 and 1440
        or private.invalid('offer_minutes', 'must be from 1 to 1440')
    )
);
comment on table catalog.services is 'What can be booked.';
create index services_category_idx on catalog.services (business_id, category_id);
create index services_cancellation_policy_idx
on catalog.services (business_id, cancellation_policy_id);
create index services_currency_idx on catalog.services (currency);

create table catalog.service_addons (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    service_id uuid not null,
    name text not null,
    price_minor bigint not null,
    duration_minutes integer not null default 0,
    position integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),

    constraint service_addons_business_id_id_unique unique (business_id, id),
    constraint service_addons_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint service_addons_name_is_short check (
        length(btrim(name)) between 1 and 200 and not private.has_control_characters(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint service_addons_price_not_negative check (
        price_minor between 0 and 1000000000000
        or private.invalid('price_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint service_addons_duration_is_sane check (
        duration_minutes between 0 and 1440
        or private.invalid('duration_minutes', 'must be from 0 to 1440')
    )
);
comment on table catalog.service_addons is
'Extras of a service: each adds its price, in the service''s currency, and its minutes.';
create index service_addons_service_idx on catalog.service_addons (business_id, service_id);

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
'How much can be booked in a day, week (from Monday), month or year of the business''s zone, or at
once of what is yet to begin (upcoming).';
create index booking_limits_service_idx on catalog.booking_limits (business_id, service_id);
