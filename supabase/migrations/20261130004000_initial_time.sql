-- The initial schema of 40_time: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/40_time/tables/bookings.sql

create table scheduling.booking_series (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    customer_id uuid references auth.users (id) on delete set null,
    service_id uuid not null,
    rrule text not null,
    -- The local time of the first occurrence, which the others keep, and its zone.
    first_at timestamp not null,
    time_zone text not null,
    -- Occurrences that could not be booked: [{starts_at, reason}]; reason is a token of
    -- docs/errors.md.
    conflicts jsonb not null default '[]',
    created_at timestamptz not null default now(),

    constraint booking_series_business_id_id_unique unique (business_id, id),
    constraint booking_series_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete restrict,
    constraint booking_series_time_zone_exists check (private.is_time_zone(time_zone))
);
comment on table scheduling.booking_series is
'Bookings that were made together by a rule, such as every Monday at nine.';
comment on column scheduling.booking_series.customer_id is '[person]';
create index booking_series_service_idx on scheduling.booking_series (business_id, service_id);
create index booking_series_customer_id_idx on scheduling.booking_series (customer_id);

-- Bookings and the time that they take. What a booking takes is an allocation: a resource, one of
-- its units and a half-open range that includes the buffers. One exclusion constraint over the
-- allocations that block makes double-booking impossible on every path; everything else here is
-- about answering well. Nobody writes these tables directly: the functions of this domain do.

create type scheduling.booking_status as enum (
    'held', 'pending_payment', 'pending', 'confirmed', 'checked_in',
    'completed', 'cancelled', 'rejected', 'no_show', 'expired'
);
create type scheduling.actor_kind as enum ('customer', 'business', 'system');
-- Why an item has its resource: the customer or the business named it; the customer prefers it or
-- had it last; it had the highest priority, was the least busy, or was the only one.
create type scheduling.assignment_reason as enum (
    'customer', 'preferred', 'past', 'priority', 'load', 'only', 'business'
);

-- Rules for starts that a member of the business may set aside when booking for somebody: the
-- notice and the first date (notice), the advance and the last date (advance), hours and steps
-- (hours), closures and blocked time (closures), and booking limits (limits). That nobody is booked
-- twice is none of them.
create type scheduling.start_rule as enum ('notice', 'advance', 'hours', 'closures', 'limits');

create table scheduling.bookings (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete restrict,
    customer_id uuid references auth.users (id) on delete set null,
    -- The series of which it is an occurrence, if any.
    series_id uuid,
    reference text not null,
    status scheduling.booking_status not null,
    -- The customer's time, without buffers: from the first item's start to the last one's end.
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    -- The business's zone when it was booked.
    time_zone text not null,
    -- The largest party of its items.
    party_size integer not null default 1,
    currency text not null,
    total_minor bigint not null,
    -- The quote that was accepted, line by line. Only a move changes the price later; its sale says
    -- how.
    quote jsonb not null,
    -- The cancellation policy that was accepted.
    policy jsonb not null,
    customer_name text,
    customer_email text,
    customer_phone text,
    notes text,
    -- The reason of a rejection or a cancellation.
    status_reason text,
    hold_expires_at timestamptz,
    reschedule_count integer not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- The fees for cancelling, not coming and moving late, by the policy above.
    cancellation_fee_minor bigint not null default 0,
    no_show_fee_minor bigint not null default 0,
    reschedule_fee_minor bigint not null default 0,
    -- When a guest proved that the e-mail address is theirs.
    contact_verified_at timestamptz,
    -- What was sold with it. A hold is an offer and has no sale.
    sale_id uuid,
    -- How many of its steps were announced with an earlier booking of its series.
    repeated_step_count integer not null default 0,
    -- The rules that a member set aside for its first start.
    overridden scheduling.start_rule array not null default '{}',
    -- What must be paid before it is confirmed.
    prepayment_minor bigint not null default 0,
    -- By how much its last move changed the total.
    price_change_minor bigint not null default 0,

    constraint bookings_business_id_id_unique unique (business_id, id),
    constraint bookings_series_fkey foreign key (business_id, series_id)
    references scheduling.booking_series (business_id, id) on delete restrict,
    constraint bookings_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete restrict,
    constraint bookings_are_sold check (
        sale_id is not null or status in ('held', 'expired', 'cancelled')
    ),
    constraint bookings_reference_unique unique (reference),
    constraint bookings_reference_has_no_look_alikes check (
        reference ~ '^[23456789ABCDEFGHJKMNPQRSTUVWXYZ]{8}$'
    ),
    constraint bookings_currency_is_iso_4217 check (currency ~ '^[A-Z]{3}$'),
    constraint bookings_end_after_they_start check (ends_at > starts_at),
    constraint bookings_party_size_is_positive check (party_size >= 1),
    constraint bookings_prepayment_not_negative check (prepayment_minor >= 0),
    constraint bookings_total_not_negative check (total_minor >= 0),
    constraint bookings_fees_not_negative check (
        least(cancellation_fee_minor, no_show_fee_minor, reschedule_fee_minor) >= 0
    ),
    constraint bookings_fees_not_above_total check (
        cancellation_fee_minor + no_show_fee_minor <= total_minor
    ),
    constraint bookings_holds_expire check (status <> 'held' or hold_expires_at is not null),
    constraint bookings_rejections_have_a_reason check (
        status <> 'rejected' or status_reason is not null
    ),
    -- It stands in mail headers and calendar properties.
    constraint bookings_contact_is_one_line check (
        private.is_one_line(concat(customer_name, customer_email, customer_phone))
        or private.invalid('name, email and phone', 'must each be one line')
    )
);
comment on table scheduling.bookings is 'An appointment of a customer with a business.';
comment on column scheduling.bookings.customer_id is '[person]';
comment on column scheduling.bookings.customer_name is '[personal]';
comment on column scheduling.bookings.customer_email is '[person] [personal]';
comment on column scheduling.bookings.customer_phone is '[person] [personal]';
comment on column scheduling.bookings.notes is '[personal]';
comment on column scheduling.bookings.status_reason is '[personal]';
create index bookings_business_id_starts_at_idx on scheduling.bookings (business_id, starts_at, id);
create index bookings_series_idx on scheduling.bookings (business_id, series_id, starts_at)
where series_id is not null;
create index bookings_customer_id_starts_at_idx on scheduling.bookings (customer_id, starts_at, id);
create unique index bookings_sale_idx on scheduling.bookings (business_id, sale_id);
create index bookings_guests_email_idx on scheduling.bookings (lower(customer_email))
where customer_id is null;
create index bookings_guests_phone_idx on scheduling.bookings (customer_phone)
where customer_id is null and customer_phone is not null;

create table scheduling.booking_items (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    booking_id uuid not null,
    position smallint not null,
    service_id uuid not null,
    -- The resource that carries the item: chosen by the customer, or assigned.
    resource_id uuid,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    duration_minutes integer not null,
    price_minor bigint not null,
    service_name text not null,
    -- The chosen add-ons as they were: [{id, name, price_minor, duration_minutes}].
    addons jsonb not null default '[]',
    -- When this item alone was cancelled.
    cancelled_at timestamptz,
    -- The fee for cancelling it, alone or with the booking; null until then.
    cancellation_fee_minor bigint,
    -- Why it is this resource.
    assigned_by scheduling.assignment_reason,
    -- Questions and answers: [{key, label, kind, value}].
    answers jsonb not null default '[]',
    -- The private link by which it was booked, if any.
    private_link_id uuid,
    -- The line of the sale that it is, once it is sold.
    sale_line_id uuid,
    party_size integer not null default 1,
    -- By how much moves changed the amount and the discount of its line.
    amount_change_minor bigint not null default 0,
    discount_change_minor bigint not null default 0,

    constraint booking_items_business_id_id_unique unique (business_id, id),
    constraint booking_items_booking_id_id_unique unique (business_id, booking_id, id),
    constraint booking_items_position_unique unique (business_id, booking_id, position),
    constraint booking_items_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint booking_items_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete restrict,
    constraint booking_items_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete restrict,
    constraint booking_items_private_link_fkey foreign key (business_id, private_link_id)
    references catalog.private_links (business_id, id) on delete restrict,
    constraint booking_items_sale_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete restrict,
    constraint booking_items_last_as_long_as_they_say check (
        ends_at = starts_at + make_interval(mins => duration_minutes)
    ),
    constraint booking_items_party_size_is_positive check (party_size >= 1),
    constraint booking_items_price_not_negative check (price_minor >= 0),
    constraint booking_items_fee_not_negative check (cancellation_fee_minor >= 0)
);
comment on table scheduling.booking_items is
'The services of a booking, one after another, with the price and the minutes that were agreed.';
comment on column scheduling.booking_items.booking_id is '[person]';
comment on column scheduling.booking_items.answers is '[personal]';
create index booking_items_service_idx
on scheduling.booking_items (business_id, service_id, starts_at);
create index booking_items_resource_idx
on scheduling.booking_items (business_id, resource_id, starts_at);

create index booking_items_private_link_idx
on scheduling.booking_items (business_id, private_link_id)
where private_link_id is not null;
create unique index booking_items_sale_line_idx
on scheduling.booking_items (business_id, sale_line_id);

-- sql/40_time/tables/freed.sql

-- Time that becomes free again, and to whom it is offered. A function that frees time announces it
-- here. The waitlist answers by trigger: it holds the time for those who wait, one after another.
-- An offer is a turn: from one instant to another, one customer may take the time of a hold that is
-- nobody's yet. Offers stand here, below the waitlist, because slots and bookings ask whose turn it
-- is.

-- A place that became free.
create type scheduling.freed_place as (
    -- A resource, or a session of a class.
    id uuid,
    -- Buffers included.
    during tstzrange
);

create table scheduling.freed_times (
    id bigint generated always as identity primary key,
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Announcements of the same time share it, so that nobody is asked twice.
    freed_id uuid not null default gen_random_uuid(),
    places scheduling.freed_place array not null
);
comment on table scheduling.freed_times is
'Announcements that booked time has become free. The waitlist answers by trigger; no row stays.';
create index freed_times_business_id_idx on scheduling.freed_times (business_id);

create table scheduling.waitlist_offers (
    business_id uuid not null,
    -- The entry of the waitlist that is asked.
    entry_id uuid not null,
    -- The hold that keeps the time: nobody's until somebody accepts.
    booking_id uuid not null,
    starts_at timestamptz not null,
    -- The turn: from, included, to, excluded.
    opens_at timestamptz not null,
    expires_at timestamptz not null,
    -- When the customer was told.
    told_at timestamptz,
    customer_id uuid not null references auth.users (id) on delete cascade,
    -- The announcement that the hold answers.
    freed_id uuid not null,
    -- When it was accepted, and the booking that came of it.
    accepted_at timestamptz,
    accepted_booking_id uuid,

    constraint waitlist_offers_pkey primary key (booking_id, entry_id),
    constraint waitlist_offers_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint waitlist_offers_accepted_booking_fkey foreign key (business_id, accepted_booking_id)
    references scheduling.bookings (business_id, id) on delete set null (accepted_booking_id),
    -- A turn that ends at once is empty.
    constraint waitlist_offers_do_not_end_before_they_open check (expires_at >= opens_at),
    -- One at a time.
    constraint waitlist_offers_in_turn exclude using gist (
        booking_id with =, tstzrange(opens_at, expires_at) with &&
    ) deferrable initially deferred
);
comment on table scheduling.waitlist_offers is
'Whose turn it is, and when, to accept a time that became free. Past turns stay.';
create index waitlist_offers_entry_idx on scheduling.waitlist_offers (business_id, entry_id);
create index waitlist_offers_booking_idx on scheduling.waitlist_offers (business_id, booking_id);
create index waitlist_offers_accepted_booking_idx
on scheduling.waitlist_offers (business_id, accepted_booking_id);
-- Whose turn is it? Asked for every list of slots.
create index waitlist_offers_customer_id_idx
on scheduling.waitlist_offers (customer_id, expires_at);

-- sql/40_time/tables/guests.sql

-- Codes that prove a guest's e-mail address. Rows also count the requests for codes; they are
-- deleted after a day.

create table scheduling.guest_codes (
    id bigint generated always as identity primary key,
    -- Null, like booking and order, when the address has none: the request counts all the same.
    business_id uuid,
    booking_id uuid,
    email text not null,
    -- The network address of the request, as the gateway says.
    ip inet,
    -- The hash of the code and of what it is for; null when none was sent.
    code_hash bytea,
    attempts integer not null default 0,
    expires_at timestamptz not null,
    used_at timestamptz,
    -- What it was used for, so that the same call again has the same answer.
    used_for jsonb,
    -- The transaction in which the right code was given: only there the guest counts as the
    -- customer of the booking or the order.
    proven_in xid8,
    created_at timestamptz not null,
    -- The order of goods. Its key is added by the domain of orders.
    order_id uuid,
    -- A long code behind a link. It shows something for weeks, and people do not type it.
    is_link boolean not null default false,

    constraint guest_codes_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint guest_codes_are_for_one_thing check (
        num_nulls(business_id, coalesce(booking_id, order_id), code_hash) in (0, 3)
        and num_nonnulls(booking_id, order_id) < 2
    ),
    constraint guest_codes_attempts_are_few check (attempts between 0 and 5)
);
comment on table scheduling.guest_codes is
'Codes mailed to guests: five attempts, once, for as long as a hold or a quarter of an hour.';
comment on column scheduling.guest_codes.booking_id is '[person: delete]';
comment on column scheduling.guest_codes.order_id is '[person: delete]';
comment on column scheduling.guest_codes.email is '[person: delete] [personal]';
comment on column scheduling.guest_codes.ip is '[personal]';
comment on column scheduling.guest_codes.code_hash is '[secret]';
comment on column scheduling.guest_codes.used_for is '[personal]';
create index guest_codes_booking_idx on scheduling.guest_codes (business_id, booking_id);
create index guest_codes_booking_id_idx on scheduling.guest_codes (booking_id, id);
create index guest_codes_order_idx on scheduling.guest_codes (business_id, order_id);
create index guest_codes_order_id_idx on scheduling.guest_codes (order_id, id);
create index guest_codes_email_idx on scheduling.guest_codes (email, created_at);
create index guest_codes_ip_idx on scheduling.guest_codes (ip, created_at);
create index guest_codes_created_at_idx on scheduling.guest_codes (created_at);

-- sql/40_time/tables/people.sql

-- One calendar for a person who works in several businesses (identity.profiles.has_one_calendar).
-- What takes their time in one business makes them busy in all others. The rows follow the
-- allocations by trigger, and nobody reads them but the functions that look for free time: a
-- business learns when such a person is free, and never for whom or where they work.

create table scheduling.shared_resources (
    business_id uuid not null,
    resource_id uuid not null,
    person_id uuid not null references auth.users (id) on delete cascade,

    constraint shared_resources_pkey primary key (business_id, resource_id),
    constraint shared_resources_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade
);
comment on table scheduling.shared_resources is
'The resources of people who have one calendar for all their businesses.';
comment on column scheduling.shared_resources.person_id is '[person: delete]';
-- Is a resource somebody with one calendar? Asked for everything that is booked.
create index shared_resources_resource_idx on scheduling.shared_resources (resource_id);
create index shared_resources_person_id_idx on scheduling.shared_resources (person_id);

create table scheduling.busy_times (
    business_id uuid not null,
    resource_id uuid not null,
    -- The allocation: the item or the session that owns it, and its unit.
    owner_id uuid not null,
    unit integer not null,
    person_id uuid not null references auth.users (id) on delete cascade,
    -- The booking of the item; null for a session.
    booking_id uuid,
    -- Buffers included, as in the allocation.
    during tstzrange not null,
    -- A hold keeps them busy until this moment, whether or not anything has run since.
    expires_at timestamptz,

    constraint busy_times_pkey primary key (business_id, resource_id, owner_id, unit),
    constraint busy_times_resource_fkey foreign key (business_id, resource_id)
    references scheduling.shared_resources (business_id, resource_id) on delete cascade,
    -- No person is booked in two businesses at once. Within one business, allocations_no_overlap
    -- decides.
    constraint busy_times_no_overlap exclude using gist (
        person_id with =, business_id with <>, during with &&
    )
);
comment on table scheduling.busy_times is
'When people with one calendar are busy: a copy of the blocking allocations of their resources.';

-- sql/40_time/tables/sessions.sql

-- Classes: services that are given to many at once, at sessions. A session takes its teacher and
-- its room like a booking; its guests take seats.

create table scheduling.sessions (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    service_id uuid not null,
    -- The resource of the leading pool that leads it; null when the service takes none.
    resource_id uuid,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    capacity integer not null,
    created_at timestamptz not null default now(),

    constraint sessions_business_id_id_unique unique (business_id, id),
    -- Seats refer to it, so that they know the capacity.
    constraint sessions_capacity_unique unique (business_id, id, capacity),
    constraint sessions_once_at_a_time unique nulls not distinct (
        service_id, starts_at, resource_id
    ),
    constraint sessions_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete restrict,
    constraint sessions_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete restrict,
    constraint sessions_end_after_they_start check (ends_at > starts_at),
    constraint sessions_capacity_is_sane check (
        capacity between 1 and 1000 or private.invalid('capacity', 'must be from 1 to 1000')
    )
);
comment on table scheduling.sessions is
'The dates of a class: when it is given, by whom, and how many seats there are.';
create index sessions_service_idx on scheduling.sessions (business_id, service_id, starts_at);
create index sessions_resource_idx on scheduling.sessions (business_id, resource_id);

-- sql/40_time/tables/taken.sql

create table scheduling.allocations (
    business_id uuid not null,
    -- The owner of the time: an item of a booking, or a session of a class.
    booking_id uuid,
    booking_item_id uuid,
    session_id uuid,
    resource_id uuid not null,
    -- The unit of the resource: 1 to its capacity.
    unit integer not null,
    -- Buffers included: they add up between neighbours and may reach past closing time.
    during tstzrange not null,
    is_blocking boolean not null,
    -- A hold blocks until this moment, whether or not anything has run since.
    expires_at timestamptz,

    -- Not a primary key: one of the two owners is always null.
    constraint allocations_once_an_item unique (
        business_id, booking_id, booking_item_id, resource_id, unit
    ),
    constraint allocations_have_one_owner check (
        num_nonnulls(booking_item_id, session_id) = 1
        and (booking_id is null) = (booking_item_id is null)
    ),
    constraint allocations_session_fkey foreign key (business_id, session_id)
    references scheduling.sessions (business_id, id) on delete cascade,
    constraint allocations_booking_item_fkey foreign key (business_id, booking_id, booking_item_id)
    references scheduling.booking_items (business_id, booking_id, id) on delete cascade,
    constraint allocations_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete restrict,
    constraint allocations_unit_is_positive check (unit >= 1),
    constraint allocations_are_half_open check (
        not isempty(during) and lower_inc(during) and not upper_inc(during)
        and not lower_inf(during) and not upper_inf(during)
    ),
    -- No two allocations take one unit at the same time. A partitioned table needs business_id in
    -- the key; it stands last, because slots look for resources.
    constraint allocations_no_overlap exclude using gist (
        resource_id with =, unit with =, during with &&, business_id with =
    )
    where (is_blocking)
);
comment on table scheduling.allocations is
'The time that a booking, or a session of a class, takes from a resource.';
-- The workload of a resource in a month: read for every booking that names no resource.
create index allocations_start_idx on scheduling.allocations (resource_id, lower(during))
where is_blocking;
-- The allocations of a booking: with all three columns, so that no plan reads everything that a
-- resource ever did.
create index allocations_resource_idx on scheduling.allocations (
    business_id, resource_id, booking_id
);

-- Few rows have one: only sessions.
create unique index allocations_session_idx
on scheduling.allocations (business_id, session_id, resource_id, unit)
where session_id is not null;

-- Seats of a session. Constraints refuse a seat that is taken twice or does not exist: a seat
-- carries the capacity of its session and changes with it.

create table scheduling.seats (
    business_id uuid not null,
    booking_id uuid not null,
    booking_item_id uuid not null,
    session_id uuid not null,
    -- 1 to the capacity of the session.
    number integer not null,
    capacity integer not null,
    is_blocking boolean not null,
    -- A hold keeps its seats until this moment, whether or not anything has run since.
    expires_at timestamptz,

    constraint seats_pkey primary key (business_id, booking_id, booking_item_id, number),
    constraint seats_booking_item_fkey foreign key (business_id, booking_id, booking_item_id)
    references scheduling.booking_items (business_id, booking_id, id) on delete cascade,
    constraint seats_session_fkey foreign key (business_id, session_id, capacity)
    references scheduling.sessions (business_id, id, capacity) on update cascade on delete restrict,
    constraint seats_number_is_positive check (number >= 1),
    constraint seats_exist check (number <= capacity or not is_blocking),
    constraint seats_taken_once exclude using btree (
        session_id with =, number with =, business_id with =
    )
    where (is_blocking)
);
comment on table scheduling.seats is 'The seats that a booking takes in a session of a class.';
create index seats_session_idx on scheduling.seats (business_id, session_id, capacity);

-- sql/40_time/tables/values.sql

-- Values that the functions of scheduling hand to each other. No table stores them.

-- What a service needs of one resource, as scheduling.needs finds it.
create type scheduling.need as (
    id uuid,
    pool text,
    is_leading boolean,
    units integer,
    capacity integer,
    kind catalog.resource_kind,
    time_zone text,
    rank integer,
    -- How many pools the service needs altogether.
    pool_count integer
);

-- Hours that replace the weekly ones on a date; without times the date is a day off.
create type scheduling.special_hours as (
    -- The resource, or the business for all who follow its hours.
    owner_id uuid,
    day date,
    opens_at time,
    closes_at time
);

-- A way of working, which is worked out once for all resources that share it.
create type scheduling.plan as (
    resource_ids uuid array,
    -- Whose weekly hours count: the resource's own, or the business's.
    owner_id uuid,
    -- Whose special hours and journeys count first: a resource that has some, or else the owner.
    special_id uuid,
    time_zone text,
    -- A room or a device that nobody gave hours.
    is_always_there boolean
);

-- sql/40_time/functions/allocations.sql

/*
 * Return what a booking takes, sorted: resources, the people whose one calendar they share, and
 * the sessions in which it has seats.
 */
create function scheduling.resources_of(booking_id uuid)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select allocations.resource_id as id
        from scheduling.bookings
        inner join scheduling.allocations
            on
                allocations.business_id = bookings.business_id
                and allocations.booking_id = bookings.id
        where bookings.id = resources_of.booking_id
        union
        select shared_resources.person_id
        from scheduling.bookings
        inner join scheduling.allocations
            on
                allocations.business_id = bookings.business_id
                and allocations.booking_id = bookings.id
        inner join scheduling.shared_resources
            on shared_resources.resource_id = allocations.resource_id
        where bookings.id = resources_of.booking_id
        union
        select seats.session_id
        from scheduling.bookings
        inner join scheduling.seats
            on seats.business_id = bookings.business_id and seats.booking_id = bookings.id
        where bookings.id = resources_of.booking_id
        order by id
    );
end;
$$;

/*
 * Refuse a time that somebody else has.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.refuse_taken()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'slot_taken', 'That time was just taken.',
        'Ask for slots again and choose another.'
    );
end;
$$;

-- sql/40_time/functions/clocks.sql

-- Local time and instants. A clock can show a time twice, or skip it. PostgreSQL reads a time that
-- occurs twice as the later instant, and moves a skipped one forward. A local date, however, begins
-- at its first midnight, and ends where the next one begins.

/*
 * Return the instant at which a clock shows a time, and the earlier one if it shows it twice. The
 * clock shows the time twice if it also shows it counted with the offset of the day before.
 */
create function scheduling.first_instant(local_time timestamp, time_zone text)
returns timestamptz
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_later timestamptz = local_time at time zone time_zone;
    v_day_before timestamptz = v_later - interval '24 hours';
    v_earlier timestamptz = v_later + (
        local_time - interval '24 hours' - v_day_before at time zone time_zone
    );
begin
    return case
        when v_earlier at time zone time_zone = local_time then least(v_earlier, v_later)
        else v_later
    end;
end;
$$;

/*
 * Return the instant at which a local date begins.
 */
create function scheduling.start_of_date(day date, time_zone text)
returns timestamptz
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return scheduling.first_instant(day::timestamp, time_zone);
end;
$$;

/*
 * Return the local dates, of any zone, that some periods can touch: those of UTC, the one before
 * and the one after.
 */
create function scheduling.dates_around(during tstzmultirange)
returns date[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return array(
        select distinct dates.at::date as day
        from unnest(during) as period (during)
        cross join generate_series(
            ((lower(period.during) at time zone 'UTC')::date - 1)::timestamp,
            ((upper(period.during) at time zone 'UTC')::date + 1)::timestamp,
            interval '1 day'
        ) as dates (at)
        order by day
    );
end;
$$;

-- sql/40_time/functions/closings.sql

-- When resources are not free although they would work: the business is closed, their time is
-- blocked, or something takes it already. Each function answers for many resources at once.

/*
 * Return when resources are shut: closures of the business, on dates of its zone, and blocked
 * periods of the resource or of everybody.
 */
create function scheduling.closings(
    business_id uuid, resource_ids uuid[], during tstzmultirange
)
returns table (resource_id uuid, closings tstzmultirange)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with shut as (
        select
            null::uuid as id,
            tstzrange(
                scheduling.start_of_date(closures.starts_on, businesses.time_zone),
                scheduling.start_of_date(closures.ends_on + 1, businesses.time_zone)
            ) as period
        from business.closures
        inner join business.businesses on businesses.id = closures.business_id
        where
            closures.business_id = closings.business_id
            and closures.ends_on >= (lower(closings.during) at time zone 'UTC')::date - 1
            and closures.starts_on <= (upper(closings.during) at time zone 'UTC')::date + 1
        union all
        select
            blocked_periods.resource_id,
            blocked_periods.during
        from catalog.blocked_periods
        where
            blocked_periods.business_id = closings.business_id
            and blocked_periods.during && closings.during
    )

    select
        resources.id,
        range_agg(shut.period)
    from unnest(closings.resource_ids) as resources (id)
    inner join shut on shut.id is null or shut.id = resources.id
    group by resources.id;
end;
$$;

/*
 * Return the starts that clash with what takes resources already, one multirange for each unit that
 * is taken. If a unit is taken from `a` to `b`, a start between `a - lead` and `b + trail`, both
 * excluded, clashes: `lead` is the length of the service and the buffer after it, `trail` the
 * buffer before it. A hold that has run out takes nothing, even if nobody has released it yet. A
 * booking that is about to move is left out. `elsewhere` are the starts at which another business
 * takes the person who is the resource.
 */
create function scheduling.clashes(
    resource_ids uuid[],
    during tstzmultirange,
    lead interval,
    trail interval,
    except_booking_id uuid
)
returns table (resource_id uuid, clashes tstzmultirange[], elsewhere tstzmultirange)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
    v_is_shared boolean = scheduling.people_of(resource_ids) <> '{}';
begin
    return query
    select
        resources.id,
        taken.clashes,
        elsewhere.clashes
    from unnest(clashes.resource_ids) as resources (id)
    cross join lateral (
        select array_agg(units.clashes) as clashes
        from (
            select
                range_agg(
                    tstzrange(
                        lower(allocations.during) - clashes.lead,
                        upper(allocations.during) + clashes.trail,
                        '()'
                    )
                ) as clashes
            from scheduling.allocations
            where
                allocations.resource_id = resources.id
                and allocations.during && clashes.during
                and allocations.is_blocking
                and (allocations.expires_at is null or allocations.expires_at > v_now)
                and coalesce(allocations.booking_id <> clashes.except_booking_id, true)
            group by allocations.unit
        ) as units
    ) as taken
    cross join lateral (
        select
            range_agg(
                tstzrange(
                    lower(busy.during) - clashes.lead,
                    upper(busy.during) + clashes.trail,
                    '()'
                )
            ) as clashes
        from scheduling.busy_elsewhere(resources.id, clashes.during) as busy (during)
        where v_is_shared
    ) as elsewhere;
end;
$$;

-- sql/40_time/functions/freed.sql

-- What a booking takes, as places that others could have, and the announcement that they are free.

/*
 * Return the places that a booking, or one item of it, takes: resources for a time, and sessions.
 */
create function scheduling.places_of(booking_id uuid, item_id uuid default null)
returns scheduling.freed_place[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select distinct row(allocations.resource_id, allocations.during)::scheduling.freed_place
        from scheduling.bookings
        inner join scheduling.allocations
            on
                allocations.business_id = bookings.business_id
                and allocations.booking_id = bookings.id
        where
            bookings.id = places_of.booking_id
            and (places_of.item_id is null or allocations.booking_item_id = places_of.item_id)
        union
        select row(
            sessions.id, tstzrange(sessions.starts_at, sessions.ends_at)
        )::scheduling.freed_place
        from scheduling.bookings
        inner join scheduling.seats
            on seats.business_id = bookings.business_id and seats.booking_id = bookings.id
        inner join scheduling.sessions on sessions.id = seats.session_id
        where
            bookings.id = places_of.booking_id
            and (places_of.item_id is null or seats.booking_item_id = places_of.item_id)
    );
end;
$$;

/*
 * Announce that places which a booking took are free again. The waitlist passes its own holds on:
 * they have no customer.
 */
create function scheduling.announce_freed(
    booking scheduling.bookings, places scheduling.freed_place[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if booking.customer_id is null and booking.customer_email is null or places = '{}' then
        return;
    end if;
    insert into scheduling.freed_times (business_id, places)
    values (booking.business_id, announce_freed.places);
    perform scheduling.announce_freed_elsewhere(places);
end;
$$;

/*
 * Announce places that became free to the other businesses of the people whose one calendar the
 * resources share.
 */
create function scheduling.announce_freed_elsewhere(places scheduling.freed_place[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into scheduling.freed_times (business_id, places)
    select
        others.business_id,
        array_agg(row(others.resource_id, place.during)::scheduling.freed_place)
    from unnest(announce_freed_elsewhere.places) as place
    inner join scheduling.shared_resources as freed on freed.resource_id = place.id
    inner join scheduling.shared_resources as others
        on
            others.person_id = freed.person_id
            and others.business_id <> freed.business_id
    group by others.business_id
    order by others.business_id;
end;
$$;

/*
 * Return the open offer of a customer for a service: it is their turn, and the hold stands. A
 * start and a resource narrow it down.
 * Definer: customers do not read the holds that are offered to them.
 */
create function scheduling.open_offers(customer_id uuid, service_id uuid, resource_id uuid)
returns setof scheduling.waitlist_offers
language plpgsql
stable
security definer
set search_path = ''
rows 1
as $$
begin
    -- Hardly anybody has a turn, and then nothing else is read.
    if not exists (
        select 1
        from scheduling.waitlist_offers
        where
            waitlist_offers.customer_id = open_offers.customer_id
            and waitlist_offers.expires_at > private.now()
    ) then
        return;
    end if;
    return query
    select waitlist_offers.*
    from scheduling.waitlist_offers
    inner join scheduling.bookings
        on
            bookings.business_id = waitlist_offers.business_id
            and bookings.id = waitlist_offers.booking_id
    inner join scheduling.booking_items
        on
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
    where
        waitlist_offers.customer_id = open_offers.customer_id
        and waitlist_offers.opens_at <= private.now()
        and waitlist_offers.expires_at > private.now()
        and bookings.status = 'held'
        and booking_items.service_id = open_offers.service_id
        and (
            open_offers.resource_id is null
            or booking_items.resource_id = open_offers.resource_id
        )
    order by waitlist_offers.opens_at, waitlist_offers.booking_id;
end;
$$;

-- sql/40_time/functions/guests.sql

-- What people without an account have: a booking, or an order of goods. Reading the mail with the
-- code proves that it is theirs: then they may confirm, move, cancel or return it. Until then no
-- function looks at accounts or other bookings, so nothing can be learned of them.

/*
 * May the caller act on a booking or an order as its guest, because the right code was given in
 * this transaction?
 * Definer: triggers ask it, and nobody reads codes.
 */
create function scheduling.is_proven(subject_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.guest_codes
        where
            (guest_codes.booking_id = subject_id or guest_codes.order_id = subject_id)
            and guest_codes.proven_in = pg_current_xact_id_if_assigned()
    );
end;
$$;

-- sql/40_time/functions/needs.sql

-- Which resources a service needs. They form pools: of each pool one resource is needed, and every
-- resource that is needed outright is a pool of its own.

/*
 * Return the active resources that a service needs for a party. Customers choose among the leading
 * pool: the first pool with staff, or else the first pool. A chosen resource is the only one of its
 * pool; a resource that the service does not list leaves nothing.
 * Definer: callers need not be members of the business.
 */
create function scheduling.needs(service_id uuid, resource_id uuid, party_size integer)
returns setof scheduling.need
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with listed as materialized (
        select
            resources.id,
            case service_resources.mode
                when 'all' then service_resources.resource_id::text
                else service_resources.pool
            end as pool,
            service_resources.quantity
            * case when resources.capacity > 1 then needs.party_size else 1 end as units,
            resources.capacity,
            resources.kind,
            coalesce(resources.time_zone, businesses.time_zone) as time_zone,
            resources.is_active,
            row_number() over (order by resources.position, resources.name, resources.id) as rank
        from catalog.service_resources
        inner join catalog.resources on resources.id = service_resources.resource_id
        inner join business.businesses on businesses.id = service_resources.business_id
        where service_resources.service_id = needs.service_id
    ),

    pools as materialized (
        select
            (array_agg(listed.pool order by listed.kind, listed.pool))[1] as lead,
            count(distinct listed.pool)::integer as count,
            min(listed.pool) filter (where listed.id = needs.resource_id) as chosen
        from listed
    )

    select
        listed.id,
        listed.pool,
        listed.pool = pools.lead,
        listed.units,
        listed.capacity,
        listed.kind,
        listed.time_zone,
        listed.rank::integer,
        pools.count
    from listed
    cross join pools
    where
        listed.is_active
        and (
            needs.resource_id is null
            or listed.id = needs.resource_id
            or listed.pool <> pools.chosen
        );
end;
$$;

/*
 * Return the same as an array.
 */
create function scheduling.needs_of(service_id uuid, resource_id uuid, party_size integer)
returns scheduling.need[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select need
        from scheduling.needs(needs_of.service_id, needs_of.resource_id, needs_of.party_size) as need
    );
end;
$$;

-- sql/40_time/functions/openings.sql

-- When resources work. Weekly hours, the special hours that replace them on some dates, and the
-- time zone of whoever travels become instants, date by date. scheduling.openings is the result;
-- the functions above it are its steps. Each answers for many resources at once: resources that
-- follow the same hours in the same zone share a plan.

/*
 * Return the plans that some resources follow. A resource without weekly hours of its own follows
 * the business. If the business has none either, staff never work and everything else always does.
 */
create function scheduling.plans(
    business_id uuid,
    resource_ids uuid[],
    time_zones text[],
    are_staff boolean[],
    special_hours scheduling.special_hours[],
    travels catalog.travel_zones[]
)
returns setof scheduling.plan
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_owner_ids uuid[] = array(
        select distinct coalesce(working_hours.resource_id, working_hours.business_id)
        from catalog.working_hours
        where
            working_hours.business_id = plans.business_id
            and (
                working_hours.resource_id is null
                or working_hours.resource_id = any(plans.resource_ids)
            )
    );
    v_special_ids uuid[] = array(
        select special.owner_id from unnest(special_hours) as special
        union all
        select travel.resource_id from unnest(travels) as travel
    );
begin
    return query
    select
        array_agg(resources.id),
        owners.id as owner_id,
        case when resources.id = any(v_special_ids) then resources.id else owners.id end as special_id,
        resources.time_zone,
        not resources.is_staff and owners.id <> all(v_owner_ids) as is_always_there
    from unnest(plans.resource_ids, plans.time_zones, plans.are_staff)
        as resources (id, time_zone, is_staff)
    cross join lateral (
        select case when resources.id = any(v_owner_ids) then resources.id else plans.business_id end
    ) as owners (id)
    group by 2, 3, 4, 5;
end;
$$;

/*
 * Return the ordinary windows of some plans on some dates: their weekly hours, or the whole date
 * for what is always there. A date with special hours has none.
 */
create function scheduling.ordinary_windows(
    business_id uuid,
    plans scheduling.plan[],
    dates date[],
    special_hours scheduling.special_hours[]
)
returns table (plan_number bigint, day date, opens_at time, closes_at time)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with calendar as (
        select
            dates.day,
            extract(isodow from dates.day)::smallint as weekday
        from unnest(dates) as dates (day)
    ),

    ordinary as (
        select
            plan.ordinality as plan_number,
            calendar.day,
            working_hours.opens_at,
            working_hours.closes_at
        from unnest(plans) with ordinality as plan
        inner join catalog.working_hours
            on
                working_hours.business_id = ordinary_windows.business_id
                and coalesce(working_hours.resource_id, working_hours.business_id) = plan.owner_id
        inner join calendar on calendar.weekday = working_hours.weekday
        union all
        select
            plan.ordinality,
            calendar.day,
            time '00:00',
            time '24:00'
        from unnest(plans) with ordinality as plan
        cross join calendar
        where plan.is_always_there
    )

    select ordinary.*
    from ordinary
    where
        not exists (
            select 1
            from unnest(special_hours) as special
            where
                special.day = ordinary.day
                and special.owner_id in (
                    plans[ordinary.plan_number].special_id, plans[ordinary.plan_number].owner_id
                )
        );
end;
$$;

/*
 * Return the special windows of some plans: their own special hours, or else their owner's.
 */
create function scheduling.special_windows(
    plans scheduling.plan[], special_hours scheduling.special_hours[]
)
returns table (plan_number bigint, day date, opens_at time, closes_at time)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if special_hours = '{}' then
        return;
    end if;
    return query
    select
        plan.ordinality,
        special.day,
        special.opens_at,
        special.closes_at
    from unnest(plans) with ordinality as plan
    inner join unnest(special_hours) as special
        on special.owner_id in (plan.special_id, plan.owner_id)
    where
        special.opens_at is not null
        and (
            special.owner_id = plan.special_id
            or not exists (
                select 1
                from unnest(special_hours) as own
                where own.owner_id = plan.special_id and own.day = special.day
            )
        );
end;
$$;

/*
 * Return the windows of some plans as instants, date by date, without those that a clock or a zone
 * skipped. Whoever travels works by the clock of where they are.
 */
create function scheduling.windows(
    business_id uuid,
    plans scheduling.plan[],
    dates date[],
    special_hours scheduling.special_hours[],
    travels catalog.travel_zones[]
)
returns table (plan_number bigint, during tstzrange)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with local_windows as (
        select * from scheduling.ordinary_windows(business_id, plans, dates, special_hours)
        union all
        select * from scheduling.special_windows(plans, special_hours)
    ),

    clocks as (
        select
            hours.plan_number,
            hours.day,
            hours.day + hours.opens_at as opens_at,
            hours.day + hours.closes_at as closes_at,
            coalesce(travel.time_zone, plans[hours.plan_number].time_zone) as time_zone
        from local_windows as hours
        left join unnest(travels) as travel
            on
                travel.resource_id = plans[hours.plan_number].special_id
                and hours.day between travel.starts_on and travel.ends_on
    ),

    instants as (
        select
            clocks.*,
            case clocks.opens_at::time
                when '00:00' then scheduling.first_instant(clocks.opens_at, clocks.time_zone)
                else clocks.opens_at at time zone clocks.time_zone
            end as starts_at,
            case clocks.closes_at::time
                when '00:00' then scheduling.first_instant(clocks.closes_at, clocks.time_zone)
                else clocks.closes_at at time zone clocks.time_zone
            end as ends_at
        from clocks
    )

    select
        instants.plan_number,
        tstzrange(instants.starts_at, instants.ends_at)
    from instants
    where
        instants.starts_at < instants.ends_at
        -- A zone that skipped the date altogether puts it on the next one (Apia, 2011-12-30).
        and (instants.starts_at at time zone instants.time_zone)::date = instants.day;
end;
$$;

/*
 * Return when resources work, as far as it touches some periods. `windows` are the openings as they
 * were written, date by date: slots step from their starts. In `openings` those that touch are one,
 * because a service may run from one into the next. A local time that a clock skips moves forward
 * with the clock. `always` is a period in which all of them work, whatever their hours.
 */
create function scheduling.openings(
    business_id uuid,
    resource_ids uuid[],
    time_zones text[],
    are_staff boolean[],
    during tstzmultirange,
    always tstzrange default null
)
returns table (resource_id uuid, windows tstzrange[], openings tstzmultirange)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_dates date[] = scheduling.dates_around(during);
    v_special scheduling.special_hours[] = scheduling.special_hours_on(
        business_id, resource_ids, v_dates
    );
    v_travels catalog.travel_zones[] = scheduling.travels_on(business_id, resource_ids, v_dates);
    v_plans scheduling.plan[] = array(
        select plan
        from scheduling.plans(
            business_id, resource_ids, time_zones, are_staff, v_special, v_travels
        ) as plan
    );
begin
    if always is not null then
        return query
        select resources.id, array[always], always::tstzmultirange
        from unnest(openings.resource_ids) as resources (id);
        return;
    end if;
    return query
    select
        resources.id,
        worked.windows,
        worked.openings
    from (
        select
            windows.plan_number,
            array_agg(windows.during) as windows,
            range_agg(windows.during) as openings
        from scheduling.windows(business_id, v_plans, v_dates, v_special, v_travels) as windows
        where windows.during && openings.during
        group by windows.plan_number
    ) as worked
    cross join lateral unnest(v_plans[worked.plan_number].resource_ids) as resources (id);
end;
$$;

-- sql/40_time/functions/people.sql

-- The one calendar of a person who works in several businesses. For everybody else each of these
-- functions is one look into a table that has no row for them.

/*
 * Return what to lock together with some resources: the people whose one calendar they share.
 */
create function scheduling.people_of(resource_ids uuid[])
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select shared_resources.person_id
        from scheduling.shared_resources
        where shared_resources.resource_id = any(people_of.resource_ids)
    );
end;
$$;

/*
 * Return when other businesses take the time of the person who is a resource, in some periods. A
 * hold that has run out takes nothing.
 */
create function scheduling.busy_elsewhere(resource_id uuid, during tstzmultirange)
returns setof tstzrange
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
rows 1
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select busy_times.during
    from scheduling.shared_resources
    inner join scheduling.busy_times
        on
            busy_times.person_id = shared_resources.person_id
            and busy_times.business_id <> shared_resources.business_id
    where
        shared_resources.resource_id = busy_elsewhere.resource_id
        and busy_times.during && busy_elsewhere.during
        and (busy_times.expires_at is null or busy_times.expires_at > v_now);
end;
$$;

/*
 * Return the resources of a person: one in each business in which they work as one, sorted.
 */
create function scheduling.resources_of_person(person_id uuid)
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return array(
        select resources.id
        from business.business_members
        inner join catalog.resources
            on
                resources.business_id = business_members.business_id
                and resources.member_id = business_members.id
        where business_members.user_id = resources_of_person.person_id
        order by resources.id
    );
end;
$$;

/*
 * Return the bookings and sessions ahead that take the caller at the same time as one of another
 * business, whether or not they have one calendar.
 * Definer: allocations are read across businesses; all of them are the caller's own.
 *
 * Errors:  PT401 not_signed_in
 */
create function scheduling.my_double_bookings()
returns table (
    business_id uuid, booking_id uuid, session_id uuid, starts_at timestamptz, ends_at timestamptz
)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_ids uuid[] = scheduling.resources_of_person(private.current_user_id());
begin
    return query
    with mine as materialized (
        select allocations.*
        from scheduling.allocations
        where
            allocations.resource_id = any(v_ids)
            and allocations.during && tstzrange(v_now, null)
            and allocations.is_blocking
            and (allocations.expires_at is null or allocations.expires_at > v_now)
    )

    select
        mine.business_id,
        mine.booking_id,
        mine.session_id,
        lower(mine.during),
        upper(mine.during)
    from mine
    where
        exists (
            select 1
            from mine as others
            where others.business_id <> mine.business_id and others.during && mine.during
        )
    order by lower(mine.during), mine.business_id;
end;
$$;

-- sql/40_time/functions/sessions.sql

/*
 * Return how many seats of a session are free now.
 * Definer: it does not say who has the others.
 */
create function scheduling.free_seats(business_id uuid, session_id uuid, capacity integer)
returns integer
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return free_seats.capacity - count(*)
    from scheduling.seats
    where
        seats.business_id = free_seats.business_id
        and seats.session_id = free_seats.session_id
        and seats.is_blocking
        and (seats.expires_at is null or seats.expires_at > private.now());
end;
$$;

-- sql/40_time/functions/special_hours.sql

-- What overrides the weekly hours on some dates: special hours (schedule_exceptions) and journeys
-- to another time zone.

/*
 * Return the special hours that apply to a business or to some of its resources on some dates.
 */
create function scheduling.special_hours_on(business_id uuid, resource_ids uuid[], dates date[])
returns scheduling.special_hours[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select
            row(
                coalesce(schedule_exceptions.resource_id, schedule_exceptions.business_id),
                dates.day,
                schedule_exceptions.opens_at,
                schedule_exceptions.closes_at
            )::scheduling.special_hours
        from catalog.schedule_exceptions
        inner join unnest(special_hours_on.dates) as dates (day)
            on dates.day between schedule_exceptions.starts_on and schedule_exceptions.ends_on
        where
            schedule_exceptions.business_id = special_hours_on.business_id
            and (
                schedule_exceptions.resource_id is null
                or schedule_exceptions.resource_id = any(special_hours_on.resource_ids)
            )
    );
end;
$$;

/*
 * Return the journeys of some resources that touch some dates, which must be in order.
 */
create function scheduling.travels_on(business_id uuid, resource_ids uuid[], dates date[])
returns catalog.travel_zones[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select travel_zones
        from catalog.travel_zones
        where
            travel_zones.business_id = travels_on.business_id
            and travel_zones.resource_id = any(travels_on.resource_ids)
            and travel_zones.ends_on >= travels_on.dates[1]
            and travel_zones.starts_on <= travels_on.dates[cardinality(travels_on.dates)]
    );
end;
$$;

-- sql/40_time/rules/allocations.sql

/*
 * Refuse an allocation of a resource that does not provide the service of its item or session, or
 * of a unit that the resource does not have. This holds on every path; scheduling.vacancies checks
 * the same before.
 *
 * Errors:  PT422 not_eligible
 */
create function scheduling.allocations__refuse_ineligible()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_service_id uuid;
begin
    if new.session_id is null then
        select booking_items.service_id into v_service_id
        from scheduling.booking_items
        where
            booking_items.business_id = new.business_id
            and booking_items.booking_id = new.booking_id
            and booking_items.id = new.booking_item_id;
    else
        select sessions.service_id into v_service_id
        from scheduling.sessions
        where sessions.id = new.session_id;
    end if;
    if not exists (
        select 1
        from catalog.service_resources
        inner join catalog.resources on resources.id = service_resources.resource_id
        where
            service_resources.service_id = v_service_id
            and service_resources.resource_id = new.resource_id
            and resources.capacity >= new.unit
    ) then
        perform private.refuse(
            'PT422', 'not_eligible',
            'That resource does not provide this service, or has no such place.',
            'Choose a resource from service_resources.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_ineligible
before insert or update of resource_id, unit on scheduling.allocations
for each row execute function scheduling.allocations__refuse_ineligible();

-- sql/40_time/rules/busy_times.sql

-- Busy times follow allocations on every path: bookings, moves, confirmations, cancellations, holds
-- that expire, sessions. A caller who takes time has locked the person together with the resources
-- (scheduling.people_of). A caller who could not know of the person yet, because the switch was
-- turned on meanwhile, does not wait here: waiting out of order could deadlock.

/*
 * Make the person who is a resource busy for an allocation. Without the person's lock, which a
 * caller in order has, or where another business has the time, it is taken.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.add_busy_time(allocation scheduling.allocations)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_person_id uuid = (scheduling.people_of(array[allocation.resource_id]))[1];
begin
    if v_person_id is null then
        return;
    end if;
    -- A change of who the resource is holds this row: read again after it.
    perform 1 from catalog.resources where resources.id = allocation.resource_id for key share;
    v_person_id = (scheduling.people_of(array[allocation.resource_id]))[1];
    if v_person_id is null then
        return;
    end if;
    if private.try_lock(array[v_person_id]) then
        insert into scheduling.busy_times (
            business_id, resource_id, owner_id, unit, person_id, booking_id, during, expires_at
        )
        values (
            allocation.business_id,
            allocation.resource_id,
            coalesce(allocation.booking_item_id, allocation.session_id),
            allocation.unit,
            v_person_id,
            allocation.booking_id,
            allocation.during,
            allocation.expires_at
        )
        on conflict do nothing;
        if found then
            return;
        end if;
    end if;
    perform scheduling.refuse_taken();
end;
$$;

/*
 * End the busy time that an allocation made.
 */
create function scheduling.remove_busy_time(allocation scheduling.allocations)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from scheduling.busy_times
    where
        busy_times.business_id = allocation.business_id
        and busy_times.resource_id = allocation.resource_id
        and busy_times.owner_id = coalesce(allocation.booking_item_id, allocation.session_id)
        and busy_times.unit = allocation.unit;
end;
$$;

/*
 * Change the busy time of an allocation together with it.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.change_busy_time(allocation scheduling.allocations)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if scheduling.people_of(array[allocation.resource_id]) = '{}' then
        return;
    end if;
    update scheduling.busy_times
    set
        during = allocation.during,
        expires_at = allocation.expires_at
    where
        busy_times.business_id = allocation.business_id
        and busy_times.resource_id = allocation.resource_id
        and busy_times.owner_id = coalesce(allocation.booking_item_id, allocation.session_id)
        and busy_times.unit = allocation.unit;
exception
    when exclusion_violation then
        perform scheduling.refuse_taken();
end;
$$;

/*
 * Let the busy times of people follow an allocation.
 * Definer: nobody has access to busy times.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.allocations__keep_busy_times()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op = 'INSERT' then
        perform scheduling.add_busy_time(new);
    elsif tg_op = 'DELETE' then
        perform scheduling.remove_busy_time(old);
    elsif old.is_blocking and new.is_blocking and old.resource_id = new.resource_id
        and old.unit = new.unit then
        perform scheduling.change_busy_time(new);
    else
        perform scheduling.remove_busy_time(old);
        if new.is_blocking then
            perform scheduling.add_busy_time(new);
        end if;
    end if;
    return null;
end;
$$;

create trigger _600_keep_busy_times
after insert on scheduling.allocations
for each row
when (new.is_blocking)
execute function scheduling.allocations__keep_busy_times();

create trigger _600_keep_busy_times_when_changed
after update on scheduling.allocations
for each row
when (
    (old.is_blocking or new.is_blocking)
    and (old.during, old.is_blocking, old.expires_at, old.resource_id, old.unit)
    is distinct from (new.during, new.is_blocking, new.expires_at, new.resource_id, new.unit)
)
execute function scheduling.allocations__keep_busy_times();

create trigger _600_keep_busy_times_when_deleted
after delete on scheduling.allocations
for each row
when (old.is_blocking)
execute function scheduling.allocations__keep_busy_times();

-- sql/40_time/rules/catalog.sql

/*
 * Refuse to shrink a capacity below a unit that is booked in the future.
 * Definer: a manager of the resource may not see every allocation.
 *
 * Errors:  PT409 capacity_in_use
 */
create function scheduling.resources__keep_booked_places()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.allocations
        where
            allocations.resource_id = new.id
            and allocations.unit > new.capacity
            and allocations.is_blocking
            and upper(allocations.during) > private.now()
    ) then
        perform private.refuse(
            'PT409', 'capacity_in_use', 'More places than that are already booked.',
            'Move or cancel those bookings first.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_keep_booked_places
before update of capacity on catalog.resources
for each row
when (new.capacity < old.capacity)
execute function scheduling.resources__keep_booked_places();

/*
 * Refuse to change the currency of a service that was booked: prices in two currencies could not be
 * told apart later.
 * Definer: a manager of the service may not see every booking.
 *
 * Errors:  PT409 currency_in_use
 */
create function scheduling.services__keep_currency()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.booking_items
        where
            booking_items.business_id = new.business_id
            and booking_items.service_id = new.id
    ) then
        perform private.refuse(
            'PT409', 'currency_in_use', 'The currency of a service with bookings cannot change.',
            'Archive the service and create another one in the new currency.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_keep_currency
before update of currency on catalog.services
for each row
when (new.currency <> old.currency)
execute function scheduling.services__keep_currency();

/*
 * Refuse to delete what bookings refer to, so that they can always be read. It can be archived or
 * switched off.
 *
 * Errors:  PT409 in_use
 */
create function scheduling.any__keep_booked()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.booking_items
        where
            booking_items.business_id = old.business_id
            and (booking_items.service_id = old.id or booking_items.resource_id = old.id)
    ) or exists (
        select 1
        from scheduling.allocations
        where allocations.business_id = old.business_id and allocations.resource_id = old.id
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'It still has bookings.',
            'Set archived_at of a service or is_active of a resource instead of deleting it.'
        );
    end if;
    return old;
end;
$$;

create trigger _100_keep_booked
before delete on catalog.services
for each row execute function scheduling.any__keep_booked();

create trigger _100_keep_booked
before delete on catalog.resources
for each row execute function scheduling.any__keep_booked();

-- sql/40_time/rules/people.sql

-- Whose resources share a calendar: a person switches it on and off, and members become resources
-- and leave. Bookings ahead that clash are refused, never hidden.

/*
 * Copy what takes a resource from now on when it begins to share the calendar of its person.
 */
create function scheduling.shared_resources__copy_busy_times()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
begin
    insert into scheduling.busy_times (
        business_id, resource_id, owner_id, unit, person_id, booking_id, during, expires_at
    )
    select
        allocations.business_id,
        allocations.resource_id,
        coalesce(allocations.booking_item_id, allocations.session_id),
        allocations.unit,
        new.person_id,
        allocations.booking_id,
        allocations.during,
        allocations.expires_at
    from scheduling.allocations
    where
        allocations.resource_id = new.resource_id
        and allocations.during && tstzrange(v_now, null)
        and allocations.is_blocking
        and (allocations.expires_at is null or allocations.expires_at > v_now);
    return null;
end;
$$;

create trigger _500_copy_busy_times
after insert on scheduling.shared_resources
for each row execute function scheduling.shared_resources__copy_busy_times();

/*
 * Begin or end the one calendar of a person when they switch it. What was read before the locks is
 * read again under them.
 * Definer: nobody has access to shared resources.
 *
 * Errors:  PT409 double_booked changed_meanwhile
 */
create function scheduling.profiles__share_calendar()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_ids uuid[] = scheduling.resources_of_person(new.id);
begin
    perform private.lock(v_ids || new.id);
    if scheduling.resources_of_person(new.id) <> v_ids then
        perform private.refuse(
            'PT409', 'changed_meanwhile', 'The businesses in which you work just changed.',
            'Try again.'
        );
    end if;
    delete from scheduling.shared_resources
    where shared_resources.person_id = new.id;
    if new.has_one_calendar then
        insert into scheduling.shared_resources (resource_id, business_id, person_id)
        select
            resources.id,
            resources.business_id,
            new.id
        from catalog.resources
        where resources.id = any(v_ids);
    end if;
    return null;
exception
    when exclusion_violation then
        perform private.refuse(
            'PT409', 'double_booked', 'Two businesses have booked you at the same time.',
            'Read them with my_double_bookings, then let one of each be moved or cancelled.'
        );
        return null;
end;
$$;

create trigger _500_share_calendar
after update of has_one_calendar on identity.profiles
for each row
when (old.has_one_calendar <> new.has_one_calendar)
execute function scheduling.profiles__share_calendar();

/*
 * Begin or end sharing when a resource becomes somebody, or is nobody any more. The row of the
 * resource is locked already, so nothing here waits for another lock.
 * Definer: as scheduling.profiles__share_calendar.
 *
 * Errors:  PT409 double_booked changed_meanwhile
 */
create function scheduling.resources__share_calendar()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_person_id uuid = (
        select business_members.user_id
        from business.business_members
        where business_members.id = new.member_id
    );
begin
    delete from scheduling.shared_resources
    where shared_resources.resource_id = new.id;
    if v_person_id is null then
        return null;
    end if;
    if not private.try_lock(array[v_person_id]) or exists (
        select 1
        from identity.profiles
        where profiles.id = v_person_id and profiles.has_one_calendar
    ) and not private.try_lock(array[new.id]) then
        perform private.refuse(
            'PT409', 'changed_meanwhile', 'This person is being booked at the moment.', 'Try again.'
        );
    end if;
    insert into scheduling.shared_resources (resource_id, business_id, person_id)
    select
        new.id,
        new.business_id,
        profiles.id
    from identity.profiles
    where profiles.id = v_person_id and profiles.has_one_calendar;
    return null;
exception
    when exclusion_violation then
        perform private.refuse(
            'PT409', 'double_booked',
            'This person cannot take all bookings that this resource has.',
            'Move or cancel its upcoming bookings, or choose another member.'
        );
        return null;
end;
$$;

create trigger _500_share_calendar
after insert on catalog.resources
for each row
when (new.member_id is not null)
execute function scheduling.resources__share_calendar();

create trigger _500_share_calendar_when_changed
after update of member_id on catalog.resources
for each row
when (old.member_id is distinct from new.member_id)
execute function scheduling.resources__share_calendar();

-- sql/40_time/rules/sessions.sql

-- What holds for sessions and seats on every path.

create trigger _010_refuse_bad_input
before insert or update on scheduling.sessions
for each row execute function business.any__refuse_bad_input('manage');

/*
 * Refuse to delete a session that is booked. Seats of cancelled bookings are deleted with it.
 * Definer: nobody has a delete grant on seats.
 *
 * Errors:  PT409 in_use
 */
create function scheduling.sessions__keep_booked()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.seats
        inner join scheduling.bookings on bookings.id = seats.booking_id
        where
            seats.session_id = old.id
            and bookings.status not in ('cancelled', 'rejected', 'expired')
            and (seats.expires_at is null or seats.expires_at > private.now())
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'It still has bookings.', 'Move or cancel those bookings first.'
        );
    end if;
    delete from scheduling.seats
    where seats.business_id = old.business_id and seats.session_id = old.id;
    return old;
end;
$$;

create trigger _100_keep_booked
before delete on scheduling.sessions
for each row execute function scheduling.sessions__keep_booked();

/*
 * Refuse to change the length of a class, or to make it an ordinary service, while sessions lie
 * ahead: they were made for that length.
 *
 * Errors:  PT409 in_use
 */
create function scheduling.services__keep_sessions()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.sessions
        where
            sessions.business_id = new.business_id
            and sessions.service_id = new.id
            and sessions.starts_at > private.now()
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'This class has upcoming sessions.',
            'Delete them first, or create another service.'
        );
    end if;
    return new;
end;
$$;

create trigger _110_keep_sessions
before update of duration_minutes, is_class on catalog.services
for each row
when (
    old.is_class
    and (new.duration_minutes <> old.duration_minutes or not new.is_class)
)
execute function scheduling.services__keep_sessions();

-- sql/40_time/policies/bookings.sql

-- Who may read bookings: customers theirs, members those of their business, platform staff all.
-- Nobody writes: functions create bookings, move them and change their status, so that nobody
-- chooses a price, a status or a time. The policies say `= any (array(select …))` and not `in
-- (select …)`: beside an `or` only the array can use an index. No branch is true or false for all
-- rows, because beside one no index can be used.

/*
 * Return the bookings of the signed-in customer.
 * Definer: policies of tables that refer to bookings call it instead of bookings' own policy, once
 * a statement.
 */
create function private.my_bookings()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select bookings.id
    from scheduling.bookings
    where bookings.customer_id = auth.uid();
end;
$$;

alter table scheduling.bookings enable row level security;
alter table scheduling.booking_items enable row level security;
alter table scheduling.allocations enable row level security;
-- freed_times has no policy and no grant: only the functions of bookings announce there.
alter table scheduling.freed_times enable row level security;
alter table scheduling.waitlist_offers enable row level security;

grant select on
scheduling.bookings,
scheduling.booking_items,
scheduling.allocations,
scheduling.waitlist_offers
to authenticated;

grant select, insert, update, delete on
scheduling.bookings,
scheduling.booking_items,
scheduling.allocations,
scheduling.waitlist_offers
to service_role;

create policy bookings_select
on scheduling.bookings
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

create policy booking_items_select
on scheduling.booking_items
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or booking_id = any(array(select private.my_bookings()))
);

create policy allocations_select
on scheduling.allocations
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or booking_id = any(array(select private.my_bookings()))
);

create policy waitlist_offers_select
on scheduling.waitlist_offers
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

-- Analysts count bookings. The grant leaves out customers and what they wrote.
grant usage on schema scheduling to analyst;
grant select (
    id, business_id, status, starts_at, ends_at, time_zone, party_size, currency, total_minor,
    reschedule_count, created_at
) on scheduling.bookings to analyst;

create policy bookings_select_analyst
on scheduling.bookings
for select
to analyst
using (true);
grant execute on function private.my_bookings()
to authenticated, service_role;

-- sql/40_time/policies/people.sql

-- No policy and no grant, not even for service_role: a row says that somebody is booked in another
-- business. The functions that look for free time read them and tell nobody.
alter table scheduling.shared_resources enable row level security;
alter table scheduling.busy_times enable row level security;
grant execute on function scheduling.my_double_bookings()
to anon, authenticated, service_role;

-- sql/40_time/policies/series.sql

-- Series are read like their bookings; only functions write them.

alter table scheduling.booking_series enable row level security;
grant select on scheduling.booking_series to authenticated;
grant select, insert, update, delete on scheduling.booking_series to service_role;

create policy booking_series_select
on scheduling.booking_series
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

-- sql/40_time/policies/sessions.sql

-- Sessions are read like the class that they belong to. Owners and managers change their capacity
-- and delete them; functions create them. Seats are read like their booking; only functions write
-- them.

alter table scheduling.sessions enable row level security;
alter table scheduling.seats enable row level security;

grant select on table scheduling.sessions to anon;
grant select, delete on table scheduling.sessions to authenticated;
grant update (id, business_id, capacity) on table scheduling.sessions to authenticated;
grant select, insert, update, delete on table scheduling.sessions to service_role;
grant select on table scheduling.seats to authenticated;
grant select, insert, update, delete on table scheduling.seats to service_role;

create policy sessions_select
on scheduling.sessions
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.services
        where
            services.business_id = sessions.business_id
            and services.id = sessions.service_id
    )
);

create policy sessions_update
on scheduling.sessions
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy sessions_delete
on scheduling.sessions
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy seats_select
on scheduling.seats
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or booking_id = any(array(select private.my_bookings()))
);
grant execute on function scheduling.free_seats(uuid, uuid, integer)
to anon, authenticated, service_role;

-- sql/40_time/api/allocations.sql

create view public.allocations
with (security_invoker = true)
as
select
    allocations.business_id,
    allocations.booking_id,
    allocations.booking_item_id,
    allocations.session_id,
    allocations.resource_id,
    allocations.unit,
    lower(allocations.during) as starts_at,
    upper(allocations.during) as ends_at,
    allocations.is_blocking,
    allocations.expires_at
from scheduling.allocations;

comment on view public.allocations is
'The time that bookings and sessions of classes take from resources, including buffers.';
comment on column public.allocations.business_id is 'The business.';
comment on column public.allocations.booking_id is 'The booking.';
comment on column public.allocations.booking_item_id is 'The item of the booking.';
comment on column public.allocations.session_id is
'The session of a class that takes the time; then booking_id is null.';
comment on column public.allocations.resource_id is 'The resource.';
comment on column public.allocations.unit is 'The taken place, 1 to the resource''s capacity.';
comment on column public.allocations.starts_at is 'Start, included.';
comment on column public.allocations.ends_at is 'End, excluded.';
comment on column public.allocations.is_blocking is
'Whether it prevents other allocations of this time.';
comment on column public.allocations.expires_at is 'When a hold expires; otherwise null.';

-- sql/40_time/api/bookings.sql

-- What clients read about bookings. Nothing here can be written but a note.

-- Every column of the table, in its order: PostgreSQL then passes the rows on as they are stored.
-- With one column less it builds each row anew, also those that a page sorts and leaves out.
create view public.bookings
with (security_invoker = true)
as
select
    bookings.id,
    bookings.business_id,
    bookings.customer_id,
    bookings.series_id,
    bookings.reference,
    bookings.status,
    bookings.starts_at,
    bookings.ends_at,
    bookings.time_zone,
    bookings.party_size,
    bookings.currency,
    bookings.total_minor,
    bookings.quote,
    bookings.policy,
    bookings.customer_name,
    bookings.customer_email,
    bookings.customer_phone,
    bookings.notes,
    bookings.status_reason,
    bookings.hold_expires_at,
    bookings.reschedule_count,
    bookings.created_at,
    bookings.updated_at,
    bookings.cancellation_fee_minor,
    bookings.no_show_fee_minor,
    bookings.reschedule_fee_minor,
    bookings.contact_verified_at,
    bookings.sale_id,
    bookings.repeated_step_count,
    bookings.overridden,
    bookings.prepayment_minor,
    bookings.price_change_minor
from scheduling.bookings;
grant select on public.bookings to authenticated, service_role;

comment on view public.bookings is
'Bookings.

Customers see their own, members those of their business. For pages, order by (starts_at, id). '
'Written only by functions such as book, confirm_booking and cancel_booking.';
comment on column public.bookings.id is 'Primary key.';
comment on column public.bookings.business_id is 'The business that was booked.';
comment on column public.bookings.customer_id is
'The user who booked; null for a guest or a deleted user.';
comment on column public.bookings.contact_verified_at is
'When a guest verified customer_email; null for users.';
comment on column public.bookings.sale_id is
'The sale; null for a hold, and for one that ended as a hold.';
comment on column public.bookings.repeated_step_count is
'How many of its steps were announced with an earlier booking of its series and not on their own.';
comment on column public.bookings.prepayment_minor is
'What must be paid before it is confirmed, in minor units.';
comment on column public.bookings.price_change_minor is
'By how much its last move changed the total, in minor units: the customer pays more than 0, and '
'gets back less than 0. balance_minor of its sale says what is left to pay.';
comment on column public.bookings.overridden is
'The rules that a member set aside with book_for: notice, advance, hours, closures, limits.';
comment on column public.bookings.series_id is 'The series of which it is an occurrence, or null.';
comment on column public.bookings.reference is
'Unique reference for customers: 8 characters without look-alikes.';
comment on column public.bookings.status is
'held, pending_payment, pending, confirmed, checked_in, completed, cancelled, rejected, no_show or '
'expired.';
comment on column public.bookings.starts_at is 'Start of the first item.';
comment on column public.bookings.ends_at is 'End of the last item.';
comment on column public.bookings.time_zone is 'IANA zone of the business at the time of booking.';
comment on column public.bookings.party_size is
'Number of guests: the largest party of its items.';
comment on column public.bookings.currency is 'ISO 4217 code of every amount.';
comment on column public.bookings.total_minor is
'Total price, in minor units. A move to another price changes it.';
comment on column public.bookings.quote is
'The accepted quote, line by line, in the form that quote returns.';
comment on column public.bookings.policy is 'The accepted cancellation policy.';
comment on column public.bookings.customer_name is
'The customer''s name at the time of booking, or null.';
comment on column public.bookings.customer_email is
'The customer''s e-mail address at the time of booking.';
comment on column public.bookings.customer_phone is
'The customer''s phone number at the time of booking.';
comment on column public.bookings.notes is 'The customer''s special requests.';
comment on column public.bookings.status_reason is
'The reason for rejecting, cancelling or moving it, or null.';
comment on column public.bookings.hold_expires_at is
'When the hold expires; null if it is not a hold.';
comment on column public.bookings.reschedule_count is 'How often the customer has moved it.';
comment on column public.bookings.created_at is 'When it was created.';
comment on column public.bookings.updated_at is 'When it last changed.';
comment on column public.bookings.cancellation_fee_minor is
'Fee that the customer owes for cancelling it or some of its services, in minor units.';
comment on column public.bookings.no_show_fee_minor is
'Fee that the customer owes for a no-show, in minor units.';
comment on column public.bookings.reschedule_fee_minor is
'Fees that the customer owes for late moves, all together and in addition to the total, in minor '
'units.';

create view public.booking_items
with (security_invoker = true)
as
select
    booking_items.id,
    booking_items.business_id,
    booking_items.booking_id,
    booking_items.position,
    booking_items.service_id,
    booking_items.resource_id,
    booking_items.starts_at,
    booking_items.ends_at,
    booking_items.duration_minutes,
    booking_items.price_minor,
    booking_items.service_name,
    booking_items.addons,
    booking_items.cancelled_at,
    booking_items.cancellation_fee_minor,
    booking_items.assigned_by,
    booking_items.answers,
    booking_items.private_link_id,
    booking_items.sale_line_id,
    booking_items.party_size,
    booking_items.amount_change_minor,
    booking_items.discount_change_minor
from scheduling.booking_items;
grant select on public.booking_items to authenticated, service_role;

comment on view public.booking_items is 'The services of a booking, in order.';
comment on column public.booking_items.id is 'Primary key.';
comment on column public.booking_items.business_id is 'The business that was booked.';
comment on column public.booking_items.booking_id is 'The booking.';
comment on column public.booking_items.position is 'Order in the booking, from 1.';
comment on column public.booking_items.service_id is 'The service.';
comment on column public.booking_items.resource_id is
'The chosen or assigned resource of the leading pool.';
comment on column public.booking_items.starts_at is 'Start, without buffers.';
comment on column public.booking_items.ends_at is 'End, without buffers.';
comment on column public.booking_items.party_size is 'Number of guests.';
comment on column public.booking_items.duration_minutes is 'Agreed length with add-ons.';
comment on column public.booking_items.price_minor is
'Agreed price for all guests with add-ons, in minor units of the booking''s currency. A move to '
'another price changes it.';
comment on column public.booking_items.service_name is
'The service''s name at the time of booking.';
comment on column public.booking_items.addons is
'The add-ons as they were booked: [{id, name, price_minor, duration_minutes}].';
comment on column public.booking_items.assigned_by is
'Why it has this resource: customer or business (they named it), preferred, past, priority, load '
'or only.';

comment on column public.booking_items.cancelled_at is
'When this item alone was cancelled, or null. A cancelled item keeps its agreed values and takes '
'no time.';
comment on column public.booking_items.cancellation_fee_minor is
'Fee for cancelling it, alone or with the booking; null if it is not cancelled, or if the business '
'cancelled it.';
comment on column public.booking_items.private_link_id is
'The private link through which it was booked, or null.';
comment on column public.booking_items.answers is
'The questions as they were asked, with their answers: [{key, label, kind, value}].';
grant select on public.allocations to authenticated, service_role;
comment on column public.booking_items.amount_change_minor is
'By how much moves changed the amount of its line, in minor units.';
comment on column public.booking_items.discount_change_minor is
'By how much moves changed the discount of its line, in minor units.';
comment on column public.booking_items.sale_line_id is
'The line of the sale that it is; null for a hold.';

-- sql/40_time/api/people.sql

/*
 * The caller's own bookings and sessions that clash between businesses, the earliest first.
 *
 * Errors:  PT401 not_signed_in · PT422 too_many_rows
 */
create function public.my_double_bookings()
returns table (
    business_id uuid,
    booking_id uuid,
    session_id uuid,
    starts_at timestamptz,
    ends_at timestamptz
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_count bigint;
begin
    return query
    select
        mine.business_id,
        mine.booking_id,
        mine.session_id,
        mine.starts_at,
        mine.ends_at
    from scheduling.my_double_bookings() as mine;
    get diagnostics v_count = row_count;
    perform private.require_page(v_count, 'Move or cancel some of the bookings that clash first.');
end;
$$;
grant execute on function public.my_double_bookings() to anon, authenticated, service_role;

comment on function public.my_double_bookings() is
'Return the upcoming bookings and sessions that take the caller at the same time as one of another '
'business, the earliest first: the business, the booking or the session, and its time, including '
'buffers. May be null: booking_id, session_id.

For people who work in several businesses: profiles.has_one_calendar can be switched on when this '
'list is empty.

Errors: not_signed_in 401, too_many_rows 422.';

-- sql/40_time/api/sessions.sql

-- Classes: their sessions, their seats, and the days on which there are some.

create view public.sessions
with (security_invoker = true)
as
select
    sessions.id,
    sessions.business_id,
    sessions.service_id,
    sessions.resource_id,
    sessions.starts_at,
    sessions.ends_at,
    sessions.capacity,
    scheduling.free_seats(sessions.business_id, sessions.id, sessions.capacity) as free_seats,
    sessions.created_at
from scheduling.sessions;
grant select on public.sessions to anon;
grant select, update, delete on public.sessions to authenticated, service_role;

comment on view public.sessions is
'The dates of classes.

Readable by everyone who can see the business. create_slots creates them; owners and managers '
'change the capacity and delete sessions that nobody booked (capacity_in_use 409, in_use 409).';
comment on column public.sessions.id is 'Primary key.';
comment on column public.sessions.business_id is 'The business that owns it.';
comment on column public.sessions.service_id is 'The class.';
comment on column public.sessions.resource_id is
'The resource that leads it; null if the class needs none.';
comment on column public.sessions.starts_at is 'When it starts.';
comment on column public.sessions.ends_at is 'When it ends.';
comment on column public.sessions.capacity is 'Number of seats, 1 to 1000.';
comment on column public.sessions.free_seats is
'Number of free seats now, neither booked nor held.';
comment on column public.sessions.created_at is 'When it was created.';

create view public.seats
with (security_invoker = true)
as
select
    seats.business_id,
    seats.booking_id,
    seats.booking_item_id,
    seats.session_id,
    seats.number,
    seats.is_blocking,
    seats.expires_at
from scheduling.seats;
grant select on public.seats to authenticated, service_role;

comment on view public.seats is
'The seats that bookings take in sessions of classes.

Customers see their own, members those of their business.';
comment on column public.seats.business_id is 'The business.';
comment on column public.seats.booking_id is 'The booking.';
comment on column public.seats.booking_item_id is 'The item of the booking.';
comment on column public.seats.session_id is 'The session.';
comment on column public.seats.number is 'The seat, 1 to the capacity of the session.';
comment on column public.seats.is_blocking is
'Whether nobody else can take it; false after the booking was cancelled.';
comment on column public.seats.expires_at is 'When a hold expires; otherwise null.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
