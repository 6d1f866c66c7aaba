-- The initial schema of 30_catalog: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/30_catalog/tables/cancellation.sql

-- The cost of cancelling, moving and not coming. A policy is a row; its tiers say what cancelling
-- costs as the start comes nearer. A booking keeps a copy of both, and only the copy counts.

-- What a customer's move to a time or a resource with another price means. `difference`: they pay
-- or get it. `surcharge`: they pay it and never get it. `keep`: the price stays as it was agreed.
create type catalog.reschedule_pricing as enum ('difference', 'surcharge', 'keep');

create table catalog.cancellation_policies (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    is_default boolean not null default false,
    -- The fee for a no-show: a share of the total, or an amount.
    no_show_fee_bps integer not null default 0,
    -- Elapsed hours before the start until which a customer may move the booking, and how often
    -- (null: without a limit).
    reschedule_until_hours integer not null default 0,
    reschedule_limit integer,
    created_at timestamptz not null default now(),
    -- Amounts are in minor units of the booking's currency.
    no_show_fee_minor bigint not null default 0,
    -- The fee for a customer's move when fewer than so many elapsed hours remain.
    late_reschedule_hours integer not null default 0,
    late_reschedule_fee_bps integer not null default 0,
    late_reschedule_fee_minor bigint not null default 0,
    reschedule_pricing catalog.reschedule_pricing not null default 'difference',

    constraint cancellation_policies_business_id_id_unique unique (business_id, id),
    constraint cancellation_policies_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint cancellation_policies_no_show_fee_is_a_share check (
        no_show_fee_bps between 0 and 10000
        or private.invalid('no_show_fee_bps', 'must be from 0 to 10000 basis points')
    ),
    constraint cancellation_policies_no_show_fee_is_an_amount check (
        no_show_fee_minor between 0 and 1000000000000
        or private.invalid('no_show_fee_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint cancellation_policies_no_show_fee_is_one_of_both check (
        no_show_fee_bps = 0
        or no_show_fee_minor = 0
        or private.invalid('no_show_fee_bps and no_show_fee_minor', 'must not both be set')
    ),
    constraint cancellation_policies_late_reschedule_is_sane check (
        late_reschedule_hours between 0 and 8760
        or private.invalid('late_reschedule_hours', 'must be from 0 to 8760')
    ),
    constraint cancellation_policies_late_reschedule_fee_is_a_share check (
        late_reschedule_fee_bps between 0 and 10000
        or private.invalid('late_reschedule_fee_bps', 'must be from 0 to 10000 basis points')
    ),
    constraint cancellation_policies_late_reschedule_fee_is_an_amount check (
        late_reschedule_fee_minor between 0 and 1000000000000
        or private.invalid(
            'late_reschedule_fee_minor', 'must be from 0 to 1000000000000 minor units'
        )
    ),
    constraint cancellation_policies_late_reschedule_fee_is_one_of_both check (
        late_reschedule_fee_bps = 0
        or late_reschedule_fee_minor = 0
        or private.invalid(
            'late_reschedule_fee_bps and late_reschedule_fee_minor', 'must not both be set'
        )
    ),
    constraint cancellation_policies_reschedule_until_is_sane check (
        reschedule_until_hours between 0 and 8760
        or private.invalid('reschedule_until_hours', 'must be from 0 to 8760')
    ),
    constraint cancellation_policies_reschedule_limit_is_sane check (
        reschedule_limit is null
        or reschedule_limit between 0 and 1000
        or private.invalid('reschedule_limit', 'must be from 0 to 1000')
    ),
    -- At commit, not at once: cancellation_policies__keep_one_default moves the mark afterwards.
    constraint cancellation_policies_one_default exclude using btree (business_id with =)
    where (is_default) deferrable initially deferred
);
comment on table catalog.cancellation_policies is
'What cancelling and moving costs. A booking keeps a copy of the policy that it was made under.';

create table catalog.cancellation_tiers (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    cancellation_policy_id uuid not null,
    -- Applies while fewer than so many elapsed hours remain before the start: the nearest tier
    -- wins.
    hours_before integer not null,
    -- One of both: a share of the total, or an amount in minor units of the booking's currency.
    fee_bps integer,
    fee_minor bigint,
    created_at timestamptz not null default now(),

    constraint cancellation_tiers_business_id_id_unique unique (business_id, id),
    constraint cancellation_tiers_hours_unique unique (cancellation_policy_id, hours_before),
    constraint cancellation_tiers_policy_fkey foreign key (business_id, cancellation_policy_id)
    references catalog.cancellation_policies (business_id, id) on delete cascade,
    constraint cancellation_tiers_hours_are_sane check (
        hours_before between 1 and 8760
        or private.invalid('hours_before', 'must be from 1 to 8760')
    ),
    constraint cancellation_tiers_fee_is_a_share check (
        fee_bps is null
        or fee_bps between 0 and 10000
        or private.invalid('fee_bps', 'must be from 0 to 10000 basis points')
    ),
    constraint cancellation_tiers_fee_is_an_amount check (
        fee_minor is null
        or fee_minor between 0 and 1000000000000
        or private.invalid('fee_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint cancellation_tiers_fee_is_one_of_both check (
        num_nonnulls(fee_bps, fee_minor) = 1
        or private.invalid('fee_bps or fee_minor', 'is required, but not both')
    )
);
comment on table catalog.cancellation_tiers is
'What cancelling costs when fewer than so many hours remain. A policy without tiers costs nothing.';
create index cancellation_tiers_policy_idx
on catalog.cancellation_tiers (business_id, cancellation_policy_id);

-- sql/30_catalog/tables/catalog.sql

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

-- sql/30_catalog/tables/hours.sql

-- Calendars of other programs. A resource takes no bookings in their busy time.

create table catalog.calendar_imports (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    resource_id uuid not null,
    -- The address from which it is read regularly. It is a secret of the calendar's owner, so
    -- clients see only the host.
    url text,
    -- Or the file that was uploaded.
    content text,
    host text generated always as (substring(url, '^https?://([^/?#]+)')) stored,
    -- How often a reading was started: of two at once only the later one counts.
    attempts integer not null default 0,
    requested_at timestamptz not null,
    -- When it was last read, changed or not, and when it was last expanded in full.
    fetched_at timestamptz,
    expanded_at timestamptz,
    -- The version that was read last, in the server's words.
    etag text,
    last_modified text,
    -- Events that could not be read and do not block.
    skipped_count integer not null default 0,
    -- Why the last attempt failed, and since when every attempt has.
    last_error text,
    failed_since timestamptz,
    created_at timestamptz not null default now(),
    -- Since when readings have started without an answer; null: the last one answered.
    unanswered_since timestamptz,
    -- Why events were skipped: [{reason, count}], the most frequent first.
    skipped jsonb not null default '[]',

    constraint calendar_imports_business_id_id_unique unique (business_id, id),
    -- Blocked periods refer to it, so that they have the same resource.
    constraint calendar_imports_resource_id_unique unique (business_id, resource_id, id),
    constraint calendar_imports_once_each unique (business_id, resource_id, url),
    constraint calendar_imports_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint calendar_imports_have_one_source check (
        num_nonnulls(url, content) = 1
        or private.invalid('url', 'or content is required, but not both')
    ),
    constraint calendar_imports_url_is_one check (
        url is null
        or length(url) <= 2000 and url ~ '^https?://[^/?#@]+([/?#][!-~]*)?$' and url ~ '^[!-~]+$'
        or private.invalid(
            'url', 'must be an http or https address of at most 2000 characters without a user name'
        )
    ),
    constraint calendar_imports_content_is_a_calendar check (
        content is null
        or octet_length(content) <= 1048576 and content ~* '^[\uFEFF\s]*BEGIN:VCALENDAR\s'
        or private.invalid('content', 'must be an iCalendar file of at most 1 MiB')
    ),
    constraint calendar_imports_fail_with_a_reason check (
        (last_error is null) = (failed_since is null)
    )
);
comment on table catalog.calendar_imports is
'Calendars of other programs, by address or as a file, whose busy time blocks a resource.';
comment on column catalog.calendar_imports.resource_id is '[person: delete]';
comment on column catalog.calendar_imports.url is '[personal] [secret]';
comment on column catalog.calendar_imports.content is '[personal]';
comment on column catalog.calendar_imports.skipped is '[personal]';
create index calendar_imports_requested_at_idx on catalog.calendar_imports (requested_at);

-- When resources work and when they do not, in local time.

create table catalog.working_hours (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Null: the hours of the business, which every resource without hours of its own follows.
    resource_id uuid,
    -- ISO: 1 is Monday, 7 is Sunday.
    weekday smallint not null,
    opens_at time not null,
    closes_at time not null,

    constraint working_hours_business_id_id_unique unique (business_id, id),
    constraint working_hours_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint working_hours_weekday_is_iso check (
        weekday between 1 and 7
        or private.invalid('weekday', 'must be from 1 (Monday) to 7 (Sunday)')
    ),
    constraint working_hours_close_after_they_open check (
        closes_at > opens_at
        or private.invalid(
            'closes_at', 'must be after opens_at; put hours past midnight into the next day'
        )
    ),
    constraint working_hours_no_overlap exclude using gist (
        business_id with =,
        coalesce(resource_id, business_id) with =,
        weekday with =,
        int4range(
            extract(epoch from opens_at)::integer, extract(epoch from closes_at)::integer
        ) with &&
    )
);
comment on table catalog.working_hours is
'The weekly hours of a business or of one resource, as wall clocks. A break is the gap between two '
'rows.';
create index working_hours_resource_idx
on catalog.working_hours (business_id, resource_id, weekday);

create table catalog.schedule_exceptions (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Null: for the business, and so for every resource that follows its hours.
    resource_id uuid,
    starts_on date not null,
    ends_on date not null,
    -- Both null: closed. Otherwise these hours replace the weekly ones, on each of the days.
    opens_at time,
    closes_at time,
    reason text,
    created_at timestamptz not null default now(),

    constraint schedule_exceptions_business_id_id_unique unique (business_id, id),
    constraint schedule_exceptions_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint schedule_exceptions_have_usual_dates check (
        private.is_usual_date(starts_on) and private.is_usual_date(ends_on)
        or private.invalid('starts_on and ends_on', 'must be between the years 1 and 9999')
    ),
    constraint schedule_exceptions_end_after_they_start check (
        ends_on >= starts_on or private.invalid('ends_on', 'must not be before starts_on')
    ),
    constraint schedule_exceptions_are_shorter_than_two_years check (
        isfinite(starts_on) and isfinite(ends_on) and ends_on - starts_on <= 731
        or private.invalid('ends_on', 'must be within two years of starts_on')
    ),
    constraint schedule_exceptions_close_after_they_open check (
        (opens_at is null) = (closes_at is null) and coalesce(closes_at > opens_at, true)
        or private.invalid(
            'opens_at and closes_at', 'must both be empty, or closes_at must be after opens_at'
        )
    ),
    constraint schedule_exceptions_reason_is_short check (
        reason is null
        or length(reason) <= 500 and not private.has_control_characters(reason)
        or private.invalid('reason', 'must have at most 500 printable characters')
    )
);
comment on table catalog.schedule_exceptions is
'Days on which other hours hold than the weekly ones. All rows of a day together replace the '
'week''s.';
comment on column catalog.schedule_exceptions.resource_id is '[person]';
comment on column catalog.schedule_exceptions.reason is '[personal]';
create index schedule_exceptions_resource_idx
on catalog.schedule_exceptions (business_id, resource_id, ends_on, starts_on);

create table catalog.travel_zones (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    resource_id uuid not null,
    -- Dates of the zone that they travel to.
    starts_on date not null,
    ends_on date not null,
    time_zone text not null,
    created_at timestamptz not null default now(),

    constraint travel_zones_business_id_id_unique unique (business_id, id),
    constraint travel_zones_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint travel_zones_have_usual_dates check (
        private.is_usual_date(starts_on) and private.is_usual_date(ends_on)
        or private.invalid('starts_on and ends_on', 'must be between the years 1 and 9999')
    ),
    constraint travel_zones_end_after_they_start check (
        ends_on >= starts_on or private.invalid('ends_on', 'must not be before starts_on')
    ),
    constraint travel_zones_time_zone_exists check (
        private.is_time_zone(time_zone)
        or private.invalid('time_zone', 'must be an IANA time zone, such as Europe/Berlin')
    ),
    constraint travel_zones_no_overlap exclude using gist (
        business_id with =, resource_id with =, daterange(starts_on, ends_on, '[]') with &&
    )
);
comment on table catalog.travel_zones is
'Where a resource is on some dates: its hours are read in that zone then.';
create index travel_zones_resource_idx on catalog.travel_zones (business_id, resource_id, ends_on);

create table catalog.blocked_periods (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Null: nobody in the business can be booked.
    resource_id uuid,
    during tstzrange not null,
    reason text,
    created_at timestamptz not null default now(),
    -- The calendar that it came from; null: a member blocked it.
    calendar_import_id uuid,
    -- The resource to which customers of the absent one may go.
    stand_in_id uuid,

    constraint blocked_periods_business_id_id_unique unique (business_id, id),
    constraint blocked_periods_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint blocked_periods_stand_in_fkey foreign key (business_id, stand_in_id)
    references catalog.resources (business_id, id) on delete set null (stand_in_id),
    constraint blocked_periods_stand_in_is_somebody_else check (
        stand_in_id is null
        or coalesce(stand_in_id <> resource_id, false)
        or private.invalid('stand_in_id', 'must be a different resource from the absent one')
    ),
    constraint blocked_periods_import_fkey foreign key (
        business_id, resource_id, calendar_import_id
    )
    references catalog.calendar_imports (business_id, resource_id, id) on delete cascade,
    constraint blocked_periods_imports_are_of_a_resource check (
        calendar_import_id is null or resource_id is not null
    ),
    constraint blocked_periods_imported_once unique (
        business_id, resource_id, calendar_import_id, during
    ),
    constraint blocked_periods_are_half_open check (
        not isempty(during) and lower_inc(during) and not upper_inc(during)
        and not lower_inf(during) and not upper_inf(during)
    )
);
comment on table catalog.blocked_periods is
'Time in which a resource, or the whole business, takes no new bookings. Those that exist stay.';
comment on column catalog.blocked_periods.resource_id is '[person]';
comment on column catalog.blocked_periods.reason is '[personal]';
create index blocked_periods_resource_idx on catalog.blocked_periods (business_id, resource_id);
create index blocked_periods_stand_in_idx on catalog.blocked_periods (business_id, stand_in_id);
create index blocked_periods_during_idx
on catalog.blocked_periods using gist (business_id, during);

-- sql/30_catalog/tables/limits.sql

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

-- sql/30_catalog/tables/links.sql

-- Links to services that the public does not see. Only the hash of a link's token is kept. Uses are
-- counted from the bookings (scheduling.link_uses).

create table catalog.private_links (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    service_id uuid not null,
    token_hash bytea not null,
    -- A note of the business on whom it is for.
    label text,
    -- Null: as long as it is not revoked.
    expires_at timestamptz,
    -- Null: without a limit.
    max_uses integer,
    revoked_at timestamptz,
    created_by uuid references auth.users (id) on delete set null,
    created_at timestamptz not null default now(),

    constraint private_links_business_id_id_unique unique (business_id, id),
    constraint private_links_token_hash_unique unique (token_hash),
    constraint private_links_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint private_links_max_uses_is_sane check (max_uses between 1 and 1000000),
    constraint private_links_label_is_short check (
        label is null
        or length(label) <= 200 and private.is_one_line(label)
        or private.invalid('label', 'must have at most 200 printable characters')
    )
);
comment on table catalog.private_links is
'Secret links, each to one service: whoever knows its token sees and books it, hidden or not.';
comment on column catalog.private_links.token_hash is '[secret]';
create index private_links_service_idx on catalog.private_links (business_id, service_id);
create index private_links_created_by_idx on catalog.private_links (created_by);

-- sql/30_catalog/tables/media.sql

-- The pictures of services and of resources: what a treatment looks like, who gives it.

create table catalog.service_media (
    media_id uuid not null,
    business_id uuid not null references business.businesses (id) on delete cascade,
    service_id uuid not null,
    position integer not null,
    is_featured boolean not null default false,

    primary key (business_id, media_id),
    constraint service_media_medium_fkey foreign key (business_id, media_id)
    references files.media (business_id, id) on delete no action,
    constraint service_media_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint service_media_position_unique
    unique (business_id, service_id, position) deferrable initially immediate
);
comment on table catalog.service_media is 'The gallery of a service.';
create unique index service_media_one_featured_idx
on catalog.service_media (business_id, service_id)
where is_featured;

create table catalog.resource_media (
    media_id uuid not null,
    business_id uuid not null references business.businesses (id) on delete cascade,
    resource_id uuid not null,
    position integer not null,
    is_featured boolean not null default false,

    primary key (business_id, media_id),
    constraint resource_media_medium_fkey foreign key (business_id, media_id)
    references files.media (business_id, id) on delete no action,
    constraint resource_media_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint resource_media_position_unique
    unique (business_id, resource_id, position) deferrable initially immediate
);
comment on table catalog.resource_media is 'The pictures of a resource, such as a person of staff.';
create unique index resource_media_one_featured_idx
on catalog.resource_media (business_id, resource_id)
where is_featured;

-- sql/30_catalog/tables/products.sql

-- The goods of a business: products in a tree of categories, of a brand, in one or more variants.
-- A variant is what is priced, stocked and sold; a product without options has one variant. A
-- product says which options it has and which values each allows; a variant has one value of each.

create table catalog.product_categories (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    parent_id uuid,
    name text not null,
    slug text not null,
    position integer not null default 0,
    created_at timestamptz not null default now(),

    constraint product_categories_business_id_id_unique unique (business_id, id),
    constraint product_categories_slug_unique unique (business_id, slug),
    constraint product_categories_parent_fkey foreign key (business_id, parent_id)
    references catalog.product_categories (business_id, id) on delete set null (parent_id),
    constraint product_categories_are_not_their_own_parent check (
        parent_id is distinct from id
        or private.invalid('parent_id', 'must not be the category itself or one below it')
    ),
    constraint product_categories_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint product_categories_slug_is_a_slug check (
        slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 100
        or private.invalid('slug', 'must be lower-case words joined by hyphens')
    )
);
comment on table catalog.product_categories is 'How a business groups its products: a tree.';
create index product_categories_parent_idx on catalog.product_categories (business_id, parent_id);

create table catalog.brands (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    slug text not null,
    description text,
    created_at timestamptz not null default now(),

    constraint brands_business_id_id_unique unique (business_id, id),
    constraint brands_slug_unique unique (business_id, slug),
    constraint brands_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint brands_slug_is_a_slug check (
        slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 100
        or private.invalid('slug', 'must be lower-case words joined by hyphens')
    ),
    constraint brands_description_is_short check (
        description is null
        or length(description) <= 5000 and not private.has_control_characters(description)
        or private.invalid('description', 'must have at most 5000 printable characters')
    )
);
comment on table catalog.brands is 'Whose goods a business sells.';

create table catalog.products (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    category_id uuid,
    brand_id uuid,
    name text not null,
    slug text not null,
    description text,
    -- Of the prices of its variants.
    currency text not null references pricing.currencies (code) on delete restrict,
    tax_class text not null default 'standard'
    references pricing.tax_classes (name) on delete restrict,
    position integer not null default 0,
    -- Only members see a product that is not published, or that is archived.
    is_published boolean not null default false,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- A value for each attribute that it has, such as {"colour": "red"}.
    attributes jsonb not null default '{}',
    -- Of its active variants; a trigger on them keeps these two.
    lowest_price_minor bigint,
    highest_price_minor bigint,

    constraint products_business_id_id_unique unique (business_id, id),
    constraint products_slug_unique unique (business_id, slug),
    constraint products_category_fkey foreign key (business_id, category_id)
    references catalog.product_categories (business_id, id) on delete set null (category_id),
    constraint products_brand_fkey foreign key (business_id, brand_id)
    references catalog.brands (business_id, id) on delete set null (brand_id),
    constraint products_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint products_slug_is_a_slug check (
        slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 100
        or private.invalid('slug', 'must be lower-case words joined by hyphens')
    ),
    constraint products_description_is_short check (
        description is null
        or length(description) <= 5000 and not private.has_control_characters(description)
        or private.invalid('description', 'must have at most 5000 printable characters')
    ),
    constraint products_attributes_are_an_object check (
        jsonb_typeof(attributes) = 'object'
        or private.invalid('attributes', 'must be a JSON object')
    )
);
comment on table catalog.products is 'Goods that can be sold, in one or more variants.';
-- The products of a category, page by page.
create index products_category_idx on catalog.products (business_id, category_id, name, id);
create index products_brand_idx on catalog.products (business_id, brand_id);
-- A shop's list by name, by price or from the newest, page by page.
create index products_listed_by_name_idx on catalog.products (business_id, name, id)
where is_published and archived_at is null;
create index products_listed_by_price_idx
on catalog.products (business_id, currency, lowest_price_minor, id)
where is_published and archived_at is null;
create index products_listed_by_age_idx on catalog.products (business_id, created_at, id)
where is_published and archived_at is null;
-- Which products have a value of an attribute.
create index products_attributes_idx on catalog.products using gin (attributes jsonb_path_ops);
create index products_currency_idx on catalog.products (currency);
create index products_tax_class_idx on catalog.products (tax_class);

/*
 * Are these the values of an option: 1 to 100 different texts of one line?
 */
create function catalog.are_option_values(allowed_values text[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return cardinality(allowed_values) between 1 and 100
    and not exists (
        select 1
        from unnest(allowed_values) as allowed (value)
        group by allowed.value
        having
            count(*) > 1
            or allowed.value is null
            or length(btrim(allowed.value)) not between 1 and 40
            or not private.is_one_line(allowed.value)
    );
end;
$$;

create table catalog.product_options (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    product_id uuid not null,
    name text not null,
    allowed_values text[] not null,
    position integer not null default 0,

    constraint product_options_business_id_id_unique unique (business_id, id),
    constraint product_options_name_unique unique (business_id, product_id, name),
    constraint product_options_product_fkey foreign key (business_id, product_id)
    references catalog.products (business_id, id) on delete cascade,
    constraint product_options_name_is_short check (
        length(btrim(name)) between 1 and 40 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 40 printable characters')
    ),
    constraint product_options_have_values check (
        catalog.are_option_values(allowed_values)
        or private.invalid(
            'allowed_values', 'must be 1 to 100 different texts of 1 to 40 printable characters'
        )
    )
);
comment on table catalog.product_options is
'By what the variants of a product differ, such as the size, and which values each has.';

create table catalog.product_variants (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    product_id uuid not null,
    sku text not null,
    -- A value for each option of the product, such as {"Size": "M"}.
    options jsonb not null default '{}',
    price_minor bigint not null,
    barcode text,
    weight_grams integer,
    position integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint product_variants_business_id_id_unique unique (business_id, id),
    constraint product_variants_sku_unique unique (business_id, sku),
    constraint product_variants_combination_unique unique (business_id, product_id, options),
    constraint product_variants_product_fkey foreign key (business_id, product_id)
    references catalog.products (business_id, id) on delete cascade,
    constraint product_variants_sku_is_short check (
        length(btrim(sku)) between 1 and 64 and private.is_one_line(sku)
        or private.invalid('sku', 'must have 1 to 64 printable characters')
    ),
    constraint product_variants_options_are_an_object check (
        jsonb_typeof(options) = 'object' or private.invalid('options', 'must be a JSON object')
    ),
    constraint product_variants_price_not_negative check (
        price_minor between 0 and 1000000000000
        or private.invalid('price_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint product_variants_barcode_is_short check (
        barcode is null
        or barcode ~ '^[0-9A-Za-z-]{1,64}$'
        or private.invalid('barcode', 'must be 1 to 64 letters, digits and hyphens')
    ),
    constraint product_variants_weight_is_sane check (
        weight_grams is null
        or weight_grams between 0 and 10000000
        or private.invalid('weight_grams', 'must be from 0 to 10000000')
    )
);
comment on table catalog.product_variants is
'What is priced, stocked and sold of a product: one value of each of its options.';

-- sql/30_catalog/tables/products_attributes.sql

-- What a business says about its products, such as the colour or the length: attributes with a
-- type. An attribute holds for the products of a category and of all categories below it, or for
-- every product of the business. Where two have the same key, the one nearer to the category of the
-- product holds.

create type catalog.attribute_kind as enum ('text', 'number', 'yes_no', 'choice', 'date');

/*
 * Are these the choices of an attribute of a kind? A choice has some; another kind has none.
 */
create function catalog.are_attribute_choices(kind catalog.attribute_kind, choices text[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case kind when 'choice' then catalog.are_option_values(choices) else choices = '{}' end;
end;
$$;
grant execute on function catalog.are_attribute_choices(catalog.attribute_kind, text[])
to authenticated, service_role;

create table catalog.product_attributes (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Null: every product of the business has it.
    category_id uuid,
    -- Under which products keep its value.
    key text not null,
    name text not null,
    kind catalog.attribute_kind not null,
    -- In which a number is measured, such as cm.
    unit text,
    choices text array not null default '{}',
    is_required boolean not null default false,
    position integer not null default 0,
    created_at timestamptz not null default now(),

    constraint product_attributes_business_id_id_unique unique (business_id, id),
    constraint product_attributes_key_unique
    unique nulls not distinct (business_id, category_id, key),
    constraint product_attributes_category_fkey foreign key (business_id, category_id)
    references catalog.product_categories (business_id, id) on delete cascade,
    constraint product_attributes_key_is_a_name check (
        key ~ '^[a-z][a-z0-9_]{0,49}$'
        or private.invalid(
            'key', 'must begin with a letter and have 1 to 50 of a to z, 0 to 9 and _'
        )
    ),
    constraint product_attributes_name_is_short check (
        length(btrim(name)) between 1 and 100 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 100 printable characters')
    ),
    constraint product_attributes_unit_is_of_a_number check (
        unit is null
        or kind = 'number' and length(btrim(unit)) between 1 and 20 and private.is_one_line(unit)
        or private.invalid(
            'unit', 'must have 1 to 20 printable characters, and only a number has one'
        )
    ),
    constraint product_attributes_choices_fit check (
        catalog.are_attribute_choices(kind, choices)
        or private.invalid(
            'choices', 'must be 1 to 100 different texts if kind is choice, and empty otherwise'
        )
    )
);
comment on table catalog.product_attributes is
'What a business says about the products of a category, with its type.';
-- Is there an attribute of this name, at any business?
create index product_attributes_key_idx on catalog.product_attributes (key);

-- sql/30_catalog/tables/products_bundles.sql

-- Bundles: a variant that is sold as some pieces of other variants, such as a gift set. A bundle
-- has a price of its own and no stock: whoever sells it takes the pieces of its components. It does
-- not contain another bundle, so its components are found in one step.

-- Some pieces of a variant that are sold.
create type catalog.component as (variant_id uuid, quantity integer);

create table catalog.bundle_items (
    business_id uuid not null,
    bundle_variant_id uuid not null,
    -- What it contains.
    variant_id uuid not null,
    quantity integer not null default 1,

    primary key (business_id, bundle_variant_id, variant_id),
    constraint bundle_items_bundle_variant_fkey foreign key (business_id, bundle_variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint bundle_items_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete restrict,
    constraint bundle_items_do_not_contain_themselves check (
        variant_id <> bundle_variant_id
        or private.invalid('variant_id', 'must be another variant than the bundle')
    ),
    constraint bundle_items_quantity_is_sane check (
        quantity between 1 and 1000 or private.invalid('quantity', 'must be from 1 to 1000')
    )
);
comment on table catalog.bundle_items is
'Which variants a bundle contains, and how many pieces of each.';
-- Which bundles contain a variant.
create index bundle_items_variant_idx on catalog.bundle_items (business_id, variant_id);
-- What a variant is made of, when its business is not named.
create index bundle_items_bundle_variant_idx on catalog.bundle_items (bundle_variant_id);

-- sql/30_catalog/tables/products_media.sql

-- The pictures of products and of their variants: how it looks, and how each colour looks.

create table catalog.product_media (
    media_id uuid not null,
    business_id uuid not null references business.businesses (id) on delete cascade,
    product_id uuid not null,
    position integer not null,
    is_featured boolean not null default false,

    primary key (business_id, media_id),
    constraint product_media_medium_fkey foreign key (business_id, media_id)
    references files.media (business_id, id) on delete no action,
    constraint product_media_product_fkey foreign key (business_id, product_id)
    references catalog.products (business_id, id) on delete cascade,
    constraint product_media_position_unique
    unique (business_id, product_id, position) deferrable initially immediate
);
comment on table catalog.product_media is 'The gallery of a product.';
create unique index product_media_one_featured_idx
on catalog.product_media (business_id, product_id)
where is_featured;

create table catalog.product_variant_media (
    media_id uuid not null,
    business_id uuid not null references business.businesses (id) on delete cascade,
    variant_id uuid not null,
    position integer not null,
    is_featured boolean not null default false,

    primary key (business_id, media_id),
    constraint product_variant_media_medium_fkey foreign key (business_id, media_id)
    references files.media (business_id, id) on delete no action,
    constraint product_variant_media_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint product_variant_media_position_unique
    unique (business_id, variant_id, position) deferrable initially immediate
);
comment on table catalog.product_variant_media is 'The gallery of a variant.';
create unique index product_variant_media_one_featured_idx
on catalog.product_variant_media (business_id, variant_id)
where is_featured;

-- sql/30_catalog/tables/products_shared.sql

-- What several businesses sell alike. The platform describes such a product once, and each business
-- lists its own variant under it, with its own price, stock and delivery. A cart, an order and a
-- review are about the variant of a business, as always.

create table catalog.shared_products (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    brand text,
    description text,
    -- What is printed on it, such as an EAN; the same for every seller.
    barcode text,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint shared_products_barcode_unique unique (barcode),
    constraint shared_products_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint shared_products_brand_is_short check (
        brand is null
        or length(btrim(brand)) between 1 and 200 and private.is_one_line(brand)
        or private.invalid('brand', 'must have 1 to 200 printable characters')
    ),
    constraint shared_products_description_is_short check (
        description is null
        or length(description) <= 5000 and not private.has_control_characters(description)
        or private.invalid('description', 'must have at most 5000 printable characters')
    ),
    constraint shared_products_barcode_is_short check (
        barcode is null
        or barcode ~ '^[0-9A-Za-z-]{1,64}$'
        or private.invalid('barcode', 'must be 1 to 64 letters, digits and hyphens')
    )
);
comment on table catalog.shared_products is 'Products that several businesses sell alike.';

create table catalog.product_listings (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    variant_id uuid not null,
    shared_product_id uuid not null references catalog.shared_products (id) on delete cascade,
    created_at timestamptz not null default now(),

    constraint product_listings_business_id_id_unique unique (business_id, id),
    constraint product_listings_variant_unique unique (business_id, variant_id),
    constraint product_listings_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade
);
comment on table catalog.product_listings is
'Which variant of a business is which shared product.';
-- Who sells a shared product.
create index product_listings_shared_product_id_idx
on catalog.product_listings (shared_product_id);

-- sql/30_catalog/tables/products_translations.sql

-- Products in other languages. What stands in products, categories, attributes and options is in
-- the language of the business; a translation says the same in another one.

create table catalog.product_translations (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    locale text not null,
    -- What it translates: one of these.
    product_id uuid,
    category_id uuid,
    attribute_id uuid,
    option_id uuid,
    name text not null,
    description text,
    -- Of an option or an attribute: the word for each value, such as {"red": "rouge"}.
    value_names jsonb not null default '{}',
    subject_id uuid generated always as (
        coalesce(product_id, category_id, attribute_id, option_id)
    ) stored,

    constraint product_translations_business_id_id_unique unique (business_id, id),
    constraint product_translations_locale_unique
    unique nulls not distinct (
        business_id, product_id, category_id, attribute_id, option_id, locale
    ),
    constraint product_translations_product_fkey foreign key (business_id, product_id)
    references catalog.products (business_id, id) on delete cascade,
    constraint product_translations_category_fkey foreign key (business_id, category_id)
    references catalog.product_categories (business_id, id) on delete cascade,
    constraint product_translations_attribute_fkey foreign key (business_id, attribute_id)
    references catalog.product_attributes (business_id, id) on delete cascade,
    constraint product_translations_option_fkey foreign key (business_id, option_id)
    references catalog.product_options (business_id, id) on delete cascade,
    constraint product_translations_translate_one_thing check (
        num_nonnulls(product_id, category_id, attribute_id, option_id) = 1
        or private.invalid(
            'product_id, category_id, attribute_id and option_id', 'must have one value in all'
        )
    ),
    constraint product_translations_locale_is_a_language_tag check (
        locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
        or private.invalid('locale', 'must be a language tag, such as en or de-AT')
    ),
    constraint product_translations_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint product_translations_description_is_of_a_product check (
        description is null
        or product_id is not null
        and length(description) <= 5000
        and not private.has_control_characters(description)
        or private.invalid(
            'description', 'must have at most 5000 printable characters, and only a product has one'
        )
    ),
    constraint product_translations_value_names_are_texts check (
        jsonb_typeof(value_names) = 'object'
        and not jsonb_path_exists(value_names, 'strict $.* ? (@.type() != "string")')
        and length(value_names::text) <= 10000
        or private.invalid('value_names', 'must be a JSON object of at most 10000 bytes with texts')
    )
);
comment on table catalog.product_translations is
'Names and descriptions of products, categories, attributes and options in other languages.';
-- The texts of a subject in every language.
create index product_translations_subject_idx
on catalog.product_translations (business_id, subject_id);
create index product_translations_product_idx
on catalog.product_translations (business_id, product_id) where product_id is not null;
create index product_translations_category_idx
on catalog.product_translations (business_id, category_id) where category_id is not null;
create index product_translations_attribute_idx
on catalog.product_translations (business_id, attribute_id) where attribute_id is not null;
create index product_translations_option_idx
on catalog.product_translations (business_id, option_id) where option_id is not null;

-- sql/30_catalog/tables/questions.sql

-- Questions that a business asks when a service is booked. The booking keeps the answers with the
-- questions as they were asked. A question that is no longer asked is switched off.

create type catalog.question_kind as enum (
    'text', 'long_text', 'number', 'yes_no', 'choice', 'choices', 'date', 'phone', 'email'
);

/*
 * Do the choices of a question fit its kind? A choice needs some, short and each once; another kind
 * has none.
 */
create function catalog.fits_choices(kind catalog.question_kind, choices text[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if kind not in ('choice', 'choices') then
        return choices = '{}';
    end if;
    return cardinality(choices) between 1 and 100
        and (select count(distinct choice) from unnest(choices) as choice) = cardinality(choices)
        and not exists (
            select 1
            from unnest(choices) as choice
            where
                choice is null
                or length(btrim(choice)) not between 1 and 200
                or private.has_control_characters(choice)
        );
end;
$$;
grant execute on function catalog.fits_choices(catalog.question_kind, text[])
to authenticated, service_role;

create table catalog.service_questions (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    service_id uuid not null,
    -- The key under which an answer is sent and kept.
    key text not null,
    label text not null,
    kind catalog.question_kind not null,
    is_required boolean not null default false,
    choices text array not null default '{}',
    position integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),

    constraint service_questions_business_id_id_unique unique (business_id, id),
    constraint service_questions_key_unique unique (service_id, key),
    constraint service_questions_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint service_questions_key_is_a_name check (
        key ~ '^[a-z][a-z0-9_]{0,49}$'
        or private.invalid(
            'key', 'must begin with a letter and have 1 to 50 of a to z, 0 to 9 and _'
        )
    ),
    constraint service_questions_label_is_short check (
        length(btrim(label)) between 1 and 500 and private.is_one_line(label)
        or private.invalid('label', 'must have 1 to 500 printable characters')
    ),
    constraint service_questions_choices_fit check (
        catalog.fits_choices(kind, choices)
        or private.invalid(
            'choices',
            'must be 1 to 100 different texts if kind is choice or choices, and empty otherwise'
        )
    )
);
comment on table catalog.service_questions is 'What whoever books a service is asked.';
create index service_questions_service_idx on catalog.service_questions (business_id, service_id);

-- sql/30_catalog/tables/restricted.sql

-- What only some customers see and buy: a service or a product may ask for an entitlement, a word
-- such as gold_member (customers.entitlements). Null: everybody sees it.

alter table catalog.services
add column access text,
add constraint services_access_is_a_word check (
    access is null
    or access ~ '^[a-z][a-z0-9_]{0,39}$'
    or private.invalid('access', 'must be a lower-case word of at most 40 characters')
);

alter table catalog.products
add column access text,
add constraint products_access_is_a_word check (
    access is null
    or access ~ '^[a-z][a-z0-9_]{0,39}$'
    or private.invalid('access', 'must be a lower-case word of at most 40 characters')
);

-- sql/30_catalog/tables/terms.sql

-- Terms that people accept: which there are, their versions, and who accepted which. The texts are
-- pages of the domain of content, which writes a row here when it publishes one. Whoever must
-- accept, and when, is the operator's setting.

create table catalog.terms (
    slug text primary key,
    is_required_to_sign_up boolean not null default false,
    -- Every sale needs the acceptance: a booking, an order, a membership.
    is_required_to_buy boolean not null default false,
    created_at timestamptz not null default now(),

    constraint terms_slug_is_a_slug check (slug ~ '^[a-z0-9](-?[a-z0-9]){1,79}$')
);
comment on table catalog.terms is 'The terms of the platform, and when they must be accepted.';

create table catalog.terms_versions (
    slug text not null references catalog.terms (slug) on delete restrict,
    version integer not null,
    published_at timestamptz not null,

    primary key (slug, version),
    constraint terms_versions_version_is_positive check (version > 0)
);
comment on table catalog.terms_versions is
'The published versions of terms. The latest one is in force. Only ever added to.';

create table catalog.terms_acceptances (
    id uuid primary key default gen_random_uuid(),
    user_id uuid references auth.users (id) on delete set null,
    -- Of a guest, who proves the address with the booking.
    email text,
    slug text not null,
    version integer not null,
    -- The language in which the text was read.
    locale text not null,
    accepted_at timestamptz not null,

    constraint terms_acceptances_version_fkey foreign key (slug, version)
    references catalog.terms_versions (slug, version) on delete restrict,
    constraint terms_acceptances_once_each unique (user_id, slug, version),
    constraint terms_acceptances_locale_is_a_language_tag check (
        locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
        or private.invalid('locale', 'must be a language tag, such as en or de-AT')
    )
);
comment on table catalog.terms_acceptances is
'Who accepted which version of which terms, when and in which language.';
comment on column catalog.terms_acceptances.user_id is '[person]';
comment on column catalog.terms_acceptances.email is '[person] [personal: replaced]';
create index terms_acceptances_version_idx on catalog.terms_acceptances (slug, version);
create unique index terms_acceptances_guest_idx
on catalog.terms_acceptances (lower(email), slug, version)
where user_id is null;

-- sql/30_catalog/functions/blocking.sql

-- Functions of the catalog. scheduling turns the hours of these tables into instants.

/*
 * Write a blocked period.
 * Definer: public.block_time reads the instants, so clients have no insert grant.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.block_time(
    business_id uuid,
    resource_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    reason text,
    stand_in_id uuid
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform private.require_member(business_id, 'serve');
    if ends_at <= starts_at or ends_at > starts_at + interval '2 years' then
        perform private.invalid('ends_at', 'must be after starts_at and within two years of it');
    end if;
    if exists (
        select 1
        from unnest(array[block_time.resource_id, block_time.stand_in_id]) as wanted (id)
        where
            wanted.id is not null
            and not exists (
                select 1
                from catalog.resources
                where
                    resources.id = wanted.id
                    and resources.business_id = block_time.business_id
            )
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such resource.',
            'Check the id in the view resources.'
        );
    end if;

    insert into catalog.blocked_periods (business_id, resource_id, during, reason, stand_in_id)
    values (
        block_time.business_id,
        block_time.resource_id,
        tstzrange(block_time.starts_at, block_time.ends_at),
        block_time.reason,
        block_time.stand_in_id
    )
    returning blocked_periods.id into v_id;
    return v_id;
end;
$$;

/*
 * Return why a period is blocked, to members of its business.
 * Definer: everybody may know that somebody is away, and only members may know why, so clients have
 * no grant on the column.
 */
create function catalog.reason_of(blocked_period_id uuid)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select blocked_periods.reason
        from catalog.blocked_periods
        where
            blocked_periods.id = blocked_period_id
            and (
                blocked_periods.business_id in (select private.my_businesses('view'))
                or private.is_operator()
            )
    );
end;
$$;

-- sql/30_catalog/functions/media.sql

-- To whom the pictures of services and resources belong.

/*
 * Return the place of a service's files.
 * Definer: as files.place_in_business.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.place_of_service(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return files.place_in_business(
        (select services.business_id from catalog.services where services.id = subject_id),
        'service'
    );
end;
$$;

/*
 * Return the place of a resource's files.
 * Definer: as files.place_in_business.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.place_of_resource(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return files.place_in_business(
        (select resources.business_id from catalog.resources where resources.id = subject_id),
        'resource'
    );
end;
$$;

-- sql/30_catalog/functions/products.sql

-- The tree of product categories, and which options fit a product.

/*
 * Return a category and the categories above it.
 */
create function catalog.category_path(business_id uuid, category_id uuid)
returns setof uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with recursive path as (
        select product_categories.id, product_categories.parent_id
        from catalog.product_categories
        where
            product_categories.business_id = category_path.business_id
            and product_categories.id = category_path.category_id
        union
        select product_categories.id, product_categories.parent_id
        from path
        inner join catalog.product_categories
            on
                product_categories.business_id = category_path.business_id
                and product_categories.id = path.parent_id
    )
    select path.id from path;
end;
$$;

/*
 * Return a category and the categories below it, with their business.
 */
create function catalog.category_tree(category_id uuid)
returns table (business_id uuid, id uuid)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with recursive tree as (
        select product_categories.business_id, product_categories.id
        from catalog.product_categories
        where product_categories.id = category_tree.category_id
        union
        select product_categories.business_id, product_categories.id
        from tree
        inner join catalog.product_categories
            on
                product_categories.business_id = tree.business_id
                and product_categories.parent_id = tree.id
    )
    select tree.business_id, tree.id from tree;
end;
$$;

/*
 * Does a product have each of these options, and allow the value of each?
 */
create function catalog.fits_options(business_id uuid, product_id uuid, options jsonb)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return not exists (
        select 1
        from jsonb_each(fits_options.options) as chosen (name, value)
        where not exists (
            select 1
            from catalog.product_options
            where
                product_options.business_id = fits_options.business_id
                and product_options.product_id = fits_options.product_id
                and product_options.name = chosen.name
                and jsonb_typeof(chosen.value) = 'string'
                and chosen.value #>> '{}' = any(product_options.allowed_values)
        )
    );
end;
$$;

-- sql/30_catalog/functions/products_attributes.sql

-- Which attributes hold for a product, and which values they take.

/*
 * Return the attributes that hold in a category: its own, those of the categories above it and
 * those of the whole business. The nearest one holds of each key.
 */
create function catalog.attributes_in_category(business_id uuid, category_id uuid)
returns setof catalog.product_attributes
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with recursive levels as (
        select attributes_in_category.category_id as id, 0 as distance
        union all
        select product_categories.parent_id, levels.distance + 1
        from levels
        inner join catalog.product_categories
            on
                product_categories.business_id = attributes_in_category.business_id
                and product_categories.id = levels.id
    )
    select distinct on (product_attributes.key) product_attributes.*
    from levels
    inner join catalog.product_attributes
        on
            product_attributes.business_id = attributes_in_category.business_id
            and product_attributes.category_id is not distinct from levels.id
    order by product_attributes.key, levels.distance;
end;
$$;

/*
 * Return what an attribute requires of a value: the end of a sentence, or null if the value fits.
 */
create function catalog.attribute_fault(attribute catalog.product_attributes, value jsonb)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_type constant text = jsonb_typeof(value);
    v_text constant text = value #>> '{}';
begin
    case attribute.kind
        when 'text' then
            if v_type <> 'string' or length(btrim(v_text)) not between 1 and 500
                or private.has_control_characters(v_text) then
                return 'must be a text of 1 to 500 printable characters';
            end if;
        when 'number' then
            if v_type <> 'number' then
                return 'must be a number';
            end if;
        when 'yes_no' then
            if v_type <> 'boolean' then
                return 'must be true or false';
            end if;
        when 'choice' then
            if v_type <> 'string' or v_text <> all(attribute.choices) then
                return 'must be one of ' || array_to_string(attribute.choices, ', ');
            end if;
        when 'date' then
            if v_type <> 'string' or v_text !~ '^\d{4}-\d\d-\d\d$'
                or not pg_input_is_valid(v_text, 'date') then
                return 'must be a date, such as 2031-03-30';
            end if;
    end case;
    return null;
end;
$$;

/*
 * Return what is wrong with the values that a product of a category has, attribute by attribute:
 * one that does not hold there, a value that does not fit, and, if the product is published, a
 * required one that is missing.
 */
create function catalog.attribute_faults(
    business_id uuid, category_id uuid, attributes jsonb, is_published boolean
)
returns table (key text, sentence text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select faults.key, faults.sentence
    from (
        select
            coalesce(held.key, sent.key) as key,
            case
                when held.key is null then 'is not an attribute of the category'
                when sent.key is not null
                    then catalog.attribute_fault(held.attribute, sent.value)
                when attribute_faults.is_published and (held.attribute).is_required
                    then 'is required of a published product'
            end as sentence
        from (
            select (product_attributes).key, product_attributes as attribute
            from catalog.attributes_in_category(
                attribute_faults.business_id, attribute_faults.category_id
            ) as product_attributes
        ) as held
        full join jsonb_each(attribute_faults.attributes) as sent (key, value)
            on sent.key = held.key
    ) as faults
    where faults.sentence is not null
    order by faults.key;
end;
$$;

/*
 * Does a product have the values that somebody looks for? For each attribute: a value to equal, an
 * array of values of which one is had, or an object with the least and the greatest value.
 */
create function catalog.has_attributes(attributes jsonb, wanted jsonb)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return not exists (
        select 1
        from jsonb_each(wanted) as filters (key, value)
        where not coalesce(
            case jsonb_typeof(filters.value)
                when 'array' then filters.value @> (attributes -> filters.key)
                when 'object'
                    then attributes -> filters.key >= coalesce(
                        filters.value -> 'min', attributes -> filters.key
                    )
                    and attributes -> filters.key <= coalesce(
                        filters.value -> 'max', attributes -> filters.key
                    )
                else attributes -> filters.key = filters.value
            end,
            false
        )
    );
end;
$$;

/*
 * Return, of the values that somebody looks for, those to equal: what an index can find.
 */
create function catalog.exact_values(wanted jsonb)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select jsonb_object_agg(filters.key, filters.value)
            from jsonb_each(wanted) as filters (key, value)
            where jsonb_typeof(filters.value) not in ('array', 'object')
        ),
        '{}'
    );
end;
$$;

/*
 * Return the values of a product's attributes with numbers and yes or no read from texts, as a CSV
 * file has them. What does not read so stays as it is, and is refused with the product.
 */
create function catalog.read_attributes(business_id uuid, category_id uuid, attributes jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if attributes = '{}' then
        return attributes;
    end if;
    return (
        select jsonb_object_agg(
            sent.key,
            case
                when jsonb_typeof(sent.value) <> 'string' then sent.value
                when held.kind = 'number' and sent.value #>> '{}' ~ '^-?\d{1,30}(\.\d{1,30})?$'
                    or held.kind = 'yes_no' and sent.value #>> '{}' in ('true', 'false')
                    then (sent.value #>> '{}')::jsonb
                else sent.value
            end
        )
        from jsonb_each(read_attributes.attributes) as sent (key, value)
        left join catalog.attributes_in_category(
            read_attributes.business_id, read_attributes.category_id
        ) as held
            on held.key = sent.key
    );
end;
$$;

-- sql/30_catalog/functions/products_bundles.sql

-- What is taken out of stock when a variant is sold.

/*
 * Return the variants, and how many pieces of each, that are taken out of stock for some pieces of
 * a variant: those of a bundle, or the variant itself.
 */
create function catalog.components(variant_id uuid, quantity integer)
returns setof catalog.component
language plpgsql
stable
security invoker
rows 2
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select bundle_items.variant_id, bundle_items.quantity * components.quantity
    from catalog.bundle_items
    where bundle_items.bundle_variant_id = components.variant_id;
    if not found then
        return query
        select components.variant_id, components.quantity;
    end if;
end;
$$;

-- sql/30_catalog/functions/products_media.sql

-- To whom the pictures of products and variants belong.

/*
 * Return the place of a product's files.
 * Definer: as files.place_in_business.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.place_of_product(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return files.place_in_business(
        (select products.business_id from catalog.products where products.id = subject_id),
        'product'
    );
end;
$$;

/*
 * Return the place of a variant's files.
 * Definer: as files.place_in_business.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.place_of_product_variant(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return files.place_in_business(
        (select product_variants.business_id from catalog.product_variants where product_variants.id = subject_id),
        'variant'
    );
end;
$$;

-- sql/30_catalog/functions/products_translations.sql

-- Which text of a product a reader gets: the one in the language that suits best. The text of the
-- table itself is in the language of the business, and takes part like any translation.

/*
 * Return the translation that suits a reader best, or null when the text of the business does.
 */
create function catalog.best_translation(business_id uuid, subject_id uuid, wanted text[])
returns catalog.product_translations
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_own_rank constant integer = (
        select private.locale_rank(wanted, businesses.locale)
        from business.businesses
        where businesses.id = best_translation.business_id
    );
    v_best catalog.product_translations;
begin
    select product_translations.* into v_best
    from catalog.product_translations
    where
        product_translations.business_id = best_translation.business_id
        and product_translations.subject_id = best_translation.subject_id
        and private.locale_rank(wanted, product_translations.locale) < v_own_rank
    order by
        private.locale_rank(wanted, product_translations.locale), product_translations.locale
    limit 1;
    return v_best;
end;
$$;

/*
 * Return the options of a product in the best language: for each {name, label, values}, and for
 * each value {value, label}.
 */
create function catalog.options_for_reader(product_id uuid, wanted text[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'name', product_options.name,
                    'label', coalesce(best.name, product_options.name),
                    'values', (
                        select jsonb_agg(
                            jsonb_build_object(
                                'value', allowed.value,
                                'label', coalesce(best.value_names ->> allowed.value, allowed.value)
                            )
                            order by allowed.position
                        )
                        from unnest(product_options.allowed_values)
                            with ordinality as allowed (value, position)
                    )
                )
                order by product_options.position, product_options.name
            ),
            '[]'
        )
        from catalog.product_options
        left join lateral catalog.best_translation(
            product_options.business_id, product_options.id, wanted
        ) as best
            on true
        where product_options.product_id = options_for_reader.product_id
    );
end;
$$;

/*
 * Return the values of a product's attributes in the best language: for each {key, label, kind,
 * unit, value, value_label}.
 */
create function catalog.attributes_for_reader(product catalog.products, wanted text[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'key', held.key,
                    'label', coalesce(best.name, held.name),
                    'kind', held.kind,
                    'unit', held.unit,
                    'value', had.value,
                    'value_label', coalesce(best.value_names ->> (had.value #>> '{}'), had.value #>> '{}')
                )
                order by held.position, held.key
            ),
            '[]'
        )
        from jsonb_each(product.attributes) as had (key, value)
        inner join catalog.attributes_in_category(product.business_id, product.category_id) as held
            on held.key = had.key
        left join lateral catalog.best_translation(product.business_id, held.id, wanted) as best
            on true
    );
end;
$$;

/*
 * Return a category in the best language: {id, slug, name}, or null.
 */
create function catalog.category_for_reader(business_id uuid, category_id uuid, wanted text[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'id', product_categories.id,
            'slug', product_categories.slug,
            'name', coalesce(best.name, product_categories.name)
        )
        from catalog.product_categories
        left join lateral catalog.best_translation(
            product_categories.business_id, product_categories.id, wanted
        ) as best
            on true
        where
            product_categories.business_id = category_for_reader.business_id
            and product_categories.id = category_for_reader.category_id
    );
end;
$$;

/*
 * Return the variants of a product that the caller sees, with their pictures.
 */
create function catalog.variants_for_reader(product_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'id', product_variants.id,
                    'sku', product_variants.sku,
                    'options', product_variants.options,
                    'price_minor', product_variants.price_minor,
                    'weight_grams', product_variants.weight_grams,
                    'media_ids', array(
                        select product_variant_media.media_id
                        from catalog.product_variant_media
                        where
                            product_variant_media.business_id = product_variants.business_id
                            and product_variant_media.variant_id = product_variants.id
                        order by product_variant_media.position
                    ),
                    'bundle_items', array(
                        select jsonb_build_object(
                            'variant_id', bundle_items.variant_id, 'quantity', bundle_items.quantity
                        )
                        from catalog.bundle_items
                        where
                            bundle_items.business_id = product_variants.business_id
                            and bundle_items.bundle_variant_id = product_variants.id
                    )
                )
                order by product_variants.position, product_variants.sku
            ),
            '[]'
        )
        from catalog.product_variants
        where
            product_variants.product_id = variants_for_reader.product_id
            and product_variants.is_active
    );
end;
$$;

/*
 * Return what a variant is called in the language that suits a reader best: its product and its
 * options, or the name that it has where the product is not translated.
 */
create function catalog.variant_label(
    business_id uuid, variant_id uuid, name text, wanted text[]
)
returns text
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return coalesce(
        (
            select
                best.name || coalesce(
                    ' (' || (
                        select
                            string_agg(
                                coalesce(names.value_names ->> chosen.value, chosen.value),
                                ', ' order by chosen.key
                            )
                        from jsonb_each_text(product_variants.options) as chosen
                        left join catalog.product_options
                            on
                                product_options.business_id = product_variants.business_id
                                and product_options.product_id = product_variants.product_id
                                and product_options.name = chosen.key
                        left join lateral catalog.best_translation(
                            product_options.business_id, product_options.id, wanted
                        ) as names
                            on true
                    ) || ')',
                    ''
                )
            from catalog.product_variants
            cross join lateral catalog.best_translation(
                product_variants.business_id, product_variants.product_id, wanted
            ) as best
            where
                product_variants.business_id = variant_label.business_id
                and product_variants.id = variant_label.variant_id
        ),
        variant_label.name
    );
end;
$$;

-- sql/30_catalog/functions/terms.sql

-- How terms are accepted, and who has not accepted what they must.

/*
 * Return the versions in force of the terms that must be accepted to buy, or to sign up, and that a
 * user or a guest has not accepted, as `slug version n`.
 */
create function catalog.missing_terms(user_id uuid, email text, is_sign_up boolean)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select array_agg(format('%s version %s', in_force.slug, in_force.version))
        from (
            select terms.slug, max(terms_versions.version) as version
            from catalog.terms
            inner join catalog.terms_versions on terms_versions.slug = terms.slug
            where
                case
                    when is_sign_up then terms.is_required_to_sign_up
                    else terms.is_required_to_buy
                end
            group by terms.slug
        ) as in_force
        where not exists (
            select 1
            from catalog.terms_acceptances
            where
                terms_acceptances.slug = in_force.slug
                and terms_acceptances.version = in_force.version
                and (
                    terms_acceptances.user_id = missing_terms.user_id
                    or terms_acceptances.user_id is null
                    and lower(terms_acceptances.email) = lower(missing_terms.email)
                )
        )
    );
end;
$$;

/*
 * Record that a user, or a guest by their address, accepts a version of terms. Accepting again
 * changes nothing. Only the version in force can be accepted.
 * Definer: nobody has a write grant on acceptances; the caller accepts for themselves.
 *
 * Errors:  PT404 not_found · PT409 version_not_in_force
 */
create function catalog.accept_terms(
    user_id uuid, email text, slug text, version integer, locale text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_in_force constant integer = (
        select max(terms_versions.version)
        from catalog.terms_versions
        where terms_versions.slug = accept_terms.slug
    );
begin
    if v_in_force is null then
        perform private.refuse(
            'PT404', 'not_found', 'There are no such terms.', 'Check the slug in the view terms.'
        );
    end if;
    if v_in_force <> version then
        perform private.refuse(
            'PT409', 'version_not_in_force',
            format('Version %s is in force.', v_in_force),
            'Show the page of that version, and accept it.'
        );
    end if;
    insert into catalog.terms_acceptances (user_id, email, slug, version, locale, accepted_at)
    values (
        accept_terms.user_id,
        case when accept_terms.user_id is null then lower(accept_terms.email) end,
        accept_terms.slug, accept_terms.version, accept_terms.locale, private.now()
    )
    on conflict do nothing;
end;
$$;

/*
 * Refuse somebody who has not accepted what they must.
 *
 * Errors:  PT409 terms_not_accepted
 */
create function catalog.require_terms(user_id uuid, email text, is_sign_up boolean)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_missing constant text[] = catalog.missing_terms(user_id, email, is_sign_up);
begin
    if v_missing is not null then
        perform private.refuse(
            'PT409', 'terms_not_accepted',
            format('Accept the terms first: %s.', array_to_string(v_missing, ', ')),
            'Show the pages of these versions, and call accept_terms.'
        );
    end if;
end;
$$;

/*
 * Set when terms must be accepted.
 * Definer: nobody has a write grant on terms.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.set_terms_required(slug text, to_sign_up boolean, to_buy boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not private.is_operator() then
        perform private.require_platform_staff('admin');
    end if;
    update catalog.terms
    set is_required_to_sign_up = to_sign_up, is_required_to_buy = to_buy
    where terms.slug = set_terms_required.slug;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There are no such terms.', 'Check the slug in the view terms.'
        );
    end if;
end;
$$;

-- sql/30_catalog/rules/catalog.sql

-- What a constraint on the catalog cannot say.

-- Every table that members write directly answers bad rows in the API's words.
create trigger _010_refuse_bad_input
before insert or update on catalog.service_categories
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.cancellation_policies
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.cancellation_tiers
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.services
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.service_addons
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.service_questions
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.booking_limits
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.resources
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.service_resources
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.working_hours
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.schedule_exceptions
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.travel_zones
for each row execute function business.any__refuse_bad_input('manage');

create trigger _900_touch
before update on catalog.services
for each row execute function private.any__touch();

create trigger _900_touch
before update on catalog.resources
for each row execute function private.any__touch();

/*
 * Make the first policy of a business its default.
 */
create function catalog.cancellation_policies__have_a_default()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.is_default = new.is_default or not exists (
        select 1
        from catalog.cancellation_policies
        where cancellation_policies.business_id = new.business_id
    );
    return new;
end;
$$;

create trigger _100_have_a_default
before insert on catalog.cancellation_policies
for each row execute function catalog.cancellation_policies__have_a_default();

/*
 * Take the default mark from the old policy when another gets it. The business is locked until the
 * transaction ends, so that two writers take turns and the last one wins.
 * Definer: the lock is on a row of another table.
 */
create function catalog.cancellation_policies__keep_one_default()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform business.lock_business(new.business_id);
    update catalog.cancellation_policies
    set is_default = false
    where
        cancellation_policies.business_id = new.business_id
        and cancellation_policies.id <> new.id
        and cancellation_policies.is_default
        and exists (
            select 1
            from catalog.cancellation_policies as newest
            where newest.id = new.id and newest.is_default
        );
    return null;
end;
$$;

create trigger _500_keep_one_default
after insert or update on catalog.cancellation_policies
for each row
when (new.is_default)
execute function catalog.cancellation_policies__keep_one_default();

/*
 * Refuse overlapping hours in the API's words, before the constraint does.
 *
 * Errors:  PT409 hours_overlap
 */
create function catalog.working_hours__refuse_overlap()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from catalog.working_hours
        where
            working_hours.business_id = new.business_id
            and working_hours.resource_id is not distinct from new.resource_id
            and working_hours.weekday = new.weekday
            and working_hours.id <> new.id
            and working_hours.opens_at < new.closes_at
            and working_hours.closes_at > new.opens_at
    ) then
        perform private.refuse(
            'PT409', 'hours_overlap', 'These hours overlap with others of the same day.',
            'Change the existing row, or delete it first.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_overlap
before insert or update on catalog.working_hours
for each row execute function catalog.working_hours__refuse_overlap();

/*
 * Refuse overlapping journeys in the API's words, before the constraint does.
 *
 * Errors:  PT409 dates_overlap
 */
create function catalog.travel_zones__refuse_overlap()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from catalog.travel_zones
        where
            travel_zones.business_id = new.business_id
            and travel_zones.resource_id = new.resource_id
            and travel_zones.id <> new.id
            and travel_zones.starts_on <= new.ends_on
            and travel_zones.ends_on >= new.starts_on
    ) then
        perform private.refuse(
            'PT409', 'dates_overlap', 'This resource is already travelling on some of these dates.',
            'Change the existing row, or delete it first.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_overlap
before insert or update on catalog.travel_zones
for each row execute function catalog.travel_zones__refuse_overlap();

-- sql/30_catalog/rules/media.sql

-- A deleted link, service or resource lets go of its pictures.

create trigger _500_release_medium
after delete on catalog.service_media
for each row execute function files.any__release_medium();

create trigger _500_release_medium
after delete on catalog.resource_media
for each row execute function files.any__release_medium();

-- sql/30_catalog/rules/products.sql

-- What a constraint on products cannot say: the tree of categories has no cycle, and a variant has
-- a value of each option that its product allows.
--
-- Rows of products, options and variants that come straight from the API are answered in its words.
-- bulk_upsert_products writes many at once and finds words itself for those that a constraint
-- refuses.

create trigger _010_refuse_bad_input
before insert or update on catalog.product_categories
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.brands
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.products
for each row
when (current_user in ('anon', 'authenticated', 'api_key', 'service_role'))
execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.product_options
for each row
when (current_user in ('anon', 'authenticated', 'api_key', 'service_role'))
execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.product_variants
for each row
when (current_user in ('anon', 'authenticated', 'api_key', 'service_role'))
execute function business.any__refuse_bad_input('manage');

create trigger _900_touch
before update on catalog.products
for each row execute function private.any__touch();

create trigger _900_touch
before update on catalog.product_variants
for each row execute function private.any__touch();

/*
 * Refuse a category that would lie below itself. The business is locked until the transaction
 * ends: two moves that are harmless alone could make a cycle together.
 * Definer: the lock is on a row of another table.
 *
 * Errors:  PT400 invalid_input
 */
create function catalog.product_categories__refuse_cycle()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform business.lock_business(new.business_id);
    if new.id in (select catalog.category_path(new.business_id, new.parent_id)) then
        perform private.invalid('parent_id', 'must not be the category itself or one below it');
    end if;
    return new;
end;
$$;

create trigger _100_refuse_cycle
before insert or update of parent_id on catalog.product_categories
for each row
when (new.parent_id is not null)
execute function catalog.product_categories__refuse_cycle();

/*
 * Refuse a variant that lacks a value for an option of its product, or has another value than the
 * option allows. The product is locked until the transaction ends, so that its options stay.
 * Definer: the lock is on a row of another table.
 *
 * Errors:  PT400 invalid_input
 */
create function catalog.product_variants__refuse_other_options()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform 1
    from catalog.products
    where products.business_id = new.business_id and products.id = new.product_id
    for no key update;
    if not catalog.fits_options(new.business_id, new.product_id, new.options)
        or exists (
            select 1
            from catalog.product_options
            where
                product_options.business_id = new.business_id
                and product_options.product_id = new.product_id
                and not new.options ? product_options.name
        ) then
        perform private.invalid(
            'options', 'must have one of the allowed values for each option of the product'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_other_options
before insert or update of product_id, options on catalog.product_variants
for each row execute function catalog.product_variants__refuse_other_options();

/*
 * Refuse to take away an option, or a value of one, that a variant has. A new option may be added:
 * the variants from before lack it until somebody changes their options.
 * Definer: the lock is on a row of another table.
 *
 * Errors:  PT409 in_use
 */
create function catalog.product_options__refuse_used()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform 1
    from catalog.products
    where products.business_id = old.business_id and products.id = old.product_id
    for update;
    if found and exists (
        select 1
        from catalog.product_variants
        where
            product_variants.business_id = old.business_id
            and product_variants.product_id = old.product_id
            and not catalog.fits_options(
                old.business_id, old.product_id, product_variants.options
            )
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'A variant of the product has this option or value.',
            'Change or delete the variant first.'
        );
    end if;
    return null;
end;
$$;

create trigger _500_refuse_used
after update or delete on catalog.product_options
for each row execute function catalog.product_options__refuse_used();

-- sql/30_catalog/rules/products_attributes.sql

-- What a constraint on attributes cannot say: a product has values that fit the attributes of its
-- category, and no attribute, category or choice is taken away while a product has a value of it.
-- Whoever changes what attributes hold locks the business; whoever gives a product values locks it
-- for share, so that both see each other.

create trigger _010_refuse_bad_input
before insert or update on catalog.product_attributes
for each row execute function business.any__refuse_bad_input('manage');

/*
 * Refuse a value that does not fit the attributes of the product's category, and an attribute that
 * does not hold there, by its name.
 * Definer: the lock is on a row of another table.
 *
 * Errors:  PT400 invalid_input
 */
create function catalog.products__refuse_other_attributes()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_fault record;
begin
    if new.attributes <> '{}' then
        perform 1 from business.businesses where businesses.id = new.business_id for share;
    end if;
    select faults.key, faults.sentence into v_fault
    from catalog.attribute_faults(
        new.business_id, new.category_id, new.attributes, new.is_published
    ) as faults
    limit 1;
    if found then
        perform private.invalid('attributes.' || v_fault.key, v_fault.sentence);
    end if;
    return new;
end;
$$;

create trigger _100_refuse_other_attributes
before insert or update of category_id, attributes, is_published on catalog.products
for each row
when (jsonb_typeof(new.attributes) = 'object' and (new.attributes <> '{}' or new.is_published))
execute function catalog.products__refuse_other_attributes();

/*
 * Does a product in a category, or below it, have a value that does not fit its attributes? Without
 * a category, any product of the business.
 * Definer: it reads products that the caller may not.
 */
create function catalog.has_misfits(business_id uuid, category_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_category_ids constant uuid[] = array(
        select tree.id from catalog.category_tree(category_id) as tree
    );
begin
    return exists (
        select 1
        from catalog.products
        where
            products.business_id = has_misfits.business_id
            and products.attributes <> '{}'
            and (has_misfits.category_id is null or products.category_id = any(v_category_ids))
            and exists (
                select 1
                from catalog.attribute_faults(
                    products.business_id, products.category_id, products.attributes, false
                )
            )
    );
end;
$$;

/*
 * Refuse to change or delete an attribute while a product has a value that would no longer fit. A
 * newly required attribute may be added: products from before lack it until somebody changes them.
 * Definer: the lock is on a row of another table.
 *
 * Errors:  PT409 in_use
 */
create function catalog.product_attributes__refuse_used()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform 1 from business.businesses where businesses.id = old.business_id for no key update;
    if found and catalog.has_misfits(old.business_id, old.category_id) then
        perform private.refuse(
            'PT409', 'in_use', 'A product has a value of this attribute.',
            'Change the product first.'
        );
    end if;
    return null;
end;
$$;

create trigger _500_refuse_used
after update of category_id, key, kind, choices or delete on catalog.product_attributes
for each row execute function catalog.product_attributes__refuse_used();

/*
 * Refuse a new attribute whose key a product has under a definition further away, if the product's
 * value does not fit the new one.
 * Definer: the lock is on a row of another table.
 *
 * Errors:  PT409 in_use
 */
create function catalog.product_attributes__refuse_misfits()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform 1 from business.businesses where businesses.id = new.business_id for no key update;
    if catalog.has_misfits(new.business_id, new.category_id) then
        perform private.refuse(
            'PT409', 'in_use', 'A product has another value under this key.',
            'Change the product first, or choose another key.'
        );
    end if;
    return null;
end;
$$;

create trigger _510_refuse_misfits
after insert or update of category_id, key on catalog.product_attributes
for each row execute function catalog.product_attributes__refuse_misfits();

/*
 * Refuse to move or delete a category while a product has a value of an attribute that it would
 * lose.
 * Definer: the lock is on a row of another table.
 *
 * Errors:  PT409 in_use
 */
create function catalog.product_categories__refuse_used()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_is_used boolean;
begin
    perform 1 from business.businesses where businesses.id = old.business_id for no key update;
    if not found then
        return coalesce(new, old);
    end if;
    if tg_op = 'UPDATE' then
        v_is_used = catalog.has_misfits(old.business_id, old.id);
    else
        v_is_used = exists (
            select 1
            from catalog.products
            where
                products.business_id = old.business_id
                and products.category_id in (
                    select tree.id from catalog.category_tree(old.id) as tree
                )
                and products.attributes ?| array(
                    select held.key from catalog.attributes_in_category(old.business_id, old.id) as held
                    where held.category_id is not null
                )
        );
    end if;
    if v_is_used then
        perform private.refuse(
            'PT409', 'in_use', 'A product has a value of an attribute of this category.',
            'Change the product first.'
        );
    end if;
    return coalesce(new, old);
end;
$$;

create trigger _200_refuse_used
before delete on catalog.product_categories
for each row execute function catalog.product_categories__refuse_used();

create trigger _500_refuse_used
after update of parent_id on catalog.product_categories
for each row execute function catalog.product_categories__refuse_used();

-- sql/30_catalog/rules/products_bundles.sql

-- What a constraint on bundles cannot say: no bundle contains a bundle, and nobody deletes a
-- variant that a bundle contains.

create trigger _010_refuse_bad_input
before insert or update on catalog.bundle_items
for each row execute function business.any__refuse_bad_input('manage');

/*
 * Refuse a bundle inside a bundle. Both variants are locked until the transaction ends: two items
 * that are harmless alone could nest together.
 * Definer: the lock is on rows of another table.
 *
 * Errors:  PT400 invalid_input
 */
create function catalog.bundle_items__refuse_nesting()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform 1
    from catalog.product_variants
    where
        product_variants.business_id = new.business_id
        and product_variants.id in (new.bundle_variant_id, new.variant_id)
    order by product_variants.id
    for no key update;
    if exists (
        select 1
        from catalog.bundle_items
        where
            bundle_items.business_id = new.business_id
            and bundle_items.bundle_variant_id = new.variant_id
    ) then
        perform private.invalid('variant_id', 'must not be a bundle');
    end if;
    if exists (
        select 1
        from catalog.bundle_items
        where
            bundle_items.business_id = new.business_id
            and bundle_items.variant_id = new.bundle_variant_id
    ) then
        perform private.invalid('bundle_variant_id', 'must not be part of another bundle');
    end if;
    return new;
end;
$$;

create trigger _100_refuse_nesting
before insert or update of bundle_variant_id, variant_id on catalog.bundle_items
for each row execute function catalog.bundle_items__refuse_nesting();

/*
 * Refuse to delete a variant that a bundle contains.
 * Definer: it reads bundles that the caller may not.
 *
 * Errors:  PT409 in_use
 */
create function catalog.product_variants__refuse_bundled()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from catalog.bundle_items
        where
            bundle_items.business_id = old.business_id
            and bundle_items.variant_id = old.id
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'A bundle contains this variant.',
            'Take it out of the bundle first, or switch it off.'
        );
    end if;
    return old;
end;
$$;

create trigger _200_refuse_bundled
before delete on catalog.product_variants
for each row execute function catalog.product_variants__refuse_bundled();

-- sql/30_catalog/rules/products_media.sql

-- A deleted link, product or variant lets go of its pictures.

create trigger _500_release_medium
after delete on catalog.product_media
for each row execute function files.any__release_medium();

create trigger _500_release_medium
after delete on catalog.product_variant_media
for each row execute function files.any__release_medium();

-- sql/30_catalog/rules/products_prices.sql

-- A product says from which price it can be had. The two prices are those of its active variants.

/*
 * Write the lowest and the highest price of the products whose variants changed. The products are
 * locked first, so that each change sees the variants that another one wrote.
 * Definer: nobody has a write grant on these columns.
 */
create function catalog.product_variants__reprice()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform 1
    from catalog.products
    where (products.business_id, products.id) in (
        select changed.business_id, changed.product_id from changed
    )
    order by products.id
    for no key update;
    update catalog.products
    set lowest_price_minor = prices.lowest, highest_price_minor = prices.highest
    from (
        select
            touched.business_id,
            touched.product_id,
            min(product_variants.price_minor) as lowest,
            max(product_variants.price_minor) as highest
        from (select distinct changed.business_id, changed.product_id from changed) as touched
        left join catalog.product_variants
            on
                product_variants.business_id = touched.business_id
                and product_variants.product_id = touched.product_id
                and product_variants.is_active
        group by touched.business_id, touched.product_id
    ) as prices
    where
        products.business_id = prices.business_id
        and products.id = prices.product_id
        and (products.lowest_price_minor, products.highest_price_minor)
        is distinct from (prices.lowest, prices.highest);
    return null;
end;
$$;

create trigger _500_reprice_inserted
after insert on catalog.product_variants
referencing new table as changed
for each statement execute function catalog.product_variants__reprice();

create trigger _500_reprice_updated
after update on catalog.product_variants
referencing new table as changed
for each statement execute function catalog.product_variants__reprice();

create trigger _500_reprice_deleted
after delete on catalog.product_variants
referencing old table as changed
for each statement execute function catalog.product_variants__reprice();

-- sql/30_catalog/rules/products_shared.sql

-- What a constraint on shared products and their listings cannot say.

create trigger _010_refuse_bad_input
before insert or update on catalog.shared_products
for each row execute function private.any__refuse_bad_input();

create trigger _900_touch
before update on catalog.shared_products
for each row execute function private.any__touch();

create trigger _010_refuse_bad_input
before insert on catalog.product_listings
for each row execute function business.any__refuse_bad_input('manage');

-- sql/30_catalog/rules/products_translations.sql

-- A bad translation is answered in the API's words.

create trigger _010_refuse_bad_input
before insert or update on catalog.product_translations
for each row execute function business.any__refuse_bad_input('manage');

-- sql/30_catalog/rules/terms.sql

-- Versions and acceptances are proofs: they are added, and never changed. A sign-up carries the
-- versions that it accepts.

create trigger _100_refuse_rewriting
before update or delete on catalog.terms_versions
for each row
execute function private.any__refuse_rewriting();

create trigger _100_refuse_emptying
before truncate on catalog.terms_versions
for each statement
execute function private.any__refuse_rewriting();

/*
 * Record which terms a new user accepted, as the sign-up says in user metadata:
 * {"accepted_terms": [{"slug": "terms-of-service", "version": 3}], "locale": "de"}. Somebody who
 * signs up with a password must accept what a sign-up requires; invited people and those who come
 * from another provider are asked before they buy.
 * Definer: Supabase Auth (supabase_auth_admin) writes users and has no rights here.
 *
 * Errors:  PT409 terms_not_accepted
 */
create function catalog.users__accept_terms()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_accepted constant jsonb = new.raw_user_meta_data -> 'accepted_terms';
    v_locale constant text = coalesce(
        substring(new.raw_user_meta_data ->> 'locale', '^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$'), 'en'
    );
begin
    if jsonb_typeof(v_accepted) = 'array' then
        insert into catalog.terms_acceptances (user_id, slug, version, locale, accepted_at)
        select new.id, terms_versions.slug, terms_versions.version, v_locale, private.now()
        from catalog.terms_versions
        where
            v_accepted @> jsonb_build_array(jsonb_build_object(
                'slug', terms_versions.slug, 'version', terms_versions.version
            ))
        on conflict do nothing;
    end if;
    if coalesce(new.encrypted_password, '') <> '' and not private.is_operator() then
        perform catalog.require_terms(new.id, null, true);
    end if;
    return null;
end;
$$;

create trigger _550_accept_terms
after insert on auth.users
for each row
execute function catalog.users__accept_terms();

-- sql/30_catalog/policies/calendars.sql

-- Members see which calendars block a resource. Nobody sees what is in them: only when time is
-- busy.

alter table catalog.calendar_imports enable row level security;
-- No grant on the address and the file: either one is somebody's whole calendar.
grant select (
    id, business_id, resource_id, host, requested_at, fetched_at, skipped_count, last_error,
    failed_since, created_at, skipped
) on table catalog.calendar_imports to authenticated;
-- No writes: import_calendar, refresh_calendar and delete_calendar_import.
grant select, insert, update, delete on table catalog.calendar_imports to service_role;

create policy calendar_imports_select
on catalog.calendar_imports
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

grant usage on schema catalog to worker;

-- sql/30_catalog/policies/cancellation.sql

-- Cancellation policies are read and written like services.

alter table catalog.cancellation_policies enable row level security;
alter table catalog.cancellation_tiers enable row level security;

grant select on table catalog.cancellation_policies to anon;
grant select, delete on table catalog.cancellation_policies to authenticated;
grant insert (
    id, business_id, name, is_default, no_show_fee_bps, no_show_fee_minor, reschedule_until_hours,
    reschedule_limit, late_reschedule_hours, late_reschedule_fee_bps, late_reschedule_fee_minor,
    reschedule_pricing
) on table catalog.cancellation_policies to authenticated;
grant update (
    id, business_id, name, is_default, no_show_fee_bps, no_show_fee_minor, reschedule_until_hours,
    reschedule_limit, late_reschedule_hours, late_reschedule_fee_bps, late_reschedule_fee_minor,
    reschedule_pricing
) on table catalog.cancellation_policies to authenticated;
grant select, insert, update, delete on table catalog.cancellation_policies to service_role;

create policy cancellation_policies_select
on catalog.cancellation_policies
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = cancellation_policies.business_id
    )
);

create policy cancellation_policies_insert
on catalog.cancellation_policies
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy cancellation_policies_update
on catalog.cancellation_policies
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy cancellation_policies_delete
on catalog.cancellation_policies
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.cancellation_tiers to anon;
grant select, delete on table catalog.cancellation_tiers to authenticated;
grant insert (id, business_id, cancellation_policy_id, hours_before, fee_bps, fee_minor)
on table catalog.cancellation_tiers to authenticated;
grant update (id, business_id, cancellation_policy_id, hours_before, fee_bps, fee_minor)
on table catalog.cancellation_tiers to authenticated;
grant select, insert, update, delete on table catalog.cancellation_tiers to service_role;

create policy cancellation_tiers_select
on catalog.cancellation_tiers
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = cancellation_tiers.business_id
    )
);

create policy cancellation_tiers_insert
on catalog.cancellation_tiers
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy cancellation_tiers_update
on catalog.cancellation_tiers
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy cancellation_tiers_delete
on catalog.cancellation_tiers
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- sql/30_catalog/policies/hours.sql

-- Everybody reads weekly hours, and who is away when with which stand-in. Only members read
-- exceptions, travel, imported calendars and the reason of an absence.

grant select on table catalog.working_hours to anon;
grant select, delete on table catalog.working_hours to authenticated;
grant insert (id, business_id, resource_id, weekday, opens_at, closes_at)
on table catalog.working_hours to authenticated;
grant update (id, business_id, weekday, opens_at, closes_at)
on table catalog.working_hours to authenticated;
grant select, insert, update, delete on table catalog.working_hours to service_role;

create policy working_hours_select
on catalog.working_hours
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = working_hours.business_id
    )
);

create policy working_hours_insert
on catalog.working_hours
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy working_hours_update
on catalog.working_hours
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy working_hours_delete
on catalog.working_hours
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select, delete on table catalog.schedule_exceptions to authenticated;
grant insert (
    id, business_id, resource_id, starts_on, ends_on, opens_at, closes_at, reason
) on table catalog.schedule_exceptions to authenticated;
grant update (id, business_id, starts_on, ends_on, opens_at, closes_at, reason)
on table catalog.schedule_exceptions to authenticated;
grant select, insert, update, delete on table catalog.schedule_exceptions to service_role;

create policy schedule_exceptions_select
on catalog.schedule_exceptions
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy schedule_exceptions_insert
on catalog.schedule_exceptions
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy schedule_exceptions_update
on catalog.schedule_exceptions
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy schedule_exceptions_delete
on catalog.schedule_exceptions
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table catalog.travel_zones enable row level security;

grant select, delete on table catalog.travel_zones to authenticated;
grant insert (id, business_id, resource_id, starts_on, ends_on, time_zone)
on table catalog.travel_zones to authenticated;
grant update (id, business_id, starts_on, ends_on, time_zone)
on table catalog.travel_zones to authenticated;
grant select, insert, update, delete on table catalog.travel_zones to service_role;

create policy travel_zones_select
on catalog.travel_zones
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy travel_zones_insert
on catalog.travel_zones
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy travel_zones_update
on catalog.travel_zones
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy travel_zones_delete
on catalog.travel_zones
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- No grant on reason: catalog.reason_of tells members.
grant select (
    id, business_id, resource_id, during, created_at, calendar_import_id, stand_in_id
) on table catalog.blocked_periods to anon, authenticated;
grant delete on table catalog.blocked_periods to authenticated;
-- No insert or update: public.block_time writes them, because it refuses a time without an offset.
grant select, insert, update, delete on table catalog.blocked_periods to service_role;

create policy blocked_periods_select_public
on catalog.blocked_periods
for select
to anon
using (
    resource_id is not null
    and calendar_import_id is null
    and exists (
        select 1
        from business.businesses
        where businesses.id = blocked_periods.business_id
    )
);

create policy blocked_periods_select
on catalog.blocked_periods
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('view')))
    or resource_id is not null
    and calendar_import_id is null
    and exists (
        select 1
        from business.businesses
        where businesses.id = blocked_periods.business_id
    )
);

create policy blocked_periods_delete
on catalog.blocked_periods
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));
grant execute on function catalog.reason_of(uuid)
to authenticated, service_role;

-- sql/30_catalog/policies/links.sql

-- Members of the business read private links, and never the hash. Functions write them.

alter table catalog.private_links enable row level security;

grant select (
    id, business_id, service_id, label, expires_at, max_uses, revoked_at, created_by, created_at
) on table catalog.private_links to authenticated;
grant select, insert, update, delete on table catalog.private_links to service_role;

create policy private_links_select
on catalog.private_links
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

-- sql/30_catalog/policies/media.sql

-- Galleries of services and resources are read like their media. Owners and managers take pictures
-- out; complete_upload, reorder_media and feature_media write the rest.

alter table catalog.service_media enable row level security;
alter table catalog.resource_media enable row level security;
grant select on table catalog.service_media, catalog.resource_media to anon;
grant select, delete on table catalog.service_media, catalog.resource_media to authenticated;
grant select, insert, update, delete on table catalog.service_media, catalog.resource_media
to service_role;

create policy service_media_select
on catalog.service_media
for select
to anon, authenticated
using (
    exists (
        select 1
        from files.media
        where media.id = service_media.media_id
    )
);

create policy service_media_delete
on catalog.service_media
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy resource_media_select
on catalog.resource_media
for select
to anon, authenticated
using (
    exists (
        select 1
        from files.media
        where media.id = resource_media.media_id
    )
);

create policy resource_media_delete
on catalog.resource_media
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- sql/30_catalog/policies/products.sql

-- Who may read and write products. Everyone reads the published products of a business that is
-- open to the public; members read their own in any state; owners and managers write them. What
-- belongs to a product is read like the product; only members read a variant that is switched off.

alter table catalog.product_categories enable row level security;
alter table catalog.brands enable row level security;
alter table catalog.products enable row level security;
alter table catalog.product_options enable row level security;
alter table catalog.product_variants enable row level security;

grant select on table catalog.product_categories to anon;
grant select, delete on table catalog.product_categories to authenticated;
grant insert (id, business_id, parent_id, name, slug, position)
on table catalog.product_categories to authenticated;
grant update (id, business_id, parent_id, name, slug, position)
on table catalog.product_categories to authenticated;
grant select, insert, update, delete on table catalog.product_categories to service_role;

create policy product_categories_select
on catalog.product_categories
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = product_categories.business_id
    )
);

create policy product_categories_insert
on catalog.product_categories
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy product_categories_update
on catalog.product_categories
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy product_categories_delete
on catalog.product_categories
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.brands to anon;
grant select, delete on table catalog.brands to authenticated;
grant insert (id, business_id, name, slug, description)
on table catalog.brands to authenticated;
grant update (id, business_id, name, slug, description)
on table catalog.brands to authenticated;
grant select, insert, update, delete on table catalog.brands to service_role;

create policy brands_select
on catalog.brands
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = brands.business_id
    )
);

create policy brands_insert
on catalog.brands
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy brands_update
on catalog.brands
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy brands_delete
on catalog.brands
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.products to anon;
grant select, delete on table catalog.products to authenticated;
grant insert (
    id, business_id, category_id, brand_id, name, slug, description, currency, tax_class,
    position, is_published, archived_at, attributes, access
) on table catalog.products to authenticated;
grant update (
    id, business_id, category_id, brand_id, name, slug, description, currency, tax_class,
    position, is_published, archived_at, attributes, access
) on table catalog.products to authenticated;
grant select, insert, update, delete on table catalog.products to service_role;

create policy products_select_public
on catalog.products
for select
to anon
using (
    is_published
    and archived_at is null
    and access is null
    and exists (
        select 1
        from business.businesses
        where businesses.id = products.business_id
    )
);

create policy products_select
on catalog.products
for select
to authenticated
using (
    is_published
    and archived_at is null
    and (access is null or (select customers.is_entitled(business_id, access)))
    and exists (
        select 1
        from business.businesses
        where businesses.id = products.business_id
    )
    or business_id in (select private.my_businesses('view'))
);

create policy products_insert
on catalog.products
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy products_update
on catalog.products
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy products_delete
on catalog.products
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.product_options to anon;
grant select, delete on table catalog.product_options to authenticated;
grant insert (id, business_id, product_id, name, allowed_values, position)
on table catalog.product_options to authenticated;
grant update (id, business_id, name, allowed_values, position)
on table catalog.product_options to authenticated;
grant select, insert, update, delete on table catalog.product_options to service_role;

create policy product_options_select
on catalog.product_options
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.products
        where
            products.business_id = product_options.business_id
            and products.id = product_options.product_id
    )
);

create policy product_options_insert
on catalog.product_options
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy product_options_update
on catalog.product_options
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy product_options_delete
on catalog.product_options
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.product_variants to anon;
grant select, delete on table catalog.product_variants to authenticated;
grant insert (
    id, business_id, product_id, sku, options, price_minor, barcode, weight_grams, position,
    is_active
) on table catalog.product_variants to authenticated;
grant update (
    id, business_id, sku, options, price_minor, barcode, weight_grams, position, is_active
) on table catalog.product_variants to authenticated;
grant select, insert, update, delete on table catalog.product_variants to service_role;

create policy product_variants_select_public
on catalog.product_variants
for select
to anon
using (
    is_active
    and exists (
        select 1
        from catalog.products
        where
            products.business_id = product_variants.business_id
            and products.id = product_variants.product_id
    )
);

create policy product_variants_select
on catalog.product_variants
for select
to authenticated
using (
    is_active
    and exists (
        select 1
        from catalog.products
        where
            products.business_id = product_variants.business_id
            and products.id = product_variants.product_id
    )
    or business_id in (select private.my_businesses('view'))
);

create policy product_variants_insert
on catalog.product_variants
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy product_variants_update
on catalog.product_variants
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy product_variants_delete
on catalog.product_variants
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- Everyone calls products_in_category; managers write options.
grant execute on function catalog.category_tree(uuid) to anon, authenticated, service_role;
grant execute on function catalog.are_option_values(text[]) to authenticated, service_role;

-- sql/30_catalog/policies/products_attributes.sql

-- Everyone who can see a business reads its attributes; owners and managers write them.

alter table catalog.product_attributes enable row level security;
grant select on table catalog.product_attributes to anon;
grant select, delete on table catalog.product_attributes to authenticated;
grant insert (
    id, business_id, category_id, key, name, kind, unit, choices, is_required, position
) on table catalog.product_attributes to authenticated;
grant update (
    id, business_id, category_id, key, name, kind, unit, choices, is_required, position
) on table catalog.product_attributes to authenticated;
grant select, insert, update, delete on table catalog.product_attributes to service_role;

create policy product_attributes_select
on catalog.product_attributes
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = product_attributes.business_id
    )
);

create policy product_attributes_insert
on catalog.product_attributes
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy product_attributes_update
on catalog.product_attributes
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy product_attributes_delete
on catalog.product_attributes
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- category_attributes calls it as the caller.
grant execute on function catalog.attributes_in_category(uuid, uuid)
to anon, authenticated, service_role;

-- sql/30_catalog/policies/products_bundles.sql

-- Whoever sees a bundle sees what it contains; owners and managers write it.

alter table catalog.bundle_items enable row level security;
grant select on table catalog.bundle_items to anon;
grant select, delete on table catalog.bundle_items to authenticated;
grant insert (business_id, bundle_variant_id, variant_id, quantity)
on table catalog.bundle_items to authenticated;
grant update (business_id, bundle_variant_id, variant_id, quantity)
on table catalog.bundle_items to authenticated;
grant select, insert, update, delete on table catalog.bundle_items to service_role;

create policy bundle_items_select
on catalog.bundle_items
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.product_variants
        where
            product_variants.business_id = bundle_items.business_id
            and product_variants.id = bundle_items.bundle_variant_id
    )
);

create policy bundle_items_insert
on catalog.bundle_items
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy bundle_items_update
on catalog.bundle_items
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy bundle_items_delete
on catalog.bundle_items
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant execute on function catalog.components(uuid, integer)
to anon, authenticated, service_role;

-- sql/30_catalog/policies/products_media.sql

-- Pictures of products and variants are read like their media. Owners and managers take pictures
-- out; complete_upload, reorder_media and feature_media write the rest.

alter table catalog.product_media enable row level security;
alter table catalog.product_variant_media enable row level security;
grant select on table catalog.product_media, catalog.product_variant_media to anon;
grant select, delete on table catalog.product_media, catalog.product_variant_media to authenticated;
grant select, insert, update, delete on table catalog.product_media, catalog.product_variant_media
to service_role;

create policy product_media_select
on catalog.product_media
for select
to anon, authenticated
using (
    exists (
        select 1
        from files.media
        where media.id = product_media.media_id
    )
);

create policy product_media_delete
on catalog.product_media
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy product_variant_media_select
on catalog.product_variant_media
for select
to anon, authenticated
using (
    exists (
        select 1
        from files.media
        where media.id = product_variant_media.media_id
    )
);

create policy product_variant_media_delete
on catalog.product_variant_media
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- sql/30_catalog/policies/products_shared.sql

-- Everyone reads shared products that are active; the platform's administrators write them. A
-- listing is read like its variant; owners and managers list their own.

alter table catalog.shared_products enable row level security;
grant select on table catalog.shared_products to anon;
grant select, delete on table catalog.shared_products to authenticated;
grant insert (id, name, brand, description, barcode, is_active)
on table catalog.shared_products to authenticated;
grant update (id, name, brand, description, barcode, is_active)
on table catalog.shared_products to authenticated;
grant select, insert, update, delete on table catalog.shared_products to service_role;

create policy shared_products_select_public
on catalog.shared_products
for select
to anon
using (is_active);

create policy shared_products_select
on catalog.shared_products
for select
to authenticated
using (is_active or (select private.is_platform_staff('admin')));

create policy shared_products_insert
on catalog.shared_products
for insert
to authenticated
with check ((select private.is_platform_staff('admin')));

create policy shared_products_update
on catalog.shared_products
for update
to authenticated
using ((select private.is_platform_staff('admin')))
with check ((select private.is_platform_staff('admin')));

create policy shared_products_delete
on catalog.shared_products
for delete
to authenticated
using ((select private.is_platform_staff('admin')));

alter table catalog.product_listings enable row level security;
grant select on table catalog.product_listings to anon;
grant select, delete on table catalog.product_listings to authenticated;
grant insert (id, business_id, variant_id, shared_product_id)
on table catalog.product_listings to authenticated;
grant select, insert, update, delete on table catalog.product_listings to service_role;

create policy product_listings_select
on catalog.product_listings
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.product_variants
        where
            product_variants.business_id = product_listings.business_id
            and product_variants.id = product_listings.variant_id
    )
);

create policy product_listings_insert
on catalog.product_listings
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

-- No updates: a variant is a shared product or is not.
create policy product_listings_delete
on catalog.product_listings
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- sql/30_catalog/policies/products_translations.sql

-- A translation is read by everyone who can see what it translates; owners and managers write it.

alter table catalog.product_translations enable row level security;
grant select on table catalog.product_translations to anon;
grant select, delete on table catalog.product_translations to authenticated;
grant insert (
    id, business_id, locale, product_id, category_id, attribute_id, option_id, name, description,
    value_names
) on table catalog.product_translations to authenticated;
grant update (
    id, business_id, locale, product_id, category_id, attribute_id, option_id, name, description,
    value_names
) on table catalog.product_translations to authenticated;
grant select, insert, update, delete on table catalog.product_translations to service_role;

create policy product_translations_select
on catalog.product_translations
for select
to anon, authenticated
using (
    case
        when product_id is not null
            then exists (
                select 1
                from catalog.products
                where
                    products.business_id = product_translations.business_id
                    and products.id = product_translations.product_id
            )
        when option_id is not null
            then exists (
                select 1
                from catalog.product_options
                where
                    product_options.business_id = product_translations.business_id
                    and product_options.id = product_translations.option_id
            )
        else exists (
            select 1
            from business.businesses
            where businesses.id = product_translations.business_id
        )
    end
);

create policy product_translations_insert
on catalog.product_translations
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy product_translations_update
on catalog.product_translations
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy product_translations_delete
on catalog.product_translations
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- product_page and list_products call them as the caller.
grant execute on function
catalog.best_translation(uuid, uuid, text[]),
catalog.options_for_reader(uuid, text[]),
catalog.attributes_for_reader(catalog.products, text[]),
catalog.category_for_reader(uuid, uuid, text[]),
catalog.variants_for_reader(uuid),
catalog.variant_label(uuid, uuid, text, text[])
to anon, authenticated, service_role;

-- sql/30_catalog/policies/questions.sql

-- Questions are read and written like the service that asks them.

alter table catalog.service_questions enable row level security;

grant select on table catalog.service_questions to anon;
grant select, delete on table catalog.service_questions to authenticated;
grant insert (
    id, business_id, service_id, key, label, kind, is_required, choices, position, is_active
) on table catalog.service_questions to authenticated;
grant update (
    id, business_id, key, label, kind, is_required, choices, position, is_active
) on table catalog.service_questions to authenticated;
grant select, insert, update, delete on table catalog.service_questions to service_role;

create policy service_questions_select
on catalog.service_questions
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.services
        where
            services.business_id = service_questions.business_id
            and services.id = service_questions.service_id
    )
);

create policy service_questions_insert
on catalog.service_questions
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy service_questions_update
on catalog.service_questions
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy service_questions_delete
on catalog.service_questions
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- sql/30_catalog/policies/resources.sql

-- Resources are read and written like services.

grant select on table catalog.resources to anon;
grant select, delete on table catalog.resources to authenticated;
grant insert (
    id, business_id, kind, name, description, capacity, member_id, time_zone, position, is_active,
    staff_level
) on table catalog.resources to authenticated;
grant update (
    id, business_id, name, description, capacity, member_id, time_zone, position, is_active,
    staff_level
) on table catalog.resources to authenticated;
grant select, insert, update, delete on table catalog.resources to service_role;

create policy resources_select
on catalog.resources
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = resources.business_id
    )
);

create policy resources_insert
on catalog.resources
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy resources_update
on catalog.resources
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy resources_delete
on catalog.resources
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.service_resources to anon;
grant select, delete on table catalog.service_resources to authenticated;
grant insert (
    business_id, service_id, resource_id, mode, pool, quantity, priority, weight
) on table catalog.service_resources to authenticated;
grant update (
    business_id, service_id, resource_id, mode, pool, quantity, priority, weight
) on table catalog.service_resources to authenticated;
grant select, insert, update, delete on table catalog.service_resources to service_role;

create policy service_resources_select
on catalog.service_resources
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.services
        where
            services.business_id = service_resources.business_id
            and services.id = service_resources.service_id
    )
);

create policy service_resources_insert
on catalog.service_resources
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy service_resources_update
on catalog.service_resources
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy service_resources_delete
on catalog.service_resources
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- sql/30_catalog/policies/services.sql

-- Who may read and write the catalog of a business. Everyone reads the catalog of a business that
-- is open to the public; members read their own in any state; owners and managers write it. Rows
-- can be deleted while nothing refers to them; a service with bookings is archived instead. Updates
-- of id and business_id are granted because an upsert writes them; changing either is refused
-- (rules.sql of the foundation).

alter table catalog.service_categories enable row level security;
alter table catalog.services enable row level security;
alter table catalog.service_addons enable row level security;
alter table catalog.booking_limits enable row level security;
alter table catalog.resources enable row level security;
alter table catalog.service_resources enable row level security;
alter table catalog.working_hours enable row level security;
alter table catalog.schedule_exceptions enable row level security;
alter table catalog.blocked_periods enable row level security;

grant select on table catalog.service_categories to anon;
grant select, delete on table catalog.service_categories to authenticated;
grant insert (id, business_id, name, position)
on table catalog.service_categories to authenticated;
grant update (id, business_id, name, position)
on table catalog.service_categories to authenticated;
grant select, insert, update, delete on table catalog.service_categories to service_role;

create policy service_categories_select
on catalog.service_categories
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = service_categories.business_id
    )
);

create policy service_categories_insert
on catalog.service_categories
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy service_categories_update
on catalog.service_categories
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy service_categories_delete
on catalog.service_categories
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.services to anon;
grant select, delete on table catalog.services to authenticated;
grant insert (
    id, business_id, category_id, cancellation_policy_id, name, description, duration_minutes,
    price_minor, currency, buffer_before_minutes, buffer_after_minutes, slot_interval_minutes,
    slot_offset_minutes, min_notice_minutes, max_advance_days, bookable_from, bookable_until,
    max_party_size, is_class, requires_confirmation, is_blocked_by_pending, hold_minutes,
    offer_minutes, position, is_active, archived_at, prefers_known_staff, visibility,
    check_in_minutes, anonymous_hold_minutes, tax_class, prepayment_bps, access
) on table catalog.services to authenticated;
grant update (
    id, business_id, category_id, cancellation_policy_id, name, description, duration_minutes,
    price_minor, currency, buffer_before_minutes, buffer_after_minutes, slot_interval_minutes,
    slot_offset_minutes, min_notice_minutes, max_advance_days, bookable_from, bookable_until,
    max_party_size, is_class, requires_confirmation, is_blocked_by_pending, hold_minutes,
    offer_minutes, position, is_active, archived_at, prefers_known_staff, visibility,
    check_in_minutes, anonymous_hold_minutes, tax_class, prepayment_bps, access
) on table catalog.services to authenticated;
grant select, insert, update, delete on table catalog.services to service_role;

-- Only members read what is archived, switched off or hidden: a customer's bookings keep its name.
-- What needs an entitlement is shown to customers who have it at this instant.
-- What belongs to a service is read like the service.
create policy services_select_public
on catalog.services
for select
to anon
using (
    is_active
    and archived_at is null
    and visibility = 'public'
    and access is null
    and exists (
        select 1
        from business.businesses
        where businesses.id = services.business_id
    )
);

create policy services_select
on catalog.services
for select
to authenticated
using (
    is_active
    and archived_at is null
    and visibility = 'public'
    and (access is null or (select customers.is_entitled(business_id, access)))
    and exists (
        select 1
        from business.businesses
        where businesses.id = services.business_id
    )
    or business_id in (select private.my_businesses('view'))
);

create policy services_insert
on catalog.services
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy services_update
on catalog.services
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy services_delete
on catalog.services
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.service_addons to anon;
grant select, delete on table catalog.service_addons to authenticated;
grant insert (
    id, business_id, service_id, name, price_minor, duration_minutes, position, is_active
) on table catalog.service_addons to authenticated;
grant update (id, business_id, name, price_minor, duration_minutes, position, is_active)
on table catalog.service_addons to authenticated;
grant select, insert, update, delete on table catalog.service_addons to service_role;

create policy service_addons_select
on catalog.service_addons
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.services
        where
            services.business_id = service_addons.business_id
            and services.id = service_addons.service_id
    )
);

create policy service_addons_insert
on catalog.service_addons
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy service_addons_update
on catalog.service_addons
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy service_addons_delete
on catalog.service_addons
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.booking_limits to anon;
grant select, delete on table catalog.booking_limits to authenticated;
grant insert (
    id, business_id, service_id, period, max_bookings, max_minutes, resource_id, is_per_customer
) on table catalog.booking_limits to authenticated;
grant update (id, business_id, period, max_bookings, max_minutes)
on table catalog.booking_limits to authenticated;
grant select, insert, update, delete on table catalog.booking_limits to service_role;

-- A limit is read like what it limits: a service, or a resource or business, which show alike.
create policy booking_limits_select
on catalog.booking_limits
for select
to anon, authenticated
using (
    case
        when service_id is null
            then
                exists (
                    select 1
                    from business.businesses
                    where businesses.id = booking_limits.business_id
                )
        else exists (
            select 1
            from catalog.services
            where
                services.business_id = booking_limits.business_id
                and services.id = booking_limits.service_id
        )
    end
);

create policy booking_limits_insert
on catalog.booking_limits
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy booking_limits_update
on catalog.booking_limits
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy booking_limits_delete
on catalog.booking_limits
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- sql/30_catalog/policies/terms.sql

-- Everybody reads which terms and versions there are; people read what they accepted, and support
-- reads all of it. Nobody writes: accept_terms and the pages do.

alter table catalog.terms enable row level security;
alter table catalog.terms_versions enable row level security;
alter table catalog.terms_acceptances enable row level security;

grant select on table catalog.terms, catalog.terms_versions to anon, authenticated, service_role;
grant select on table catalog.terms_acceptances to authenticated, service_role;

create policy terms_select
on catalog.terms
for select
to anon, authenticated
using (true);

create policy terms_versions_select
on catalog.terms_versions
for select
to anon, authenticated
using (true);

create policy terms_acceptances_select
on catalog.terms_acceptances
for select
to authenticated
using (
    user_id = (select auth.uid())
    or (select private.is_platform_staff('support'))
);

grant execute on function
catalog.accept_terms(uuid, text, text, integer, text),
catalog.set_terms_required(text, boolean, boolean)
to anon, authenticated, service_role;

-- sql/30_catalog/api/cancellation.sql

-- What clients read about what cancelling costs and, as owners and managers, write.

create view public.cancellation_policies
with (security_invoker = true)
as
select
    cancellation_policies.id,
    cancellation_policies.business_id,
    cancellation_policies.name,
    cancellation_policies.is_default,
    cancellation_policies.no_show_fee_bps,
    cancellation_policies.reschedule_until_hours,
    cancellation_policies.reschedule_limit,
    cancellation_policies.created_at,
    cancellation_policies.no_show_fee_minor,
    cancellation_policies.late_reschedule_hours,
    cancellation_policies.late_reschedule_fee_bps,
    cancellation_policies.late_reschedule_fee_minor,
    cancellation_policies.reschedule_pricing
from catalog.cancellation_policies;
grant select on public.cancellation_policies to anon;
grant select, insert, update, delete on public.cancellation_policies to authenticated, service_role;

comment on view public.cancellation_policies is
'The fees and deadlines for no-shows and moves.

cancellation_tiers holds the fees for cancelling. Without a fee it is free of charge. A booking '
'keeps a copy of the policy under which it was made. Readable by everyone who can see the '
'business; written by owners and managers.';
comment on column public.cancellation_policies.id is 'Primary key.';
comment on column public.cancellation_policies.business_id is 'The business that owns it.';
comment on column public.cancellation_policies.name is 'At most 200 characters.';
comment on column public.cancellation_policies.is_default is
'Whether it applies to services without a policy. Each business has at most one default; setting '
'another one unsets this one.';
comment on column public.cancellation_policies.no_show_fee_bps is
'Fee for a no-show as a share of the total, in basis points; 0 if no_show_fee_minor is set.';
comment on column public.cancellation_policies.reschedule_until_hours is
'Elapsed hours before the start until which a customer may move the booking.';
comment on column public.cancellation_policies.reschedule_limit is
'How often a customer may move the booking; null for no limit.';
comment on column public.cancellation_policies.created_at is 'When it was created.';
comment on column public.cancellation_policies.no_show_fee_minor is
'Fee for a no-show in minor units of the booking''s currency, at most the total.';
comment on column public.cancellation_policies.late_reschedule_hours is
'A customer''s move costs the fee if fewer than this many elapsed hours remain; 0 for never.';
comment on column public.cancellation_policies.late_reschedule_fee_bps is
'Fee for a late move as a share of the total, in basis points.';
comment on column public.cancellation_policies.late_reschedule_fee_minor is
'Fee for a late move in minor units of the booking''s currency, at most the total.';
comment on column public.cancellation_policies.reschedule_pricing is
'What a customer''s move to another price means: difference (they pay or get the difference, the '
'default), surcharge (they pay it, and get nothing back), keep (the price stays as agreed).';

create view public.cancellation_tiers
with (security_invoker = true)
as
select
    cancellation_tiers.id,
    cancellation_tiers.business_id,
    cancellation_tiers.cancellation_policy_id,
    cancellation_tiers.hours_before,
    cancellation_tiers.fee_bps,
    cancellation_tiers.fee_minor,
    cancellation_tiers.created_at
from catalog.cancellation_tiers;
grant select on public.cancellation_tiers to anon;
grant select, insert, update, delete on public.cancellation_tiers to authenticated, service_role;

comment on view public.cancellation_tiers is
'The fees for cancelling.

If several tiers apply, the one with the fewest hours counts. Before the first tier cancelling is '
'free. Readable by everyone who can see the business; written by owners and managers.';
comment on column public.cancellation_tiers.id is 'Primary key.';
comment on column public.cancellation_tiers.business_id is 'The business that owns it.';
comment on column public.cancellation_tiers.cancellation_policy_id is 'The policy.';
comment on column public.cancellation_tiers.hours_before is
'The tier applies while fewer than this many elapsed hours remain before the start, 1 to 8760; at '
'exactly this many it does not apply yet. Unique in the policy.';
comment on column public.cancellation_tiers.fee_bps is
'Fee as a share of the total, in basis points. Set either this or fee_minor.';
comment on column public.cancellation_tiers.fee_minor is
'Fee in minor units of the booking''s currency, at most the total. Set either this or fee_bps.';
comment on column public.cancellation_tiers.created_at is 'When it was created.';

-- sql/30_catalog/api/hours.sql

-- Hours, exceptions, and time that takes no bookings.

create view public.working_hours
with (security_invoker = true)
as
select
    working_hours.id,
    working_hours.business_id,
    working_hours.resource_id,
    working_hours.weekday,
    working_hours.opens_at,
    working_hours.closes_at
from catalog.working_hours;
grant select on public.working_hours to anon;
grant select, insert, update, delete on public.working_hours to authenticated, service_role;

comment on view public.working_hours is
'Weekly hours in local time.

A gap between two rows is a break. Written by owners and managers.';
comment on column public.working_hours.id is 'Primary key.';
comment on column public.working_hours.business_id is 'The business that owns them.';
comment on column public.working_hours.resource_id is
'The resource with these hours; null for the business. Resources without hours follow the '
'business.';
comment on column public.working_hours.weekday is 'ISO day of the week: 1 is Monday, 7 is Sunday.';
comment on column public.working_hours.opens_at is 'Local time.';
comment on column public.working_hours.closes_at is
'Local time after opens_at, at most 24:00. Put hours past midnight into a row of the next day.';

create view public.schedule_exceptions
with (security_invoker = true)
as
select
    schedule_exceptions.id,
    schedule_exceptions.business_id,
    schedule_exceptions.resource_id,
    schedule_exceptions.starts_on,
    schedule_exceptions.ends_on,
    schedule_exceptions.opens_at,
    schedule_exceptions.closes_at,
    schedule_exceptions.reason,
    schedule_exceptions.created_at
from catalog.schedule_exceptions;
grant select, insert, update, delete on public.schedule_exceptions to authenticated, service_role;

comment on view public.schedule_exceptions is
'Dates on which other hours replace the weekly ones.

Readable by members; written by owners and managers.';
comment on column public.schedule_exceptions.id is 'Primary key.';
comment on column public.schedule_exceptions.business_id is 'The business that owns it.';
comment on column public.schedule_exceptions.resource_id is
'The resource whose hours change; null for the business and every resource that follows its hours.';
comment on column public.schedule_exceptions.starts_on is 'First local date.';
comment on column public.schedule_exceptions.ends_on is 'Last local date.';
comment on column public.schedule_exceptions.opens_at is
'Local time. Null together with closes_at means closed.';
comment on column public.schedule_exceptions.closes_at is
'Local time. All rows of a date together replace the weekly hours.';
comment on column public.schedule_exceptions.reason is 'At most 500 characters.';
comment on column public.schedule_exceptions.created_at is 'When it was created.';

create view public.travel_zones
with (security_invoker = true)
as
select
    travel_zones.id,
    travel_zones.business_id,
    travel_zones.resource_id,
    travel_zones.starts_on,
    travel_zones.ends_on,
    travel_zones.time_zone,
    travel_zones.created_at
from catalog.travel_zones;
grant select, insert, update, delete on public.travel_zones to authenticated, service_role;

comment on view public.travel_zones is
'Time zones in which a resource travels.

On these dates its hours are read in that zone. Readable by members; written by owners and '
'managers.';
comment on column public.travel_zones.id is 'Primary key.';
comment on column public.travel_zones.business_id is 'The business that owns it.';
comment on column public.travel_zones.resource_id is 'The resource that travels.';
comment on column public.travel_zones.starts_on is 'First date, in that zone.';
comment on column public.travel_zones.ends_on is 'Last date, in that zone.';
comment on column public.travel_zones.time_zone is 'IANA zone in which the resource is.';
comment on column public.travel_zones.created_at is 'When it was created.';

create view public.blocked_periods
with (security_invoker = true)
as
select
    blocked_periods.id,
    blocked_periods.business_id,
    blocked_periods.resource_id,
    lower(blocked_periods.during) as starts_at,
    upper(blocked_periods.during) as ends_at,
    catalog.reason_of(blocked_periods.id) as reason,
    blocked_periods.created_at,
    blocked_periods.calendar_import_id,
    blocked_periods.stand_in_id
from catalog.blocked_periods
where
    blocked_periods.business_id = any(array(select private.my_businesses('view')))
    or (select private.is_operator());
grant select, delete on public.blocked_periods to authenticated, service_role;

comment on view public.blocked_periods is
'Periods in which a resource, or the whole business, takes no new bookings.

block_time creates them and DELETE ends them; those of a calendar import come and go with the '
'calendar.';
comment on column public.blocked_periods.id is 'Primary key.';
comment on column public.blocked_periods.business_id is 'The business that owns it.';
comment on column public.blocked_periods.resource_id is
'The resource; null for the whole business.';
comment on column public.blocked_periods.starts_at is 'Start, included.';
comment on column public.blocked_periods.ends_at is 'End, excluded.';
comment on column public.blocked_periods.reason is 'At most 500 characters.';
comment on column public.blocked_periods.created_at is 'When it was created.';
comment on column public.blocked_periods.calendar_import_id is
'The import that created it; null if a member blocked the time.';
comment on column public.blocked_periods.stand_in_id is
'The resource that stands in for the absent one, or null.';

create view public.absences
with (security_invoker = true)
as
select
    blocked_periods.business_id,
    blocked_periods.resource_id,
    lower(blocked_periods.during) as starts_at,
    upper(blocked_periods.during) as ends_at,
    blocked_periods.stand_in_id
from catalog.blocked_periods
where
    blocked_periods.resource_id is not null
    and blocked_periods.calendar_import_id is null;
grant select on public.absences to anon, authenticated, service_role;

comment on view public.absences is
'When resources are away, and who stands in for them, but never why.

Readable by everyone who can see the business. Written by block_time.';
comment on column public.absences.business_id is 'The business.';
comment on column public.absences.resource_id is 'The absent resource.';
comment on column public.absences.starts_at is 'Start, included.';
comment on column public.absences.ends_at is 'End, excluded.';
comment on column public.absences.stand_in_id is
'The resource that stands in for the absent one, or null.';

/*
 * Take no new bookings in a period. Those that exist stay.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.block_time(
    business_id public.identifier,
    starts_at public.instant,
    ends_at public.instant,
    resource_id public.identifier default null,
    reason text default null,
    stand_in_id public.identifier default null
)
returns public.blocked_periods
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_period public.blocked_periods;
begin
    v_id = catalog.block_time(
        private.to_identifier(business_id, 'business_id'),
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        private.to_instant(starts_at, 'starts_at'),
        private.to_instant(ends_at, 'ends_at'),
        private.to_text(reason, 'reason', 500),
        private.to_identifier(stand_in_id, 'stand_in_id', is_required => false)
    );
    select blocked_periods.* into strict v_period
    from public.blocked_periods
    where blocked_periods.id = v_id;
    return v_period;
end;
$$;

comment on function public.block_time is
'Take no new bookings from starts_at to ends_at (instants, at most two years apart), for one '
'resource or the whole business.

Existing bookings stay. For owners, managers and staff.

- stand_in_id: the resource that stands in meanwhile; the view absences shows it to everybody.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';
grant execute on function
public.block_time(
    public.identifier, public.instant, public.instant, public.identifier, text,
    public.identifier
),
catalog.block_time(uuid, uuid, timestamptz, timestamptz, text, uuid)
to anon, authenticated, service_role;

-- sql/30_catalog/api/media.sql

-- The galleries of services and resources.

create view public.service_media
with (security_invoker = true)
as
select
    service_media.media_id,
    service_media.business_id,
    service_media.service_id,
    service_media.position,
    service_media.is_featured
from catalog.service_media;
grant select on public.service_media to anon;
grant select, delete on public.service_media to authenticated, service_role;

comment on view public.service_media is
'The galleries of services. Owners and managers take a picture out by deleting its row.';
comment on column public.service_media.media_id is 'The picture.';
comment on column public.service_media.business_id is 'The business.';
comment on column public.service_media.service_id is 'The service.';
comment on column public.service_media.position is 'Order by it; see reorder_media.';
comment on column public.service_media.is_featured is
'Whether it stands for the whole gallery; at most one does. See feature_media.';

create view public.resource_media
with (security_invoker = true)
as
select
    resource_media.media_id,
    resource_media.business_id,
    resource_media.resource_id,
    resource_media.position,
    resource_media.is_featured
from catalog.resource_media;
grant select on public.resource_media to anon;
grant select, delete on public.resource_media to authenticated, service_role;

comment on view public.resource_media is
'The pictures of resources. Owners and managers take one out by deleting its row.';
comment on column public.resource_media.media_id is 'The picture.';
comment on column public.resource_media.business_id is 'The business.';
comment on column public.resource_media.resource_id is 'The resource.';
comment on column public.resource_media.position is 'Order by it; see reorder_media.';
comment on column public.resource_media.is_featured is
'Whether it stands for all pictures of the resource; at most one does. See feature_media.';

-- sql/30_catalog/api/products.sql

-- Products as clients read them and, as owners and managers, write them.

create view public.product_categories
with (security_invoker = true)
as
select
    product_categories.id,
    product_categories.business_id,
    product_categories.parent_id,
    product_categories.name,
    product_categories.slug,
    product_categories.position,
    product_categories.created_at
from catalog.product_categories;
grant select on public.product_categories to anon;
grant select, insert, update, delete on public.product_categories to authenticated, service_role;

comment on view public.product_categories is
'A business''s groups of products, as a tree.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.product_categories.id is 'Primary key.';
comment on column public.product_categories.business_id is 'The business that owns it.';
comment on column public.product_categories.parent_id is
'The category above it; null at the top. Never the category itself or one below it.';
comment on column public.product_categories.name is 'At most 200 characters.';
comment on column public.product_categories.slug is
'Unique in the business: lower-case words joined by hyphens.';
comment on column public.product_categories.position is 'Order of display, ascending.';
comment on column public.product_categories.created_at is 'When it was created.';

create view public.brands
with (security_invoker = true)
as
select
    brands.id,
    brands.business_id,
    brands.name,
    brands.slug,
    brands.description,
    brands.created_at
from catalog.brands;
grant select on public.brands to anon;
grant select, insert, update, delete on public.brands to authenticated, service_role;

comment on view public.brands is
'The brands of a business''s products.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.brands.id is 'Primary key.';
comment on column public.brands.business_id is 'The business that owns it.';
comment on column public.brands.name is 'At most 200 characters.';
comment on column public.brands.slug is
'Unique in the business: lower-case words joined by hyphens.';
comment on column public.brands.description is 'At most 5000 characters.';
comment on column public.brands.created_at is 'When it was created.';

create view public.products
with (security_invoker = true)
as
select
    products.id,
    products.business_id,
    products.category_id,
    products.brand_id,
    products.name,
    products.slug,
    products.description,
    products.currency,
    products.tax_class,
    products.position,
    products.is_published,
    products.archived_at,
    products.created_at,
    products.updated_at,
    products.attributes,
    products.lowest_price_minor,
    products.highest_price_minor,
    products.access
from catalog.products;
grant select on public.products to anon;
grant select, insert, update, delete on public.products to authenticated, service_role;

comment on view public.products is
'Products: goods that are sold in one or more variants.

Everyone reads the published ones of businesses that are open to the public, members read '
'all of theirs; owners and managers write them. products_in_category lists those of a '
'category and the categories below it.';
comment on column public.products.id is 'Primary key.';
comment on column public.products.business_id is 'The business that sells it.';
comment on column public.products.category_id is 'Its category, or null.';
comment on column public.products.brand_id is 'Its brand, or null.';
comment on column public.products.name is 'At most 200 characters.';
comment on column public.products.slug is
'Unique in the business: lower-case words joined by hyphens.';
comment on column public.products.description is 'At most 5000 characters.';
comment on column public.products.currency is 'ISO 4217 code of the prices of its variants.';
comment on column public.products.access is
'What a customer needs to see it, such as gold_member, which a membership plan grants; null: '
'nothing.';
comment on column public.products.tax_class is 'How it is taxed: a name of tax_classes.';
comment on column public.products.position is 'Order of display, ascending.';
comment on column public.products.is_published is 'Whether it is in the public catalog.';
comment on column public.products.archived_at is
'Since when it is out of the catalog; null while it is in use.';
comment on column public.products.created_at is 'When it was created.';
comment on column public.products.updated_at is 'When it was last changed.';
comment on column public.products.attributes is
'A JSON object with a value for each attribute that it has, such as {"colour": "red"}; '
'category_attributes lists which there are. A published product has a value for each required '
'one.';
comment on column public.products.lowest_price_minor is
'Lowest price of its active variants, in minor units of its currency; null while there is none.';
comment on column public.products.highest_price_minor is
'Highest price of its active variants, in minor units of its currency; null while there is none.';

create view public.product_options
with (security_invoker = true)
as
select
    product_options.id,
    product_options.business_id,
    product_options.product_id,
    product_options.name,
    product_options.allowed_values,
    product_options.position
from catalog.product_options;
grant select on public.product_options to anon;
grant select, insert, update, delete on public.product_options to authenticated, service_role;

comment on view public.product_options is
'By what the variants of a product differ, such as the size.

Read like the product; written by owners and managers. An option or value that a variant has '
'cannot be taken away (409 in_use).';
comment on column public.product_options.id is 'Primary key.';
comment on column public.product_options.business_id is 'The business that sells it.';
comment on column public.product_options.product_id is 'The product.';
comment on column public.product_options.name is 'Unique in the product, at most 40 characters.';
comment on column public.product_options.allowed_values is
'1 to 100 different values, each of at most 40 characters.';
comment on column public.product_options.position is 'Order of display, ascending.';

create view public.product_variants
with (security_invoker = true)
as
select
    product_variants.id,
    product_variants.business_id,
    product_variants.product_id,
    product_variants.sku,
    product_variants.options,
    product_variants.price_minor,
    product_variants.barcode,
    product_variants.weight_grams,
    product_variants.position,
    product_variants.is_active,
    product_variants.created_at,
    product_variants.updated_at
from catalog.product_variants;
grant select on public.product_variants to anon;
grant select, insert, update, delete on public.product_variants to authenticated, service_role;

comment on view public.product_variants is
'Variants: what is priced, stocked and sold of a product.

Read like the product, by customers only while active; written by owners and managers.';
comment on column public.product_variants.id is 'Primary key.';
comment on column public.product_variants.business_id is 'The business that sells it.';
comment on column public.product_variants.product_id is 'The product.';
comment on column public.product_variants.sku is
'Stock keeping unit, unique in the business, at most 64 characters.';
comment on column public.product_variants.options is
'A JSON object with one allowed value for each option of the product, such as {"Size": "M"}; '
'unique in the product.';
comment on column public.product_variants.price_minor is
'Price of one piece, in minor units of the product''s currency.';
comment on column public.product_variants.barcode is 'Letters, digits and hyphens, or null.';
comment on column public.product_variants.weight_grams is 'Weight of one piece in grams, or null.';
comment on column public.product_variants.position is 'Order of display, ascending.';
comment on column public.product_variants.is_active is 'Whether it can be sold.';
comment on column public.product_variants.created_at is 'When it was created.';
comment on column public.product_variants.updated_at is 'When it was last changed.';

/*
 * Errors:  PT400 invalid_input
 */
create function public.products_in_category(
    category_id public.identifier,
    after public.identifier default null,
    page_size public.whole_number default '100'
)
returns setof public.products
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_category_id constant uuid = private.to_identifier(category_id, 'category_id');
    v_after_id constant uuid = private.to_identifier(after, 'after', false);
    v_page_size constant integer = private.to_whole_number(
        page_size, 'page_size', 1, 200, if_null => 100
    );
    v_after_name constant text = (
        select products.name from public.products where products.id = v_after_id
    );
begin
    return query
    select products.*
    from catalog.category_tree(v_category_id) as tree
    inner join public.products
        on products.business_id = tree.business_id and products.category_id = tree.id
    where
        products.archived_at is null
        and (v_after_id is null or (products.name, products.id) > (v_after_name, v_after_id))
    order by products.name, products.id
    limit v_page_size;
end;
$$;
comment on function public.products_in_category is
'List the products of a category and of all categories below it, by name. Archived products are '
'left out.

- category_id: the category.
- after: the id of the last product of the page before; null for the first page.
- page_size: at most so many products, from 1 to 200.

Returns rows of the view products.

Errors: invalid_input 400.';

grant execute on function
public.products_in_category(public.identifier, public.identifier, public.whole_number)
to anon, authenticated, service_role;

-- sql/30_catalog/api/products_attributes.sql

-- The attributes of products: what there is, and what holds in a category.

create view public.product_attributes
with (security_invoker = true)
as
select
    product_attributes.id,
    product_attributes.business_id,
    product_attributes.category_id,
    product_attributes.key,
    product_attributes.name,
    product_attributes.kind,
    product_attributes.unit,
    product_attributes.choices,
    product_attributes.is_required,
    product_attributes.position,
    product_attributes.created_at
from catalog.product_attributes;
grant select on public.product_attributes to anon;
grant select, insert, update, delete on public.product_attributes to authenticated, service_role;

comment on view public.product_attributes is
'What a business says about its products, with the type of each value.

An attribute holds for the products of its category and of all categories below it; of two with the '
'same key, the one nearer to the product''s category holds. Readable by everyone who can see the '
'business; written by owners and managers. An attribute or a choice that a product has a value of '
'cannot be taken away (409 in_use).';
comment on column public.product_attributes.id is 'Primary key.';
comment on column public.product_attributes.business_id is 'The business that owns it.';
comment on column public.product_attributes.category_id is
'For the products of which category; null: for all of the business.';
comment on column public.product_attributes.key is
'Key in products.attributes, unique in the category: a to z, 0 to 9 and _, at most 50 characters.';
comment on column public.product_attributes.name is 'At most 100 characters.';
comment on column public.product_attributes.kind is
'text (at most 500 characters), number, yes_no (true or false), choice (one of choices) or date '
'(2031-03-30).';
comment on column public.product_attributes.unit is
'In which a number is measured, such as cm: at most 20 characters, or null.';
comment on column public.product_attributes.choices is
'The choices: 1 to 100 different texts of at most 40 characters, only for choice.';
comment on column public.product_attributes.is_required is
'Whether a published product must have a value.';
comment on column public.product_attributes.position is 'Order of display, ascending.';
comment on column public.product_attributes.created_at is 'When it was created.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT422 too_many_rows
 */
create function public.category_attributes(
    business_id public.identifier, category_id public.identifier default null
)
returns setof public.product_attributes
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_id constant uuid = private.to_identifier(business_id, 'business_id');
    v_category_id constant uuid = private.to_identifier(category_id, 'category_id', false);
    v_count integer;
begin
    if not exists (select 1 from business.businesses where businesses.id = v_business_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
    return query
    select product_attributes.*
    from catalog.attributes_in_category(v_business_id, v_category_id) as held
    inner join public.product_attributes on product_attributes.id = held.id
    order by product_attributes.position, product_attributes.key;
    get diagnostics v_count = row_count;
    perform private.require_page(v_count, 'Read the view product_attributes page by page.');
end;
$$;
comment on function public.category_attributes is
'List the attributes that hold for the products of a category: its own, those of the categories '
'above it, and those of the whole business.

- business_id: the business.
- category_id: the category; null for products without one.

Returns rows of the view product_attributes in the order of display.

Errors: invalid_input 400, not_found 404, too_many_rows 422.';

grant execute on function public.category_attributes(public.identifier, public.identifier)
to anon, authenticated, service_role;

-- sql/30_catalog/api/products_bundles.sql

-- What bundles contain.

create view public.bundle_items
with (security_invoker = true)
as
select
    bundle_items.business_id,
    bundle_items.bundle_variant_id,
    bundle_items.variant_id,
    bundle_items.quantity
from catalog.bundle_items;
grant select on public.bundle_items to anon;
grant select, insert, update, delete on public.bundle_items to authenticated, service_role;

comment on view public.bundle_items is
'Bundles: variants that are sold as some pieces of other variants.

Read like the bundle; written by owners and managers. A bundle has its own price and no stock: '
'selling it takes the pieces of what it contains. A bundle contains no other bundle.';
comment on column public.bundle_items.business_id is 'The business that sells it.';
comment on column public.bundle_items.bundle_variant_id is 'The variant that is the bundle.';
comment on column public.bundle_items.variant_id is 'A variant that the bundle contains.';
comment on column public.bundle_items.quantity is
'How many pieces of it one bundle contains, from 1 to 1000.';

-- sql/30_catalog/api/products_media.sql

-- The pictures of products and variants.

create view public.product_media
with (security_invoker = true)
as
select
    product_media.media_id,
    product_media.business_id,
    product_media.product_id,
    product_media.position,
    product_media.is_featured
from catalog.product_media;
grant select on public.product_media to anon;
grant select, delete on public.product_media to authenticated, service_role;

comment on view public.product_media is
'The galleries of products. Owners and managers take a picture out by deleting its row.';
comment on column public.product_media.media_id is 'The picture.';
comment on column public.product_media.business_id is 'The business.';
comment on column public.product_media.product_id is 'The product.';
comment on column public.product_media.position is 'Order by it; see reorder_media.';
comment on column public.product_media.is_featured is
'Whether it stands for the whole gallery; at most one does. See feature_media.';

create view public.product_variant_media
with (security_invoker = true)
as
select
    product_variant_media.media_id,
    product_variant_media.business_id,
    product_variant_media.variant_id,
    product_variant_media.position,
    product_variant_media.is_featured
from catalog.product_variant_media;
grant select on public.product_variant_media to anon;
grant select, delete on public.product_variant_media to authenticated, service_role;

comment on view public.product_variant_media is
'The pictures of variants. Owners and managers take one out by deleting its row.';
comment on column public.product_variant_media.media_id is 'The picture.';
comment on column public.product_variant_media.business_id is 'The business.';
comment on column public.product_variant_media.variant_id is 'The variant.';
comment on column public.product_variant_media.position is 'Order by it; see reorder_media.';
comment on column public.product_variant_media.is_featured is
'Whether it stands for all pictures of the variant; at most one does. See feature_media.';

-- sql/30_catalog/api/products_shared.sql

-- Shared products, and who lists what under them.

create view public.shared_products
with (security_invoker = true)
as
select
    shared_products.id,
    shared_products.name,
    shared_products.brand,
    shared_products.description,
    shared_products.barcode,
    shared_products.is_active,
    shared_products.created_at,
    shared_products.updated_at
from catalog.shared_products;
grant select on public.shared_products to anon;
grant select, insert, update, delete on public.shared_products to authenticated, service_role;

comment on view public.shared_products is
'Products that several businesses sell alike, described once. sellers_of says who sells one now, '
'and for how much.

Everyone reads the active ones; the platform''s administrators write them.';
comment on column public.shared_products.id is 'Primary key.';
comment on column public.shared_products.name is 'At most 200 characters.';
comment on column public.shared_products.brand is 'At most 200 characters, or null.';
comment on column public.shared_products.description is 'At most 5000 characters, or null.';
comment on column public.shared_products.barcode is
'What is printed on it, such as an EAN; unique, or null.';
comment on column public.shared_products.is_active is 'Whether everyone sees it.';
comment on column public.shared_products.created_at is 'When it was created.';
comment on column public.shared_products.updated_at is 'When it was last changed.';

create view public.product_listings
with (security_invoker = true)
as
select
    product_listings.id,
    product_listings.business_id,
    product_listings.variant_id,
    product_listings.shared_product_id,
    product_listings.created_at
from catalog.product_listings;
grant select on public.product_listings to anon;
grant select, insert, delete on public.product_listings to authenticated;
grant select, insert, update, delete on public.product_listings to service_role;

comment on view public.product_listings is
'Which variant of a business is which shared product.

Read like the variant; written by owners and managers.';
comment on column public.product_listings.id is 'Primary key.';
comment on column public.product_listings.business_id is 'The business that sells it.';
comment on column public.product_listings.variant_id is
'The variant of the business, which is listed once.';
comment on column public.product_listings.shared_product_id is 'The shared product.';
comment on column public.product_listings.created_at is 'When it was listed.';

-- sql/30_catalog/api/products_translations.sql

-- Products in other languages, and everything about one product in the language of a reader.

create view public.product_translations
with (security_invoker = true)
as
select
    product_translations.id,
    product_translations.business_id,
    product_translations.locale,
    product_translations.product_id,
    product_translations.category_id,
    product_translations.attribute_id,
    product_translations.option_id,
    product_translations.name,
    product_translations.description,
    product_translations.value_names
from catalog.product_translations;
grant select on public.product_translations to anon;
grant select, insert, update, delete on public.product_translations
to authenticated, service_role;

comment on view public.product_translations is
'Names and descriptions of products, categories, attributes and options in other languages than '
'that of the business.

Read like what they translate; written by owners and managers. product_page returns the one that '
'suits the reader.';
comment on column public.product_translations.id is 'Primary key.';
comment on column public.product_translations.business_id is 'The business that owns it.';
comment on column public.product_translations.locale is 'A language tag, such as en or de-AT.';
comment on column public.product_translations.product_id is
'The product that it translates, or null. One of the four references is set.';
comment on column public.product_translations.category_id is
'The category of products that it translates, or null.';
comment on column public.product_translations.attribute_id is
'The attribute that it translates, or null.';
comment on column public.product_translations.option_id is
'The option of a product that it translates, or null.';
comment on column public.product_translations.name is 'At most 200 characters.';
comment on column public.product_translations.description is
'Of a product: at most 5000 characters, or null.';
comment on column public.product_translations.value_names is
'Of an option or an attribute: a JSON object with the word for each value, such as '
'{"red": "rouge"}.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.product_page(product_id public.identifier, locale text default null)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_wanted constant text[] = private.wanted_locales(private.to_text(locale, 'locale', 500));
    v_product catalog.products;
    v_best catalog.product_translations;
begin
    select products.* into v_product
    from catalog.products
    where products.id = private.to_identifier(product_page.product_id, 'product_id');
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such product.', 'Check the id in the view products.'
        );
    end if;
    v_best = catalog.best_translation(v_product.business_id, v_product.id, v_wanted);
    return to_jsonb(v_product) || jsonb_build_object(
        'name', coalesce(v_best.name, v_product.name),
        'description', coalesce(v_best.description, v_product.description),
        'category',
        catalog.category_for_reader(v_product.business_id, v_product.category_id, v_wanted),
        'brand', (
            select jsonb_build_object('id', brands.id, 'slug', brands.slug, 'name', brands.name)
            from catalog.brands
            where brands.business_id = v_product.business_id and brands.id = v_product.brand_id
        ),
        'options', catalog.options_for_reader(v_product.id, v_wanted),
        'attributes', catalog.attributes_for_reader(v_product, v_wanted),
        'variants', catalog.variants_for_reader(v_product.id),
        'media_ids', array(
            select product_media.media_id
            from catalog.product_media
            where
                product_media.business_id = v_product.business_id
                and product_media.product_id = v_product.id
            order by product_media.position
        )
    );
end;
$$;
comment on function public.product_page is
'Return everything about a product in one object, in the language that suits the reader best.

- product_id: the product.
- locale: language tags, the best first, such as de-AT,de; without it those of the header '
'Accept-Language. English comes last, then the language of the business.

Returns the row of the view products with name and description translated, and with category, '
'brand, options ({name, label, values: [{value, label}]}), attributes ({key, label, kind, unit, '
'value, value_label}), the active variants with their options, prices, pictures and what a bundle '
'contains, and media_ids in the order of the gallery.

Errors: invalid_input 400, not_found 404.';

grant execute on function public.product_page(public.identifier, text)
to anon, authenticated, service_role;

-- sql/30_catalog/api/questions.sql

-- What clients read about what is asked and, as owners and managers, write.

create view public.service_questions
with (security_invoker = true)
as
select
    service_questions.id,
    service_questions.business_id,
    service_questions.service_id,
    service_questions.key,
    service_questions.label,
    service_questions.kind,
    service_questions.is_required,
    service_questions.choices,
    service_questions.position,
    service_questions.is_active,
    service_questions.created_at
from catalog.service_questions;
grant select on public.service_questions to anon;
grant select, insert, update, delete on public.service_questions to authenticated, service_role;

comment on view public.service_questions is
'Questions that a booking of a service must answer.

Send the answers to book. Readable by everyone who can see the service; written by owners and '
'managers.';
comment on column public.service_questions.id is 'Primary key.';
comment on column public.service_questions.business_id is 'The business that owns it.';
comment on column public.service_questions.service_id is 'The service.';
comment on column public.service_questions.key is
'Key of the answer, unique in the service: a to z, 0 to 9 and _, at most 50 characters.';
comment on column public.service_questions.label is 'The question, at most 500 characters.';
comment on column public.service_questions.kind is
'text (at most 500 characters), long_text (5000), number, yes_no (true or false), choice (one of '
'choices), choices (a list of them), date (2031-03-30), phone (+491701234567) or email.';
comment on column public.service_questions.is_required is 'Whether a booking needs an answer.';
comment on column public.service_questions.choices is
'The choices: 1 to 100 different texts, only for choice and choices.';
comment on column public.service_questions.position is 'Order of display, ascending.';
comment on column public.service_questions.is_active is 'Whether the question is asked.';
comment on column public.service_questions.created_at is 'When it was created.';

-- sql/30_catalog/api/resources.sql

-- Resources, and which of them a service takes.

create view public.resources
with (security_invoker = true)
as
select
    resources.id,
    resources.business_id,
    resources.kind,
    resources.name,
    resources.description,
    resources.capacity,
    resources.member_id,
    resources.time_zone,
    resources.position,
    resources.is_active,
    resources.created_at,
    resources.updated_at,
    resources.staff_level
from catalog.resources;
grant select on public.resources to anon;
grant select, insert, update, delete on public.resources to authenticated, service_role;

comment on view public.resources is
'The staff, rooms and equipment that bookings take.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.resources.id is 'Primary key.';
comment on column public.resources.business_id is 'The business that owns it.';
comment on column public.resources.kind is 'staff, room or equipment.';
comment on column public.resources.name is 'At most 200 characters.';
comment on column public.resources.description is 'At most 5000 characters.';
comment on column public.resources.capacity is
'The number of its places, which can be booked at the same time.';
comment on column public.resources.member_id is 'The member who is this staff resource, or null.';
comment on column public.resources.time_zone is
'IANA zone of its hours; null for the business''s zone.';
comment on column public.resources.position is 'Order of display, ascending.';
comment on column public.resources.is_active is 'Whether it takes new bookings.';
comment on column public.resources.created_at is 'When it was created.';
comment on column public.resources.updated_at is 'When it last changed.';
comment on column public.resources.staff_level is
'How experienced a member of the staff is, a word such as senior, for price rules; or null.';

create view public.service_resources
with (security_invoker = true)
as
select
    service_resources.business_id,
    service_resources.service_id,
    service_resources.resource_id,
    service_resources.mode,
    service_resources.pool,
    service_resources.quantity,
    service_resources.priority,
    service_resources.weight,
    service_resources.joined_at
from catalog.service_resources;
grant select on public.service_resources to anon;
grant select, insert, update, delete on public.service_resources to authenticated, service_role;

comment on view public.service_resources is
'The resources that each service takes, and from which they are chosen.

Written by owners and managers.';
comment on column public.service_resources.business_id is 'The business that owns both.';
comment on column public.service_resources.service_id is 'The service.';
comment on column public.service_resources.resource_id is 'The resource.';
comment on column public.service_resources.mode is
'all: this resource is needed. any: one resource of its pool is needed.';
comment on column public.service_resources.pool is
'Name of the pool, for mode any. A booking takes one resource of each pool.';
comment on column public.service_resources.quantity is
'Units that a booking takes; for a resource with capacity above 1, units per guest.';
comment on column public.service_resources.priority is
'Bookings without a named resource go to the free resource with the highest priority, -1000 to '
'1000.';
comment on column public.service_resources.weight is
'Share of such bookings among resources of the same priority, 1 to 10000; 200 gets twice as many '
'as 100.';
comment on column public.service_resources.joined_at is
'When it began to provide the service. For 30 days it counts as having been as busy as the others '
'before.';

-- sql/30_catalog/api/services.sql

-- What the catalog offers to clients: views to read and, for owners and managers, to write.

create view public.service_categories
with (security_invoker = true)
as
select
    service_categories.id,
    service_categories.business_id,
    service_categories.name,
    service_categories.position,
    service_categories.created_at
from catalog.service_categories;
grant select on public.service_categories to anon;
grant select, insert, update, delete on public.service_categories to authenticated, service_role;

comment on view public.service_categories is
'A business''s groups of services.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.service_categories.id is 'Primary key.';
comment on column public.service_categories.business_id is 'The business that owns it.';
comment on column public.service_categories.name is
'Unique in the business, at most 200 characters.';
comment on column public.service_categories.position is 'Order of display, ascending.';
comment on column public.service_categories.created_at is 'When it was created.';

create view public.services
with (security_invoker = true)
as
select
    services.id,
    services.business_id,
    services.category_id,
    services.cancellation_policy_id,
    services.name,
    services.description,
    services.duration_minutes,
    services.price_minor,
    services.currency,
    services.buffer_before_minutes,
    services.buffer_after_minutes,
    services.slot_interval_minutes,
    services.slot_offset_minutes,
    services.min_notice_minutes,
    services.max_advance_days,
    services.bookable_from,
    services.bookable_until,
    services.max_party_size,
    services.is_class,
    services.requires_confirmation,
    services.is_blocked_by_pending,
    services.hold_minutes,
    services.offer_minutes,
    services.position,
    services.is_active,
    services.archived_at,
    services.created_at,
    services.updated_at,
    services.prefers_known_staff,
    services.visibility,
    services.check_in_minutes,
    services.anonymous_hold_minutes,
    services.tax_class,
    services.prepayment_bps,
    services.access
from catalog.services;
grant select on public.services to anon;
grant select, insert, update, delete on public.services to authenticated, service_role;

comment on view public.services is
'Services that can be booked.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.services.id is 'Primary key.';
comment on column public.services.business_id is 'The business that offers it.';
comment on column public.services.category_id is 'Its category, or null.';
comment on column public.services.cancellation_policy_id is
'Its cancellation policy; null for the business''s default.';
comment on column public.services.name is 'At most 200 characters.';
comment on column public.services.description is 'At most 5000 characters.';
comment on column public.services.duration_minutes is
'How long the service lasts for the customer, 1 to 1440 minutes.';
comment on column public.services.price_minor is
'Price for one guest, in minor units of `currency`.';
comment on column public.services.currency is
'ISO 4217 code. Cannot change after the service was booked.';
comment on column public.services.buffer_before_minutes is
'Minutes that its resources need before it. Customers do not see them, and they may reach outside '
'the hours.';
comment on column public.services.buffer_after_minutes is
'Minutes that its resources need after it. Buffers of neighbours add up.';
comment on column public.services.slot_interval_minutes is 'Minutes from one start to the next.';
comment on column public.services.slot_offset_minutes is
'Minutes from the opening to the first start.';
comment on column public.services.min_notice_minutes is
'Bookings must be made at least this many minutes before the start.';
comment on column public.services.max_advance_days is
'How many days ahead the service can be booked, in the business''s zone; null for no limit.';
comment on column public.services.bookable_from is
'First bookable date in the business''s zone; null for no limit.';
comment on column public.services.bookable_until is
'Last bookable date in the business''s zone; null for no limit.';
comment on column public.services.max_party_size is 'The largest party of one booking.';
comment on column public.services.is_class is
'Whether it is a class, given only at its sessions (create_slots).';
comment on column public.services.requires_confirmation is
'Whether a booking waits until the business confirms it.';
comment on column public.services.is_blocked_by_pending is
'Whether a pending booking already blocks its time.';
comment on column public.services.check_in_minutes is
'How long before the start a customer can be checked in, in minutes.';
comment on column public.services.anonymous_hold_minutes is
'How long a hold of a user lasts at most who signed in without an address, in minutes.';
comment on column public.services.access is
'What a customer needs to see and book it, such as gold_member, which a membership plan grants; '
'null: nothing. It disappears at the instant at which the membership ends.';
comment on column public.services.tax_class is
'How it is taxed, a name of the view tax_classes. Matters once the business has tax_settings.';
comment on column public.services.prepayment_bps is
'The share of the price, in basis points, that a customer pays before a booking is confirmed: 0 '
'nothing, 10000 all of it; null: as payment_settings say.';
comment on column public.services.hold_minutes is 'How long a hold lasts, in minutes.';
comment on column public.services.offer_minutes is
'How long each waitlist entry has to accept an offer, 1 to 1440 minutes.';
comment on column public.services.position is 'Order of display, ascending.';
comment on column public.services.is_active is 'Whether it takes new bookings.';
comment on column public.services.archived_at is
'When it was archived, or null. An archived service keeps its history and takes no new bookings.';
comment on column public.services.created_at is 'When it was created.';
comment on column public.services.updated_at is 'When it last changed.';
comment on column public.services.visibility is
'public or hidden. A hidden service is not in the catalog; only members and private links can book '
'it.';
comment on column public.services.prefers_known_staff is
'Whether a booking without a named resource goes to the one that the customer prefers, or had '
'last, if it is free.';

create view public.service_addons
with (security_invoker = true)
as
select
    service_addons.id,
    service_addons.business_id,
    service_addons.service_id,
    service_addons.name,
    service_addons.price_minor,
    service_addons.duration_minutes,
    service_addons.position,
    service_addons.is_active,
    service_addons.created_at
from catalog.service_addons;
grant select on public.service_addons to anon;
grant select, insert, update, delete on public.service_addons to authenticated, service_role;

comment on view public.service_addons is
'Add-ons of a service.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.service_addons.id is 'Primary key.';
comment on column public.service_addons.business_id is 'The business that offers it.';
comment on column public.service_addons.service_id is 'The service to which it belongs.';
comment on column public.service_addons.name is 'At most 200 characters.';
comment on column public.service_addons.price_minor is
'Price for one guest, in minor units of the service''s currency.';
comment on column public.service_addons.duration_minutes is 'Minutes that it adds to the service.';
comment on column public.service_addons.position is 'Order of display, ascending.';
comment on column public.service_addons.is_active is 'Whether it can be chosen.';
comment on column public.service_addons.created_at is 'When it was created.';

create view public.booking_limits
with (security_invoker = true)
as
select
    booking_limits.id,
    booking_limits.business_id,
    booking_limits.service_id,
    booking_limits.period,
    booking_limits.max_bookings,
    booking_limits.max_minutes,
    booking_limits.resource_id,
    booking_limits.is_per_customer
from catalog.booking_limits;
grant select on public.booking_limits to anon;
grant select, insert, update, delete on public.booking_limits to authenticated, service_role;

comment on view public.booking_limits is
'Limits of bookings in a period of the business''s zone, for a service, for a resource, or for the '
'whole business if neither is set.

Read like what it limits; written by owners and managers.';
comment on column public.booking_limits.id is 'Primary key.';
comment on column public.booking_limits.business_id is 'The business that owns it.';
comment on column public.booking_limits.service_id is
'The limited service; each item of it counts.';
comment on column public.booking_limits.period is
'day, week (from Monday), month or year; or upcoming, for bookings that have not started yet.';
comment on column public.booking_limits.max_bookings is
'The most bookings that start in the period; null for no limit.';
comment on column public.booking_limits.max_minutes is
'The most booked minutes that start in the period; null for no limit.';
comment on column public.booking_limits.resource_id is
'The limited resource; each item that takes its time counts.';
comment on column public.booking_limits.is_per_customer is
'Whether each customer''s bookings are counted separately.';

-- sql/30_catalog/api/terms.sql

-- Terms as clients see and accept them. Their texts are pages.

create view public.terms
with (security_invoker = true)
as
select
    terms.slug,
    terms.is_required_to_sign_up,
    terms.is_required_to_buy,
    in_force.version,
    in_force.published_at
from catalog.terms
inner join lateral (
    select
        terms_versions.version,
        terms_versions.published_at
    from catalog.terms_versions
    where terms_versions.slug = terms.slug
    order by terms_versions.version desc
    limit 1
) as in_force on true;
grant select on public.terms to anon, authenticated, service_role;

comment on view public.terms is
'The terms of the platform and the version of each that is in force. The text is the page of that '
'slug and version.';
comment on column public.terms.slug is 'The slug of its page.';
comment on column public.terms.is_required_to_sign_up is
'Whether a sign-up with a password must accept it.';
comment on column public.terms.is_required_to_buy is
'Whether a customer must accept it before booking, ordering or joining.';
comment on column public.terms.version is 'The version in force.';
comment on column public.terms.published_at is 'Since when it is in force.';

create view public.terms_acceptances
with (security_invoker = true)
as
select
    terms_acceptances.id,
    terms_acceptances.user_id,
    terms_acceptances.slug,
    terms_acceptances.version,
    terms_acceptances.locale,
    terms_acceptances.accepted_at
from catalog.terms_acceptances;
grant select on public.terms_acceptances to authenticated, service_role;

comment on view public.terms_acceptances is
'Which versions of which terms were accepted. Everybody reads their own rows, platform support '
'reads all.';
comment on column public.terms_acceptances.id is 'Key.';
comment on column public.terms_acceptances.user_id is 'Who accepted it; null for a guest.';
comment on column public.terms_acceptances.slug is 'The terms.';
comment on column public.terms_acceptances.version is 'The version.';
comment on column public.terms_acceptances.locale is 'The language in which it was read.';
comment on column public.terms_acceptances.accepted_at is 'When it was accepted.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 version_not_in_force
 */
create function public.accept_terms(
    slug text, version public.whole_number, locale text default 'en', email text default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user_id constant uuid = case when auth.uid() is not null then private.current_user_id() end;
    v_email constant text = private.to_email(email, 'email');
begin
    if v_user_id is null and v_email is null then
        perform private.invalid('email', 'is required without an account');
    end if;
    perform catalog.accept_terms(
        v_user_id,
        v_email,
        private.to_required_text(slug, 'slug', 80),
        private.to_whole_number(version, 'version', 1, 1000000),
        private.to_required_text(coalesce(locale, 'en'), 'locale', 35)
    );
end;
$$;
comment on function public.accept_terms is
'Accept a version of terms: the one in force, which the caller was shown.

Accepting it again changes nothing. A guest accepts with the e-mail address that a booking proves '
'later.

- slug, version: as in the view terms.
- locale: the language in which it was read.
- email: the address of a guest; ignored for an account.

Errors: invalid_input 400, not_found 404, version_not_in_force 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.require_terms(
    slug text, to_sign_up public.yes_no default 'false', to_buy public.yes_no default 'false'
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform catalog.set_terms_required(
        private.to_required_text(slug, 'slug', 80),
        private.to_yes_no(to_sign_up, 'to_sign_up'),
        private.to_yes_no(to_buy, 'to_buy')
    );
end;
$$;
comment on function public.require_terms is
'Set when terms must be accepted. For admins of the platform.

- to_sign_up: by everybody who signs up with a password.
- to_buy: by every customer before a booking, an order or a membership.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function
public.accept_terms(text, public.whole_number, text, text),
public.require_terms(text, public.yes_no, public.yes_no)
to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
