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
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
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
    -- How many days ahead customers can book, in the business's zone; null: without a limit.
    max_advance_days integer,
    bookable_from date,
    bookable_until date,
    max_party_size integer not null default 1,
    -- A class: given to many at once, only at its sessions.
    is_class boolean not null default false,
    -- A booking of this service waits for the business to confirm it …
    requires_confirmation boolean not null default false,
    -- … and takes its time while it waits, or leaves it to whoever is confirmed first.
    is_blocked_by_pending boolean not null default true,
    hold_minutes integer not null default 15,
    -- How long each customer on the waitlist has to accept a time that became free.
    offer_minutes integer not null default 60,
    position integer not null default 0,
    is_active boolean not null default true,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- Prefer a resource that the customer prefers or knows, when they name none.
    prefers_known_staff boolean not null default false,
    -- A hidden service is not in the public catalog: members and private links book it.
    visibility catalog.visibility not null default 'public',
    -- How long before the start a customer can be checked in.
    check_in_minutes integer not null default 1440,
    -- A user who signed in without an address holds no longer than this.
    anonymous_hold_minutes integer not null default 5,
    tax_class text not null default 'standard'
    references pricing.tax_classes (name) on delete restrict,
    -- The share of the price that a customer pays before a booking is confirmed; null: as the
    -- business says.
    prepayment_bps integer,

    constraint services_business_id_id_unique unique (business_id, id),
    constraint services_category_fkey foreign key (business_id, category_id)
    references catalog.service_categories (business_id, id) on delete set null (category_id),
    constraint services_cancellation_policy_fkey foreign key (business_id, cancellation_policy_id)
    references catalog.cancellation_policies (business_id, id)
    on delete set null (cancellation_policy_id),
    constraint services_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
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
    constraint services_have_usual_dates check (
        private.is_usual_date(bookable_from) and private.is_usual_date(bookable_until)
        or private.invalid(
            'bookable_from and bookable_until', 'must be between the years 1 and 9999'
        )
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
    ),
    constraint services_check_in_minutes_is_sane check (
        check_in_minutes between 0 and 525600
        or private.invalid('check_in_minutes', 'must be from 0 to 525600')
    ),
    constraint services_anonymous_hold_is_sane check (
        anonymous_hold_minutes between 1 and 1440
        or private.invalid('anonymous_hold_minutes', 'must be from 1 to 1440')
    ),
    constraint services_prepayment_is_a_share check (
        prepayment_bps is null or prepayment_bps between 0 and 10000
        or private.invalid('prepayment_bps', 'must be from 0 to 10000')
    )
);
comment on table catalog.services is 'What can be booked.';
create index services_category_idx on catalog.services (business_id, category_id);
create index services_cancellation_policy_idx
on catalog.services (business_id, cancellation_policy_id);
create index services_currency_idx on catalog.services (currency);
create index services_tax_class_idx on catalog.services (tax_class);

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
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
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

-- Staff, rooms and equipment, and which of them a service takes.

create table catalog.resources (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    kind catalog.resource_kind not null,
    name text not null,
    description text,
    -- How many can use it at once: 1 for a person, 12 for a studio with 12 places.
    capacity integer not null default 1,
    -- The member who is this resource, if any.
    member_id uuid,
    -- Null: the business's zone.
    time_zone text,
    position integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- How experienced somebody is, such as senior: price rules ask for it.
    staff_level text,

    constraint resources_business_id_id_unique unique (business_id, id),
    constraint resources_one_a_member unique (business_id, member_id),
    constraint resources_member_fkey foreign key (business_id, member_id)
    references business.business_members (business_id, id) on delete set null (member_id),
    constraint resources_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint resources_description_is_short check (
        description is null
        or length(description) <= 5000 and not private.has_control_characters(description)
        or private.invalid('description', 'must have at most 5000 printable characters')
    ),
    constraint resources_capacity_is_sane check (
        capacity between 1 and 1000 or private.invalid('capacity', 'must be from 1 to 1000')
    ),
    constraint resources_members_are_staff check (
        member_id is null
        or kind = 'staff'
        or private.invalid('member_id', 'is only for resources of kind staff')
    ),
    constraint resources_staff_level_is_a_word check (
        staff_level is null
        or kind = 'staff' and staff_level ~ '^[a-z][a-z0-9_]{0,39}$'
        or private.invalid(
            'staff_level', 'must be a lower-case word of at most 40 characters, and of staff'
        )
    ),
    constraint resources_time_zone_exists check (
        time_zone is null
        or private.is_time_zone(time_zone)
        or private.invalid('time_zone', 'must be an IANA time zone, such as Europe/Berlin')
    )
);
comment on table catalog.resources is 'What a booking takes: staff, rooms, equipment.';
comment on column catalog.resources.member_id is '[person]';
comment on column catalog.resources.name is '[personal]';
comment on column catalog.resources.description is '[personal]';

create table catalog.service_resources (
    business_id uuid not null,
    service_id uuid not null,
    resource_id uuid not null,
    -- all: every such resource is needed. any: one of each pool is.
    mode catalog.requirement_mode not null default 'any',
    pool text not null default 'staff',
    -- Units that a booking takes. A resource with places (capacity above 1) is taken once per
    -- guest.
    quantity integer not null default 1,
    -- Who is assigned when no resource is named: the higher priority, then the least busy for their
    -- weight.
    priority integer not null default 0,
    weight integer not null default 100,
    -- Until then a newcomer counts as having been as busy as the others.
    joined_at timestamptz not null default private.now(),

    constraint service_resources_pkey primary key (service_id, resource_id),
    constraint service_resources_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint service_resources_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint service_resources_pool_is_a_word check (
        pool ~ '^[a-z][a-z0-9_]{0,39}$'
        or private.invalid('pool', 'must be a lower-case word of at most 40 characters')
    ),
    constraint service_resources_quantity_is_sane check (
        quantity between 1 and 1000 or private.invalid('quantity', 'must be from 1 to 1000')
    ),
    constraint service_resources_priority_is_sane check (
        priority between -1000 and 1000
        or private.invalid('priority', 'must be from -1000 to 1000')
    ),
    constraint service_resources_weight_is_sane check (
        weight between 1 and 10000 or private.invalid('weight', 'must be from 1 to 10000')
    )
);
comment on table catalog.service_resources is
'Which resources a service takes, and who is eligible for it: all of these, any one of those.';
create index service_resources_service_idx
on catalog.service_resources (business_id, service_id);
create index service_resources_resource_idx
on catalog.service_resources (business_id, resource_id);
