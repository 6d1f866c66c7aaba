-- The initial schema of 40_scheduling: its files of sql/, joined.
set lock_timeout = '5s';

-- sql/40_scheduling/tables/1_series.sql

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

-- sql/40_scheduling/tables/1_sessions.sql

-- Classes: services that are given at dates made for them, to many at once. A session takes its
-- teacher and its room as a booking takes them; its guests take seats.

create table scheduling.sessions (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    service_id uuid not null,
    -- Who leads it, of the service's leading pool; null where the service takes nobody.
    resource_id uuid,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    capacity integer not null,
    created_at timestamptz not null default now(),

    constraint sessions_business_id_id_unique unique (business_id, id),
    -- What a seat points at, so that it knows how many there are.
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

-- sql/40_scheduling/tables/2_bookings.sql

-- Bookings and the time that they take. What a booking takes is an allocation: a resource, one of
-- its units and a half-open range that includes the buffers. One exclusion constraint over the
-- allocations that block makes double-booking impossible on every path; everything else here is
-- about answering well. Nobody writes these tables directly: the functions of this domain do.

create type scheduling.booking_status as enum (
    'held', 'pending_payment', 'pending', 'confirmed', 'checked_in',
    'completed', 'cancelled', 'rejected', 'no_show', 'expired'
);
create type scheduling.actor_kind as enum ('customer', 'business', 'system');
-- Why a resource gives an item: the customer or the business named it; the customer prefers it or
-- was there last; it went before all others that were free, was the least busy of them, or was
-- alone.
create type scheduling.assignment_reason as enum (
    'customer', 'preferred', 'past', 'priority', 'load', 'only', 'business'
);

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
    pool_count integer
);

-- A resource that could give a service at a start, as scheduling.offers finds it.
create type scheduling.offer as (
    at timestamptz,
    id uuid,
    pool text,
    is_leading boolean,
    units integer,
    remaining integer,
    capacity integer,
    rank integer,
    -- The session, where the service is a class: then `id` is who leads it, if anybody.
    session_id uuid
);

-- Somebody with enough free places, as scheduling.candidates finds them.
create type scheduling.candidate as (
    id uuid,
    pool text,
    is_leading boolean,
    free_units integer array,
    rank integer,
    priority integer,
    rival_count integer,
    reason scheduling.assignment_reason
);

-- How far a limit is used in a period, as scheduling.limit_use finds it: whether one more is too
-- many, the minutes that are left, what one booking has of it, and whether there is too much now.
create type scheduling.limit_use as (
    id uuid,
    resource_id uuid,
    period tstzrange,
    is_full boolean,
    minutes_left bigint,
    own_bookings bigint,
    is_passed boolean
);

-- A customer as limits know them: an account, an e-mail address in small letters that is proven to
-- be theirs, or both.
create type scheduling.booker as (
    id uuid,
    email text
);

-- The starts that limits rule out, for one resource or (null) for all.
create type scheduling.full_times as (
    resource_id uuid,
    times tstzmultirange
);

-- One service that somebody wants: when (null: right after the one before it), with whom, with
-- what.
create type scheduling.wish as (
    service_id uuid,
    starts_at timestamptz,
    gap_minutes integer,
    resource_id uuid,
    addon_ids uuid array,
    party_size integer,
    -- Answers to the service's questions, by key.
    answers jsonb,
    -- The token of a private link to the service.
    link_token text
);

-- A wish with all that the catalog says about it, as scheduling.legs works it out.
create type scheduling.leg as (
    business_id uuid,
    service_id uuid,
    service_name text,
    starts_at timestamptz,
    ends_at timestamptz,
    minutes integer,
    before interval,
    after interval,
    resource_id uuid,
    party_size integer,
    currency text,
    price_minor bigint,
    addons jsonb,
    requires_confirmation boolean,
    is_blocked_by_pending boolean,
    hold_minutes integer,
    is_class boolean,
    answers jsonb,
    private_link_id uuid
);

-- What has to be so before a step is taken, and the moment at which a booking takes one by itself.
create type scheduling.transition_guard as enum ('after_start');
create type scheduling.transition_moment as enum ('hold_expires_at', 'starts_at');

create table scheduling.booking_transitions (
    from_status scheduling.booking_status not null,
    to_status scheduling.booking_status not null,
    -- Who may take this step. The system may take every step that exists.
    actors scheduling.actor_kind array not null,
    guard scheduling.transition_guard,
    -- When it happens by itself; null: only when somebody takes it.
    due scheduling.transition_moment,

    primary key (from_status, to_status)
);
comment on table scheduling.booking_transitions is
'The life of a booking: every step that exists, who may take it, what has to be so, and what happens
by itself.';
-- A booking waits for one thing at a time.
create unique index booking_transitions_one_due_idx
on scheduling.booking_transitions (from_status)
where due is not null;

create table scheduling.bookings (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete restrict,
    customer_id uuid references auth.users (id) on delete set null,
    -- The series that it is an occurrence of, if any.
    series_id uuid,
    reference text not null,
    status scheduling.booking_status not null,
    -- The customer's time, without buffers: from the first item's start to the last one's end.
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    -- The business's zone when it was booked.
    time_zone text not null,
    party_size integer not null default 1,
    currency text not null,
    total_minor bigint not null,
    -- The quote that was accepted, line by line: nothing recomputes a price later.
    quote jsonb not null,
    -- The cancellation policy that was accepted.
    policy jsonb not null,
    customer_name text,
    customer_email text,
    customer_phone text,
    notes text,
    -- Why the status is what it is, where somebody said so: a rejection, a cancellation.
    status_reason text,
    hold_expires_at timestamptz,
    reschedule_count integer not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- What cancelling, not coming and moving late have cost the customer, by the policy above.
    cancellation_fee_minor bigint not null default 0,
    no_show_fee_minor bigint not null default 0,
    reschedule_fee_minor bigint not null default 0,
    -- When a guest proved that the e-mail address is theirs.
    contact_verified_at timestamptz,

    constraint bookings_business_id_id_unique unique (business_id, id),
    constraint bookings_series_fkey foreign key (business_id, series_id)
    references scheduling.booking_series (business_id, id) on delete restrict,
    constraint bookings_reference_unique unique (reference),
    constraint bookings_reference_has_no_look_alikes check (
        reference ~ '^[23456789ABCDEFGHJKMNPQRSTUVWXYZ]{8}$'
    ),
    constraint bookings_currency_is_iso_4217 check (currency ~ '^[A-Z]{3}$'),
    constraint bookings_end_after_they_start check (ends_at > starts_at),
    constraint bookings_party_size_is_positive check (party_size >= 1),
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
    )
);
comment on table scheduling.bookings is 'An appointment of a customer with a business.';
create index bookings_business_id_starts_at_idx on scheduling.bookings (business_id, starts_at, id);
create index bookings_series_idx on scheduling.bookings (business_id, series_id, starts_at)
where series_id is not null;
create index bookings_customer_id_starts_at_idx on scheduling.bookings (customer_id, starts_at, id);
create index bookings_guests_email_idx on scheduling.bookings (lower(customer_email))
where customer_id is null;

create table scheduling.booking_items (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    booking_id uuid not null,
    position smallint not null,
    service_id uuid not null,
    -- Who or what the customer chose, or was given: the resource that carries the item.
    resource_id uuid,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    duration_minutes integer not null,
    price_minor bigint not null,
    service_name text not null,
    -- The chosen add-ons as they were: [{id, name, price_minor, duration_minutes}].
    addons jsonb not null default '[]',
    -- When it was cancelled by itself, the rest of the booking left as it was.
    cancelled_at timestamptz,
    -- What cancelling it cost, by itself or with the booking; null while nobody has.
    cancellation_fee_minor bigint,
    -- Why it is this resource.
    assigned_by scheduling.assignment_reason,
    -- What the service asked and what was answered: [{key, label, kind, value}].
    answers jsonb not null default '[]',
    -- By which link it was booked, if by one.
    private_link_id uuid,

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
    constraint booking_items_last_as_long_as_they_say check (
        ends_at = starts_at + make_interval(mins => duration_minutes)
    ),
    constraint booking_items_price_not_negative check (price_minor >= 0),
    constraint booking_items_fee_not_negative check (cancellation_fee_minor >= 0)
);
comment on table scheduling.booking_items is
'The services of a booking, one after another, with the price and the minutes that were agreed.';
create index booking_items_service_idx
on scheduling.booking_items (business_id, service_id, starts_at);
create index booking_items_resource_idx
on scheduling.booking_items (business_id, resource_id, starts_at);

create index booking_items_private_link_idx
on scheduling.booking_items (business_id, private_link_id)
where private_link_id is not null;

create table scheduling.allocations (
    business_id uuid not null,
    -- Whose time it is: an item of a booking, or a session of a class.
    booking_id uuid,
    booking_item_id uuid,
    session_id uuid,
    resource_id uuid not null,
    -- Which of the resource's places, 1 to its capacity.
    unit integer not null,
    -- Buffers included: they add up between neighbours and may reach past closing time.
    during tstzrange not null,
    is_blocking boolean not null,
    -- A hold blocks until this moment and not a second longer, whether or not anything has run
    -- since.
    expires_at timestamptz,

    -- Not a primary key: of the two owners one is always null.
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
    -- The one rule that everything else leans on.
    constraint allocations_no_overlap exclude using gist (
        resource_id with =, unit with =, during with &&
    )
    where (is_blocking)
);
comment on table scheduling.allocations is
'The time that a booking, or a session of a class, takes from a resource.';
-- How much somebody has to do in a month: counted on every booking that names nobody.
create index allocations_start_idx on scheduling.allocations (resource_id, lower(during))
where is_blocking;
-- Whose time a booking has: all three, so that no plan reads all that a resource ever did.
create index allocations_resource_idx on scheduling.allocations (
    business_id, resource_id, booking_id
);

-- Few rows have one: only sessions.
create unique index allocations_session_idx
on scheduling.allocations (business_id, session_id, resource_id, unit)
where session_id is not null;

create table scheduling.booking_history (
    id bigint generated always as identity primary key,
    business_id uuid not null,
    booking_id uuid not null,
    from_status scheduling.booking_status,
    to_status scheduling.booking_status not null,
    from_starts_at timestamptz,
    to_starts_at timestamptz not null,
    actor scheduling.actor_kind not null,
    actor_id uuid references auth.users (id) on delete set null,
    reason text,
    at timestamptz not null,
    -- What this step costs the customer; less than 0 takes back what an earlier one cost.
    fee_minor bigint not null default 0,
    -- The one service that was cancelled; null: the whole booking.
    booking_item_id uuid,
    -- Where an item was given to another resource: from whom, to whom.
    from_resource_id uuid,
    to_resource_id uuid,

    constraint booking_history_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint booking_history_booking_item_fkey foreign key (
        business_id, booking_id, booking_item_id
    )
    references scheduling.booking_items (business_id, booking_id, id) on delete cascade,
    constraint booking_history_from_resource_fkey foreign key (business_id, from_resource_id)
    references catalog.resources (business_id, id) on delete set null (from_resource_id),
    constraint booking_history_to_resource_fkey foreign key (business_id, to_resource_id)
    references catalog.resources (business_id, id) on delete set null (to_resource_id)
);
comment on table scheduling.booking_history is
'Every step of every booking: what changed, who did it, when and why. Only ever added to.';
create index booking_history_booking_idx
on scheduling.booking_history (business_id, booking_id, id);
create index booking_history_booking_item_idx
on scheduling.booking_history (business_id, booking_id, booking_item_id);
create index booking_history_actor_id_idx on scheduling.booking_history (actor_id);
create index booking_history_from_resource_idx
on scheduling.booking_history (business_id, from_resource_id)
where from_resource_id is not null;
create index booking_history_to_resource_idx
on scheduling.booking_history (business_id, to_resource_id)
where to_resource_id is not null;

create table scheduling.booking_notes (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    booking_id uuid not null,
    body text not null,
    author_id uuid default auth.uid() references auth.users (id) on delete set null,
    created_at timestamptz not null default now(),

    constraint booking_notes_business_id_id_unique unique (business_id, id),
    constraint booking_notes_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint booking_notes_body_is_short check (
        length(btrim(body)) between 1 and 5000 and not private.has_control_characters(body)
        or private.invalid('body', 'must have 1 to 5000 printable characters')
    )
);
comment on table scheduling.booking_notes is
'What the business writes down about a booking. Customers never see it: it is a table of its own.';
create index booking_notes_booking_idx on scheduling.booking_notes (business_id, booking_id);
create index booking_notes_author_id_idx on scheduling.booking_notes (author_id);

create table scheduling.scheduled_transitions (
    booking_id uuid primary key,
    business_id uuid not null,
    from_status scheduling.booking_status not null,
    to_status scheduling.booking_status not null,
    due_at timestamptz not null,

    constraint scheduled_transitions_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint scheduled_transitions_exist foreign key (from_status, to_status)
    references scheduling.booking_transitions (from_status, to_status) on delete cascade
);
comment on table scheduling.scheduled_transitions is
'The step that a booking takes by itself unless it moves on first: a hold expires, a request
lapses.';
create index scheduled_transitions_due_at_idx on scheduling.scheduled_transitions (due_at);
create index scheduled_transitions_booking_idx
on scheduling.scheduled_transitions (business_id, booking_id);
create index scheduled_transitions_step_idx
on scheduling.scheduled_transitions (from_status, to_status);

-- sql/40_scheduling/tables/3_preferences.sql

-- Whom customers prefer.

create table scheduling.preferred_resources (
    customer_id uuid not null references auth.users (id) on delete cascade,
    business_id uuid not null,
    resource_id uuid not null,
    updated_at timestamptz not null default now(),

    primary key (customer_id, business_id),
    constraint preferred_resources_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade
);
comment on table scheduling.preferred_resources is
'Whom a customer wants in a business: one resource each, asked first by services that say so.';
create index preferred_resources_resource_idx
on scheduling.preferred_resources (business_id, resource_id);

-- sql/40_scheduling/tables/3_seats.sql

-- Seats of a session. That no seat is taken twice, and none that is not there, are constraints: a
-- seat carries the capacity of its session, which changes with it.

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
    constraint seats_taken_once exclude using btree (session_id with =, number with =)
    where (is_blocking)
);
comment on table scheduling.seats is 'The seats that a booking takes in a session of a class.';
create index seats_session_idx on scheduling.seats (business_id, session_id, capacity);

-- sql/40_scheduling/tables/4_waitlist.sql

-- Who waits for a time that is taken, and to whom it is offered when it becomes free. An offer is a
-- hold without a customer: it stands in the same constraint as everything else. Those who wait are
-- asked one after another, each for a while that is known from the start, so that a turn passes on
-- by the clock, whether or not anything runs.

create type scheduling.waitlist_status as enum ('waiting', 'accepted', 'left');

create table scheduling.waitlist_entries (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    service_id uuid not null,
    -- Only with this one; null: with anybody.
    resource_id uuid,
    customer_id uuid not null references auth.users (id) on delete cascade,
    -- When it may start.
    during tstzrange not null,
    party_size integer not null,
    status scheduling.waitlist_status not null default 'waiting',
    -- What became of it.
    booking_id uuid,
    -- First come, first served.
    turn bigint generated always as identity,
    created_at timestamptz not null default now(),

    constraint waitlist_entries_business_id_id_unique unique (business_id, id),
    constraint waitlist_entries_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint waitlist_entries_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint waitlist_entries_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete set null (booking_id),
    constraint waitlist_entries_are_half_open check (
        not isempty(during) and lower_inc(during) and not upper_inc(during)
        and not lower_inf(during) and not upper_inf(during)
    ),
    constraint waitlist_entries_party_size_is_sane check (party_size between 1 and 1000),
    constraint waitlist_entries_once exclude using gist (
        customer_id with =,
        service_id with =,
        coalesce(resource_id, service_id) with =,
        during with &&
    )
    where (status = 'waiting')
);
comment on table scheduling.waitlist_entries is 'Customers who wait for a time to become free.';
create index waitlist_entries_turn_idx on scheduling.waitlist_entries (business_id, turn)
where status = 'waiting';
create index waitlist_entries_service_idx on scheduling.waitlist_entries (business_id, service_id);
create index waitlist_entries_resource_idx
on scheduling.waitlist_entries (business_id, resource_id);
create index waitlist_entries_booking_idx on scheduling.waitlist_entries (business_id, booking_id);
create index waitlist_entries_customer_id_idx on scheduling.waitlist_entries (customer_id);

create table scheduling.waitlist_offers (
    business_id uuid not null,
    entry_id uuid not null,
    -- The hold that keeps the time: nobody's until somebody accepts.
    booking_id uuid not null,
    starts_at timestamptz not null,
    -- The turn of this entry: from, included, to, excluded.
    opens_at timestamptz not null,
    expires_at timestamptz not null,
    -- When its customer was told.
    told_at timestamptz,

    constraint waitlist_offers_pkey primary key (booking_id, entry_id),
    constraint waitlist_offers_entry_fkey foreign key (business_id, entry_id)
    references scheduling.waitlist_entries (business_id, id) on delete cascade,
    constraint waitlist_offers_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint waitlist_offers_expire_after_they_open check (expires_at > opens_at),
    -- One at a time.
    constraint waitlist_offers_in_turn exclude using gist (
        booking_id with =, tstzrange(opens_at, expires_at) with &&
    ) deferrable initially deferred
);
comment on table scheduling.waitlist_offers is
'Whose turn it is, and when, to accept a time that became free.';
create index waitlist_offers_entry_idx on scheduling.waitlist_offers (business_id, entry_id);
create index waitlist_offers_booking_idx on scheduling.waitlist_offers (business_id, booking_id);

-- sql/40_scheduling/tables/6_calendars.sql

-- Bookings as calendars that phones and mail programs subscribe to. Whoever knows a feed's token
-- reads it, so the token is kept as a hash, can be exchanged, and stops when its maker may no
-- longer see what it shows.

create table scheduling.calendar_feeds (
    id uuid primary key default gen_random_uuid(),
    -- Who made it, with whose rights it is read.
    user_id uuid not null references auth.users (id) on delete cascade,
    -- Null: the bookings that the user has made as a customer.
    business_id uuid references business.businesses (id) on delete cascade,
    -- Null: all of the business.
    resource_id uuid,
    -- Only the hash is kept: the token is shown once, to whoever makes or rotates the feed.
    token_hash bytea not null,
    created_at timestamptz not null default now(),
    rotated_at timestamptz,

    constraint calendar_feeds_business_id_id_unique unique (business_id, id),
    constraint calendar_feeds_token_hash_unique unique (token_hash),
    constraint calendar_feeds_one_each unique nulls not distinct (
        user_id, business_id, resource_id
    ),
    constraint calendar_feeds_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint calendar_feeds_resources_have_a_business check (
        resource_id is null or business_id is not null
    )
);
comment on table scheduling.calendar_feeds is
'Bookings of a customer, a resource or a business as a calendar, readable by its secret address.';
create index calendar_feeds_resource_idx on scheduling.calendar_feeds (business_id, resource_id);

-- sql/40_scheduling/tables/7_guests.sql

-- The codes by which somebody without an account proves that a booking's e-mail address is theirs.
-- A row is also what is counted when too many are asked for; it is forgotten after a day.

create table scheduling.guest_codes (
    id bigint generated always as identity primary key,
    -- Null, as the booking, where the address had none: asked for all the same.
    business_id uuid,
    booking_id uuid,
    email text not null,
    -- From where it was asked for, as the gateway says.
    ip inet,
    -- Of the booking and the code; null where none was sent.
    code_hash bytea,
    attempts integer not null default 0,
    expires_at timestamptz not null,
    used_at timestamptz,
    -- The transaction that was given the right code: in it, and only in it, the guest is the
    -- booking's customer.
    proven_in xid8,
    created_at timestamptz not null,

    constraint guest_codes_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint guest_codes_are_of_bookings check (
        num_nulls(business_id, booking_id, code_hash) in (0, 3)
    ),
    constraint guest_codes_attempts_are_few check (attempts between 0 and 5)
);
comment on table scheduling.guest_codes is
'Codes mailed to guests: five attempts, once, for as long as a hold or a quarter of an hour.';
create index guest_codes_booking_idx on scheduling.guest_codes (business_id, booking_id);
create index guest_codes_booking_id_idx on scheduling.guest_codes (booking_id, id);
create index guest_codes_email_idx on scheduling.guest_codes (email, created_at);
create index guest_codes_ip_idx on scheduling.guest_codes (ip, created_at);
create index guest_codes_created_at_idx on scheduling.guest_codes (created_at);

-- sql/40_scheduling/functions/1_timelines.sql

-- Wall clocks become instants, date by date: when a resource works, when it is closed, when it is
-- taken. Each function answers for many resources at once and gives one multirange for each.

/*
 * Which resources a service takes for a party, in which pool, and how many units of each. A
 * resource with places (capacity above 1) is taken once per guest, any other is taken whole. Every
 * resource that is needed outright is a pool of its own. The leading pool, whose resources a
 * customer chooses among, is the first with staff, then the first at all. A resource asked for
 * empties its pool of all others. Definer: asked for businesses that the caller need not be a
 * member of.
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
    with candidates as (
        select
            resources.id,
            case service_resources.mode
                when 'all' then service_resources.resource_id::text
                else service_resources.pool
            end as pool,
            case
                when resources.capacity > 1 then service_resources.quantity * needs.party_size
                else service_resources.quantity
            end as units,
            resources.capacity,
            resources.kind,
            coalesce(resources.time_zone, businesses.time_zone) as time_zone,
            resources.is_active,
            row_number() over (order by resources.position, resources.name, resources.id) as rank
        from catalog.service_resources
        inner join catalog.resources on resources.id = service_resources.resource_id
        inner join business.businesses on businesses.id = service_resources.business_id
        where service_resources.service_id = needs.service_id
    )

    select
        candidates.id,
        candidates.pool,
        candidates.pool = (
            select lead.pool
            from candidates as lead
            order by lead.kind, lead.pool
            limit 1
        ),
        candidates.units,
        candidates.capacity,
        candidates.kind,
        candidates.time_zone,
        candidates.rank::integer,
        (select count(distinct wanted.pool) from candidates as wanted)::integer
    from candidates
    where
        candidates.is_active
        and (
            needs.resource_id is null
            or candidates.id = needs.resource_id
            -- Null, and so nothing at all, when the resource is not one of the service's.
            or candidates.pool <> (
                select chosen.pool
                from candidates as chosen
                where chosen.id = needs.resource_id
            )
        );
end;
$$;

/*
 * When resources work, as instants: exceptions of a date replace its weekly hours, a resource
 * without hours of its own follows the business. `windows` are the openings as written, date by
 * date, from whose starts slots step; in `openings` those that touch are one, because a service
 * may run from one into the next. Given are those that reach into the times asked for. A local time
 * that a clock skips moves forward with it; an opening that vanishes this way is none, and so is
 * one of a date that a zone skips. Who travels works by the clock of where they are. Resources that
 * follow the same hours in the same zone share a plan, which is worked out once.
 */
create function scheduling.openings(
    business_id uuid,
    resource_ids uuid[],
    time_zones text[],
    are_staff boolean[],
    during tstzmultirange
)
returns table (resource_id uuid, windows tstzrange[], openings tstzmultirange)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with days as materialized (
        -- A local date is that of UTC, the one before or the one after.
        select distinct dates.at::date as day
        from unnest(openings.during) as period (during)
        cross join generate_series(
            ((lower(period.during) at time zone 'UTC')::date - 1)::timestamp,
            ((upper(period.during) at time zone 'UTC')::date + 1)::timestamp,
            interval '1 day'
        ) as dates (at)
    ),

    weekly as materialized (
        select
            coalesce(working_hours.resource_id, working_hours.business_id) as owner_id,
            working_hours.weekday,
            working_hours.opens_at,
            working_hours.closes_at
        from catalog.working_hours
        where
            working_hours.business_id = openings.business_id
            and (
                working_hours.resource_id is null
                or working_hours.resource_id = any(openings.resource_ids)
            )
    ),

    exceptions as materialized (
        select
            coalesce(schedule_exceptions.resource_id, schedule_exceptions.business_id) as owner_id,
            days.day,
            schedule_exceptions.opens_at,
            schedule_exceptions.closes_at
        from catalog.schedule_exceptions
        inner join days
            on days.day between schedule_exceptions.starts_on and schedule_exceptions.ends_on
        where
            schedule_exceptions.business_id = openings.business_id
            and (
                schedule_exceptions.resource_id is null
                or schedule_exceptions.resource_id = any(openings.resource_ids)
            )
    ),

    travels as materialized (
        select
            travel_zones.resource_id as plan_id,
            travel_zones.starts_on,
            travel_zones.ends_on,
            travel_zones.time_zone
        from catalog.travel_zones
        where
            travel_zones.business_id = openings.business_id
            and travel_zones.resource_id = any(openings.resource_ids)
            and travel_zones.ends_on >= (select min(days.day) from days)
            and travel_zones.starts_on <= (select max(days.day) from days)
    ),

    -- A plan of one's own, with hours, exceptions or travels; else that of the business.
    followers as materialized (
        select
            resources.id,
            resources.time_zone,
            plans.owner_id,
            case
                when
                    resources.id in (select exceptions.owner_id from exceptions)
                    or resources.id in (select travels.plan_id from travels)
                    then resources.id
                else plans.owner_id
            end as plan_id,
            not resources.is_staff
            and plans.owner_id not in (select weekly.owner_id from weekly) as is_always_there
        from unnest(openings.resource_ids, openings.time_zones, openings.are_staff)
            as resources (id, time_zone, is_staff)
        cross join lateral (
            select case
                when resources.id in (select weekly.owner_id from weekly) then resources.id
                else openings.business_id
            end as owner_id
        ) as plans
    ),

    plans as materialized (
        select distinct
            followers.plan_id,
            followers.owner_id,
            followers.time_zone,
            followers.is_always_there
        from followers
    ),

    ordinary_days as (
        select
            plans.*,
            days.day
        from plans
        cross join days
        where
            not exists (
                select 1
                from exceptions
                where
                    exceptions.owner_id in (plans.plan_id, plans.owner_id)
                    and exceptions.day = days.day
            )
    ),

    windows as (
        select
            ordinary_days.plan_id,
            ordinary_days.is_always_there,
            ordinary_days.time_zone,
            ordinary_days.day,
            weekly.opens_at,
            weekly.closes_at
        from ordinary_days
        inner join weekly
            on
                weekly.owner_id = ordinary_days.owner_id
                and weekly.weekday = extract(isodow from ordinary_days.day)
        union all
        select
            ordinary_days.plan_id,
            ordinary_days.is_always_there,
            ordinary_days.time_zone,
            ordinary_days.day,
            time '00:00',
            time '24:00'
        from ordinary_days
        where ordinary_days.is_always_there
        union all
        select
            plans.plan_id,
            plans.is_always_there,
            plans.time_zone,
            exceptions.day,
            exceptions.opens_at,
            exceptions.closes_at
        from plans
        inner join exceptions on exceptions.owner_id in (plans.plan_id, plans.owner_id)
        where
            exceptions.opens_at is not null
            and (
                exceptions.owner_id = plans.plan_id
                or not exists (
                    select 1
                    from exceptions as own
                    where own.owner_id = plans.plan_id and own.day = exceptions.day
                )
            )
    ),

    local_windows as (
        select
            windows.plan_id,
            windows.is_always_there,
            windows.time_zone,
            windows.day,
            windows.day + windows.opens_at as opens_at,
            windows.day + windows.closes_at as closes_at,
            coalesce(travels.time_zone, windows.time_zone) as clock
        from windows
        left join travels
            on
                travels.plan_id = windows.plan_id
                and windows.day between travels.starts_on and travels.ends_on
    ),

    instants as (
        select
            local_windows.*,
            local_windows.opens_at at time zone local_windows.clock as starts_at,
            local_windows.closes_at at time zone local_windows.clock as ends_at
        from local_windows
    ),

    planned as (
        select
            instants.plan_id,
            instants.is_always_there,
            instants.time_zone,
            array_agg(tstzrange(instants.starts_at, instants.ends_at)) as windows,
            range_agg(tstzrange(instants.starts_at, instants.ends_at)) as openings
        from instants
        where
            instants.starts_at < instants.ends_at
            and tstzrange(instants.starts_at, instants.ends_at) && openings.during
            -- A day later, where a zone has skipped the date altogether (Apia, 2011-12-30).
            and (instants.starts_at at time zone instants.clock)::date = instants.day
        group by instants.plan_id, instants.is_always_there, instants.time_zone
    )

    select
        followers.id,
        planned.windows,
        planned.openings
    from followers
    inner join planned
        on
            planned.plan_id = followers.plan_id
            and planned.is_always_there = followers.is_always_there
            and planned.time_zone = followers.time_zone;
end;
$$;

/*
 * When resources are shut although they would work: closures of the business, in its zone, and
 * blocked periods of the resource or of everyone.
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
                closures.starts_on::timestamp at time zone businesses.time_zone,
                (closures.ends_on + 1)::timestamp at time zone businesses.time_zone
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
 * The starts that are out of the question because resources are taken, one multirange for each unit
 * that is taken at all. Who is taken from `from` to `to` cannot start between `from - lead` and
 * `to + trail`, both excluded: `lead` is what follows a start (length and buffer), `trail` the
 * buffer before it. A hold that has run out takes nothing, whether or not anything has released it.
 * One booking may be left out: the one that is about to move.
 */
create function scheduling.clashes(
    resource_ids uuid[],
    during tstzmultirange,
    lead interval,
    trail interval,
    except_booking_id uuid
)
returns table (resource_id uuid, clashes tstzmultirange[])
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select
        resources.id,
        taken.clashes
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
    ) as taken;
end;
$$;

-- sql/40_scheduling/functions/2_offers.sql

-- What can be booked. One function decides it, for a whole month of slots and for the one instant
-- that somebody wants to book: that is why the two never disagree.

/*
 * The service as scheduling needs it: null when it takes no bookings now.
 * Definer: asked for businesses that the caller need not be a member of.
 */
create function scheduling.bookable_service(service_id uuid)
returns catalog.services
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_service catalog.services;
begin
    select services.* into v_service
    from catalog.services
    inner join business.businesses on services.business_id = businesses.id
    where
        services.id = bookable_service.service_id
        and services.is_active
        and services.archived_at is null
        and businesses.is_active
        and businesses.status = 'approved';
    return v_service;
end;
$$;

/*
 * The instants between which a service may start now, by its notice, its advance and its dates,
 * half-open.
 */
create function scheduling.bookable_period(service catalog.services, time_zone text)
returns tstzrange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_today date = (v_now at time zone bookable_period.time_zone)::date;
    v_last_day date = least(service.bookable_until, v_today + service.max_advance_days);
    v_first timestamptz = greatest(
        v_now + make_interval(mins => service.min_notice_minutes),
        service.bookable_from::timestamp at time zone bookable_period.time_zone
    );
    v_end timestamptz = (v_last_day + 1)::timestamp at time zone bookable_period.time_zone;
begin
    return case when v_end <= v_first then 'empty' else tstzrange(v_first, v_end) end;
end;
$$;

/*
 * Every start in some periods, or at some moments, at which a service can be had, with each
 * resource that could give it then and how many of its units are free. Starts step from each window
 * of a leading resource; every other pool must have somebody too. `minutes` is the length with
 * add-ons. A booking that is about to move is left out by its id. Definer: sees what is taken
 * without telling by whom.
 */
create function scheduling.offers(
    service_id uuid,
    during tstzmultirange,
    resource_id uuid,
    party_size integer,
    minutes integer,
    except_booking_id uuid default null
)
returns setof scheduling.offer
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
declare
    v_service catalog.services = scheduling.bookable_service(offers.service_id);
    v_time_zone text;
    v_starts tstzmultirange;
    v_reach tstzmultirange;
    v_needs scheduling.need[];
    v_ids uuid[];
    v_pool_count integer;
    v_full scheduling.full_times[];
    v_bookable tstzmultirange;
    v_length interval = make_interval(mins => offers.minutes);
    v_before interval;
    v_after interval;
    v_step interval;
begin
    if v_service.id is null or offers.party_size > v_service.max_party_size then
        return;
    end if;
    v_before = make_interval(mins => v_service.buffer_before_minutes);
    v_after = make_interval(mins => v_service.buffer_after_minutes);
    v_step = make_interval(mins => v_service.slot_interval_minutes);
    select businesses.time_zone into v_time_zone
    from business.businesses
    where businesses.id = v_service.business_id;
    v_starts = offers.during * scheduling.bookable_period(v_service, v_time_zone)::tstzmultirange;
    -- What keeps its time and changes only its resource needs no notice.
    if offers.except_booking_id is not null and exists (
        select 1
        from scheduling.bookings
        where
            bookings.id = offers.except_booking_id
            and offers.during <@ tstzrange(bookings.starts_at, bookings.ends_at)
    ) then
        v_starts = offers.during;
    end if;
    if isempty(v_starts) then
        return;
    end if;
    if v_service.is_class then
        return query
        select session_offers.*
        from scheduling.session_offers(
            v_service, v_starts, offers.resource_id, offers.party_size, offers.except_booking_id
        ) as session_offers;
        return;
    end if;
    v_reach = (
        select range_agg(tstzrange(lower(part) - v_before, upper(part) + v_length + v_after))
        from unnest(v_starts) as part
    );

    v_needs = array(
        select need from scheduling.needs(v_service.id, offers.resource_id, offers.party_size) as need
    );
    v_ids = array(select need.id from unnest(v_needs) as need);
    v_pool_count = v_needs[1].pool_count;
    if v_pool_count is distinct from (
        select count(distinct need.pool) from unnest(v_needs) as need
    ) then
        return;
    end if;
    v_full = scheduling.full_times(
        v_service, v_ids, range_merge(v_starts), offers.minutes, offers.except_booking_id
    );
    v_bookable = v_starts - coalesce(
        (select sold.times from unnest(v_full) as sold where sold.resource_id is null), '{}'
    );

    return query
    with timelines as materialized (
        select
            needs.*,
            openings.windows,
            taken.clashes,
            (
                -- From these starts the service ends before its opening does.
                select range_agg(tstzrange(lower(open.during), upper(open.during) - v_length, '[]'))
                from unnest(openings.openings - coalesce(closings.closings, '{}')) as open (during)
                where lower(open.during) <= upper(open.during) - v_length
            )
            - case needs.capacity when 1 then coalesce(taken.clashes[1], '{}') else '{}' end
            - coalesce(
                (select sold.times from unnest(v_full) as sold where sold.resource_id = needs.id), '{}'
            ) as starts
        from unnest(v_needs) as needs
        inner join scheduling.openings(
            v_service.business_id,
            v_ids,
            array(select need.time_zone from unnest(v_needs) as need),
            array(select need.kind = 'staff' from unnest(v_needs) as need),
            v_reach
        ) as openings on openings.resource_id = needs.id
        left join scheduling.closings(v_service.business_id, v_ids, v_reach) as closings
            on closings.resource_id = needs.id
        left join scheduling.clashes(
            v_ids, v_reach, v_length + v_after, v_before, offers.except_booking_id
        ) as taken on taken.resource_id = needs.id
    ),

    starts as (
        select distinct
            timelines.id,
            starts.at
        from timelines
        cross join lateral unnest(timelines.starts * v_bookable) as possible
        cross join lateral unnest(timelines.windows) as opening
        cross join lateral (
            select lower(opening) + make_interval(mins => v_service.slot_offset_minutes) as first
        ) as steps
        cross join lateral generate_series(
            greatest(steps.first, date_bin(v_step, lower(possible), steps.first)),
            least(upper(possible), upper(opening) - interval '1 minute'),
            v_step
        ) as starts (at)
        where
            timelines.is_leading
            and opening && possible
            and starts.at <@ possible
    ),

    asked as (
        select
            starts.id,
            starts.at
        from starts
        union all
        select
            timelines.id,
            moments.at
        from timelines
        cross join (select distinct starts.at from starts) as moments
        where
            v_pool_count > 1
            and not timelines.is_leading
            and timelines.starts @> moments.at
    ),

    free as (
        select
            asked.at,
            timelines.id,
            timelines.pool,
            timelines.is_leading,
            timelines.units,
            timelines.capacity,
            timelines.rank,
            case
                when timelines.capacity = 1 or timelines.clashes is null then timelines.capacity
                else timelines.capacity - (
                    select count(*)
                    from unnest(timelines.clashes) as unit (clashes)
                    where unit.clashes @> asked.at
                )
            end::integer as remaining
        from asked
        inner join timelines on timelines.id = asked.id
    )

    select
        free.at,
        free.id,
        free.pool,
        free.is_leading,
        free.units,
        free.remaining,
        free.capacity,
        free.rank,
        null::uuid
    from free
    where
        free.remaining >= free.units
        and (
            v_pool_count = 1
            or free.at in (
                select others.at
                from free as others
                where others.remaining >= others.units
                group by others.at
                having count(distinct others.pool) = v_pool_count
            )
        );
end;
$$;

-- sql/40_scheduling/functions/3_answers.sql

-- The answers to a service's questions, read like any argument: each is of its question's kind, or
-- refused by its key. They are kept as they were asked.

/*
 * The answers to what a service asks, sent by key, as they are kept: [{key, label, kind, value}] in
 * the order of the questions, those without an answer left out.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.answered(service_id uuid, answers jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_questions catalog.service_questions[] = array(
        select service_questions
        from catalog.service_questions
        where service_questions.service_id = answered.service_id and service_questions.is_active
        order by service_questions.position, service_questions.key
    );
    v_question catalog.service_questions;
    v_unknown text;
    v_value jsonb;
    v_found jsonb = '[]';
begin
    select sent.key into v_unknown
    from jsonb_object_keys(answers) as sent (key)
    where not exists (select 1 from unnest(v_questions) as question where question.key = sent.key)
    limit 1;
    if found then
        perform private.invalid(
            'answers.' || left(regexp_replace(v_unknown, '[^ -~]', '?', 'g'), 50),
            'is not a question of this service'
        );
    end if;
    foreach v_question in array v_questions loop
        v_value = scheduling.to_answer(v_question, answers -> v_question.key);
        if v_value is not null then
            v_found = v_found || jsonb_build_object(
                'key', v_question.key,
                'label', v_question.label,
                'kind', v_question.kind,
                'value', v_value
            );
        elsif v_question.is_required then
            perform private.invalid('answers.' || v_question.key, 'is required');
        end if;
    end loop;
    return v_found;
end;
$$;

/*
 * Read one answer by the kind of its question; null, blank and empty are none.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_answer(question catalog.service_questions, value jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_argument text = 'answers.' || question.key;
    v_text text = btrim(value #>> '{}');
    v_expected text = case question.kind
        when 'number' then 'number'
        when 'yes_no' then 'boolean'
        when 'choices' then 'array'
        else 'string'
    end;
begin
    if v_text is null or v_text in ('', '[]') then
        return null;
    end if;
    if jsonb_typeof(value) <> v_expected then
        perform private.invalid(v_argument, case question.kind
            when 'number' then 'must be a number'
            when 'yes_no' then 'must be true or false'
            when 'choices' then 'must be a list of its choices'
            else 'must be a text'
        end);
    end if;
    if question.kind in ('choice', 'choices') then
        return scheduling.to_choice(question, value);
    end if;
    v_text = private.to_text(
        v_text, v_argument, case question.kind when 'long_text' then 5000 else 500 end
    );
    if question.kind = 'number' then
        if abs(v_text::numeric) > 1e15 or scale(v_text::numeric) > 10 then
            perform private.invalid(v_argument, 'must be from -1e15 to 1e15 with at most 10 decimals');
        end if;
    elsif question.kind = 'phone' and v_text !~ '^\+[1-9]\d{5,14}$' then
        perform private.invalid(v_argument, 'must be in international form, such as +491701234567');
    elsif question.kind = 'email' and (v_text !~ '^[^@\s]+@[^@\s]+$' or length(v_text) > 320) then
        perform private.invalid(v_argument, 'must be an e-mail address');
    end if;
    return case question.kind
        when 'number' then value
        when 'yes_no' then value
        when 'date' then to_jsonb(private.to_date(v_text, v_argument))
        else to_jsonb(v_text)
    end;
end;
$$;

/*
 * Read what was chosen: each of the question's choices at most once, in their order.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_choice(question catalog.service_questions, value jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_chosen jsonb = case question.kind when 'choice' then jsonb_build_array(value) else value end;
begin
    if exists (
        select 1
        from jsonb_array_elements(v_chosen) as chosen (value)
        where
            jsonb_typeof(chosen.value) <> 'string'
            or chosen.value #>> '{}' <> all(question.choices)
    ) then
        perform private.invalid('answers.' || question.key, 'must be of the question''s choices');
    end if;
    if question.kind = 'choice' then
        return value;
    end if;
    return (
        select jsonb_agg(choices.choice order by choices.place)
        from unnest(question.choices) with ordinality as choices (choice, place)
        where v_chosen ? choices.choice
    );
end;
$$;

-- sql/40_scheduling/functions/3_legs.sql

-- From what somebody wants to what the catalog makes of it: length, price, buffers, times.

/*
 * What the catalog says about each wish, in order; each starts when it says, or after the one
 * before it. Definer: add-ons and services are read the same for everyone; whether the caller may
 * see them is checked.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 not_bookable link_expired
 */
create function scheduling.legs(wishes scheduling.wish[])
returns scheduling.leg[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_wish scheduling.wish;
    v_leg scheduling.leg;
    v_legs scheduling.leg[] = '{}';
begin
    foreach v_wish in array legs.wishes loop
        if v_wish.starts_at is null and v_leg.ends_at is not null then
            v_wish.starts_at = v_leg.ends_at + make_interval(mins => coalesce(v_wish.gap_minutes, 0));
        end if;
        if v_wish.starts_at < v_leg.ends_at then
            perform private.invalid('items', 'must follow each other in time');
        end if;
        v_leg = scheduling.leg(v_wish);
        if v_leg.business_id <> v_legs[1].business_id or v_leg.currency <> v_legs[1].currency then
            perform private.invalid('items', 'must be of one business and one currency');
        end if;
        v_legs = v_legs || v_leg;
    end loop;
    return v_legs;
end;
$$;

/*
 * What the catalog says about one wish.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 not_bookable link_expired
 */
create function scheduling.leg(wish scheduling.wish)
returns scheduling.leg
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_link catalog.private_links;
    v_service catalog.services;
    v_addons record;
    v_minutes integer;
begin
    if wish.link_token is not null then
        v_link = scheduling.link_of(wish.link_token, wish.service_id);
        if v_link.id is null then
            perform scheduling.refuse_unseen();
        end if;
    end if;
    v_service = scheduling.visible_service(wish.service_id, has_link => v_link.id is not null);
    if wish.party_size > v_service.max_party_size then
        perform private.invalid('party_size', format('must be at most %s', v_service.max_party_size));
    end if;
    v_addons = scheduling.chosen_addons(v_service.id, wish.addon_ids);
    -- A class ends when it ends, whatever one adds to it.
    v_minutes = v_service.duration_minutes
    + case when v_service.is_class then 0 else v_addons.minutes end;
    return row(
        v_service.business_id,
        v_service.id,
        v_service.name,
        wish.starts_at,
        wish.starts_at + make_interval(mins => v_minutes),
        v_minutes,
        make_interval(mins => v_service.buffer_before_minutes),
        make_interval(mins => v_service.buffer_after_minutes),
        wish.resource_id,
        wish.party_size,
        v_service.currency,
        v_service.price_minor,
        v_addons.addons,
        v_service.requires_confirmation,
        v_service.is_blocked_by_pending,
        v_service.hold_minutes,
        v_service.is_class,
        coalesce(wish.answers, '{}'),
        v_link.id
    )::scheduling.leg;
end;
$$;

/*
 * A service that takes bookings and that the caller may see: a hidden one is for members of its
 * business, and for whoever has a link to it.
 *
 * Errors:  PT404 not_found · PT409 not_bookable
 */
create function scheduling.visible_service(service_id uuid, has_link boolean default false)
returns catalog.services
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.open_service(visible_service.service_id);
begin
    if v_service.visibility = 'hidden'
        and not has_link
        and v_service.business_id not in (select private.my_businesses('view')) then
        perform scheduling.refuse_unseen();
    end if;
    return v_service;
end;
$$;

/*
 * A service that takes bookings. Absent and not to be seen get one answer; members who see one
 * that takes none are told so.
 *
 * Errors:  PT404 not_found · PT409 not_bookable
 */
create function scheduling.open_service(service_id uuid)
returns catalog.services
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services;
begin
    v_service = scheduling.bookable_service(open_service.service_id);
    if v_service.id is not null then
        return v_service;
    end if;
    if exists (
        select 1
        from catalog.services
        where
            services.id = open_service.service_id
            and services.business_id in (select private.my_businesses('view'))
    ) then
        perform private.refuse(
            'PT409', 'not_bookable', 'This service takes no bookings at the moment.',
            'Check that the service and its business are active, and the business approved.'
        );
    end if;
    perform scheduling.refuse_unseen();
    return null;
end;
$$;

/*
 * The one answer about services that are not there for the caller.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.refuse_unseen()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT404', 'not_found', 'There is no such service.', 'Read services for those that you can see.'
    );
end;
$$;

/*
 * The chosen add-ons as they are now, with the minutes that they add up to.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.chosen_addons(
    service_id uuid, addon_ids uuid[], out addons jsonb, out minutes integer
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if coalesce(addon_ids, '{}') = '{}' then
        addons = '[]';
        minutes = 0;
        return;
    end if;
    select
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'id', service_addons.id,
                    'name', service_addons.name,
                    'price_minor', service_addons.price_minor,
                    'duration_minutes', service_addons.duration_minutes
                )
                order by service_addons.position, service_addons.id
            ),
            '[]'
        ),
        coalesce(sum(service_addons.duration_minutes), 0)
    into addons, minutes
    from catalog.service_addons
    where
        service_addons.service_id = chosen_addons.service_id
        and service_addons.id = any(chosen_addons.addon_ids)
        and service_addons.is_active;
    if jsonb_array_length(addons) <> cardinality(addon_ids) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such add-on of this service.',
            'Read service_addons for those of the service.'
        );
    end if;
end;
$$;

-- sql/40_scheduling/functions/3_limits.sql

-- How much can be booked in a day, week, month or year of the business's zone, or lie ahead of it:
-- of a service, with a resource, in the whole business, and by one customer. A service counts each
-- item of it, a resource each item that takes its time, a business each booking; minutes are those
-- of the items.
-- Limits are asked twice: for what is offered, and again, under locks, of what was written.

/*
 * Whose bookings a limit for each customer counts: those of a booking's customer, or the caller's.
 * A guest is somebody once the code that was mailed to them has come back.
 */
create function scheduling.booker_of(booking_id uuid)
returns scheduling.booker
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booker scheduling.booker = row(auth.uid(), null);
begin
    if booking_id is not null then
        select
            bookings.customer_id,
            case
                when
                    bookings.customer_id is null
                    and (
                        bookings.contact_verified_at is not null
                        or scheduling.is_proven(bookings.id)
                    ) then lower(bookings.customer_email)
            end
        into v_booker
        from scheduling.bookings
        where bookings.id = booker_of.booking_id;
    end if;
    -- One person, however they book: an account knows its address, and an address its account.
    if v_booker.id is not null then
        v_booker.email = (
            select lower(users.email)
            from auth.users
            where users.id = v_booker.id and users.email_confirmed_at is not null
        );
    elsif v_booker.email is not null then
        v_booker.id = (
            select users.id
            from auth.users
            where
                users.email = v_booker.email
                and users.email_confirmed_at is not null
                and not users.is_sso_user
        );
    end if;
    return v_booker;
end;
$$;

/*
 * Does a business limit anything at all? Most do not, and are spared the rest.
 */
create function scheduling.has_limits(business_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from catalog.booking_limits
        where booking_limits.business_id = has_limits.business_id
    );
end;
$$;

/*
 * The limits that concern some services or resources of a business. Those for each customer concern
 * nobody of whom it is not known who they are.
 */
create function scheduling.limits_of(
    business_id uuid, service_ids uuid[], resource_ids uuid[], booker scheduling.booker
)
returns catalog.booking_limits[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select booking_limits
        from catalog.booking_limits
        where
            booking_limits.business_id = limits_of.business_id
            and (
                booking_limits.service_id is null
                or booking_limits.service_id = any(limits_of.service_ids)
            )
            and (
                booking_limits.resource_id is null
                or booking_limits.resource_id = any(limits_of.resource_ids)
            )
            and (
                not booking_limits.is_per_customer
                or num_nonnulls(limits_of.booker.id, limits_of.booker.email) > 0
            )
        order by booking_limits.id
    );
end;
$$;

/*
 * What has to be locked so that a limit cannot be passed by two at once, of whom one is a booking's
 * customer, or the caller. Resources are locked already by who takes their time.
 */
create function scheduling.subjects(limits catalog.booking_limits[], booking_id uuid)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select distinct case
            when rule.is_per_customer then (
                select coalesce(booker.id, md5('booker ' || booker.email)::uuid)
                from scheduling.booker_of(subjects.booking_id) as booker
            )
            else coalesce(rule.resource_id, rule.service_id, rule.business_id)
        end
        from unnest(limits) as rule
    );
end;
$$;

/*
 * The periods of a kind that some time reaches into: days, weeks, months or years of a zone, or the
 * one that begins now.
 */
create function scheduling.limit_periods(
    kind catalog.limit_period, during tstzrange, time_zone text
)
returns setof tstzrange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_step interval;
begin
    if kind = 'upcoming' then
        return next tstzrange(private.now(), 'infinity');
        return;
    end if;
    v_step = '1 ' || kind::text;
    return query
    select tstzrange(first.day at time zone time_zone, (first.day + v_step) at time zone time_zone)
    from generate_series(
        date_trunc(kind::text, lower(during) at time zone time_zone),
        upper(during) at time zone time_zone,
        v_step
    ) as first (day);
end;
$$;

/*
 * How far limits are used, period by period of the business's zone. What has no say any more does
 * not count: cancelled, rejected, expired, a hold that has run out. The counts of one booking are
 * given apart.
 */
create function scheduling.limit_use(
    limits catalog.booking_limits[],
    during tstzrange,
    booker scheduling.booker,
    booking_id uuid
)
returns setof scheduling.limit_use
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select
        rule.id,
        rule.resource_id,
        periods.period,
        used.bookings + 1 > rule.max_bookings,
        rule.max_minutes - used.minutes,
        used.own_bookings,
        used.bookings + used.own_bookings > rule.max_bookings
        or used.minutes + used.own_minutes > rule.max_minutes
    from unnest(limits) as rule
    inner join business.businesses on businesses.id = rule.business_id
    cross join lateral scheduling.limit_periods(
        rule.period, limit_use.during, businesses.time_zone
    ) as periods (period)
    cross join lateral (
        select
            count(*) filter (where bookings.id is distinct from limit_use.booking_id) as bookings,
            coalesce(
                sum(counted.minutes) filter (where bookings.id is distinct from limit_use.booking_id),
                0
            ) as minutes,
            count(*) filter (where bookings.id = limit_use.booking_id) as own_bookings,
            coalesce(
                sum(counted.minutes) filter (where bookings.id = limit_use.booking_id), 0
            ) as own_minutes
        from scheduling.counted(rule, periods.period, limit_use.booker) as counted
        inner join scheduling.bookings on bookings.id = counted.booking_id
        where
            bookings.status not in ('cancelled', 'rejected', 'expired')
            and coalesce(bookings.hold_expires_at > v_now, true)
    ) as used;
end;
$$;

/*
 * What a limit counts in a period: items of its service, items that take time of its resource, or
 * whole bookings; of everyone, or of one customer. Each way by the index that is for it.
 */
create function scheduling.counted(
    rule catalog.booking_limits, period tstzrange, booker scheduling.booker
)
returns table (booking_id uuid, minutes integer)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if rule.is_per_customer then
        return query
        select
            booking_items.booking_id,
            sum(booking_items.duration_minutes)::integer
        from scheduling.bookings
        inner join scheduling.booking_items
            on
                booking_items.business_id = bookings.business_id
                and booking_items.booking_id = bookings.id
        where
            (
                bookings.customer_id = counted.booker.id
                or bookings.customer_id is null
                and lower(bookings.customer_email) = counted.booker.email
                and (bookings.contact_verified_at is not null or scheduling.is_proven(bookings.id))
            )
            and bookings.business_id = rule.business_id
            and bookings.starts_at < upper(counted.period)
            and booking_items.cancelled_at is null
            and counted.period @> case
                when coalesce(rule.service_id, rule.resource_id) is null
                    then bookings.starts_at
                else booking_items.starts_at
            end
            and (rule.service_id is null or booking_items.service_id = rule.service_id)
            and (
                rule.resource_id is null
                or exists (
                    select 1
                    from scheduling.allocations
                    where
                        allocations.business_id = booking_items.business_id
                        and allocations.booking_id = booking_items.booking_id
                        and allocations.booking_item_id = booking_items.id
                        and allocations.resource_id = rule.resource_id
                )
            )
        -- A booking counts once where the whole business is meant, each item otherwise.
        group by
            booking_items.booking_id,
            case
                when coalesce(rule.service_id, rule.resource_id) is not null
                    then booking_items.id
            end;
    elsif rule.service_id is not null then
        return query
        select
            booking_items.booking_id,
            booking_items.duration_minutes
        from scheduling.booking_items
        where
            booking_items.business_id = rule.business_id
            and booking_items.service_id = rule.service_id
            and booking_items.starts_at >= lower(counted.period)
            and booking_items.starts_at < upper(counted.period)
            and booking_items.cancelled_at is null;
    elsif rule.resource_id is not null then
        return query
        select
            booking_items.booking_id,
            booking_items.duration_minutes
        from catalog.services
        inner join scheduling.booking_items
            on
                booking_items.business_id = services.business_id
                and booking_items.service_id = services.id
        where
            services.business_id = rule.business_id
            and booking_items.starts_at >= lower(counted.period)
            and booking_items.starts_at < upper(counted.period)
            and booking_items.cancelled_at is null
            and exists (
                select 1
                from scheduling.allocations
                where
                    allocations.business_id = booking_items.business_id
                    and allocations.booking_id = booking_items.booking_id
                    and allocations.booking_item_id = booking_items.id
                    and allocations.resource_id = rule.resource_id
            );
    else
        return query
        select
            bookings.id,
            (
                select sum(booking_items.duration_minutes)::integer
                from scheduling.booking_items
                where
                    booking_items.business_id = bookings.business_id
                    and booking_items.booking_id = bookings.id
                    and booking_items.cancelled_at is null
            )
        from scheduling.bookings
        where
            bookings.business_id = rule.business_id
            and bookings.starts_at >= lower(counted.period)
            and bookings.starts_at < upper(counted.period);
    end if;
end;
$$;

/*
 * The starts in a period at which no more of so many minutes of a service can be booked: at all
 * (without a resource), and with single resources. A booking that is about to move keeps its place
 * in the periods in which it already counts.
 */
create function scheduling.full_times(
    service catalog.services,
    resource_ids uuid[],
    during tstzrange,
    minutes integer,
    except_booking_id uuid
)
returns scheduling.full_times[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booker scheduling.booker;
begin
    if not scheduling.has_limits(service.business_id) then
        return '{}';
    end if;
    v_booker = scheduling.booker_of(except_booking_id);
    return array(
        select row(limit_use.resource_id, range_agg(limit_use.period))::scheduling.full_times
        from scheduling.limit_use(
            scheduling.limits_of(
                service.business_id, array[service.id], resource_ids, v_booker
            ),
            full_times.during,
            v_booker,
            except_booking_id
        ) as limit_use
        where
            limit_use.own_bookings = 0
            and (limit_use.is_full or limit_use.minutes_left < full_times.minutes)
        group by limit_use.resource_id
    );
end;
$$;

/*
 * The limit that a leg would pass at its start: of its service, its business or its customer, or of
 * all who could give it.
 */
create function scheduling.passed_limit(
    leg scheduling.leg, needs scheduling.need[], except_booking_id uuid
)
returns catalog.booking_limits
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booker scheduling.booker = scheduling.booker_of(except_booking_id);
    v_limits catalog.booking_limits[] = scheduling.limits_of(
        leg.business_id,
        array[leg.service_id],
        array(select need.id from unnest(needs) as need),
        v_booker
    );
begin
    return (
        with full_limits as (
            select rule
            from scheduling.limit_use(
                v_limits,
                tstzrange(leg.starts_at, leg.starts_at, '[]'),
                v_booker,
                except_booking_id
            ) as limit_use
            inner join unnest(v_limits) as rule on rule.id = limit_use.id
            where
                limit_use.own_bookings = 0
                and limit_use.period @> leg.starts_at
                and (limit_use.is_full or limit_use.minutes_left < leg.minutes)
        ),

        pools as (
            select
                need.pool,
                bool_and(
                    exists (
                        select 1
                        from full_limits
                        where (full_limits.rule).resource_id = need.id
                    )
                ) as is_full
            from unnest(needs) as need
            group by need.pool
        )

        select full_limits.rule
        from full_limits
        where
            (full_limits.rule).resource_id is null
            or (full_limits.rule).resource_id in (
                select need.id
                from unnest(needs) as need
                inner join pools on pools.pool = need.pool
                where pools.is_full
            )
        order by (full_limits.rule).resource_id nulls first, (full_limits.rule).id
        limit 1
    );
end;
$$;

/*
 * How often a booking counts in each period of some limits: {limit and period: how often}.
 */
create function scheduling.counts_of(
    booking scheduling.bookings, limits catalog.booking_limits[]
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if limits = '{}' then
        return '{}';
    end if;
    return (
        select coalesce(
            jsonb_object_agg(
                format('%s %s', limit_use.id, lower(limit_use.period)), limit_use.own_bookings
            ),
            '{}'
        )
        from scheduling.limit_use(
            limits,
            tstzrange(booking.starts_at, booking.ends_at),
            scheduling.booker_of(booking.id),
            booking.id
        ) as limit_use
        where limit_use.own_bookings > 0
    );
end;
$$;

/*
 * Look, under the locks, at what was written: is any limit passed in which the booking counts more
 * than before?
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_passed(
    booking scheduling.bookings, limits catalog.booking_limits[], counts_before jsonb default '{}'
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_limit catalog.booking_limits;
begin
    if limits = '{}' then
        return;
    end if;
    select rule.* into v_limit
    from scheduling.limit_use(
        limits,
        tstzrange(booking.starts_at, booking.ends_at),
        scheduling.booker_of(booking.id),
        booking.id
    ) as limit_use
    inner join unnest(limits) as rule on rule.id = limit_use.id
    where
        limit_use.is_passed
        and limit_use.own_bookings > coalesce(
            (counts_before ->> format('%s %s', limit_use.id, lower(limit_use.period)))::bigint, 0
        )
    limit 1;
    if v_limit.id is not null then
        perform scheduling.refuse_limit(v_limit);
    end if;
end;
$$;

/*
 * Look at a booking whose customer has just become known, under the locks: is any limit passed that
 * is for each customer?
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_passed_by_customer(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.refuse_passed(
        booking,
        array(
            select rule
            from unnest(scheduling.limits_on(booking)) as rule
            where rule.is_per_customer
        )
    );
end;
$$;

/*
 * The limits that concern a booking as it is written.
 */
create function scheduling.limits_on(booking scheduling.bookings)
returns catalog.booking_limits[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return scheduling.limits_of(
        booking.business_id,
        array(
            select booking_items.service_id
            from scheduling.booking_items
            where
                booking_items.business_id = booking.business_id
                and booking_items.booking_id = booking.id
                and booking_items.cancelled_at is null
        ),
        scheduling.resources_of(booking.id),
        scheduling.booker_of(booking.id)
    );
end;
$$;

/*
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_limit(rule catalog.booking_limits)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT422', 'limit_reached',
        case
            when rule.period = 'upcoming' and rule.is_per_customer
                then 'One customer cannot have more bookings ahead.'
            when rule.period = 'upcoming' then 'No more can be booked ahead.'
            when rule.is_per_customer then 'One customer cannot book more in that period.'
            when rule.service_id is not null
                then 'No more of this service can be booked in that period.'
            when rule.resource_id is not null
                then 'No more can be booked with this resource in that period.'
            else 'The business takes no more bookings in that period.'
        end,
        case
            when rule.period = 'upcoming' then 'Wait until one has begun, or cancel one.'
            else 'Choose a time in another day, week or month.'
        end
    );
end;
$$;

-- sql/40_scheduling/functions/3_links.sql

-- Hidden services, and the links that open them. Whoever has no link learns nothing: a hidden
-- service and one that does not exist get one answer.

/*
 * Make a link to a service. For owners and managers.
 * Definer: nobody has a write grant on links; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function scheduling.create_private_link(
    service_id uuid, token text, label text, expires_at timestamptz, max_uses integer
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_service catalog.services;
    v_id uuid;
begin
    perform private.signed_in_user();
    select services.* into v_service
    from catalog.services
    where
        services.id = create_private_link.service_id
        and (
            services.visibility = 'public'
            or services.business_id in (select private.my_businesses('view'))
        );
    if v_service.id is null then
        perform scheduling.refuse_unseen();
    end if;
    perform private.require_member(v_service.business_id, 'manage');
    insert into catalog.private_links (
        business_id, service_id, token_hash, label, expires_at, max_uses, created_by, created_at
    )
    values (
        v_service.business_id,
        v_service.id,
        business.token_hash(create_private_link.token),
        create_private_link.label,
        create_private_link.expires_at,
        create_private_link.max_uses,
        auth.uid(),
        private.now()
    )
    returning private_links.id into v_id;
    return v_id;
end;
$$;

/*
 * Revoke a link; again changes nothing. What was booked through it stays.
 * Definer: as scheduling.create_private_link.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function scheduling.revoke_private_link(link_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_link catalog.private_links;
begin
    perform private.signed_in_user();
    perform scheduling.lock(array[revoke_private_link.link_id]);
    select private_links.* into v_link
    from catalog.private_links
    where
        private_links.id = revoke_private_link.link_id
        and private_links.business_id in (select private.my_businesses('view'));
    if v_link.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such link.', 'Read private_links for those of the business.'
        );
    end if;
    perform private.require_member(v_link.business_id, 'manage');
    update catalog.private_links
    set revoked_at = private.now()
    where private_links.id = v_link.id and private_links.revoked_at is null;
end;
$$;

/*
 * How often a link was used: services booked through it that were not called off, holds that run
 * included.
 * Definer: counts bookings that the one who books does not see.
 */
create function scheduling.link_uses(business_id uuid, link_id uuid)
returns integer
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select count(*)
        from scheduling.booking_items
        inner join scheduling.bookings on bookings.id = booking_items.booking_id
        where
            booking_items.business_id = link_uses.business_id
            and booking_items.private_link_id = link_uses.link_id
            and booking_items.cancelled_at is null
            and bookings.status not in ('cancelled', 'rejected', 'expired')
            and (bookings.hold_expires_at is null or bookings.hold_expires_at > private.now())
    );
end;
$$;

/*
 * The link that a token opens, if it opens that service (any, where none is named) and lets so many
 * through. One that is over is told to whoever knows it.
 * Definer: nobody reads the hash of a token.
 *
 * Errors:  PT409 link_expired
 */
create function scheduling.link_of(token text, service_id uuid default null)
returns catalog.private_links
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_link catalog.private_links;
begin
    select private_links.* into v_link
    from catalog.private_links
    where
        private_links.token_hash = business.token_hash(link_of.token)
        and (link_of.service_id is null or private_links.service_id = link_of.service_id);
    if v_link.id is not null then
        perform scheduling.refuse_link_over(v_link, 1);
    end if;
    return v_link;
end;
$$;

/*
 * Errors:  PT409 link_expired
 */
create function scheduling.refuse_link_over(link catalog.private_links, wanted integer)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if link.revoked_at is not null
        or link.expires_at <= private.now()
        or link.max_uses < wanted + scheduling.link_uses(link.business_id, link.id) then
        perform private.refuse(
            'PT409', 'link_expired', 'This link is not valid any more.', 'Ask the business for another.'
        );
    end if;
end;
$$;

/*
 * Look again at the links by which some services are booked, under their lock.
 *
 * Errors:  PT409 link_expired
 */
create function scheduling.refuse_links_over(legs scheduling.leg[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_link record;
begin
    for v_link in
        select
            private_links,
            count(*)::integer as wanted
        from unnest(legs) as leg
        inner join catalog.private_links on private_links.id = leg.private_link_id
        group by private_links.id
    loop
        perform scheduling.refuse_link_over(v_link.private_links, v_link.wanted);
    end loop;
end;
$$;

/*
 * What a link shows: the service with its add-ons, its questions and who gives it, and the
 * business, as the catalog would show them.
 * Definer: what is hidden is shown to nobody else; the token is the proof.
 *
 * Errors:  PT404 not_found · PT409 link_expired
 */
create function scheduling.resolve_link(token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_link catalog.private_links = scheduling.link_of(resolve_link.token);
    v_service catalog.services = scheduling.bookable_service(v_link.service_id);
begin
    if v_service.id is null then
        perform scheduling.refuse_unseen();
    end if;
    return jsonb_build_object(
        'service', to_jsonb(v_service) - array[
            'category_id', 'cancellation_policy_id', 'position', 'is_active', 'archived_at',
            'created_at', 'updated_at'
        ],
        'business', (
            select jsonb_build_object(
                'id', businesses.id,
                'slug', businesses.slug,
                'name', businesses.name,
                'time_zone', businesses.time_zone
            )
            from business.businesses
            where businesses.id = v_service.business_id
        ),
        'addons', (
            select coalesce(jsonb_agg(
                jsonb_build_object(
                    'id', service_addons.id,
                    'name', service_addons.name,
                    'price_minor', service_addons.price_minor,
                    'duration_minutes', service_addons.duration_minutes
                )
                order by service_addons.position, service_addons.id
            ), '[]')
            from catalog.service_addons
            where service_addons.service_id = v_service.id and service_addons.is_active
        ),
        'questions', (
            select coalesce(jsonb_agg(
                jsonb_build_object(
                    'key', service_questions.key,
                    'label', service_questions.label,
                    'kind', service_questions.kind,
                    'is_required', service_questions.is_required,
                    'choices', service_questions.choices
                )
                order by service_questions.position, service_questions.key
            ), '[]')
            from catalog.service_questions
            where service_questions.service_id = v_service.id and service_questions.is_active
        ),
        'resources', (
            select coalesce(jsonb_agg(
                jsonb_build_object('id', resources.id, 'name', resources.name, 'kind', resources.kind)
                order by resources.position, resources.name
            ), '[]')
            from catalog.service_resources
            inner join catalog.resources on resources.id = service_resources.resource_id
            where service_resources.service_id = v_service.id and resources.is_active
        ),
        'expires_at', v_link.expires_at,
        'uses_left', v_link.max_uses - scheduling.link_uses(v_link.business_id, v_link.id)
    );
end;
$$;

-- sql/40_scheduling/functions/3_refusals.sql

-- Why a start that somebody wants is not to be had. Asked only after scheduling.offers said no.

/*
 * Could the service start then as far as hours go, and are the hours not shut by closures or
 * blocks? Each pool needs somebody; a leading resource's windows say where starts step.
 */
create function scheduling.is_in_hours(
    leg scheduling.leg,
    service catalog.services,
    needs scheduling.need[],
    out in_hours boolean,
    out not_shut boolean
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_during tstzrange = tstzrange(leg.starts_at, leg.ends_at);
    v_reach tstzmultirange = v_during::tstzmultirange;
    v_ids uuid[] = array(select need.id from unnest(needs) as need);
begin
    with facts as (
        select
            need.pool,
            coalesce(openings.openings @> v_during, false)
            and (
                not need.is_leading
                or exists (
                    select 1
                    from unnest(openings.windows) as opening
                    where
                        leg.starts_at <@ opening
                        and mod(
                            extract(epoch from leg.starts_at - lower(opening))
                            - service.slot_offset_minutes * 60,
                            service.slot_interval_minutes * 60
                        ) = 0
                        and leg.starts_at
                        >= lower(opening) + make_interval(mins => service.slot_offset_minutes)
                )
            ) as is_open,
            coalesce(closings.closings && v_during, false) as is_shut
        from unnest(needs) as need
        left join scheduling.openings(
            leg.business_id,
            v_ids,
            array(select need.time_zone from unnest(needs) as need),
            array(select need.kind = 'staff' from unnest(needs) as need),
            v_reach
        ) as openings on openings.resource_id = need.id
        left join scheduling.closings(leg.business_id, v_ids, v_reach) as closings
            on closings.resource_id = need.id
    ),

    pools as (
        select
            bool_or(facts.is_open) as in_hours,
            bool_or(facts.is_open and not facts.is_shut) as not_shut
        from facts
        group by facts.pool
    )

    select
        coalesce(bool_and(pools.in_hours) and count(*) = needs[1].pool_count, false),
        coalesce(bool_and(pools.not_shut), false)
    into in_hours, not_shut
    from pools;
end;
$$;

/*
 * Errors:  PT422 too_soon too_far
 */
create function scheduling.refuse_date(leg scheduling.leg, service catalog.services, time_zone text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_period tstzrange = scheduling.bookable_period(service, time_zone);
begin
    if leg.starts_at < greatest(
        private.now() + make_interval(mins => service.min_notice_minutes),
        service.bookable_from::timestamp at time zone time_zone
    ) then
        perform private.refuse(
            'PT422', 'too_soon', 'That start is too soon to be booked.', 'Choose a later time.'
        );
    end if;
    if isempty(v_period) or leg.starts_at >= upper(v_period) then
        perform private.refuse(
            'PT422', 'too_far', 'That start is too far ahead to be booked.', 'Choose an earlier time.'
        );
    end if;
end;
$$;

/*
 * Is the time between start and end gone, for everyone in a pool that the service needs? Asked
 * before anything else: in a rush on one slot nearly every answer is this one, and hours need not
 * be worked out for it.
 */
create function scheduling.is_plainly_taken(leg scheduling.leg, except_booking_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return not leg.is_class and exists (
        select 1
        from scheduling.needs(leg.service_id, leg.resource_id, leg.party_size) as need
        group by need.pool
        having
            bool_and(
                need.capacity = 1
                and exists (
                    select 1
                    from scheduling.allocations
                    where
                        allocations.resource_id = need.id
                        and allocations.unit = 1
                        and allocations.during && tstzrange(leg.starts_at, leg.ends_at)
                        and allocations.is_blocking
                        and (allocations.expires_at is null or allocations.expires_at > v_now)
                        and coalesce(
                            allocations.booking_id <> is_plainly_taken.except_booking_id, true
                        )
                )
            )
    );
end;
$$;

/*
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
        'PT409', 'slot_taken', 'That time was just taken.', 'Ask for slots again and choose another.'
    );
end;
$$;

/*
 * Nobody works then; of somebody who is away the hint names the colleague to go to, if they give
 * the service.
 *
 * Errors:  PT422 blocked_out
 */
create function scheduling.refuse_shut(leg scheduling.leg)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_absent record;
begin
    select
        resources.name,
        stand_ins.id as stand_in_id,
        stand_ins.name as stand_in_name
    into v_absent
    from catalog.blocked_periods
    inner join catalog.resources on resources.id = blocked_periods.resource_id
    inner join catalog.resources as stand_ins on stand_ins.id = blocked_periods.stand_in_id
    inner join catalog.service_resources
        on
            service_resources.service_id = leg.service_id
            and service_resources.resource_id = stand_ins.id
    where
        blocked_periods.business_id = leg.business_id
        and blocked_periods.resource_id = leg.resource_id
        and blocked_periods.during && tstzrange(leg.starts_at, leg.ends_at)
        and stand_ins.is_active
    order by lower(blocked_periods.during), blocked_periods.id
    limit 1;
    if v_absent.stand_in_id is not null then
        perform private.refuse(
            'PT422', 'blocked_out', format('%s is away at that time.', v_absent.name),
            format(
                'Ask for %s instead (resource_id %s), or choose another time.',
                v_absent.stand_in_name, v_absent.stand_in_id
            )
        );
    end if;
    perform private.refuse(
        'PT422', 'blocked_out', 'The business takes no bookings at that time.',
        'Ask for slots and choose one of them.'
    );
end;
$$;

/*
 * Say why a service cannot be had at an instant.
 *
 * Errors:  PT409 slot_taken · PT422 not_eligible too_soon too_far outside_hours blocked_out
 *          limit_reached
 */
create function scheduling.refuse_start(leg scheduling.leg, except_booking_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.bookable_service(leg.service_id);
    v_time_zone text;
    v_needs scheduling.need[] = array(
        select need from scheduling.needs(leg.service_id, leg.resource_id, leg.party_size) as need
    );
    v_hours record;
    v_limit catalog.booking_limits;
begin
    select businesses.time_zone into v_time_zone
    from business.businesses
    where businesses.id = leg.business_id;

    if v_needs = '{}' and leg.resource_id is not null then
        perform private.refuse(
            'PT422', 'not_eligible', 'That resource does not give this service.',
            'Read service_resources for those that do, or leave resource_id out.'
        );
    end if;
    perform scheduling.refuse_date(leg, v_service, v_time_zone);
    v_hours = case
        when leg.is_class then scheduling.is_in_session(leg)
        else scheduling.is_in_hours(leg, v_service, v_needs)
    end;
    if not v_hours.in_hours then
        perform private.refuse(
            'PT422', 'outside_hours', 'This service does not start at that time.',
            'Ask for slots and choose one of them.'
        );
    end if;
    if not v_hours.not_shut then
        perform scheduling.refuse_shut(leg);
    end if;
    v_limit = scheduling.passed_limit(leg, v_needs, except_booking_id);
    if v_limit.id is not null then
        perform scheduling.refuse_limit(v_limit);
    end if;
    perform scheduling.refuse_taken();
end;
$$;

-- sql/40_scheduling/functions/4_assign.sql

-- Who gives a service that was booked without naming anybody. In this order: whom the customer
-- prefers or had last, where the service says so; the highest priority; the least busy for their
-- weight; then position, name and id. The same question always has the same answer.

/*
 * How much each of some resources has to do: the allocations that begin in a period and take their
 * time, holds included until they run out, and `with_requests` also those that wait without taking
 * it. `made_before` leaves out what was booked later. One booking may be left out.
 */
create function scheduling.loads(
    resource_ids uuid[],
    during tstzrange,
    with_requests boolean,
    except_booking_id uuid,
    made_before timestamptz default null
)
returns table (resource_id uuid, load bigint)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select
        resources.id,
        taken.count + case when loads.with_requests then (
            select count(*)
            from catalog.resources as asked
            inner join scheduling.booking_items
                on
                    booking_items.business_id = asked.business_id
                    and booking_items.resource_id = asked.id
            inner join catalog.services on services.id = booking_items.service_id
            inner join scheduling.bookings on bookings.id = booking_items.booking_id
            where
                asked.id = resources.id
                and loads.during @> booking_items.starts_at
                and booking_items.cancelled_at is null
                and not services.is_blocked_by_pending
                and bookings.status = 'pending'
                and bookings.id is distinct from loads.except_booking_id
                and (loads.made_before is null or bookings.created_at < loads.made_before)
        ) else 0 end
    from unnest(loads.resource_ids) as resources (id)
    cross join lateral (
        select count(*) as count
        from scheduling.allocations
        where
            allocations.resource_id = resources.id
            and lower(allocations.during) >= lower(loads.during)
            and lower(allocations.during) < upper(loads.during)
            and allocations.is_blocking
            and (allocations.expires_at is null or allocations.expires_at > v_now)
            and coalesce(allocations.booking_id <> loads.except_booking_id, true)
            and (
                loads.made_before is null
                or exists (
                    select 1
                    from scheduling.bookings
                    where
                        bookings.id = allocations.booking_id
                        and bookings.created_at < loads.made_before
                )
            )
    ) as taken;
end;
$$;

/*
 * How busy each of some resources is for its weight in the pool of a service, in the thirty days
 * around a start. Who joined the pool in the last thirty days, and later than others, counts as
 * having been as busy as those were till then, for its weight: nobody new is flooded.
 */
create function scheduling.weighted_loads(
    leg scheduling.leg, resource_ids uuid[], except_booking_id uuid
)
returns table (resource_id uuid, load double precision)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_month constant interval = '30 days';
    v_now timestamptz = private.now();
    v_during tstzrange = tstzrange(leg.starts_at - v_month / 2, leg.starts_at + v_month / 2);
    v_with_requests boolean = leg.requires_confirmation and not leg.is_blocked_by_pending;
begin
    return query
    select
        loads.resource_id,
        loads.load::double precision / pool.weight + case
            when pool.joined_at > greatest(
                v_now - v_month,
                (
                    select min(service_resources.joined_at)
                    from catalog.service_resources
                    where service_resources.service_id = leg.service_id
                )
            ) then
                (
                    select coalesce(sum(earlier.load)::double precision / sum(others.weight), 0)
                    from catalog.service_resources as others
                    inner join catalog.resources on resources.id = others.resource_id
                    cross join lateral scheduling.loads(
                        array[others.resource_id], v_during, v_with_requests, except_booking_id,
                        pool.joined_at
                    ) as earlier
                    where
                        others.service_id = leg.service_id
                        and others.pool = pool.pool
                        and others.mode = 'any'
                        and others.joined_at < pool.joined_at
                        and resources.is_active
                )
            else 0
        end
    from scheduling.loads(
        weighted_loads.resource_ids, v_during, v_with_requests, except_booking_id
    ) as loads
    inner join catalog.service_resources as pool
        on pool.service_id = leg.service_id and pool.resource_id = loads.resource_id;
end;
$$;

/*
 * Whom the customer of a booking knows: whom they prefer in this business, and who gave the last
 * completed item of theirs that anybody who gives this service gave.
 */
create function scheduling.known_resources(
    leg scheduling.leg, customer_id uuid, out preferred_id uuid, out past_id uuid
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if leg.resource_id is not null or customer_id is null or not exists (
        select 1
        from catalog.services
        where services.id = leg.service_id and services.prefers_known_staff
    ) then
        return;
    end if;
    select preferred_resources.resource_id into preferred_id
    from scheduling.preferred_resources
    where
        preferred_resources.customer_id = known_resources.customer_id
        and preferred_resources.business_id = leg.business_id;
    select booking_items.resource_id into past_id
    from scheduling.bookings
    inner join scheduling.booking_items
        on
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
    inner join catalog.service_resources
        on
            service_resources.service_id = leg.service_id
            and service_resources.resource_id = booking_items.resource_id
    where
        bookings.customer_id = known_resources.customer_id
        and bookings.business_id = leg.business_id
        and bookings.status = 'completed'
    order by bookings.starts_at desc, booking_items.position desc
    limit 1;
end;
$$;

/*
 * Candidates without those who have reached their limit meanwhile. Who is named stays: of them the
 * refusal says so.
 */
create function scheduling.not_limited(
    candidates scheduling.candidate[], leg scheduling.leg, booking scheduling.bookings
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_limits catalog.booking_limits[] = array(
        select booking_limits
        from catalog.booking_limits
        where
            booking_limits.business_id = leg.business_id
            and booking_limits.resource_id in (
                select candidate.id from unnest(candidates) as candidate
            )
            and booking_limits.resource_id is distinct from leg.resource_id
    );
begin
    if v_limits = '{}' then
        return candidates;
    end if;
    return array(
        select candidate
        from unnest(candidates) as candidate
        where candidate.id not in (
            select limit_use.resource_id
            from scheduling.limit_use(
                v_limits,
                tstzrange(leg.starts_at, leg.starts_at, '[]'),
                scheduling.booker_of(booking.id),
                null
            ) as limit_use
            where limit_use.is_full or limit_use.minutes_left < leg.minutes
        )
    );
end;
$$;

/*
 * Pool by pool, who has enough free places for a leg, in the order in which they are to be asked.
 * Loads are counted only where there is a choice.
 */
create function scheduling.choose(
    leg scheduling.leg, offers scheduling.offer[], during tstzrange, booking scheduling.bookings
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_candidates scheduling.candidate[] = scheduling.candidates(leg, offers, during, booking.id);
begin
    if cardinality(v_candidates) < 2 then
        return v_candidates;
    end if;
    return scheduling.ranked(
        scheduling.not_limited(v_candidates, leg, booking), leg, booking
    );
end;
$$;

/*
 * Of some offers those with enough free places for a leg: who might give it.
 */
create function scheduling.candidates(
    leg scheduling.leg, offers scheduling.offer[], during tstzrange, except_booking_id uuid
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return array(
        select
            row(
                offer.id,
                offer.pool,
                offer.is_leading,
                places.units,
                offer.rank,
                service_resources.priority,
                count(*) over (partition by offer.pool),
                case when offer.id = leg.resource_id then 'customer' else 'only' end
            )::scheduling.candidate
        from unnest(candidates.offers) as offer
        inner join catalog.service_resources
            on
                service_resources.service_id = leg.service_id
                and service_resources.resource_id = offer.id
        cross join lateral (
            select array_agg(numbers.unit) as units
            from (
                select numbers.unit
                from generate_series(1, offer.capacity) as numbers (unit)
                where not exists (
                    select 1
                    from scheduling.allocations
                    where
                        allocations.resource_id = offer.id
                        and allocations.unit = numbers.unit
                        and allocations.during && candidates.during
                        and allocations.is_blocking
                        and (allocations.expires_at is null or allocations.expires_at > v_now)
                        and coalesce(allocations.booking_id <> candidates.except_booking_id, true)
                )
                order by numbers.unit
                limit offer.units
            ) as numbers
        ) as places
        where cardinality(places.units) = offer.units
    );
end;
$$;

/*
 * Candidates in the order in which they are to be asked, pool by pool, and why they stand there.
 */
create function scheduling.ranked(
    candidates scheduling.candidate[], leg scheduling.leg, booking scheduling.bookings
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_known record = scheduling.known_resources(leg, booking.customer_id);
    v_rivals uuid[] = array(
        select candidate.id from unnest(candidates) as candidate where candidate.rival_count > 1
    );
begin
    return array(
        select
            row(
                candidate.id,
                candidate.pool,
                candidate.is_leading,
                candidate.free_units,
                candidate.rank,
                candidate.priority,
                candidate.rival_count,
                case
                    when known.reason is not null then known.reason
                    when candidate.rival_count = 1 then candidate.reason
                    when candidate.priority > all(
                        select rivals.priority
                        from unnest(candidates) as rivals
                        where rivals.pool = candidate.pool and rivals.id <> candidate.id
                    ) then 'priority'
                    else 'load'
                end
            )::scheduling.candidate
        from unnest(candidates) as candidate
        left join scheduling.weighted_loads(leg, v_rivals, booking.id) as loads
            on loads.resource_id = candidate.id
        cross join lateral (
            select
                case candidate.id
                    when v_known.preferred_id then 'preferred'
                    when v_known.past_id then 'past'
                end::scheduling.assignment_reason as reason
        ) as known
        order by
            candidate.pool, known.reason, candidate.priority desc, loads.load, candidate.rank
    );
end;
$$;

-- sql/40_scheduling/functions/4_take.sql

-- How time is taken: in one order, under a lock for each resource, and checked again under it.
--
-- A bare insert into the exclusion constraint would be just as safe, but two that race wait for
-- each other and may deadlock (docs/adr/0003-contention.md). So whoever takes or gives time first
-- locks the resources in question, always in the order of their keys, and finds the constraint
-- satisfied.

/*
 * Queue up for resources and limited services, in one order everywhere, until the transaction ends.
 */
create function scheduling.lock(ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_key bigint;
begin
    for v_key in
        select distinct hashtextextended(locked.id::text, 0) as key
        from unnest(lock.ids) as locked (id)
        order by key
    loop
        perform pg_advisory_xact_lock(v_key);
    end loop;
end;
$$;

/*
 * Does a booking in this status take its time from others?
 */
create function scheduling.is_blocking(
    status scheduling.booking_status, is_blocked_by_pending boolean
)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return status in ('held', 'pending_payment', 'confirmed', 'checked_in', 'completed')
        or status = 'pending' and is_blocked_by_pending;
end;
$$;

/*
 * Release the holds that ran out and still stand in the way, as the next one who wants their time.
 */
create function scheduling.release_expired(resource_ids uuid[], during tstzrange)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
    v_ids uuid[] = array(
        select distinct allocations.booking_id
        from unnest(release_expired.resource_ids) as resources (id)
        inner join scheduling.allocations on allocations.resource_id = resources.id
        where
            allocations.during && release_expired.during
            and allocations.is_blocking
            and allocations.expires_at <= v_now
    );
begin
    perform scheduling.expire(v_ids);
end;
$$;

/*
 * Write down that holds have run out, those of the bookings that have. In the order of their ids,
 * as every function that changes several bookings.
 */
create function scheduling.expire(booking_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
begin
    if booking_ids = '{}' then
        return;
    end if;
    update scheduling.bookings
    set status = 'expired'
    where bookings.id in (
        select expired.id
        from scheduling.bookings as expired
        where
            expired.id = any(expire.booking_ids)
            and expired.status in ('held', 'pending_payment')
            and expired.hold_expires_at <= v_now
        order by expired.id
        for update
    );
end;
$$;

/*
 * Take the time of one item of a booking from one resource of each pool, under the lock: of the
 * candidates the first who still has it. Where the item before it has the same resource there are
 * no buffers between the two: they meet at this item's start. Gives the resource that leads, and
 * why it does.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.take(
    leg scheduling.leg,
    offers scheduling.offer[],
    booking scheduling.bookings,
    item_id uuid,
    out resource_id uuid,
    out reason scheduling.assignment_reason
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_during tstzrange = tstzrange(leg.starts_at - leg.before, leg.ends_at + leg.after);
    v_pools integer = (select count(distinct offer.pool) from unnest(offers) as offer);
    v_served text[] = '{}';
    v_candidate scheduling.candidate;
begin
    if leg.is_class then
        resource_id = scheduling.take_seats(leg, offers, booking, item_id);
        reason = case
            when resource_id is null then null
            when resource_id = leg.resource_id then 'customer'
            when cardinality(offers) = 1 then 'only'
            else 'load'
        end;
        return;
    end if;
    perform scheduling.release_expired(
        array(select offer.id from unnest(offers) as offer), v_during
    );
    foreach v_candidate in array scheduling.choose(leg, offers, v_during, booking) loop
        continue when v_candidate.pool = any(v_served);
        continue when not scheduling.allocate(
            leg, booking, item_id, v_candidate.id, v_candidate.free_units
        );
        v_served = v_served || v_candidate.pool;
        if v_candidate.is_leading then
            resource_id = v_candidate.id;
            reason = v_candidate.reason;
        end if;
    end loop;
    if cardinality(v_served) < v_pools then
        perform scheduling.refuse_taken();
    end if;
end;
$$;

/*
 * Write the time that one item takes from one resource. False, and nothing taken, when somebody
 * else has it: a writer without our lock conflicts here and wins all the same.
 */
create function scheduling.allocate(
    leg scheduling.leg,
    booking scheduling.bookings,
    item_id uuid,
    resource_id uuid,
    units integer[]
)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_from timestamptz = leg.starts_at - leg.before;
    v_reach timestamptz;
    v_count integer;
begin
    select max(upper(allocations.during)) into v_reach
    from scheduling.allocations
    where
        allocations.business_id = booking.business_id
        and allocations.booking_id = booking.id
        and allocations.resource_id = allocate.resource_id
        and upper(allocations.during) > v_from;
    if v_reach is not null then
        perform scheduling.stretch(booking, allocate.resource_id, v_reach, leg.starts_at);
        v_from = leg.starts_at;
    end if;

    insert into scheduling.allocations (
        business_id, booking_id, booking_item_id, resource_id, unit, during, is_blocking, expires_at
    )
    select
        booking.business_id,
        booking.id,
        item_id,
        allocate.resource_id,
        chosen.unit,
        tstzrange(v_from, leg.ends_at + leg.after),
        scheduling.is_blocking(booking.status, leg.is_blocked_by_pending),
        case when booking.status in ('held', 'pending_payment') then booking.hold_expires_at end
    from unnest(units) as chosen (unit)
    on conflict do nothing;
    get diagnostics v_count = row_count;
    if v_count < cardinality(units) then
        delete from scheduling.allocations
        where
            allocations.business_id = booking.business_id
            and allocations.booking_id = booking.id
            and allocations.booking_item_id = item_id
            and allocations.resource_id = allocate.resource_id;
        if v_reach is not null then
            perform scheduling.stretch(booking, allocate.resource_id, leg.starts_at, v_reach);
        end if;
        return false;
    end if;
    return true;
end;
$$;

/*
 * What a booking takes from a resource until one moment, it takes until another.
 */
create function scheduling.stretch(
    booking scheduling.bookings, resource_id uuid, from_end timestamptz, to_end timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update scheduling.allocations
    set during = tstzrange(lower(allocations.during), stretch.to_end)
    where
        allocations.business_id = booking.business_id
        and allocations.booking_id = booking.id
        and allocations.resource_id = stretch.resource_id
        and upper(allocations.during) = stretch.from_end;
end;
$$;

-- sql/40_scheduling/functions/5_place.sql

-- How a booking comes to be, moves to another time, and takes its next step.

/*
 * A reference that people can read out: 8 characters without look-alikes.
 */
create function scheduling.new_reference()
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_letters constant text = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
    v_bytes constant bytea = sha256(uuid_send(gen_random_uuid()));
begin
    return (
        select string_agg(substr(v_letters, 1 + get_byte(v_bytes, position) % 31, 1), '')
        from generate_series(0, 7) as position
    );
end;
$$;

/*
 * Who could give each leg at its start. Refuses, with the reason, when nobody can.
 *
 * Errors:  PT409 slot_taken · PT422 not_eligible too_soon too_far outside_hours blocked_out
 *          limit_reached
 */
create function scheduling.offers_of(leg scheduling.leg, except_booking_id uuid default null)
returns scheduling.offer[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_offers scheduling.offer[];
begin
    if scheduling.is_plainly_taken(leg, except_booking_id) then
        perform scheduling.refuse_taken();
    end if;
    v_offers = array(
        select offer
        from scheduling.offers(
            leg.service_id,
            tstzmultirange(tstzrange(leg.starts_at, leg.starts_at, '[]')),
            leg.resource_id,
            leg.party_size,
            leg.minutes,
            except_booking_id
        ) as offer
    );
    if v_offers = '{}' then
        perform scheduling.refuse_start(leg, except_booking_id);
    end if;
    return v_offers;
end;
$$;

/*
 * The limits that concern some legs, those who could give them, and whose booking it is: the one
 * that is about to move, or the caller's.
 */
create function scheduling.limits_for(
    legs scheduling.leg[], offers scheduling.offer[], booking_id uuid
)
returns catalog.booking_limits[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not scheduling.has_limits(legs[1].business_id) then
        return '{}';
    end if;
    return scheduling.limits_of(
        legs[1].business_id,
        array(select leg.service_id from unnest(legs) as leg),
        array(select offer.id from unnest(offers) as offer),
        scheduling.booker_of(booking_id)
    );
end;
$$;

/*
 * Queue up for all that some legs may take, and for what limits them. Gives the limits, to be asked
 * of what was written. A booking that is about to move is left out.
 */
create function scheduling.lock_for(
    legs scheduling.leg[], offers scheduling.offer[], except_booking_id uuid
)
returns catalog.booking_limits[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_limits catalog.booking_limits[] = scheduling.limits_for(legs, offers, except_booking_id);
begin
    perform scheduling.lock(
        array(select coalesce(offer.session_id, offer.id) from unnest(offers) as offer)
        || scheduling.subjects(v_limits, except_booking_id)
        || array(select leg.private_link_id from unnest(legs) as leg where leg.private_link_id is not null)
    );
    return v_limits;
end;
$$;

/*
 * Write the head of a booking: for a customer, or for nobody yet; a hold until some moment, or for
 * good. A reference that is already somebody's is drawn again.
 */
create function scheduling.write_booking(
    legs scheduling.leg[],
    quote jsonb,
    notes text,
    hold_until timestamptz,
    series_id uuid,
    customer identity.profiles
)
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    loop
        insert into scheduling.bookings (
            business_id, customer_id, series_id, reference, status, starts_at, ends_at, time_zone,
            party_size, currency, total_minor, quote, policy, customer_name, customer_email, customer_phone,
            notes, hold_expires_at, created_at, updated_at
        )
        select
            businesses.id,
            customer.id,
            write_booking.series_id,
            scheduling.new_reference(),
            case
                when hold_until is not null then 'held'
                when (select bool_or(leg.requires_confirmation) from unnest(legs) as leg) then 'pending'
                else 'confirmed'
            end::scheduling.booking_status,
            legs[1].starts_at,
            legs[cardinality(legs)].ends_at,
            businesses.time_zone,
            legs[1].party_size,
            legs[1].currency,
            (quote ->> 'total_minor')::bigint,
            quote,
            scheduling.policy_of(legs[1].service_id),
            customer.full_name,
            customer.email,
            customer.phone,
            write_booking.notes,
            write_booking.hold_until,
            private.now(),
            private.now()
        from business.businesses
        where businesses.id = legs[1].business_id
        on conflict (reference) do nothing
        returning bookings.* into v_booking;
        exit when found;
    end loop;
    return v_booking;
end;
$$;

/*
 * Place a booking of the caller.
 * Definer: customers have no insert privilege, so nobody chooses their own price, status or time.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 slot_taken not_bookable link_expired
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached
 *          coupon_invalid
 */
create function scheduling.place(
    wishes scheduling.wish[], coupon_code text, notes text, is_hold boolean
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return scheduling.place_for(scheduling.caller(), wishes, coupon_code, notes, is_hold);
end;
$$;

/*
 * The caller, as customers are written into bookings.
 *
 * Errors:  PT401 not_signed_in
 */
create function scheduling.caller()
returns identity.profiles
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = private.signed_in_user();
    v_customer identity.profiles;
begin
    select profiles.* into strict v_customer
    from identity.profiles
    where profiles.id = v_user_id;
    return v_customer;
end;
$$;

/*
 * Write a booking of somebody, with or without an account, its items and the time that they take:
 * all or nothing.
 *
 * Errors:  those of scheduling.place but not_signed_in
 */
create function scheduling.place_for(
    customer identity.profiles,
    wishes scheduling.wish[],
    coupon_code text,
    notes text,
    is_hold boolean
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_legs scheduling.leg[];
    v_offers scheduling.offer[] = '{}';
    v_quote jsonb;
begin
    v_legs = scheduling.legs(wishes);
    for v_index in 1 .. cardinality(wishes) loop
        v_legs[v_index].answers = scheduling.answered(
            v_legs[v_index].service_id, v_legs[v_index].answers
        );
        v_offers = v_offers || scheduling.offers_of(v_legs[v_index]);
    end loop;
    v_quote = pricing.quote(v_legs, coupon_code, 0);
    return scheduling.write(
        v_legs, v_offers, scheduling.lock_for(v_legs, v_offers, null), v_quote, notes, is_hold, null,
        customer
    );
end;
$$;

/*
 * Write a booking of some legs, which these could give, under the locks of scheduling.lock_for,
 * whose limits are asked again.
 *
 * Errors:  PT409 slot_taken link_expired · PT422 limit_reached
 */
create function scheduling.write(
    legs scheduling.leg[],
    offers scheduling.offer[],
    limits catalog.booking_limits[],
    quote jsonb,
    notes text,
    is_hold boolean,
    series_id uuid,
    customer identity.profiles
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count integer = cardinality(legs);
    v_hold_until timestamptz = case
        when is_hold then private.now() + make_interval(
            mins => (select min(leg.hold_minutes) from unnest(legs) as leg)
        )
    end;
    v_booking scheduling.bookings;
begin
    perform scheduling.refuse_links_over(legs);
    v_booking = scheduling.write_booking(legs, quote, notes, v_hold_until, series_id, customer);
    for v_index in 1 .. v_count loop
        perform scheduling.write_item(
            v_booking, legs, v_index, case v_count when 1 then offers end
        );
    end loop;
    perform scheduling.refuse_passed(v_booking, limits);
    return v_booking.id;
end;
$$;

/*
 * Write one item of a booking, and take its time. `offers` are those of the leg, when already
 * known.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.write_item(
    booking scheduling.bookings, legs scheduling.leg[], index integer, offers scheduling.offer[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_leg scheduling.leg = legs[index];
    v_item_id uuid = gen_random_uuid();
    v_taken record;
begin
    insert into scheduling.booking_items (
        id, business_id, booking_id, position, service_id, resource_id, starts_at, ends_at,
        duration_minutes, price_minor, service_name, addons, assigned_by, answers,
        private_link_id
    )
    values (
        v_item_id, v_leg.business_id, booking.id, index, v_leg.service_id, v_leg.resource_id,
        v_leg.starts_at, v_leg.ends_at, v_leg.minutes,
        (booking.quote -> 'lines' -> (index - 1) ->> 'amount_minor')::bigint,
        v_leg.service_name, v_leg.addons,
        case when v_leg.resource_id is not null then 'customer' end::scheduling.assignment_reason,
        v_leg.answers,
        v_leg.private_link_id
    );
    v_taken = scheduling.take(
        v_leg,
        coalesce(offers, scheduling.offers_of(v_leg, booking.id)),
        booking,
        v_item_id
    );
    if v_taken.resource_id is distinct from v_leg.resource_id then
        update scheduling.booking_items
        set resource_id = v_taken.resource_id, assigned_by = v_taken.reason
        where booking_items.id = v_item_id;
    end if;
end;
$$;

-- sql/40_scheduling/functions/6_calendars.sql

-- Calendar feeds: who may make them, and how they end. What they show is in 6_feeds.sql.

/*
 * Make a feed: of a resource, of a business, or of the caller's own bookings.
 * Definer: nobody has a write grant on feeds; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 already_exists
 */
create function scheduling.create_calendar_feed(business_id uuid, resource_id uuid, token text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.signed_in_user();
    v_business_id uuid = scheduling.business_of_feed(business_id, resource_id);
    v_id uuid;
begin
    if v_business_id is not null then
        perform private.require_member(
            v_business_id, case when resource_id is null then 'manage' else 'serve' end
        );
    end if;
    insert into scheduling.calendar_feeds (user_id, business_id, resource_id, token_hash)
    values (v_user_id, v_business_id, resource_id, business.token_hash(token))
    on conflict on constraint calendar_feeds_one_each do nothing
    returning calendar_feeds.id into v_id;
    if v_id is null then
        perform private.refuse(
            'PT409', 'already_exists', 'You have this feed already.',
            'Rotate it to get a new address.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * The business that a feed is of: the one named, or that of the resource; null for neither. A
 * resource that the caller cannot see does not exist for them.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.business_of_feed(business_id uuid, resource_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = (
        select resources.business_id
        from catalog.resources
        where
            resources.id = business_of_feed.resource_id
            and resources.business_id = coalesce(
                business_of_feed.business_id, resources.business_id
            )
            and (
                business.is_open(resources.business_id)
                or resources.business_id in (select private.my_businesses('view'))
            )
    );
begin
    if resource_id is not null and v_business_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such resource.',
            'Read resources for those of the business.'
        );
    end if;
    return coalesce(v_business_id, business_id);
end;
$$;

/*
 * Exchange the token of the caller's feed: the old address is gone at once.
 * Definer: as scheduling.create_calendar_feed.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.rotate_calendar_feed(feed_id uuid, token text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update scheduling.calendar_feeds
    set token_hash = business.token_hash(token), rotated_at = private.now()
    where calendar_feeds.id = feed_id and calendar_feeds.user_id = private.signed_in_user();
    if not found then
        perform scheduling.refuse_feed();
    end if;
end;
$$;

/*
 * End a feed: one's own, or one of a business that one manages.
 * Definer: as scheduling.create_calendar_feed.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.delete_calendar_feed(feed_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not private.is_operator() then
        perform private.signed_in_user();
    end if;
    delete from scheduling.calendar_feeds
    where
        calendar_feeds.id = feed_id
        and (
            calendar_feeds.user_id = auth.uid()
            or calendar_feeds.business_id in (select private.my_businesses('manage'))
            or private.is_operator()
        );
    if not found then
        perform scheduling.refuse_feed();
    end if;
end;
$$;

/*
 * Errors:  PT404 not_found
 */
create function scheduling.refuse_feed()
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT404', 'not_found', 'There is no such feed.', 'Read calendar_feeds for those that are yours.'
    );
end;
$$;

/*
 * May whoever made a feed still see what it shows? The roles are those with the permissions that
 * scheduling.create_calendar_feed asks for.
 */
create function scheduling.is_feed_alive(feed scheduling.calendar_feeds)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from auth.users
        where
            users.id = feed.user_id
            and (users.banned_until is null or users.banned_until <= private.now())
    ) and (
        feed.business_id is null
        or exists (
            select 1
            from business.business_members
            where
                business_members.business_id = feed.business_id
                and business_members.user_id = feed.user_id
                and (
                    business_members.role in ('owner', 'manager')
                    or feed.resource_id is not null and business_members.role = 'staff'
                )
        )
    );
end;
$$;

-- sql/40_scheduling/functions/6_entries.sql

-- What calendars show of bookings, in feeds and in mails. An entry keeps its key for ever, and its
-- sequence grows with every step.

/*
 * Bookings in the words of a calendar: what each is of and who gives it; how often it has changed,
 * which is the SEQUENCE of its entries; and its status there: confirmed, tentative while it waits,
 * cancelled for two weeks after it was called off; null: not there. A hold that nobody completed
 * never was an appointment.
 */
create function scheduling.calendar_facts(booking_ids uuid[])
returns table (
    booking_id uuid, service_names text, staff_names text, sequence bigint, status text
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_told_since timestamptz = private.now() - interval '14 days';
begin
    return query
    select
        bookings.id,
        coalesce(names.service_names, ''),
        names.staff_names,
        steps.sequence,
        case
            when bookings.status in ('confirmed', 'checked_in', 'completed', 'no_show')
                then 'confirmed'
            when bookings.status in ('pending', 'pending_payment') then 'tentative'
            when bookings.status in ('cancelled', 'rejected', 'expired')
                and steps.was_wanted
                and bookings.updated_at > v_told_since then 'cancelled'
        end
    from scheduling.bookings
    cross join lateral (
        select
            string_agg(booking_items.service_name, ', ' order by booking_items.position)
                as service_names,
            string_agg(distinct resources.name, ', ') filter (where resources.kind = 'staff')
                as staff_names
        from scheduling.booking_items
        left join catalog.resources on resources.id = booking_items.resource_id
        where
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
            and booking_items.cancelled_at is null
    ) as names
    cross join lateral (
        select
            count(*) as sequence,
            bool_or(booking_history.to_status in ('pending', 'pending_payment', 'confirmed'))
                as was_wanted
        from scheduling.booking_history
        where
            booking_history.business_id = bookings.business_id
            and booking_history.booking_id = bookings.id
    ) as steps
    where bookings.id = any(booking_ids);
end;
$$;

-- sql/40_scheduling/functions/6_feeds.sql

-- What is in a feed, for whoever knows its token.

/*
 * The bookings of a feed that start in a period, with the time that each has there: in a resource's
 * feed that of the resource's items. A booking that was called off stays with whoever led it.
 * Businesses and resources see classes as sessions, not as one booking for each guest.
 */
create function scheduling.feed_times(feed scheduling.calendar_feeds, during tstzrange)
returns table (booking_id uuid, starts_at timestamptz, ends_at timestamptz)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if feed.resource_id is null then
        return query
        select bookings.id, bookings.starts_at, bookings.ends_at
        from scheduling.bookings
        where
            feed.business_id is null
            and bookings.customer_id = feed.user_id
            and bookings.starts_at >= lower(feed_times.during)
            and bookings.starts_at < upper(feed_times.during)
        union all
        select bookings.id, bookings.starts_at, bookings.ends_at
        from scheduling.bookings
        where
            bookings.business_id = feed.business_id
            and bookings.starts_at >= lower(feed_times.during)
            and bookings.starts_at < upper(feed_times.during)
            and (
                not exists (
                    select 1
                    from scheduling.seats
                    where
                        seats.business_id = bookings.business_id
                        and seats.booking_id = bookings.id
                )
                or exists (
                    select 1
                    from scheduling.allocations
                    where
                        allocations.business_id = bookings.business_id
                        and allocations.booking_id = bookings.id
                )
            );
        return;
    end if;
    return query
    with items as (
        select booking_items.id
        from scheduling.booking_items
        where
            booking_items.business_id = feed.business_id
            and booking_items.resource_id = feed.resource_id
            and booking_items.cancelled_at is null
            and booking_items.starts_at >= lower(feed_times.during)
            and booking_items.starts_at < upper(feed_times.during)
        union
        select allocations.booking_item_id
        from scheduling.allocations
        where
            allocations.resource_id = feed.resource_id
            and allocations.is_blocking
            and allocations.during && feed_times.during
    )

    select booking_items.booking_id, min(booking_items.starts_at), max(booking_items.ends_at)
    from items
    inner join scheduling.booking_items on booking_items.id = items.id
    where not exists (
        select 1
        from scheduling.seats
        where
            seats.business_id = booking_items.business_id
            and seats.booking_id = booking_items.booking_id
            and seats.booking_item_id = booking_items.id
    )
    group by booking_items.booking_id;
end;
$$;

/*
 * The bookings of a feed that start in a period, as entries. Customers read with whom, where and
 * what; businesses who and what, and nothing else about them.
 */
create function scheduling.feed_bookings(feed scheduling.calendar_feeds, during tstzrange)
returns setof jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with shown as (
        select times.* from scheduling.feed_times(feed, feed_bookings.during) as times
    )

    select
        jsonb_build_object(
            'id', bookings.id,
            'sequence', facts.sequence,
            'status', facts.status,
            'starts_at', shown.starts_at,
            'ends_at', shown.ends_at,
            'changed_at', bookings.updated_at,
            'reference', bookings.reference,
            'service_names', facts.service_names,
            'staff_names', case when feed.business_id is not null then facts.staff_names end,
            'party', case
                when feed.business_id is null then businesses.name
                else coalesce(bookings.customer_name, bookings.reference)
            end,
            'address', case
                when feed.business_id is null then business.address_of(businesses)
            end
        )
    from shown
    inner join scheduling.calendar_facts(array(select shown.booking_id from shown)) as facts
        on facts.booking_id = shown.booking_id
    inner join scheduling.bookings on bookings.id = shown.booking_id
    inner join business.businesses on businesses.id = bookings.business_id
    where facts.status is not null;
end;
$$;

/*
 * The sessions of classes of a feed that start in a period, as entries with how many seats are
 * taken; none for customers, who see their bookings. Sessions do not move.
 */
create function scheduling.feed_sessions(feed scheduling.calendar_feeds, during tstzrange)
returns setof jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        jsonb_build_object(
            'id', sessions.id,
            'sequence', 0,
            'status', 'confirmed',
            'starts_at', sessions.starts_at,
            'ends_at', sessions.ends_at,
            'changed_at', sessions.created_at,
            'reference', null,
            'service_names', services.name,
            'staff_names', case when resources.kind = 'staff' then resources.name end,
            'party', format('%s/%s', sessions.capacity - seats.free, sessions.capacity),
            'address', null
        )
    from scheduling.sessions
    inner join catalog.services on services.id = sessions.service_id
    left join catalog.resources on resources.id = sessions.resource_id
    cross join lateral scheduling.free_seats(
        sessions.business_id, sessions.id, sessions.capacity
    ) as seats (free)
    where
        sessions.business_id = feed.business_id
        and sessions.starts_at >= lower(feed_sessions.during)
        and sessions.starts_at < upper(feed_sessions.during)
        and (
            feed.resource_id is null
            or exists (
                select 1
                from scheduling.allocations
                where
                    allocations.business_id = sessions.business_id
                    and allocations.session_id = sessions.id
                    and allocations.resource_id = feed.resource_id
            )
        );
end;
$$;

/*
 * What programs call the calendar.
 */
create function scheduling.feed_name(feed scheduling.calendar_feeds)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select concat_ws(' · ', resources.name, businesses.name)
            from business.businesses
            left join catalog.resources
                on resources.business_id = businesses.id and resources.id = feed.resource_id
            where businesses.id = feed.business_id
        ),
        'Bookings'
    );
end;
$$;

/*
 * What a feed shows, to whoever knows its token: its name, and its entries from 30 days ago to a
 * year ahead. Null: there is no such feed, or no longer.
 * Definer: the edge may call functions only; the token is the proof.
 */
create function scheduling.calendar_feed(token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_feed scheduling.calendar_feeds;
    v_during tstzrange = tstzrange(
        private.now() - interval '30 days', private.now() + interval '1 year'
    );
begin
    select calendar_feeds.* into v_feed
    from scheduling.calendar_feeds
    where calendar_feeds.token_hash = business.token_hash(calendar_feed.token);
    if v_feed.id is null or not scheduling.is_feed_alive(v_feed) then
        return null;
    end if;
    return (
        with entries as (
            select shown.entry from scheduling.feed_bookings(v_feed, v_during) as shown (entry)
            union all
            select shown.entry from scheduling.feed_sessions(v_feed, v_during) as shown (entry)
        )

        select jsonb_build_object(
            'name', scheduling.feed_name(v_feed),
            'entries', coalesce(
                jsonb_agg(entries.entry order by entries.entry ->> 'starts_at', entries.entry ->> 'id'),
                '[]'
            )
        )
        from entries
    );
end;
$$;

-- sql/40_scheduling/functions/6_steps.sql

-- The steps of a booking that exists. Each locks the resources first and the booking second, as the
-- functions that take time do; then it looks at the booking again and writes once.

/*
 * As whom the caller may act on a booking: its customer, who may be a guest whose code was right,
 * its business, or the system.
 * Definer: asked in triggers of rows that the caller may change but not read.
 */
create function scheduling.actors(booking scheduling.bookings)
returns scheduling.actor_kind[]
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return array_remove(array[
        case
            when booking.business_id in (select private.my_businesses('serve')) then 'business'
        end::scheduling.actor_kind,
        case
            when booking.customer_id = auth.uid()
                or booking.customer_id is null and scheduling.is_proven(booking.id) then 'customer'
        end::scheduling.actor_kind,
        case
            when private.is_operator() or session_user = 'worker' then 'system'
        end::scheduling.actor_kind
    ], null);
end;
$$;

/*
 * Lock a booking, with its resources, for whoever may act on it, and give it as it is now.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 changed_meanwhile
 */
create function scheduling.claim(
    booking_id uuid, as_actors scheduling.actor_kind[], other_ids uuid[]
)
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
    v_resource_ids uuid[] = scheduling.resources_of(claim.booking_id);
    v_actors scheduling.actor_kind[];
begin
    if not private.is_operator() and not scheduling.is_proven(claim.booking_id) then
        perform private.signed_in_user();
    end if;
    perform scheduling.lock(v_resource_ids || claim.other_ids);
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = claim.booking_id
    for update;
    v_actors = scheduling.actors(v_booking);

    if v_booking.id is null
        or v_actors = '{}'
        and v_booking.business_id not in (select private.my_businesses('view')) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such booking.',
            'Read bookings for those that you can see.'
        );
    end if;
    if not v_actors && (claim.as_actors || 'system'::scheduling.actor_kind) then
        perform private.refuse(
            'PT403', 'forbidden', 'You may see this booking, not do this with it.',
            'Ask the business to do it.'
        );
    end if;
    if scheduling.resources_of(claim.booking_id) <> v_resource_ids then
        perform private.refuse(
            'PT409', 'changed_meanwhile', 'Somebody just changed this booking.',
            'Read it again and decide anew.'
        );
    end if;
    return v_booking;
end;
$$;

/*
 * The resources that a booking takes, and the sessions in which it has seats, sorted.
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
 * A step that was due by itself has been taken, as far as anyone else is concerned, though no
 * worker has written it down yet.
 *
 * Errors:  PT409 hold_expired invalid_transition
 */
create function scheduling.refuse_overdue(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from scheduling.scheduled_transitions
        where
            scheduled_transitions.booking_id = booking.id
            and scheduled_transitions.from_status = booking.status
            and scheduled_transitions.due_at <= private.now()
    ) and booking.status is distinct from 'expired' then
        return;
    end if;
    if booking.hold_expires_at is not null then
        perform private.refuse(
            'PT409', 'hold_expired', 'The hold has run out.', 'Ask for slots again and book anew.'
        );
    end if;
    perform private.refuse(
        'PT409', 'invalid_transition', 'The request lapsed: its time has come.', 'Book another time.'
    );
end;
$$;

/*
 * Take a booking one step further. The transitions table and the triggers decide whether it exists
 * and who may take it. Asking for the status that a booking already has changes nothing. Definer:
 * nobody has update privileges on bookings; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition hold_expired slot_taken changed_meanwhile · PT422 too_soon
 */
create function scheduling.step(
    booking_id uuid,
    to_status scheduling.booking_status,
    as_actors scheduling.actor_kind[],
    reason text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings = scheduling.claim(step.booking_id, step.as_actors, '{}');
    v_to_status scheduling.booking_status = step.to_status;
begin
    if v_booking.status = v_to_status then
        return v_booking.id;
    end if;
    perform scheduling.refuse_overdue(v_booking);
    -- A customer who completes a hold of a service on request has made the request.
    if v_booking.status = 'held'
        and v_to_status = 'confirmed'
        and not scheduling.actors(v_booking) && array['business', 'system']::scheduling.actor_kind[]
        and scheduling.is_on_request(v_booking) then
        v_to_status = 'pending';
    end if;

    update scheduling.bookings
    set
        status = v_to_status,
        status_reason = step.reason,
        hold_expires_at = null
    where bookings.id = v_booking.id;
    if v_to_status in ('cancelled', 'rejected') then
        perform scheduling.offer_time_of(v_booking);
    end if;
    return v_booking.id;
end;
$$;

/*
 * Does any service of a booking wait for the business to confirm it?
 */
create function scheduling.is_on_request(booking scheduling.bookings)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.booking_items
        inner join catalog.services on services.id = booking_items.service_id
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
            and services.requires_confirmation
    );
end;
$$;

/*
 * Take the steps that were due by themselves: holds expire, requests lapse; what becomes free is
 * offered to those who wait. Gives how many were taken. Several workers may run it at once: each
 * skips what another is about to do. Definer: called by the worker, which has no access to the
 * tables.
 */
create function scheduling.apply_due_transitions(batch_size integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_bookings scheduling.bookings[];
    v_booking scheduling.bookings;
begin
    with due as (
        select
            bookings.id,
            scheduled_transitions.to_status
        from scheduling.scheduled_transitions
        inner join scheduling.bookings
            on
                bookings.id = scheduled_transitions.booking_id
                and bookings.status = scheduled_transitions.from_status
        where scheduled_transitions.due_at <= private.now()
        order by scheduled_transitions.due_at
        limit apply_due_transitions.batch_size
        for update of bookings skip locked
    ),

    taken as (
        update scheduling.bookings
        set status = due.to_status
        from due
        where bookings.id = due.id
        returning bookings.*
    )

    select coalesce(array_agg(taken::scheduling.bookings), '{}') into v_bookings
    from taken;
    foreach v_booking in array v_bookings loop
        perform scheduling.offer_time_of(v_booking);
    end loop;
    return cardinality(v_bookings);
end;
$$;

-- sql/40_scheduling/functions/7_move.sql

-- A booking at another time, or with another resource: one booking, one reference, one decision.

/*
 * The legs of a booking as they were agreed, moved so that the first starts at an instant, and with
 * another resource for one item: the first, or the one named. Lengths and prices are the booking's
 * own; buffers are the service's.
 */
create function scheduling.moved_legs(
    booking scheduling.bookings, starts_at timestamptz, resource_id uuid, item_id uuid
)
returns scheduling.leg[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_offset interval = moved_legs.starts_at - booking.starts_at;
begin
    return array(
        select
            row(
                booking.business_id,
                services.id,
                booking_items.service_name,
                booking_items.starts_at + v_offset,
                booking_items.ends_at + v_offset,
                booking_items.duration_minutes,
                make_interval(mins => services.buffer_before_minutes),
                make_interval(mins => services.buffer_after_minutes),
                case
                    when coalesce(
                        booking_items.id = moved_legs.item_id,
                        row_number() over (order by booking_items.position) = 1
                    ) then
                        coalesce(moved_legs.resource_id, booking_items.resource_id)
                    else booking_items.resource_id
                end,
                booking.party_size,
                booking.currency,
                booking_items.price_minor,
                booking_items.addons,
                services.requires_confirmation,
                services.is_blocked_by_pending,
                services.hold_minutes,
                services.is_class,
                booking_items.answers,
                null
            )::scheduling.leg
        from scheduling.booking_items
        inner join catalog.services on services.id = booking_items.service_id
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
        order by booking_items.position
    );
end;
$$;

/*
 * May the customer still move it? The policy that was stored with the booking says so; a business
 * always may.
 *
 * Errors:  PT409 invalid_transition · PT422 limit_reached too_late
 */
create function scheduling.refuse_move(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.refuse_overdue(booking);
    if booking.status not in ('pending_payment', 'pending', 'confirmed') then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This booking cannot be moved any more.', 'Book anew.'
        );
    end if;
    if scheduling.actors(booking) && array['business', 'system']::scheduling.actor_kind[] then
        return;
    end if;
    if booking.reschedule_count >= (booking.policy ->> 'reschedule_limit')::integer then
        perform private.refuse(
            'PT422', 'limit_reached', 'This booking was moved as often as its policy allows.',
            'Ask the business to move it.'
        );
    end if;
    if private.now() > booking.starts_at - make_interval(
        hours => (booking.policy ->> 'reschedule_until_hours')::integer
    ) then
        perform private.refuse(
            'PT422', 'too_late', 'It is too late to move this booking.', 'Ask the business to move it.'
        );
    end if;
end;
$$;

/*
 * An item that is named is one of the booking's.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.refuse_other_item(booking scheduling.bookings, item_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if item_id is not null and not exists (
        select 1
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.id = refuse_other_item.item_id
            and booking_items.cancelled_at is null
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such item of this booking.',
            'Read booking_items for those of the booking.'
        );
    end if;
end;
$$;

/*
 * Move a booking, keeping its reference, its price and its place in every limit. A resource is for
 * its first item, or for the one named.
 * Definer: nobody has update privileges on bookings; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken invalid_transition hold_expired changed_meanwhile not_bookable
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached too_late
 */
create function scheduling.move(
    booking_id uuid,
    starts_at timestamptz,
    resource_id uuid,
    as_actors scheduling.actor_kind[],
    reason text default null,
    item_id uuid default null
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
    v_legs scheduling.leg[];
    v_offers scheduling.offer[] = '{}';
    v_leg scheduling.leg;
    v_limits catalog.booking_limits[] = '{}';
    v_counts jsonb;
    v_left scheduling.bookings;
begin
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = move.booking_id;
    if v_booking.id is not null then
        v_legs = scheduling.moved_legs(
            v_booking,
            coalesce(move.starts_at, v_booking.starts_at),
            move.resource_id,
            move.item_id
        );
    end if;
    -- What the move may take is worked out before anything is locked, and only for who may move it.
    if v_booking.id is not null and scheduling.actors(v_booking) <> '{}' then
        perform scheduling.refuse_move(v_booking);
        perform scheduling.refuse_other_item(v_booking, move.item_id);
        foreach v_leg in array v_legs loop
            perform scheduling.open_service(v_leg.service_id);
            v_offers = v_offers || scheduling.offers_of(v_leg, v_booking.id);
        end loop;
        v_limits = scheduling.limits_for(v_legs, v_offers, v_booking.id);
    end if;
    v_booking = scheduling.claim(
        move.booking_id,
        move.as_actors,
        array(select coalesce(offer.session_id, offer.id) from unnest(v_offers) as offer)
        || scheduling.subjects(v_limits, move.booking_id)
    );
    perform scheduling.refuse_move(v_booking);
    v_left = v_booking;
    v_counts = scheduling.counts_of(v_booking, v_limits);
    v_booking = scheduling.write_move(v_booking, v_legs, v_offers, reason);
    perform scheduling.refuse_passed(v_booking, v_limits, v_counts);
    perform scheduling.offer_time_of(v_left);
    return v_booking.id;
end;
$$;

/*
 * Give back what a booking took, take the new time, and note the move. Gives the booking.
 * A customer who moves a booking of a service on request has made a new request.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.write_move(
    booking scheduling.bookings,
    legs scheduling.leg[],
    offers scheduling.offer[],
    reason text
)
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_is_by_business boolean
    = scheduling.actors(booking) && array['business', 'system']::scheduling.actor_kind[];
    v_booking scheduling.bookings = booking;
    v_item scheduling.booking_items;
    v_index integer = 0;
    v_taken record;
begin
    delete from scheduling.allocations
    where allocations.business_id = booking.business_id and allocations.booking_id = booking.id;
    delete from scheduling.seats
    where seats.business_id = booking.business_id and seats.booking_id = booking.id;

    update scheduling.bookings
    set
        starts_at = legs[1].starts_at,
        ends_at = legs[cardinality(legs)].ends_at,
        reschedule_count = bookings.reschedule_count + case when v_is_by_business then 0 else 1 end,
        reschedule_fee_minor = bookings.reschedule_fee_minor + case
            when v_is_by_business or legs[1].starts_at = booking.starts_at then 0
            else scheduling.reschedule_fee(booking, private.now())
        end,
        status_reason = write_move.reason,
        status = case
            when bookings.status = 'confirmed'
                and not v_is_by_business
                and scheduling.is_on_request(booking) then 'pending'
            else bookings.status
        end
    where bookings.id = booking.id
    returning bookings.* into v_booking;

    for v_item in
        select booking_items.*
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
        order by booking_items.position
    loop
        v_index = v_index + 1;
        v_taken = scheduling.take(
            legs[v_index],
            array(
                select offer
                from unnest(offers) as offer
                where offer.at = legs[v_index].starts_at
            ),
            v_booking,
            v_item.id
        );
        update scheduling.booking_items
        set
            starts_at = legs[v_index].starts_at,
            ends_at = legs[v_index].ends_at,
            resource_id = v_taken.resource_id,
            assigned_by = case
                when v_taken.resource_id is not distinct from booking_items.resource_id
                    then booking_items.assigned_by
                when v_taken.reason = 'customer' and v_is_by_business then 'business'
                else v_taken.reason
            end
        where booking_items.id = v_item.id;
        if v_taken.resource_id is distinct from v_item.resource_id then
            perform scheduling.write_reassignment(v_booking, v_item, v_taken.resource_id);
        end if;
    end loop;
    return v_booking;
end;
$$;

/*
 * Write down that somebody else gives an item of a booking.
 */
create function scheduling.write_reassignment(
    booking scheduling.bookings, item scheduling.booking_items, to_resource_id uuid
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into scheduling.booking_history (
        business_id, booking_id, from_status, to_status, from_starts_at, to_starts_at,
        actor, actor_id, reason, at, from_resource_id, to_resource_id
    )
    select
        booking.business_id,
        booking.id,
        booking.status,
        booking.status,
        item.starts_at,
        booking_items.starts_at,
        coalesce((scheduling.actors(booking))[1], 'system'),
        auth.uid(),
        booking.status_reason,
        private.now(),
        item.resource_id,
        write_reassignment.to_resource_id
    from scheduling.booking_items
    where booking_items.id = item.id;
end;
$$;

-- sql/40_scheduling/functions/8_fees.sql

-- What cancelling, moving late and not coming cost: worked out from the copy of the policy that the
-- booking keeps, and from nothing else. Hours are elapsed hours: a day is 24 of them, whatever the
-- clocks do.

/*
 * The cancellation policy that a booking of a service is made under: its own, or the business's
 * default, or the most lenient there is; with its tiers, the farthest first. Taken down with the
 * booking.
 */
create function scheduling.policy_of(service_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select
                to_jsonb(cancellation_policies) - array['business_id', 'is_default', 'created_at']
                || jsonb_build_object('tiers', tiers.tiers)
            from catalog.services
            inner join catalog.cancellation_policies
                on cancellation_policies.business_id = services.business_id
            cross join lateral (
                select
                    coalesce(
                        jsonb_agg(
                            jsonb_strip_nulls(
                                jsonb_build_object(
                                    'hours_before', cancellation_tiers.hours_before,
                                    'fee_bps', cancellation_tiers.fee_bps,
                                    'fee_minor', cancellation_tiers.fee_minor
                                )
                            )
                            order by cancellation_tiers.hours_before desc
                        ),
                        '[]'
                    ) as tiers
                from catalog.cancellation_tiers
                where
                    cancellation_tiers.business_id = cancellation_policies.business_id
                    and cancellation_tiers.cancellation_policy_id = cancellation_policies.id
            ) as tiers
            where
                services.id = policy_of.service_id
                and (
                    cancellation_policies.id = services.cancellation_policy_id
                    or services.cancellation_policy_id is null and cancellation_policies.is_default
                )
        ),
        jsonb_build_object(
            'name', 'Free of charge',
            'no_show_fee_bps', 0,
            'no_show_fee_minor', 0,
            'reschedule_until_hours', 0,
            'reschedule_limit', null,
            'late_reschedule_hours', 0,
            'late_reschedule_fee_bps', 0,
            'late_reschedule_fee_minor', 0,
            'tiers', '[]'::jsonb
        )
    );
end;
$$;

/*
 * The tier that holds when so much time remains before the start: of those for more hours than that
 * the one with the fewest. None: cancelling is free.
 */
create function scheduling.tier_of(policy jsonb, remaining interval)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select tier.value
        from jsonb_array_elements(tier_of.policy -> 'tiers') as tier (value)
        where remaining < make_interval(hours => (tier.value ->> 'hours_before')::integer)
        order by (tier.value ->> 'hours_before')::integer
        limit 1
    );
end;
$$;

/*
 * What a policy says about not coming (no_show) or moving late (late_reschedule), in a tier's form.
 */
create function scheduling.terms_of(policy jsonb, kind text)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'fee_bps', coalesce((policy ->> (kind || '_fee_bps'))::integer, 0),
        'fee_minor', nullif(coalesce((policy ->> (kind || '_fee_minor'))::bigint, 0), 0)
    );
end;
$$;

/*
 * What some terms come to for each of some amounts. A share is taken of each amount and rounded
 * half away from zero; a sum is split among them by largest remainder. No fee exceeds its amount.
 */
create function scheduling.fees(amounts bigint[], terms jsonb)
returns bigint[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if terms ->> 'fee_minor' is not null then
        return pricing.split(
            least(
                (terms ->> 'fee_minor')::bigint,
                (select sum(amount)::bigint from unnest(amounts) as amount)
            ),
            amounts
        );
    end if;
    return array(
        select
            round(amounts.minor::numeric * coalesce((terms ->> 'fee_bps')::integer, 0) / 10000)::bigint
        from unnest(amounts) with ordinality as amounts (minor, position)
        order by amounts.position
    );
end;
$$;

/*
 * The terms on which a booking is cancelled at a moment: those of its tier; once it has begun also
 * those of not coming, if they cost more. Only a confirmed booking costs anything.
 */
create function scheduling.cancellation_terms(booking scheduling.bookings, at timestamptz)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_tier jsonb = scheduling.tier_of(booking.policy, booking.starts_at - at);
    v_no_show jsonb = scheduling.terms_of(booking.policy, 'no_show');
    v_total bigint[] = array[booking.total_minor];
begin
    if booking.status <> 'confirmed' then
        return null;
    end if;
    if at >= booking.starts_at
        and scheduling.fees(v_total, v_no_show) > scheduling.fees(v_total, v_tier) then
        return v_no_show;
    end if;
    return v_tier;
end;
$$;

/*
 * A booking's services with what each costs and what some terms make of it; the parts add up to the
 * booking's total. One that was cancelled before keeps the fee that it had then.
 */
create function scheduling.fee_lines(booking scheduling.bookings, terms jsonb)
returns table (
    booking_item_id uuid,
    service_name text,
    total_minor bigint,
    fee_minor bigint,
    is_cancelled boolean
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_items scheduling.booking_items[] = array(
        select booking_items
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
        order by booking_items.position
    );
    v_amounts bigint[] = pricing.split(
        booking.total_minor,
        array(
            select items.price_minor
            from unnest(v_items) as items
            order by items.position
        )
    );
begin
    return query
    select
        items.id,
        items.service_name,
        parts.amount,
        coalesce(items.cancellation_fee_minor, parts.fee),
        items.cancelled_at is not null
    from unnest(v_items) as items
    inner join unnest(v_amounts, scheduling.fees(v_amounts, terms)) with ordinality
        as parts (amount, fee, place)
        on items.id = v_items[parts.place].id
    order by items.position;
end;
$$;

/*
 * What it costs a customer to move a booking at a moment.
 */
create function scheduling.reschedule_fee(booking scheduling.bookings, at timestamptz)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if booking.status <> 'confirmed' or booking.starts_at - at >= make_interval(
        hours => coalesce((booking.policy ->> 'late_reschedule_hours')::integer, 0)
    ) then
        return 0;
    end if;
    return (
        select coalesce(sum(lines.fee_minor), 0)::bigint
        from scheduling.fee_lines(booking, scheduling.terms_of(booking.policy, 'late_reschedule'))
            as lines
        where not lines.is_cancelled
    );
end;
$$;

/*
 * What it costs the customer to cancel at a moment, service by service; of a booking that was
 * cancelled, what it did cost.
 * Definer: reads what the booking's customer and members may see; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function scheduling.cancellation_quote(booking_id uuid, at timestamptz)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
    v_terms jsonb;
begin
    if not private.is_operator() then
        perform private.signed_in_user();
    end if;
    select bookings.* into v_booking
    from scheduling.bookings
    where
        bookings.id = cancellation_quote.booking_id
        and (
            scheduling.actors(bookings) <> '{}'
            or bookings.business_id in (select private.my_businesses('view'))
        );
    if v_booking.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such booking.',
            'Read bookings for those that you can see.'
        );
    end if;
    if v_booking.status not in ('held', 'pending_payment', 'pending', 'confirmed', 'cancelled') then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This booking cannot be cancelled any more.',
            'Read the booking again and see what it allows.'
        );
    end if;
    v_terms = scheduling.cancellation_terms(v_booking, at);
    return (
        select
            jsonb_build_object(
                'booking_id', v_booking.id,
                'at', at,
                'currency', v_booking.currency,
                'total_minor', v_booking.total_minor,
                'fee_minor', sum(lines.fee_minor),
                'refund_minor', v_booking.total_minor - sum(lines.fee_minor),
                'reschedule_fee_minor', scheduling.reschedule_fee(v_booking, at),
                'tier', jsonb_strip_nulls(v_terms),
                'lines', jsonb_agg(
                    to_jsonb(lines)
                    || jsonb_build_object('refund_minor', lines.total_minor - lines.fee_minor)
                )
            )
        from scheduling.fee_lines(v_booking, v_terms) as lines
    );
end;
$$;

-- sql/40_scheduling/functions/8_guests.sql

-- Bookings of people without an account. A hold becomes a booking, and a booking is moved or called
-- off, by a code that is mailed to its address: whoever reads the mail is the customer. Until then
-- nothing here looks at accounts or at other bookings, so nothing can be learned of them.

/*
 * May the caller act on a booking as its guest: was its code given in this transaction?
 * Definer: asked in triggers, of codes that nobody reads.
 */
create function scheduling.is_proven(booking_id uuid)
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
            guest_codes.booking_id = is_proven.booking_id
            and guest_codes.proven_in = pg_current_xact_id_if_assigned()
    );
end;
$$;

/*
 * What is kept of a code. Six digits are soon tried through: a code lives for minutes, and five
 * attempts.
 */
create function scheduling.code_hash(booking_id uuid, code text)
returns bytea
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select sha256(convert_to(booking_id::text || code, 'UTF8'));
end;

/*
 * From where the request came, as the gateway says, whatever a client sends; null for servers of
 * the operator, who ask for many.
 */
create function scheduling.guest_ip()
returns inet
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_headers jsonb = nullif(current_setting('request.headers', true), '');
begin
    if private.is_operator() then
        return null;
    end if;
    return private.to_address(v_headers ->> 'x-real-ip');
end;
$$;

/*
 * Codes are asked for at most five times an hour for an e-mail address, thirty times from a network
 * address. Both are locked before anything else is, so that no two at once pass the limit.
 *
 * Errors:  PT429 rate_limited
 */
create function scheduling.refuse_flood(email text, ip inet)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_hour_ago timestamptz = private.now() - interval '1 hour';
    v_full_since timestamptz;
begin
    perform scheduling.lock(array[md5('guest ' || email)::uuid, md5('guest ' || ip)::uuid]);
    select min(limits.full_since) into v_full_since
    from (
        (
            select guest_codes.created_at as full_since
            from scheduling.guest_codes
            where guest_codes.email = refuse_flood.email and guest_codes.created_at > v_hour_ago
            order by guest_codes.created_at desc
            offset 4
            limit 1
        )
        union all
        (
            select guest_codes.created_at
            from scheduling.guest_codes
            where guest_codes.ip = refuse_flood.ip and guest_codes.created_at > v_hour_ago
            order by guest_codes.created_at desc
            offset 29
            limit 1
        )
    ) as limits;
    if v_full_since is not null then
        perform private.refuse_later(
            'rate_limited', ceil(extract(epoch from v_full_since - v_hour_ago))::integer
        );
    end if;
end;
$$;

/*
 * Write a code of a booking and mail it to the booking's address; without a booking only write down
 * that somebody asked. The mail says nothing that the one who asks could have written.
 */
create function scheduling.send_code(booking scheduling.bookings, email text, ip inet)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    -- The first 32 bits of such a UUID are random.
    v_code text = lpad((('x' || left(gen_random_uuid()::text, 8))::bit(32)::bigint % 1000000)::text, 6, '0');
    v_expires_at timestamptz = least(
        booking.hold_expires_at, private.now() + interval '15 minutes'
    );
begin
    insert into scheduling.guest_codes (
        business_id, booking_id, email, ip, code_hash, expires_at, created_at
    )
    values (
        booking.business_id, booking.id, send_code.email, send_code.ip,
        scheduling.code_hash(booking.id, v_code), v_expires_at, private.now()
    );
    perform private.emit(
        'auth.mail',
        jsonb_build_object(
            'kind', 'guest_booking',
            'to', booking.customer_email,
            'locale', businesses.locale,
            'code', v_code,
            'expires_in', extract(epoch from v_expires_at - private.now())::integer,
            'business_name', businesses.name,
            'service_names', facts.service_names,
            'starts_at', booking.starts_at,
            'time_zone', booking.time_zone,
            'reference', booking.reference
        )
    )
    from business.businesses
    cross join lateral scheduling.calendar_facts(array[booking.id]) as facts
    where businesses.id = booking.business_id;
end;
$$;

/*
 * Hold a time for somebody without an account, and mail them the code that makes it a booking.
 * Definer: as scheduling.place.
 *
 * Errors:  PT429 rate_limited, and those of scheduling.place but not_signed_in
 */
create function scheduling.request_guest_booking(
    wish scheduling.wish, name text, email text, phone text, notes text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_ip inet = scheduling.guest_ip();
    v_guest identity.profiles;
    v_id uuid;
    v_booking scheduling.bookings;
begin
    perform scheduling.refuse_flood(lower(request_guest_booking.email), v_ip);
    v_guest.full_name = request_guest_booking.name;
    v_guest.email = request_guest_booking.email;
    v_guest.phone = request_guest_booking.phone;
    v_id = scheduling.place_for(v_guest, array[wish], null, request_guest_booking.notes, true);
    select bookings.* into strict v_booking
    from scheduling.bookings
    where bookings.id = v_id;
    perform scheduling.send_code(v_booking, lower(request_guest_booking.email), v_ip);
    return scheduling.shown_to_guest(v_booking);
end;
$$;

/*
 * Mail another code for a booking that can still be changed. Whether there is one is not told.
 * Definer: the one who asks need not be signed in, and gets no answer.
 *
 * Errors:  PT429 rate_limited
 */
create function scheduling.request_guest_code(reference text, email text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_ip inet = scheduling.guest_ip();
    v_booking scheduling.bookings;
begin
    perform scheduling.refuse_flood(lower(request_guest_code.email), v_ip);
    select bookings.* into v_booking
    from scheduling.bookings
    where
        bookings.reference = upper(request_guest_code.reference)
        and lower(bookings.customer_email) = lower(request_guest_code.email)
        and bookings.customer_id is null
        and bookings.status in ('held', 'pending_payment', 'pending', 'confirmed')
        and (bookings.hold_expires_at is null or bookings.hold_expires_at > private.now());
    perform scheduling.send_code(v_booking, lower(request_guest_code.email), v_ip);
end;
$$;

/*
 * Take a code: the booking that it proves, or null. A wrong one counts, whatever becomes of it.
 */
create function scheduling.prove(reference text, code text)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_code scheduling.guest_codes;
    v_is_right boolean;
begin
    select guest_codes.* into v_code
    from scheduling.bookings
    inner join scheduling.guest_codes on guest_codes.booking_id = bookings.id
    where bookings.reference = upper(prove.reference) and bookings.customer_id is null
    order by guest_codes.id desc
    limit 1
    for update of guest_codes;
    if v_code.id is null
        or v_code.used_at is not null
        or v_code.attempts = 5
        or v_code.expires_at <= private.now() then
        return null;
    end if;
    v_is_right = v_code.code_hash = scheduling.code_hash(v_code.booking_id, prove.code);
    update scheduling.guest_codes
    set
        attempts = guest_codes.attempts + 1,
        used_at = case when v_is_right then private.now() end,
        proven_in = case when v_is_right then pg_current_xact_id() end
    where guest_codes.id = v_code.id;
    return case when v_is_right then v_code.booking_id end;
end;
$$;

/*
 * Do with a booking what its guest wants, if the code is right. A refusal is an answer and no
 * error, so that the attempt is counted.
 * Definer: the code is the proof.
 *
 * Errors:  PT403 code_invalid · PT422 limit_reached, and those of scheduling.step and
 *          scheduling.move
 */
create function scheduling.act_as_guest(
    reference text,
    code text,
    to_status scheduling.booking_status,
    reason text default null,
    starts_at timestamptz default null,
    resource_id uuid default null
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid = scheduling.prove(act_as_guest.reference, act_as_guest.code);
    v_booking scheduling.bookings;
    v_is_new boolean;
begin
    if v_id is null then
        return private.refusal(
            'PT403', 'code_invalid', 'This code is wrong, or not valid any more.',
            'Ask for another with request_guest_code, or book anew.'
        );
    end if;
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = v_id;
    v_is_new = v_booking.status = 'held' and act_as_guest.to_status = 'confirmed';
    if act_as_guest.starts_at is not null then
        perform scheduling.move(v_id, act_as_guest.starts_at, act_as_guest.resource_id, '{customer}');
    else
        if v_is_new then
            perform scheduling.lock(
                scheduling.resources_of(v_id)
                || scheduling.subjects(scheduling.limits_on(v_booking), v_id)
            );
        end if;
        perform scheduling.step(v_id, to_status, '{customer}', act_as_guest.reason);
    end if;
    update scheduling.bookings
    set contact_verified_at = coalesce(bookings.contact_verified_at, private.now())
    where bookings.id = v_id
    returning bookings.* into v_booking;
    if v_is_new then
        perform scheduling.refuse_passed_by_customer(v_booking);
    end if;
    return scheduling.shown_to_guest(v_booking);
end;
$$;

/*
 * What a guest may see of a booking.
 */
create function scheduling.shown_to_guest(booking scheduling.bookings)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'reference', booking.reference,
            'status', booking.status,
            'starts_at', booking.starts_at,
            'ends_at', booking.ends_at,
            'time_zone', booking.time_zone,
            'party_size', booking.party_size,
            'currency', booking.currency,
            'total_minor', booking.total_minor,
            'hold_expires_at', booking.hold_expires_at,
            'business_name', businesses.name,
            'services', (
                select jsonb_agg(booking_items.service_name order by booking_items.position)
                from scheduling.booking_items
                where
                    booking_items.business_id = booking.business_id
                    and booking_items.booking_id = booking.id
                    and booking_items.cancelled_at is null
            ),
            'cancellation_fee_minor', (
                select sum(lines.fee_minor)
                from scheduling.fee_lines(
                    booking, scheduling.cancellation_terms(booking, private.now())
                ) as lines
            )
        )
        from business.businesses
        where businesses.id = booking.business_id
    );
end;
$$;

/*
 * Make the bookings that were made as a guest, with the caller's verified address, the caller's.
 * Gives how many.
 * Definer: nobody has update privileges on bookings.
 *
 * Errors:  PT401 not_signed_in · PT403 email_not_verified
 */
create function scheduling.claim_guest_bookings()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.signed_in_user();
    v_user auth.users;
    v_count integer;
begin
    select users.* into strict v_user from auth.users where users.id = v_user_id;
    if v_user.email is null or v_user.email_confirmed_at is null then
        perform private.refuse(
            'PT403', 'email_not_verified', 'Your e-mail address is not verified yet.',
            'Open the link in the mail that we sent you, then ask again.'
        );
    end if;
    update scheduling.bookings
    set customer_id = v_user_id
    where
        bookings.customer_id is null
        and bookings.contact_verified_at is not null
        and lower(bookings.customer_email) = lower(v_user.email);
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Forget codes that are older than a day. Gives how many.
 * Definer: called by the worker, which has no access to the table.
 */
create function scheduling.forget_old_codes()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from scheduling.guest_codes
    where guest_codes.created_at < private.now() - interval '1 day';
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

-- sql/40_scheduling/functions/8_items.sql

-- One service of a booking cancelled, the rest left as it was.

/*
 * Cancel one service of a booking: its time is free at once, its fee is the booking's policy's, its
 * line stays as it was agreed. The last one left is cancelled with the booking.
 * Definer: nobody has update privileges on bookings; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition hold_expired changed_meanwhile
 */
create function scheduling.cancel_item(
    booking_id uuid, item_id uuid, as_actors scheduling.actor_kind[], reason text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings
    = scheduling.claim(cancel_item.booking_id, cancel_item.as_actors, '{}');
    v_item scheduling.booking_items;
    v_left integer;
begin
    select booking_items.* into v_item
    from scheduling.booking_items
    where
        booking_items.business_id = v_booking.business_id
        and booking_items.booking_id = v_booking.id
        and booking_items.id = cancel_item.item_id;
    if v_item.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such service in this booking.',
            'Read booking_items for those of the booking.'
        );
    end if;
    if v_item.cancelled_at is not null then
        return v_booking.id;
    end if;
    perform scheduling.refuse_overdue(v_booking);
    select count(*) into v_left
    from scheduling.booking_items
    where
        booking_items.business_id = v_booking.business_id
        and booking_items.booking_id = v_booking.id
        and booking_items.cancelled_at is null;
    if v_booking.status not in ('pending_payment', 'pending', 'confirmed') or v_left = 1 then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This service cannot be cancelled by itself.',
            'Read the booking again; the last service is cancelled with the booking.'
        );
    end if;
    perform scheduling.write_item_cancelled(v_booking, v_item, reason);
    perform scheduling.offer_freed(
        v_booking.business_id, tstzrange(v_item.starts_at, v_item.ends_at)
    );
    return v_booking.id;
end;
$$;

/*
 * Write down that one service is cancelled, give its time back, and let the booking begin and end
 * with what is left. A booking that begins later now is told as moved.
 */
create function scheduling.write_item_cancelled(
    booking scheduling.bookings, item scheduling.booking_items, reason text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_fee bigint;
begin
    if (scheduling.actors(booking))[1] = 'customer' then
        select lines.fee_minor into v_fee
        from scheduling.fee_lines(booking, scheduling.cancellation_terms(booking, private.now()))
            as lines
        where lines.booking_item_id = item.id;
    end if;
    update scheduling.bookings
    set
        status_reason = write_item_cancelled.reason,
        cancellation_fee_minor = bookings.cancellation_fee_minor + coalesce(v_fee, 0)
    where bookings.id = booking.id;
    update scheduling.booking_items
    set
        cancelled_at = private.now(),
        cancellation_fee_minor = coalesce(v_fee, 0)
    where booking_items.id = item.id;

    perform scheduling.give_back(item);
    update scheduling.bookings
    set
        starts_at = left_over.starts_at,
        ends_at = left_over.ends_at
    from (
        select
            min(booking_items.starts_at) as starts_at,
            max(booking_items.ends_at) as ends_at
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
    ) as left_over
    where bookings.id = booking.id;
end;
$$;

/*
 * Free the time of one service. Neighbours of the same booking on the same place met it without
 * buffers between them: they get theirs back, out of what is freed, the later one first.
 */
create function scheduling.give_back(item scheduling.booking_items)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_freed scheduling.allocations;
    v_end timestamptz;
begin
    delete from scheduling.seats
    where
        seats.business_id = item.business_id
        and seats.booking_id = item.booking_id
        and seats.booking_item_id = item.id;
    for v_freed in
        delete from scheduling.allocations
        where
            allocations.business_id = item.business_id
            and allocations.booking_id = item.booking_id
            and allocations.booking_item_id = item.id
        returning allocations.*
    loop
        update scheduling.allocations
        set
            during = tstzrange(
                greatest(
                    neighbours.starts_at - make_interval(mins => services.buffer_before_minutes),
                    lower(v_freed.during)
                ),
                upper(allocations.during)
            )
        from scheduling.booking_items as neighbours
        inner join catalog.services on services.id = neighbours.service_id
        where
            neighbours.id = allocations.booking_item_id
            and allocations.business_id = v_freed.business_id
            and allocations.booking_id = v_freed.booking_id
            and allocations.resource_id = v_freed.resource_id
            and allocations.unit = v_freed.unit
            and lower(allocations.during) = upper(v_freed.during)
        returning lower(allocations.during) into v_end;
        update scheduling.allocations
        set
            during = tstzrange(
                lower(allocations.during),
                least(
                    neighbours.ends_at + make_interval(mins => services.buffer_after_minutes),
                    coalesce(v_end, upper(v_freed.during))
                )
            )
        from scheduling.booking_items as neighbours
        inner join catalog.services on services.id = neighbours.service_id
        where
            neighbours.id = allocations.booking_item_id
            and allocations.business_id = v_freed.business_id
            and allocations.booking_id = v_freed.booking_id
            and allocations.resource_id = v_freed.resource_id
            and allocations.unit = v_freed.unit
            and upper(allocations.during) = lower(v_freed.during);
    end loop;
end;
$$;

-- sql/40_scheduling/functions/8_preferences.sql

-- Whom a customer prefers in a business.

/*
 * The caller prefers a resource in a business, or none any more.
 * Definer: customers write no table; only the caller's own row is touched.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.prefer(business_id uuid, resource_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.signed_in_user();
begin
    if resource_id is null then
        delete from scheduling.preferred_resources
        where
            preferred_resources.customer_id = v_user_id
            and preferred_resources.business_id = prefer.business_id;
        return;
    end if;
    insert into scheduling.preferred_resources (customer_id, business_id, resource_id, updated_at)
    select
        v_user_id,
        resources.business_id,
        resources.id,
        private.now()
    from catalog.resources
    inner join business.businesses on businesses.id = resources.business_id
    where
        resources.id = prefer.resource_id
        and resources.business_id = prefer.business_id
        and resources.is_active
        and businesses.is_active
        and businesses.status = 'approved'
    on conflict on constraint preferred_resources_pkey do update
    set resource_id = excluded.resource_id, updated_at = excluded.updated_at;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such resource.', 'Read resources for those of the business.'
        );
    end if;
end;
$$;

-- sql/40_scheduling/functions/8_recurrence.sql

-- Recurrence rules (RFC 5545): read, and unfolded into wall clocks.

/*
 * Read a recurrence rule (RFC 5545): FREQ daily, weekly, monthly or yearly, INTERVAL, BYDAY (with
 * ordinals in months and years), BYMONTHDAY, and COUNT or UNTIL. Anything else is refused by name.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_recurrence(rrule text, time_zone text)
returns scheduling.recurrence
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule scheduling.recurrence;
    v_parts jsonb = '{}';
    v_part text;
    v_name text;
    v_value text;
begin
    foreach v_part in array string_to_array(
        regexp_replace(upper(btrim(rrule)), '^RRULE:', ''), ';'
    ) loop
        v_name = split_part(v_part, '=', 1);
        v_value = substr(v_part, length(v_name) + 2);
        if v_name not in ('FREQ', 'INTERVAL', 'BYDAY', 'BYMONTHDAY', 'COUNT', 'UNTIL', 'WKST') then
            perform private.invalid(
                'rrule',
                format('cannot have %s; it may have FREQ, INTERVAL, BYDAY, BYMONTHDAY, COUNT, UNTIL', v_name)
            );
        end if;
        if v_value = '' or v_parts ? v_name then
            perform private.invalid('rrule', format('must have %s once, with a value', v_name));
        end if;
        v_parts = v_parts || jsonb_build_object(v_name, v_value);
    end loop;

    v_rule.frequency = lower(v_parts ->> 'FREQ');
    if v_rule.frequency is null
        or v_rule.frequency not in ('daily', 'weekly', 'monthly', 'yearly') then
        perform private.invalid('rrule', 'must have a FREQ of DAILY, WEEKLY, MONTHLY or YEARLY');
    end if;
    if coalesce(v_parts ->> 'WKST', 'MO') <> 'MO' then
        perform private.invalid('rrule', 'cannot have WKST other than MO');
    end if;
    if (v_parts ? 'COUNT') = (v_parts ? 'UNTIL') then
        perform private.invalid('rrule', 'must end: have either COUNT or UNTIL');
    end if;
    v_rule.step = coalesce(
        private.to_whole_number(
            v_parts ->> 'INTERVAL', 'rrule INTERVAL', 1, 366, is_required => false
        ),
        1
    );
    v_rule.count = private.to_whole_number(
        v_parts ->> 'COUNT', 'rrule COUNT', 1, 366, is_required => false
    );
    v_rule.until = scheduling.to_until(v_parts ->> 'UNTIL', to_recurrence.time_zone);
    v_rule.month_days = scheduling.to_month_days(v_parts ->> 'BYMONTHDAY', v_rule.frequency);
    return scheduling.with_weekdays(v_rule, v_parts ->> 'BYDAY');
end;
$$;

/*
 * Read UNTIL: a date, a local wall clock, or an instant in UTC. Null stays null.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_until(value text, time_zone text)
returns timestamp
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value !~ '^\d{8}(T\d{6}Z?)?$' then
        perform private.invalid('rrule', 'must have an UNTIL such as 20310630 or 20310630T220000Z');
    end if;
    return case length(value)
        when 8 then value::date + time '23:59:59'
        when 15 then replace(value, 'T', ' ')::timestamp
        else (replace(rtrim(value, 'Z'), 'T', ' ')::timestamp at time zone 'UTC') at time zone time_zone
    end;
exception
    when datetime_field_overflow or invalid_datetime_format then
        perform private.invalid('rrule', 'has an UNTIL that does not exist');
end;
$$;

/*
 * Read BYMONTHDAY.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_month_days(value text, frequency text)
returns integer[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is null then
        return '{}'::integer[];
    end if;
    if frequency = 'weekly' then
        perform private.invalid('rrule', 'cannot have BYMONTHDAY with FREQ=WEEKLY');
    end if;
    if value !~ '^[+-]?([1-9]|[12]\d|3[01])(,[+-]?([1-9]|[12]\d|3[01]))*$' then
        perform private.invalid('rrule', 'must have a BYMONTHDAY of days from 1 to 31 or -31 to -1');
    end if;
    return string_to_array(value, ',')::integer[];
end;
$$;

/*
 * Read BYDAY into a rule.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.with_weekdays(rule scheduling.recurrence, value text)
returns scheduling.recurrence
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule scheduling.recurrence = rule;
begin
    v_rule.weekdays = '{}';
    v_rule.ordinals = '{}';
    if value is null then
        return v_rule;
    end if;
    if value !~ '^([+-]?[1-9]\d?)?(MO|TU|WE|TH|FR|SA|SU)(,([+-]?[1-9]\d?)?(MO|TU|WE|TH|FR|SA|SU))*$' then
        perform private.invalid('rrule', 'must have a BYDAY such as MO,WE or 1MO or -1FR');
    end if;
    select
        array_agg(array_position('{MO,TU,WE,TH,FR,SA,SU}', right(day.code, 2))),
        array_agg(coalesce(nullif(left(day.code, -2), ''), '0')::integer)
    into v_rule.weekdays, v_rule.ordinals
    from unnest(string_to_array(value, ',')) as day (code);
    if v_rule.frequency in ('daily', 'weekly') and v_rule.ordinals <> array_fill(
        0, array[cardinality(v_rule.ordinals)]
    ) then
        perform private.invalid('rrule', 'cannot have ordinals in BYDAY with FREQ=DAILY or WEEKLY');
    end if;
    return v_rule;
end;
$$;

/*
 * The wall clocks of a rule from its first on, in order: at most 367, and within ten years. A month
 * or year without such a day has no occurrence, nor has a date that the zone skipped: it would fall
 * on the next one's.
 */
create function scheduling.occurrences(
    rule scheduling.recurrence, first_at timestamp, time_zone text
)
returns setof timestamp
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_first date = first_at::date;
    v_monday date = v_first - (extract(isodow from v_first)::integer - 1);
    v_month integer = extract(year from v_first)::integer * 12 + extract(month from v_first)::integer;
    v_is_bare boolean = rule.weekdays = '{}' and rule.month_days = '{}';
begin
    return query
    with days as (
        select
            date,
            extract(isodow from date)::integer as weekday,
            extract(day from date)::integer as day,
            extract(year from date)::integer as year,
            extract(year from date)::integer * 12 + extract(month from date)::integer as month,
            case rule.frequency
                when 'yearly' then date_trunc('year', date)::date
                else date_trunc('month', date)::date
            end as period_start,
            case rule.frequency
                when 'yearly' then (date_trunc('year', date) + interval '1 year - 1 day')::date
                else (date_trunc('month', date) + interval '1 month - 1 day')::date
            end as period_end,
            extract(day from date_trunc('month', date) + interval '1 month - 1 day')::integer as month_length
        from (
            select v_first + counted.number as date
            from generate_series(
                0, least(3660, coalesce(rule.until::date - v_first, 3660))
            ) as counted (number)
        ) as dates
    )

    select days.date + first_at::time as at
    from days
    where
        case rule.frequency
            when 'daily' then mod(days.date - v_first, rule.step) = 0
            when 'weekly' then mod((days.date - days.weekday + 1 - v_monday) / 7, rule.step) = 0
            when 'monthly' then mod(days.month - v_month, rule.step) = 0
            else mod(days.year - extract(year from v_first)::integer, rule.step) = 0
        end
        and (
            rule.month_days = '{}'
            or days.day = any(rule.month_days)
            or days.day - days.month_length - 1 = any(rule.month_days)
        )
        and (
            rule.weekdays = '{}'
            or exists (
                select 1
                from unnest(rule.weekdays, rule.ordinals) as wanted (weekday, ordinal)
                where
                    wanted.weekday = days.weekday
                    and wanted.ordinal in (
                        0,
                        (days.date - days.period_start) / 7 + 1,
                        -((days.period_end - days.date) / 7 + 1)
                    )
            )
        )
        and case
            when not v_is_bare or rule.frequency = 'daily' then true
            when rule.frequency = 'weekly' then days.weekday = extract(isodow from v_first)
            when rule.frequency = 'monthly' then days.day = extract(day from v_first)
            else to_char(days.date, 'MMDD') = to_char(v_first, 'MMDD')
        end
        and (rule.until is null or days.date + first_at::time <= rule.until)
        and days.date = (
            (days.date + first_at::time) at time zone occurrences.time_zone
            at time zone occurrences.time_zone
        )::date
    order by days.date
    limit least(rule.count, 367);
end;
$$;

-- sql/40_scheduling/functions/8_sessions.sql

-- Classes: their sessions are made by the business, and their seats are taken by customers.

/*
 * The sessions of a class that can be booked, as scheduling.offers gives them. Neither closures nor
 * blocks of its business or of who leads it, nor a day that is full; enough seats for the party.
 */
create function scheduling.session_offers(
    service catalog.services,
    starts tstzmultirange,
    resource_id uuid,
    party_size integer,
    except_booking_id uuid
)
returns setof scheduling.offer
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
    v_full scheduling.full_times[] = scheduling.full_times(
        service, '{}', range_merge(starts), service.duration_minutes, except_booking_id
    );
    v_reach tstzrange = tstzrange(
        lower(starts), upper(starts) + make_interval(mins => service.duration_minutes), '[]'
    );
begin
    return query
    with wanted as materialized (
        select
            sessions.*,
            coalesce(sessions.resource_id, sessions.business_id) as leader_id
        from scheduling.sessions
        where
            sessions.business_id = session_offers.service.business_id
            and sessions.service_id = session_offers.service.id
            and sessions.starts_at >= lower(session_offers.starts)
            and sessions.starts_at <= upper(session_offers.starts)
            and sessions.starts_at <@ session_offers.starts
            and (
                session_offers.resource_id is null
                or sessions.resource_id = session_offers.resource_id
            )
    ),

    shut as materialized (
        select
            closings.resource_id as leader_id,
            closings.closings
        from scheduling.closings(
            session_offers.service.business_id,
            array(select distinct wanted.leader_id from wanted),
            v_reach::tstzmultirange
        ) as closings
    )

    select
        wanted.starts_at,
        wanted.resource_id,
        'seats',
        true,
        session_offers.party_size,
        wanted.capacity - taken.seats,
        wanted.capacity,
        row_number() over (order by resources.position, resources.name, wanted.id)::integer,
        wanted.id
    from wanted
    left join catalog.resources on resources.id = wanted.resource_id
    left join shut on shut.leader_id = wanted.leader_id
    cross join lateral (
        select count(*)::integer as seats
        from scheduling.seats
        where
            seats.business_id = wanted.business_id
            and seats.session_id = wanted.id
            and seats.is_blocking
            and (seats.expires_at is null or seats.expires_at > v_now)
            and seats.booking_id is distinct from session_offers.except_booking_id
    ) as taken
    where
        wanted.capacity - taken.seats >= session_offers.party_size
        and not coalesce(shut.closings && tstzrange(wanted.starts_at, wanted.ends_at), false)
        and not coalesce(v_full[1].times @> wanted.starts_at, false);
end;
$$;

/*
 * Is there a session at the start that somebody wants, and is it not shut?
 */
create function scheduling.is_in_session(
    leg scheduling.leg, out in_hours boolean, out not_shut boolean
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    select
        count(*) > 0,
        coalesce(
            bool_or(
                not coalesce(
                    closings.closings && tstzrange(sessions.starts_at, sessions.ends_at), false
                )
            ),
            false
        )
    into in_hours, not_shut
    from scheduling.sessions
    left join scheduling.closings(
        sessions.business_id,
        array[coalesce(sessions.resource_id, sessions.business_id)],
        tstzmultirange(tstzrange(sessions.starts_at, sessions.ends_at))
    ) as closings on true
    where
        sessions.business_id = leg.business_id
        and sessions.service_id = leg.service_id
        and sessions.starts_at = leg.starts_at
        and (leg.resource_id is null or sessions.resource_id = leg.resource_id);
end;
$$;

/*
 * Take a seat for each guest in the session with most seats left, under its lock. Gives who leads
 * it.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.take_seats(
    leg scheduling.leg, offers scheduling.offer[], booking scheduling.bookings, item_id uuid
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_offer scheduling.offer = (
        select offer
        from unnest(offers) as offer
        order by offer.remaining desc, offer.rank
        limit 1
    );
    v_capacity integer;
    v_count integer;
begin
    perform scheduling.expire(
        array(
            select distinct seats.booking_id
            from scheduling.seats
            where
                seats.business_id = booking.business_id
                and seats.session_id = v_offer.session_id
                and seats.is_blocking
                and seats.expires_at <= private.now()
        )
    );
    -- Locked against a change of the capacity; the offer may be older than the lock.
    select sessions.capacity into v_capacity
    from scheduling.sessions
    where sessions.id = v_offer.session_id
    for key share;
    insert into scheduling.seats (
        business_id, booking_id, booking_item_id, session_id, number, capacity, is_blocking,
        expires_at
    )
    select
        booking.business_id,
        booking.id,
        item_id,
        v_offer.session_id,
        numbers.number,
        v_capacity,
        scheduling.is_blocking(booking.status, leg.is_blocked_by_pending),
        case when booking.status in ('held', 'pending_payment') then booking.hold_expires_at end
    from generate_series(1, v_capacity) as numbers (number)
    where
        not exists (
            select 1
            from scheduling.seats
            where
                seats.session_id = v_offer.session_id
                and seats.number = numbers.number
                and seats.is_blocking
        )
    order by numbers.number
    limit leg.party_size
    on conflict do nothing;
    get diagnostics v_count = row_count;
    if v_count < leg.party_size then
        perform scheduling.refuse_taken();
    end if;
    return v_offer.id;
end;
$$;

/*
 * The seats of a booking follow its status, as its allocations do.
 */
create function scheduling.follow_with_seats(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if booking.status in ('confirmed', 'checked_in', 'completed') then
        perform scheduling.expire(
            array(
                select distinct rivals.booking_id
                from scheduling.seats
                inner join scheduling.seats as rivals
                    on
                        rivals.business_id = seats.business_id
                        and rivals.session_id = seats.session_id
                        and rivals.number = seats.number
                        and rivals.is_blocking
                        and rivals.expires_at <= private.now()
                where
                    seats.business_id = booking.business_id
                    and seats.booking_id = booking.id
                    and not seats.is_blocking
            )
        );
    end if;
    update scheduling.seats
    set
        is_blocking = scheduling.is_blocking(booking.status, services.is_blocked_by_pending),
        expires_at = case
            when booking.status in ('held', 'pending_payment') then booking.hold_expires_at
        end
    from scheduling.booking_items
    inner join catalog.services on services.id = booking_items.service_id
    where
        seats.business_id = booking.business_id
        and seats.booking_id = booking.id
        and booking_items.id = seats.booking_item_id;
end;
$$;

/*
 * The starts of sessions from one wall clock to another on local dates, one after another, as
 * instants. What a clock change makes the same comes once.
 */
create function scheduling.session_starts(
    service catalog.services,
    dates daterange,
    weekdays integer[],
    opens_at time,
    closes_at time,
    every_minutes integer
)
returns timestamptz[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_time_zone text = (
        select businesses.time_zone from business.businesses where businesses.id = service.business_id
    );
begin
    return array(
        select distinct (days.day + clocks.clock) at time zone v_time_zone as at
        from generate_series(
            lower(dates)::timestamp, (upper(dates) - 1)::timestamp, interval '1 day'
        ) as days (day)
        cross join lateral (
            select make_interval(mins => steps.step) as clock
            from generate_series(
                extract(epoch from opens_at)::integer / 60,
                extract(epoch from closes_at)::integer / 60 - service.duration_minutes,
                every_minutes
            ) as steps (step)
        ) as clocks
        where extract(isodow from days.day) = any(weekdays)
        order by at
    );
end;
$$;

/*
 * Make the sessions of a class at some starts: those that exist stay as they are. Each takes who
 * leads it, and whatever else the service needs, for its whole length with buffers: all or nothing.
 * Definer: nobody writes sessions or allocations directly; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken · PT422 not_eligible
 */
create function scheduling.create_sessions(
    service catalog.services, starts timestamptz[], resource_id uuid, capacity integer
)
returns setof uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_needs scheduling.need[];
    v_start timestamptz;
    v_id uuid;
begin
    perform private.require_member(service.business_id, 'manage');
    if not service.is_class then
        perform private.invalid('service_id', 'must be a class: set is_class of the service first');
    end if;
    v_needs = array(
        select need
        from scheduling.needs(service.id, create_sessions.resource_id, create_sessions.capacity) as need
    );
    if v_needs = '{}' and create_sessions.resource_id is not null
        or exists (select 1 from unnest(v_needs) as need where need.units > need.capacity) then
        perform private.refuse(
            'PT422', 'not_eligible', 'That resource does not give this class, or is too small for it.',
            'Read service_resources for those that do, or lower the capacity.'
        );
    end if;
    perform scheduling.lock(array(select need.id from unnest(v_needs) as need) || service.id);
    foreach v_start in array starts loop
        continue when exists (
            select 1
            from scheduling.sessions
            where
                sessions.business_id = service.business_id
                and sessions.service_id = service.id
                and sessions.starts_at = v_start
                and (
                    create_sessions.resource_id is null
                    or sessions.resource_id = create_sessions.resource_id
                )
        );
        v_id = scheduling.create_session(service, v_start, v_needs, create_sessions.capacity);
        return next v_id;
    end loop;
end;
$$;

/*
 * Make one session, and take what it needs.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.create_session(
    service catalog.services, starts_at timestamptz, needs scheduling.need[], capacity integer
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_ends_at timestamptz = starts_at + make_interval(mins => service.duration_minutes);
    v_during tstzrange = tstzrange(
        starts_at - make_interval(mins => service.buffer_before_minutes),
        v_ends_at + make_interval(mins => service.buffer_after_minutes)
    );
    v_offers scheduling.offer[] = array(
        select
            row(
                create_session.starts_at, need.id, need.pool, need.is_leading, need.units,
                need.capacity, need.capacity, need.rank, null
            )::scheduling.offer
        from unnest(create_session.needs) as need
    );
    v_id uuid = gen_random_uuid();
    v_leg scheduling.leg;
    v_leader_id uuid;
    v_ids uuid[];
    v_units integer[];
    v_pools integer;
    v_count integer;
begin
    v_leg.service_id = service.id;
    v_leg.business_id = service.business_id;
    v_leg.starts_at = create_session.starts_at;
    perform scheduling.release_expired(
        array(select need.id from unnest(create_session.needs) as need), v_during
    );
    select
        (array_agg(chosen.id) filter (where chosen.is_leading))[1],
        array_agg(chosen.id),
        array_agg(unit.number),
        count(distinct chosen.pool)
    into v_leader_id, v_ids, v_units, v_pools
    from (
        select distinct on (candidates.pool) candidates.*
        from unnest(scheduling.choose(v_leg, v_offers, v_during, null))
            with ordinality as candidates
        order by candidates.pool, candidates.ordinality
    ) as chosen
    cross join lateral unnest(chosen.free_units) as unit (number);

    insert into scheduling.sessions (
        id, business_id, service_id, resource_id, starts_at, ends_at, capacity
    )
    values (
        v_id, service.business_id, service.id, v_leader_id, create_session.starts_at, v_ends_at,
        create_session.capacity
    );
    insert into scheduling.allocations (
        business_id, session_id, resource_id, unit, during, is_blocking
    )
    select service.business_id, v_id, chosen.id, chosen.unit, v_during, true
    from unnest(v_ids, v_units) as chosen (id, unit)
    on conflict do nothing;
    get diagnostics v_count = row_count;
    if v_count < coalesce(cardinality(v_ids), 0)
        or v_pools < (select count(distinct need.pool) from unnest(create_session.needs) as need) then
        perform private.refuse(
            'PT409', 'slot_taken',
            format(
                'Somebody whom this class needs is taken at %s.',
                to_char(create_session.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')
            ),
            'Choose other times or another resource; nothing was made.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * How many seats of a session are free now. Definer: told without telling who has the others.
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

/*
 * Day by day, what of a service can be had: how many sessions a class has (null for what is given
 * at any time), how many starts are free, and seats. Definer: counts sessions of businesses that
 * the caller need not be a member of.
 *
 * Errors:  PT404 not_found · PT409 not_bookable
 */
create function scheduling.days(
    service_id uuid,
    first_day date,
    last_day date,
    resource_id uuid,
    party_size integer,
    link_token text default null
)
returns table (
    day date, total_slots integer, available_slots integer, total_seats integer, free_seats integer
)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.visible_service(
        days.service_id,
        has_link => (scheduling.link_of(days.link_token, days.service_id)).id is not null
    );
    v_time_zone text = (
        select businesses.time_zone
        from business.businesses
        where businesses.id = v_service.business_id
    );
    v_during tstzrange = tstzrange(
        days.first_day::timestamp at time zone v_time_zone,
        (days.last_day + 1)::timestamp at time zone v_time_zone
    );
begin
    return query
    with given as (
        select
            (sessions.starts_at at time zone v_time_zone)::date as day,
            count(*)::integer as slots,
            sum(sessions.capacity)::integer as seats
        from scheduling.sessions
        where
            v_service.is_class
            and sessions.business_id = v_service.business_id
            and sessions.service_id = v_service.id
            and sessions.starts_at >= lower(v_during)
            and sessions.starts_at < upper(v_during)
            and (days.resource_id is null or sessions.resource_id = days.resource_id)
        group by 1
    ),

    free as (
        select
            (offer.at at time zone v_time_zone)::date as day,
            count(*)::integer as slots,
            sum(offer.remaining)::integer as seats
        from scheduling.offers(
            v_service.id, v_during::tstzmultirange, days.resource_id, days.party_size, v_service.duration_minutes
        ) as offer
        where offer.is_leading
        group by 1
    )

    select
        dates.day::date,
        case when v_service.is_class then coalesce(given.slots, 0) end,
        coalesce(free.slots, 0),
        case when v_service.is_class then coalesce(given.seats, 0) end,
        case when v_service.is_class then coalesce(free.seats, 0) end
    from generate_series(
        days.first_day::timestamp, days.last_day::timestamp, interval '1 day'
    ) as dates (day)
    left join given on given.day = dates.day::date
    left join free on free.day = dates.day::date
    order by dates.day;
end;
$$;

-- sql/40_scheduling/functions/9_series.sql

-- Series: each wall clock of a rule becomes a booking of its own; they move and end together.

/*
 * Book a service again and again, as a rule says: the wall clock stays the same across clock
 * changes. `skips`: dates that cannot be had are left out and noted on the series; otherwise one is
 * enough to refuse them all. Definer: as scheduling.place.
 *
 * Errors:  PT400 invalid_input, and those of scheduling.place
 */
create function scheduling.place_series(
    wish scheduling.wish, rrule text, coupon_code text, notes text, skips boolean
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_leg scheduling.leg;
    v_legs scheduling.leg[];
    v_offers scheduling.offer[];
    v_limits catalog.booking_limits[];
    v_series scheduling.booking_series;
    v_conflicts jsonb;
    v_lost jsonb;
begin
    v_series.customer_id = private.signed_in_user();
    v_leg = (scheduling.legs(array[wish]))[1];
    v_leg.answers = scheduling.answered(v_leg.service_id, v_leg.answers);
    v_series.id = gen_random_uuid();
    v_series.business_id = v_leg.business_id;
    v_series.service_id = v_leg.service_id;
    v_series.rrule = upper(btrim(place_series.rrule));
    select businesses.time_zone into v_series.time_zone
    from business.businesses
    where businesses.id = v_leg.business_id;
    v_series.first_at = v_leg.starts_at at time zone v_series.time_zone;
    v_legs = scheduling.repeated_legs(v_leg, v_series);

    select found.legs, found.offers, found.conflicts
    into v_legs, v_offers, v_conflicts
    from scheduling.free_legs(v_legs) as found;
    perform scheduling.refuse_conflicts(v_conflicts, skips and v_legs <> '{}');
    -- All that any occurrence may take, in one order, before the first of them is written.
    v_limits = scheduling.lock_for(v_legs, v_offers, null);

    insert into scheduling.booking_series (
        id, business_id, customer_id, service_id, rrule, first_at, time_zone
    )
    values (
        v_series.id, v_series.business_id, v_series.customer_id, v_series.service_id, v_series.rrule,
        v_series.first_at, v_series.time_zone
    );
    v_lost = scheduling.write_occurrences(
        v_series.id, v_legs, v_offers, v_limits, coupon_code, notes
    );
    v_conflicts = v_conflicts || v_lost;
    perform scheduling.refuse_conflicts(
        v_conflicts, skips and jsonb_array_length(v_lost) < cardinality(v_legs)
    );
    update scheduling.booking_series
    set conflicts = v_conflicts
    where booking_series.id = v_series.id and v_conflicts <> '[]';
    return v_series.id;
end;
$$;

/*
 * The leg of a series at each of its occurrences: the first is the leg itself, whichever of two
 * instants with the same wall clock it is at.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.repeated_legs(leg scheduling.leg, series scheduling.booking_series)
returns scheduling.leg[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule scheduling.recurrence = scheduling.to_recurrence(series.rrule, series.time_zone);
    v_clocks timestamp[] = array(
        select scheduling.occurrences(v_rule, series.first_at, series.time_zone)
    );
    v_clock timestamp;
    v_leg scheduling.leg = leg;
    v_legs scheduling.leg[] = array[leg];
begin
    if v_clocks[1] is distinct from series.first_at then
        perform private.invalid('starts_at', 'must be the first occurrence of rrule');
    end if;
    if cardinality(v_clocks) > 366 then
        perform private.invalid('rrule', 'must have at most 366 occurrences');
    end if;
    foreach v_clock in array v_clocks[2:] loop
        v_leg.starts_at = v_clock at time zone series.time_zone;
        v_leg.ends_at = v_leg.starts_at + make_interval(mins => leg.minutes);
        v_legs = v_legs || v_leg;
    end loop;
    return v_legs;
end;
$$;

/*
 * Which of the legs of a series can be had, who could give them, and why the others cannot:
 * [{starts_at, reason}]. All that they have of their own is when.
 *
 * Errors:  PT422 not_eligible
 */
create function scheduling.free_legs(
    wanted scheduling.leg[],
    out legs scheduling.leg[],
    out offers scheduling.offer[],
    out conflicts jsonb
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_starts timestamptz[];
    v_leg scheduling.leg;
    v_reason text;
begin
    offers = array(
        select offer
        from scheduling.offers(
            wanted[1].service_id,
            (
                select range_agg(tstzrange(leg.starts_at, leg.starts_at, '[]'))
                from unnest(wanted) as leg
            ),
            wanted[1].resource_id,
            wanted[1].party_size,
            wanted[1].minutes
        ) as offer
    );
    v_starts = array(select distinct offer.at from unnest(offers) as offer);
    legs = array(select leg from unnest(wanted) as leg where leg.starts_at = any(v_starts));
    conflicts = '[]';
    for v_leg in
        select leg.* from unnest(wanted) as leg where leg.starts_at <> all(v_starts)
    loop
        begin
            perform scheduling.refuse_start(v_leg, null);
        exception
            when sqlstate 'PT409' or sqlstate 'PT422' then
                get stacked diagnostics v_reason = pg_exception_detail;
                -- No date will do.
                if v_reason = 'not_eligible' then
                    raise;
                end if;
                conflicts = conflicts || scheduling.conflict(v_leg, v_reason);
        end;
    end loop;
end;
$$;

/*
 * An occurrence that cannot be had, as the series keeps it.
 */
create function scheduling.conflict(leg scheduling.leg, reason text)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_array(jsonb_build_object('starts_at', leg.starts_at, 'reason', reason));
end;
$$;

/*
 * One date that cannot be had refuses all, unless such dates are skipped and another is left.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.refuse_conflicts(conflicts jsonb, are_skipped boolean)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if conflicts = '[]' or are_skipped then
        return;
    end if;
    perform private.refuse(
        'PT409', 'slot_taken',
        format(
            'These dates cannot be had: %s.',
            (
                select string_agg(
                    to_char(
                        (conflict.value ->> 'starts_at')::timestamptz at time zone 'UTC',
                        'YYYY-MM-DD"T"HH24:MI"Z"'
                    )
                    || ' (' || (conflict.value ->> 'reason') || ')',
                    ', '
                    order by conflict.value ->> 'starts_at'
                )
                from jsonb_array_elements(conflicts) as conflict (value)
            )
        ),
        'Choose another time, or send on_conflict skip to leave these dates out.'
    );
end;
$$;

/*
 * Write the occurrences of a series, each a booking; gives those that were lost meanwhile, or are
 * over a limit together with the ones before. People hear of the first.
 */
create function scheduling.write_occurrences(
    series_id uuid,
    legs scheduling.leg[],
    offers scheduling.offer[],
    limits catalog.booking_limits[],
    coupon_code text,
    notes text
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_conflicts jsonb = '[]';
    v_customer identity.profiles = scheduling.caller();
    v_leg scheduling.leg;
    v_offers scheduling.offer[];
    v_reason text;
begin
    for v_offers in
        select array_agg(offer) from unnest(offers) as offer group by offer.at order by offer.at
    loop
        v_leg = (select leg from unnest(legs) as leg where leg.starts_at = v_offers[1].at);
        begin
            perform scheduling.write(
                array[v_leg],
                v_offers,
                limits,
                pricing.quote(array[v_leg], coupon_code, 0),
                notes,
                false,
                series_id,
                v_customer
            );
            perform set_config('frontdesk.is_repeated', 'yes', true);
        exception
            when sqlstate 'PT409' or sqlstate 'PT422' then
                get stacked diagnostics v_reason = pg_exception_detail;
                v_conflicts = v_conflicts || scheduling.conflict(v_leg, v_reason);
        end;
    end loop;
    perform set_config('frontdesk.is_repeated', '', true);
    return v_conflicts;
end;
$$;

/*
 * The bookings of a series that lie ahead and can still change, from one of them on: locked, with
 * all that they take and may take, for whoever may act on them.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function scheduling.claim_series(
    series_id uuid, from_booking_id uuid, for_new_time boolean
)
returns scheduling.bookings[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_bookings scheduling.bookings[];
begin
    if not private.is_operator() then
        perform private.signed_in_user();
    end if;
    v_bookings = array(
        select bookings
        from scheduling.booking_series
        inner join scheduling.bookings
            on
                bookings.business_id = booking_series.business_id
                and bookings.series_id = booking_series.id
        left join scheduling.bookings as anchor on anchor.id = claim_series.from_booking_id
        where
            booking_series.id = claim_series.series_id
            and scheduling.actors(bookings) <> '{}'
            and bookings.status in ('held', 'pending_payment', 'pending', 'confirmed')
            and bookings.starts_at > private.now()
            and (claim_series.from_booking_id is null or bookings.starts_at >= anchor.starts_at)
        order by bookings.starts_at
    );
    if v_bookings = '{}' and not exists (
        select 1
        from scheduling.booking_series
        where
            booking_series.id = claim_series.series_id
            and (
                booking_series.customer_id = auth.uid()
                or booking_series.business_id in (select private.my_businesses('view'))
                or private.is_operator()
            )
    ) or v_bookings <> '{}' and claim_series.from_booking_id is not null
        and v_bookings[1].id <> claim_series.from_booking_id then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such series, or no such booking in it.',
            'Read booking_series for those that you can see.'
        );
    end if;
    if v_bookings = '{}' then
        perform private.refuse(
            'PT409', 'invalid_transition', 'Nothing of this series lies ahead that can be changed.',
            'Read its bookings again.'
        );
    end if;
    perform scheduling.lock(
        array(
            select resource.id
            from unnest(v_bookings) as booking
            cross join lateral unnest(scheduling.resources_of(booking.id)) as resource (id)
            union
            -- What limits may be counted by.
            select subject.id
            from unnest(array[v_bookings[1].business_id, v_bookings[1].customer_id]) as subject (id)
            where subject.id is not null
            union
            select booking_items.service_id
            from unnest(v_bookings) as booking
            inner join scheduling.booking_items
                on
                    booking_items.business_id = booking.business_id
                    and booking_items.booking_id = booking.id
            union
            select service_resources.resource_id
            from unnest(v_bookings) as booking
            inner join scheduling.booking_items
                on
                    booking_items.business_id = booking.business_id
                    and booking_items.booking_id = booking.id
            inner join catalog.service_resources
                on service_resources.service_id = booking_items.service_id
            where claim_series.for_new_time
        )
    );
    return v_bookings;
end;
$$;

/*
 * Call off what of a series lies ahead, from one booking on.
 * Definer: as scheduling.step.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition hold_expired changed_meanwhile
 */
create function scheduling.cancel_series(series_id uuid, from_booking_id uuid, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    foreach v_booking in array scheduling.claim_series(series_id, from_booking_id, false) loop
        perform scheduling.step(v_booking.id, 'cancelled', '{customer,business}', reason);
        perform set_config('frontdesk.is_repeated', 'yes', true);
    end loop;
    perform set_config('frontdesk.is_repeated', '', true);
end;
$$;

/*
 * Move what of a series lies ahead, from one booking on, by as much as its first booking moves on
 * the wall clock: all or nothing. Later ones first where the move goes forward, so that none stands
 * in the way of another. Definer: as scheduling.move.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken invalid_transition hold_expired changed_meanwhile not_bookable
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached too_late
 */
create function scheduling.move_series(
    series_id uuid, starts_at timestamptz, from_booking_id uuid, resource_id uuid
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_bookings scheduling.bookings[] = scheduling.claim_series(series_id, from_booking_id, true);
    v_time_zone text;
    v_shift interval;
    v_booking scheduling.bookings;
begin
    select booking_series.time_zone into v_time_zone
    from scheduling.booking_series
    where booking_series.id = move_series.series_id;
    v_shift = (move_series.starts_at at time zone v_time_zone)
    - (v_bookings[1].starts_at at time zone v_time_zone);
    for v_booking in
        select booking.*
        from unnest(v_bookings) as booking
        order by
            case when v_shift > interval '0' then booking.starts_at end desc,
            booking.starts_at
    loop
        perform scheduling.move(
            v_booking.id,
            case
                when v_booking.id = v_bookings[1].id then move_series.starts_at
                when v_shift = interval '0' then v_booking.starts_at
                else (v_booking.starts_at at time zone v_time_zone + v_shift) at time zone v_time_zone
            end,
            move_series.resource_id,
            '{customer,business}'
        );
        perform set_config('frontdesk.is_repeated', 'yes', true);
    end loop;
    perform set_config('frontdesk.is_repeated', '', true);
end;
$$;

-- sql/40_scheduling/functions/9_unbookable.sql

-- Services that look as if they could be booked and never can: what the operator is told about.

/*
 * The longest time in which an owner of hours (a resource, or a business for those who follow it)
 * is open without a break, in minutes: by the week, whose days may touch and whose end touches its
 * beginning, or on special days that are still to come.
 */
create function scheduling.longest_openings()
returns table (owner_id uuid, weekly_minutes integer, special_minutes integer)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with weeks as (
        select
            coalesce(working_hours.resource_id, working_hours.business_id) as owner_id,
            range_agg(
                int4range(
                    week.minute + extract(epoch from working_hours.opens_at)::integer / 60,
                    week.minute + extract(epoch from working_hours.closes_at)::integer / 60
                )
            ) as minutes
        from catalog.working_hours
        cross join lateral (
            values ((working_hours.weekday - 1) * 1440), ((working_hours.weekday + 6) * 1440)
        ) as week (minute)
        group by 1
    ),

    longest as (
        select
            weeks.owner_id,
            max(upper(opening) - lower(opening)) as weekly_minutes,
            null::integer as special_minutes
        from weeks
        cross join lateral unnest(weeks.minutes) as opening
        group by weeks.owner_id
        union all
        select
            coalesce(schedule_exceptions.resource_id, schedule_exceptions.business_id),
            null,
            extract(epoch from schedule_exceptions.closes_at - schedule_exceptions.opens_at)::integer
            / 60
        from catalog.schedule_exceptions
        where
            schedule_exceptions.opens_at is not null
            and schedule_exceptions.ends_on >= (private.now() at time zone 'UTC')::date - 1
    )

    select
        longest.owner_id,
        max(longest.weekly_minutes),
        max(longest.special_minutes)
    from longest
    group by longest.owner_id;
end;
$$;

/*
 * Pools of services of which nobody can ever give the service, and why: nobody who is active
 * (no_resource), nobody with so many places (too_small), with any hours (no_hours), with an opening
 * as long as the service (too_short). Add-ons are not counted.
 */
create function scheduling.unbookable_pools()
returns table (service_id uuid, problem text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with openings as materialized (
        select * from scheduling.longest_openings()
    ),

    candidates as (
        select
            services.id as service_id,
            case service_resources.mode
                when 'all' then service_resources.resource_id::text
                else service_resources.pool
            end as pool,
            coalesce(resources.is_active, false) as is_active,
            resources.capacity >= service_resources.quantity as is_big,
            case
                when
                    resources.kind <> 'staff'
                    and own.weekly_minutes is null
                    and shared.weekly_minutes is null then 2147483647
                else greatest(
                    coalesce(own.weekly_minutes, shared.weekly_minutes),
                    own.special_minutes,
                    shared.special_minutes
                )
            end as minutes,
            services.duration_minutes
        from catalog.services
        left join catalog.service_resources on service_resources.service_id = services.id
        left join catalog.resources on resources.id = service_resources.resource_id
        left join openings as own on own.owner_id = resources.id
        left join openings as shared on shared.owner_id = services.business_id
        where not services.is_class
    ),

    pools as (
        select
            candidates.service_id,
            bool_or(candidates.is_active) as somebody,
            bool_or(candidates.is_active and candidates.is_big) as big,
            bool_or(candidates.is_active and candidates.is_big and candidates.minutes > 0) as ever,
            bool_or(
                candidates.is_active
                and candidates.is_big
                and candidates.minutes >= candidates.duration_minutes
            ) as enough
        from candidates
        group by candidates.service_id, candidates.pool
    )

    select distinct
        pools.service_id,
        case
            when not pools.somebody then 'no_resource'
            when not pools.big then 'too_small'
            when pools.ever is not true then 'no_hours'
            else 'too_short'
        end
    from pools
    where pools.enough is not true;
end;
$$;

/*
 * Active services of businesses that are open to the public which can never be booked, and why:
 * as scheduling.unbookable_pools, a class without a session to come (no_session), bookable until a
 * day that is gone (over), a notice that reaches past the advance (notice_past_advance), a limit
 * that leaves no room for one (limit_of_none).
 */
create function scheduling.unbookable()
returns table (business text, service text, problem text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with problems as (
        select
            pools.service_id,
            pools.problem
        from scheduling.unbookable_pools() as pools
        union all
        select
            services.id,
            'no_session'
        from catalog.services
        where
            services.is_class
            and not exists (
                select 1
                from scheduling.sessions
                where
                    sessions.business_id = services.business_id
                    and sessions.service_id = services.id
                    and sessions.starts_at > private.now()
            )
        union all
        select
            services.id,
            'over'
        from catalog.services
        inner join business.businesses on businesses.id = services.business_id
        where services.bookable_until < (private.now() at time zone businesses.time_zone)::date
        union all
        select
            services.id,
            'notice_past_advance'
        from catalog.services
        where services.min_notice_minutes >= (services.max_advance_days + 1) * 1440
        union all
        select
            services.id,
            'limit_of_none'
        from catalog.services
        inner join catalog.booking_limits on booking_limits.service_id = services.id
        where
            booking_limits.max_bookings = 0
            or booking_limits.max_minutes < services.duration_minutes
    )

    select distinct
        businesses.name,
        services.name,
        problems.problem
    from problems
    inner join catalog.services on services.id = problems.service_id
    inner join business.businesses on businesses.id = services.business_id
    where
        services.is_active
        and services.archived_at is null
        and businesses.is_active
        and businesses.status = 'approved'
    order by 1, 2, 3;
end;
$$;

-- sql/40_scheduling/functions/9_waitlist.sql

-- The waitlist. Time that becomes free is offered to those who wait, in turn, before anybody else
-- can have it.

/*
 * Wait for a service to become free. Definer: nobody has an insert grant on entries.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 not_bookable already_waiting · PT422 not_eligible limit_reached
 */
create function scheduling.join_waitlist(
    service_id uuid, during tstzrange, resource_id uuid, party_size integer
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer_id uuid = private.signed_in_user();
    v_service catalog.services = scheduling.visible_service(join_waitlist.service_id);
    v_id uuid = gen_random_uuid();
begin
    if join_waitlist.party_size > v_service.max_party_size then
        perform private.invalid('party_size', format('must be at most %s', v_service.max_party_size));
    end if;
    if upper(join_waitlist.during) <= private.now() then
        perform private.invalid('to_at', 'must be in the future');
    end if;
    if join_waitlist.resource_id is not null and not exists (
        select 1
        from scheduling.needs(v_service.id, join_waitlist.resource_id, 1)
    ) then
        perform private.refuse(
            'PT422', 'not_eligible', 'That resource does not give this service.',
            'Read service_resources for those that do, or leave resource_id out.'
        );
    end if;
    -- One at a time: two inserts that meet in the constraint would wait for each other.
    perform scheduling.lock(array[v_customer_id]);
    if (
        select count(*)
        from scheduling.waitlist_entries
        where
            waitlist_entries.customer_id = v_customer_id
            and waitlist_entries.status = 'waiting'
            and upper(waitlist_entries.during) > private.now()
    ) >= 50 then
        perform private.refuse(
            'PT422', 'limit_reached', 'You wait for fifty things already.', 'Leave one of them first.'
        );
    end if;
    insert into scheduling.waitlist_entries (
        id, business_id, service_id, resource_id, customer_id, during, party_size, created_at
    )
    values (
        v_id, v_service.business_id, v_service.id, join_waitlist.resource_id, v_customer_id,
        join_waitlist.during, join_waitlist.party_size, private.now()
    );
    return v_id;
exception
    when exclusion_violation then
        perform private.refuse(
            'PT409', 'already_waiting', 'You wait for that already.',
            'Leave the waitlist first to wait for another time.'
        );
        return null;
end;
$$;

/*
 * Time of a booking has become free: offer it to the first who waits for something that fits into
 * it, and after them to the others who would take the very same. Nothing happens where nobody
 * waits. Where somebody else is at the resources, a worker looks again, so that nobody waits here.
 * Definer: called in steps of whoever frees the time, and by the worker.
 */
create function scheduling.offer_freed(business_id uuid, freed tstzrange)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_entry scheduling.waitlist_entries;
    v_service catalog.services;
    v_offers scheduling.offer[];
begin
    for v_entry in
        select waitlist_entries.*
        from scheduling.waitlist_entries
        where
            waitlist_entries.business_id = offer_freed.business_id
            and waitlist_entries.status = 'waiting'
            and upper(waitlist_entries.during) > v_now
            and waitlist_entries.during && tstzrange(
                lower(offer_freed.freed) - interval '3 days',
                upper(offer_freed.freed) + interval '1 day'
            )
            and not exists (
                select 1
                from scheduling.waitlist_offers
                where
                    waitlist_offers.business_id = waitlist_entries.business_id
                    and waitlist_offers.entry_id = waitlist_entries.id
                    and waitlist_offers.expires_at > v_now
            )
        order by waitlist_entries.turn
    loop
        v_service = scheduling.bookable_service(v_entry.service_id);
        continue when v_service.id is null or v_service.visibility = 'hidden';
        v_offers = scheduling.offers_within(v_entry, v_service, offer_freed.freed);
        continue when v_offers = '{}';
        if scheduling.try_lock(
            array(select coalesce(offer.session_id, offer.id) from unnest(v_offers) as offer)
        ) then
            perform scheduling.hold_for_waitlist(v_entry, v_service, v_offers);
        else
            perform private.emit(
                'waitlist.freed',
                jsonb_build_object(
                    'business_id', offer_freed.business_id,
                    'from_at', lower(offer_freed.freed),
                    'to_at', upper(offer_freed.freed)
                )
            );
        end if;
        return;
    end loop;
end;
$$;

/*
 * What a booking took has become free. Of a hold of the waitlist's own everybody was told already.
 */
create function scheduling.offer_time_of(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if booking.customer_id is null and booking.customer_email is null then
        return;
    end if;
    perform scheduling.offer_freed(
        booking.business_id, tstzrange(booking.starts_at, booking.ends_at)
    );
end;
$$;

/*
 * Who could give what an entry waits for at its first start that uses some freed time.
 */
create function scheduling.offers_within(
    entry scheduling.waitlist_entries, service catalog.services, freed tstzrange
)
returns scheduling.offer[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_starts tstzrange = tstzrange(
        lower(freed) - make_interval(mins => service.duration_minutes + service.buffer_after_minutes),
        upper(freed) + make_interval(mins => service.buffer_before_minutes),
        '()'
    ) * entry.during;
begin
    if isempty(v_starts) then
        return '{}'::scheduling.offer[];
    end if;
    return array(
        with found as materialized (
            select offer
            from scheduling.offers(
                entry.service_id, v_starts::tstzmultirange, entry.resource_id, entry.party_size,
                service.duration_minutes
            ) as offer
        )

        select found.offer
        from found
        where (found.offer).at = (select min((first.offer).at) from found as first)
    );
end;
$$;

/*
 * Lock as scheduling.lock does, but without waiting: false where somebody else has a lock. For who
 * holds locks already and must not wait out of order.
 */
create function scheduling.try_lock(ids uuid[])
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_key bigint;
begin
    for v_key in
        select distinct hashtextextended(locked.id::text, 0) as key
        from unnest(try_lock.ids) as locked (id)
        order by key
    loop
        if not pg_try_advisory_xact_lock(v_key) then
            return false;
        end if;
    end loop;
    return true;
end;
$$;

/*
 * Hold what can be had for those who wait for it, one after another, at most ten and no longer than
 * until it starts.
 */
create function scheduling.hold_for_waitlist(
    entry scheduling.waitlist_entries, service catalog.services, offers scheduling.offer[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_each interval = make_interval(mins => service.offer_minutes);
    v_start timestamptz = offers[1].at;
    v_legs scheduling.leg[] = array[
        scheduling.leg(
            row(
                service.id, v_start, null, entry.resource_id, '{}', entry.party_size, null, null
            )::scheduling.wish
        )
    ];
    v_turns uuid[] = array(
        select waiting.id
        from scheduling.waitlist_entries as waiting
        where
            waiting.business_id = entry.business_id
            and waiting.service_id = entry.service_id
            and waiting.status = 'waiting'
            and waiting.turn >= entry.turn
            and waiting.during @> v_start
            and waiting.resource_id is not distinct from entry.resource_id
            and waiting.party_size = entry.party_size
        order by waiting.turn
        limit 10
    );
    v_last integer = least(
        cardinality(v_turns), ceil(extract(epoch from v_start - v_now) / extract(epoch from v_each))
    );
    v_booking scheduling.bookings;
begin
    v_legs[1].answers = '[]';
    v_booking = scheduling.write_booking(
        v_legs, pricing.quote(v_legs, null, 0), null, least(v_now + v_last * v_each, v_start), null,
        null::identity.profiles
    );
    perform scheduling.write_item(v_booking, v_legs, 1, offers);
    insert into scheduling.waitlist_offers (
        business_id, entry_id, booking_id, starts_at, opens_at, expires_at
    )
    select
        entry.business_id,
        turns.entry_id,
        v_booking.id,
        v_start,
        v_now + (turns.number - 1) * v_each,
        least(v_now + turns.number * v_each, v_start)
    from unnest(v_turns) with ordinality as turns (entry_id, number)
    where turns.number <= v_last;
    perform scheduling.announce_turns(v_booking);
end;
$$;

/*
 * Tell each whose turn will come when it does. Nobody is told twice, and nobody whose turn has
 * gone: it is looked at again then.
 */
create function scheduling.announce_turns(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'waitlist.offered',
        jsonb_build_object(
            'booking_id', waitlist_offers.booking_id,
            'business_id', waitlist_offers.business_id,
            'entry_id', waitlist_offers.entry_id,
            'to_starts_at', waitlist_offers.starts_at
        ),
        nullif(waitlist_offers.opens_at, private.now())
    )
    from scheduling.waitlist_offers
    where
        waitlist_offers.business_id = booking.business_id
        and waitlist_offers.booking_id = booking.id
        and waitlist_offers.told_at is null
        and waitlist_offers.expires_at > private.now();
end;
$$;

/*
 * The entry of the caller.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.claim_entry(entry_id uuid)
returns scheduling.waitlist_entries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_entry scheduling.waitlist_entries;
begin
    select waitlist_entries.* into v_entry
    from scheduling.waitlist_entries
    where
        waitlist_entries.id = claim_entry.entry_id
        and waitlist_entries.customer_id = private.signed_in_user();
    if v_entry.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'You do not wait for that.', 'Read waitlist_entries for what you do.'
        );
    end if;
    return v_entry;
end;
$$;

/*
 * The hold in which an entry has a turn that is not over, locked with its resources and with who
 * waits; nothing where it has none.
 */
create function scheduling.claim_turn(entry scheduling.waitlist_entries)
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    select bookings.* into v_booking
    from scheduling.waitlist_offers
    inner join scheduling.bookings
        on
            bookings.business_id = waitlist_offers.business_id
            and bookings.id = waitlist_offers.booking_id
    where
        waitlist_offers.business_id = entry.business_id
        and waitlist_offers.entry_id = entry.id
        and waitlist_offers.expires_at > private.now()
    order by waitlist_offers.opens_at
    limit 1;
    if v_booking.id is null then
        return null;
    end if;
    perform scheduling.lock(scheduling.resources_of(v_booking.id) || entry.customer_id);
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = v_booking.id
    for update;
    return v_booking;
end;
$$;

/*
 * Accept what is offered: the hold becomes the caller's booking, by update, in its turn.
 * Definer: as scheduling.step.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 offer_expired invalid_transition
 *          PT422 limit_reached
 */
create function scheduling.accept_offer(entry_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_entry scheduling.waitlist_entries = scheduling.claim_entry(entry_id);
    v_booking scheduling.bookings = scheduling.claim_turn(v_entry);
begin
    if v_entry.status = 'accepted' then
        return v_entry.booking_id;
    end if;
    if v_booking.status is distinct from 'held' or not exists (
        select 1
        from scheduling.waitlist_offers
        where
            waitlist_offers.booking_id = v_booking.id
            and waitlist_offers.entry_id = v_entry.id
            and waitlist_offers.opens_at <= private.now()
            and waitlist_offers.expires_at > private.now()
    ) then
        perform private.refuse(
            'PT409', 'offer_expired', 'Nothing is offered to you now.',
            'Wait for the next offer: you keep your turn.'
        );
    end if;
    -- First whose it is, then the step that they take.
    update scheduling.bookings
    set
        customer_id = profiles.id,
        customer_name = profiles.full_name,
        customer_email = profiles.email,
        customer_phone = profiles.phone
    from identity.profiles
    where bookings.id = v_booking.id and profiles.id = v_entry.customer_id
    returning bookings.* into v_booking;
    perform scheduling.refuse_passed_by_customer(v_booking);
    update scheduling.waitlist_entries
    set status = 'accepted', booking_id = v_booking.id
    where waitlist_entries.id = v_entry.id;
    delete from scheduling.waitlist_offers
    where waitlist_offers.booking_id = v_booking.id;
    return scheduling.step(v_booking.id, 'confirmed', '{customer}', null);
end;
$$;

/*
 * Wait no longer. What was offered passes on to the next at once.
 * Definer: nobody has an update grant on entries.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function scheduling.leave_waitlist(entry_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_entry scheduling.waitlist_entries = scheduling.claim_entry(entry_id);
    v_booking scheduling.bookings = scheduling.claim_turn(v_entry);
begin
    update scheduling.waitlist_entries
    set status = 'left'
    where waitlist_entries.id = v_entry.id and waitlist_entries.status = 'waiting';
    if not found then
        if v_entry.status = 'accepted' then
            perform private.refuse(
                'PT409', 'invalid_transition', 'You have accepted already.',
                'Cancel the booking instead.'
            );
        end if;
        return;
    end if;
    if v_booking.status = 'held' then
        perform scheduling.pass_on(v_booking, v_entry.id);
    end if;
end;
$$;

/*
 * Take one entry out of the turns of a hold: those after it come earlier. After the last the time
 * is anybody's.
 */
create function scheduling.pass_on(booking scheduling.bookings, entry_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_gone scheduling.waitlist_offers;
    v_saved interval;
    v_until timestamptz;
begin
    delete from scheduling.waitlist_offers
    where waitlist_offers.booking_id = booking.id and waitlist_offers.entry_id = pass_on.entry_id
    returning waitlist_offers.* into v_gone;
    v_saved = v_gone.expires_at - greatest(v_gone.opens_at, v_now);
    update scheduling.waitlist_offers
    set
        opens_at = waitlist_offers.opens_at - v_saved,
        expires_at = waitlist_offers.expires_at - v_saved
    where waitlist_offers.booking_id = booking.id and waitlist_offers.opens_at >= v_gone.expires_at;
    select max(waitlist_offers.expires_at) into v_until
    from scheduling.waitlist_offers
    where waitlist_offers.booking_id = booking.id and waitlist_offers.expires_at > v_now;
    if v_until is null then
        update scheduling.bookings
        set status = 'expired'
        where bookings.id = booking.id;
        return;
    end if;
    update scheduling.bookings
    set hold_expires_at = v_until
    where bookings.id = booking.id;
    perform scheduling.announce_turns(booking);
end;
$$;

-- sql/40_scheduling/rules/1_bookings.sql

-- What holds for bookings on every path, the table owner's included.

/*
 * Only steps that exist, only by whom they are for, only when what guards them is so.
 *
 * Errors:  PT403 forbidden · PT409 invalid_transition · PT422 too_soon
 */
create function scheduling.bookings__refuse_illegal_steps()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_step scheduling.booking_transitions;
begin
    select booking_transitions.* into v_step
    from scheduling.booking_transitions
    where
        booking_transitions.from_status = old.status
        and booking_transitions.to_status = new.status;
    if not found then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A booking that is %s cannot become %s.', old.status, new.status),
            'Read the booking again and see what it allows.'
        );
    end if;
    -- A hold that runs out is released by whoever comes next, a rival included.
    if new.status <> 'expired'
        and not (v_step.actors || 'system'::scheduling.actor_kind) && scheduling.actors(old) then
        perform private.refuse(
            'PT403', 'forbidden', 'This step is not yours to take.', 'Ask the business to take it.'
        );
    end if;
    if v_step.guard = 'after_start' and private.now() < new.starts_at then
        perform private.refuse(
            'PT422', 'too_soon', 'Nobody is late before the start.', 'Wait for the start.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_illegal_steps
before update of status on scheduling.bookings
for each row
when (old.status is distinct from new.status)
execute function scheduling.bookings__refuse_illegal_steps();

create trigger _900_touch
before update on scheduling.bookings
for each row execute function private.any__touch();

/*
 * A step that costs something says how much, on every path: a customer who cancels, and nobody who
 * comes. A business that cancels charges nothing; a no-show that is put right costs nothing either.
 */
create function scheduling.bookings__charge_fee()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if new.status = 'cancelled' and (scheduling.actors(old))[1] = 'customer' then
        update scheduling.booking_items
        set cancellation_fee_minor = lines.fee_minor
        from scheduling.fee_lines(old, scheduling.cancellation_terms(old, private.now())) as lines
        where booking_items.id = lines.booking_item_id;
        select coalesce(sum(booking_items.cancellation_fee_minor), 0) into new.cancellation_fee_minor
        from scheduling.booking_items
        where booking_items.business_id = new.business_id and booking_items.booking_id = new.id;
    end if;
    new.no_show_fee_minor = case
        when new.status = 'no_show' then (
            select coalesce(sum(lines.fee_minor), 0)
            from scheduling.fee_lines(old, scheduling.terms_of(old.policy, 'no_show')) as lines
            where not lines.is_cancelled
        )
        else 0
    end;
    return new;
end;
$$;

create trigger _110_charge_fee
before update of status on scheduling.bookings
for each row
when (
    old.status is distinct from new.status
    and (new.status in ('cancelled', 'no_show') or old.status = 'no_show')
)
execute function scheduling.bookings__charge_fee();

/*
 * The time that a booking takes follows its status: it is given back, or taken for good, or, for a
 * request that did not block, taken now, if it is still free.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.bookings__follow_with_allocations()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if new.status in ('confirmed', 'checked_in', 'completed') then
        perform scheduling.release_expired(
            array_agg(allocations.resource_id), range_merge(range_agg(allocations.during))
        )
        from scheduling.allocations
        where
            allocations.business_id = new.business_id
            and allocations.booking_id = new.id
            and not allocations.is_blocking
        having count(*) > 0;
    end if;

    update scheduling.allocations
    set
        is_blocking = scheduling.is_blocking(new.status, services.is_blocked_by_pending),
        expires_at = case
            when new.status in ('held', 'pending_payment') then new.hold_expires_at
        end
    from scheduling.booking_items
    inner join catalog.services on services.id = booking_items.service_id
    where
        allocations.business_id = new.business_id
        and allocations.booking_id = new.id
        and booking_items.id = allocations.booking_item_id;
    perform scheduling.follow_with_seats(new);
    return null;
exception
    when exclusion_violation then
        perform scheduling.refuse_taken();
        return null;
end;
$$;

create trigger _200_follow_with_allocations
after update of status on scheduling.bookings
for each row
when (old.status is distinct from new.status)
execute function scheduling.bookings__follow_with_allocations();

/*
 * Every step is written down: who, when, why, from where to where.
 */
create function scheduling.bookings__write_history()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_actors scheduling.actor_kind[] = scheduling.actors(new);
begin
    insert into scheduling.booking_history (
        business_id, booking_id, from_status, to_status, from_starts_at, to_starts_at,
        actor, actor_id, reason, at, fee_minor
    )
    values (
        new.business_id,
        new.id,
        case when tg_op = 'UPDATE' then old.status end,
        new.status,
        case when tg_op = 'UPDATE' then old.starts_at end,
        new.starts_at,
        case
            -- A guest who books: the address is theirs to prove before the hold runs out.
            when tg_op = 'INSERT' and v_actors = '{}' and new.customer_email is not null
                and new.customer_id is null then 'customer'
            when new.status = 'expired' or v_actors = '{}' then 'system'
            when tg_op = 'INSERT' and 'customer' = any(v_actors) then 'customer'
            else v_actors[1]
        end,
        case when new.status <> 'expired' then auth.uid() end,
        new.status_reason,
        private.now(),
        case
            when tg_op = 'INSERT' then 0
            when old.status = new.status or old.starts_at <> new.starts_at then
                new.reschedule_fee_minor - old.reschedule_fee_minor
            else
                new.cancellation_fee_minor + new.no_show_fee_minor
                - old.cancellation_fee_minor - old.no_show_fee_minor
        end
    );
    return null;
end;
$$;

create trigger _300_write_history
after insert on scheduling.bookings
for each row execute function scheduling.bookings__write_history();

create trigger _310_write_history
after update of status, starts_at on scheduling.bookings
for each row
when (old.status is distinct from new.status or old.starts_at is distinct from new.starts_at)
execute function scheduling.bookings__write_history();

/*
 * What a booking does by itself next: a hold expires, a request lapses when its time has come.
 * Moving on by any other step calls it off.
 */
create function scheduling.bookings__schedule_next_step()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if tg_op = 'UPDATE' then
        delete from scheduling.scheduled_transitions
        where scheduled_transitions.booking_id = new.id;
    end if;
    insert into scheduling.scheduled_transitions (
        booking_id, business_id, from_status, to_status, due_at
    )
    select
        new.id,
        new.business_id,
        booking_transitions.from_status,
        booking_transitions.to_status,
        moments.due_at
    from scheduling.booking_transitions
    cross join lateral (
        select
            case booking_transitions.due
                when 'starts_at' then new.starts_at
                else new.hold_expires_at
            end as due_at
    ) as moments
    where
        booking_transitions.from_status = new.status
        and booking_transitions.due is not null
        and moments.due_at is not null;
    return null;
end;
$$;

create trigger _400_schedule_next_step
after insert on scheduling.bookings
for each row
when (new.status in ('held', 'pending_payment', 'pending'))
execute function scheduling.bookings__schedule_next_step();

create trigger _410_schedule_next_step
after update of status, starts_at, hold_expires_at on scheduling.bookings
for each row
when (
    old.status in ('held', 'pending_payment', 'pending')
    or new.status in ('held', 'pending_payment', 'pending')
)
execute function scheduling.bookings__schedule_next_step();

/*
 * What happened to a booking is announced in the transaction in which it happened, under
 * booking.requested, .confirmed, .moved, .cancelled and so on: `reassigned` where somebody else
 * gives an item, `moved` where only the time changed, `requested` where a booking begins to wait
 * for the business, `released` where a hold ran out, else the new status. `is_repeated`: the same
 * was said of an earlier occurrence of its series.
 */
create function scheduling.booking_history__announce()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'booking.' || case
            when new.booking_item_id is not null then 'item_cancelled'
            when coalesce(new.from_resource_id, new.to_resource_id) is not null then 'reassigned'
            when new.to_status = new.from_status then 'moved'
            when new.to_status = 'pending' then 'requested'
            when new.to_status = 'expired' and new.from_status <> 'pending' then 'released'
            else new.to_status::text
        end,
        jsonb_build_object(
            'booking_id', new.booking_id,
            'business_id', new.business_id,
            'from_status', new.from_status,
            'to_status', new.to_status,
            'from_starts_at', new.from_starts_at,
            'to_starts_at', new.to_starts_at,
            'actor', new.actor,
            'reason', new.reason,
            'fee_minor', new.fee_minor,
            'booking_item_id', new.booking_item_id,
            'is_repeated', current_setting('frontdesk.is_repeated', true) = 'yes'
        )
        || case
            when coalesce(new.from_resource_id, new.to_resource_id) is null then '{}'
            else jsonb_build_object(
                'from_resource_id', new.from_resource_id, 'to_resource_id', new.to_resource_id
            )
        end
    );
    return null;
end;
$$;

/*
 * A service that is cancelled by itself is a step of its booking.
 */
create function scheduling.booking_items__write_history()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into scheduling.booking_history (
        business_id, booking_id, booking_item_id, from_status, to_status, from_starts_at,
        to_starts_at, actor, actor_id, reason, at, fee_minor
    )
    select
        bookings.business_id,
        bookings.id,
        new.id,
        bookings.status,
        bookings.status,
        bookings.starts_at,
        bookings.starts_at,
        coalesce((scheduling.actors(bookings))[1], 'system'),
        auth.uid(),
        bookings.status_reason,
        private.now(),
        new.cancellation_fee_minor
    from scheduling.bookings
    where bookings.id = new.booking_id;
    return null;
end;
$$;

create trigger _300_write_history
after update of cancelled_at on scheduling.booking_items
for each row
when (old.cancelled_at is null and new.cancelled_at is not null)
execute function scheduling.booking_items__write_history();

create trigger _500_announce
after insert on scheduling.booking_history
for each row execute function scheduling.booking_history__announce();

create trigger _100_refuse_rewriting
before update or delete on scheduling.booking_history
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_rewriting
before truncate on scheduling.booking_history
for each statement execute function private.any__refuse_rewriting();

create trigger _010_refuse_bad_input
before insert or update on scheduling.booking_notes
for each row execute function private.any__refuse_bad_input('serve');

/*
 * An allocation is of a resource that gives the service of its item or session, and of a place that
 * the resource has. For every path: scheduling.offers asks the same before.
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
begin
    if not exists (
        select 1
        from catalog.service_resources
        inner join catalog.resources on resources.id = service_resources.resource_id
        where
            service_resources.service_id = coalesce(
                (
                    select booking_items.service_id
                    from scheduling.booking_items
                    where booking_items.id = new.booking_item_id
                ),
                (select sessions.service_id from scheduling.sessions where sessions.id = new.session_id)
            )
            and service_resources.resource_id = new.resource_id
            and resources.capacity >= new.unit
    ) then
        perform private.refuse(
            'PT422', 'not_eligible', 'That resource does not give this service, or has no such place.',
            'Read service_resources for those that do.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_ineligible
before insert or update of resource_id, unit on scheduling.allocations
for each row execute function scheduling.allocations__refuse_ineligible();

/*
 * What bookings point at stays, so that they can always be read: it is archived or switched off.
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
            'PT409', 'in_use', 'There are bookings of it.',
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

-- sql/40_scheduling/rules/2_sessions.sql

-- What holds for sessions and seats on every path.

create trigger _010_refuse_bad_input
before insert or update on scheduling.sessions
for each row execute function private.any__refuse_bad_input('manage');

/*
 * A session can be made smaller as long as nobody sits on the seats that go. The constraint
 * seats_exist says the same; this says it in words.
 *
 * Errors:  PT409 capacity_in_use
 */
create function scheduling.sessions__keep_taken_seats()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform scheduling.expire(
        array(
            select distinct seats.booking_id
            from scheduling.seats
            where seats.session_id = new.id and seats.is_blocking and seats.expires_at <= private.now()
        )
    );
    if exists (
        select 1
        from scheduling.seats
        where seats.session_id = new.id and seats.is_blocking and seats.number > new.capacity
    ) then
        perform private.refuse(
            'PT409', 'capacity_in_use', 'More seats than that are booked.',
            'Move or cancel those bookings first.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_keep_taken_seats
before update of capacity on scheduling.sessions
for each row
when (new.capacity < old.capacity)
execute function scheduling.sessions__keep_taken_seats();

/*
 * A session that somebody booked stays; what is left of cancelled bookings goes with it. Definer:
 * seats are nobody's to delete.
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
            'PT409', 'in_use', 'There are bookings of it.', 'Move or cancel those bookings first.'
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
 * A class keeps its length, and stays a class, while sessions of it lie ahead: they were made for
 * that length.
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
            'PT409', 'in_use', 'Sessions of this class lie ahead.',
            'Delete them first, or make another service.'
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

-- sql/40_scheduling/rules/3_waitlist.sql

-- What holds for the waitlist on every path.

/*
 * The time that a hold takes ends when the hold does.
 */
create function scheduling.bookings__shorten_hold()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update scheduling.allocations
    set expires_at = new.hold_expires_at
    where allocations.business_id = new.business_id and allocations.booking_id = new.id;
    update scheduling.seats
    set expires_at = new.hold_expires_at
    where seats.business_id = new.business_id and seats.booking_id = new.id;
    return null;
end;
$$;

create trigger _210_shorten_hold
after update of hold_expires_at on scheduling.bookings
for each row
when (
    old.status = new.status
    and new.status in ('held', 'pending_payment')
    and old.hold_expires_at is distinct from new.hold_expires_at
)
execute function scheduling.bookings__shorten_hold();

/*
 * Nothing is offered any more once the hold of an offer is none.
 */
create function scheduling.bookings__end_offers()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from scheduling.waitlist_offers
    where
        waitlist_offers.business_id = new.business_id and waitlist_offers.booking_id = new.id;
    return null;
end;
$$;

create trigger _220_end_offers
after update of status on scheduling.bookings
for each row
when (old.status = 'held' and new.status <> 'held' and new.customer_id is null)
execute function scheduling.bookings__end_offers();

-- sql/40_scheduling/policies/1_bookings.sql

-- Who may read bookings: the customer theirs, members those of their business, the platform's
-- staff all. Nobody writes: functions place, move and step bookings, so that nobody chooses a
-- price, a status or a time. `= any (array(select …))` and not `in (select …)`: beside an `or`
-- only the array can use an index; and no branch that is true or false for all rows, beside which
-- none can.

/*
 * The bookings of the signed-in customer.
 * Definer: what hangs on bookings asks this instead of bookings' own policy, once a statement.
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
grant execute on function private.my_bookings() to authenticated, service_role;

alter table scheduling.bookings enable row level security;
alter table scheduling.booking_items enable row level security;
alter table scheduling.allocations enable row level security;
alter table scheduling.booking_history enable row level security;
alter table scheduling.booking_notes enable row level security;
alter table scheduling.booking_transitions enable row level security;
alter table scheduling.scheduled_transitions enable row level security;

grant select on
scheduling.bookings,
scheduling.booking_items,
scheduling.allocations,
scheduling.booking_history,
scheduling.booking_notes
to authenticated;
grant insert (id, business_id, booking_id, body), delete
on scheduling.booking_notes to authenticated;
grant select on scheduling.booking_transitions to anon, authenticated;
grant select, insert, update, delete on
scheduling.bookings,
scheduling.booking_items,
scheduling.allocations,
scheduling.booking_history,
scheduling.booking_notes,
scheduling.booking_transitions,
scheduling.scheduled_transitions
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

create policy booking_history_select
on scheduling.booking_history
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or booking_id = any(array(select private.my_bookings()))
);

-- Notes are the business's own: not the customer's, not the platform's.
create policy booking_notes_select
on scheduling.booking_notes
for select
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy booking_notes_insert
on scheduling.booking_notes
for insert
to authenticated
with check (business_id in (select private.my_businesses('serve')));

create policy booking_notes_delete
on scheduling.booking_notes
for delete
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy booking_transitions_select
on scheduling.booking_transitions
for select
to anon, authenticated
using (true);

-- scheduled_transitions has no policy: the worker takes its steps through a function.

-- Analysts count bookings; who booked, and what they wrote, is not in the grant.
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

-- What public functions call. Each checks its caller; none is reachable over HTTP by itself.
grant execute on function
scheduling.place(scheduling.wish[], text, text, boolean),
scheduling.step(uuid, scheduling.booking_status, scheduling.actor_kind[], text),
scheduling.cancel_item(uuid, uuid, scheduling.actor_kind[], text),
scheduling.cancellation_quote(uuid, timestamptz),
scheduling.move(uuid, timestamptz, uuid, scheduling.actor_kind[], text, uuid),
scheduling.legs(scheduling.wish[]),
scheduling.visible_service(uuid, boolean),
scheduling.open_service(uuid),
scheduling.refuse_unseen(),
scheduling.bookable_service(uuid),
scheduling.offers(uuid, tstzmultirange, uuid, integer, integer, uuid),
scheduling.chosen_addons(uuid, uuid[])
to anon, authenticated, service_role;
grant execute on function scheduling.apply_due_transitions(integer) to worker;

-- sql/40_scheduling/policies/2_sessions.sql

-- Sessions are part of what a business offers: who sees a class sees its sessions. Owners and
-- managers change their capacity and delete them; scheduling makes them. Seats are seen as the
-- booking that they belong to, and written by functions only.

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

grant execute on function
scheduling.free_seats(uuid, uuid, integer),
scheduling.days(uuid, date, date, uuid, integer, text),
scheduling.session_starts(catalog.services, daterange, integer[], time, time, integer),
scheduling.create_sessions(catalog.services, timestamptz[], uuid, integer)
to anon, authenticated, service_role;

-- sql/40_scheduling/policies/3_preferences.sql

-- Whom a customer prefers is theirs to know: not the business's, not the platform's.

alter table scheduling.preferred_resources enable row level security;

grant select on scheduling.preferred_resources to authenticated;
grant select, insert, update, delete on scheduling.preferred_resources to service_role;

create policy preferred_resources_select
on scheduling.preferred_resources
for select
to authenticated
using (customer_id = (select auth.uid()));

grant execute on function scheduling.prefer(uuid, uuid) to anon, authenticated, service_role;

-- sql/40_scheduling/policies/3_series.sql

-- Series are seen as their bookings are, and written by functions only.

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

grant execute on function
scheduling.place_series(scheduling.wish, text, text, text, boolean),
scheduling.cancel_series(uuid, uuid, text),
scheduling.move_series(uuid, timestamptz, uuid, uuid)
to anon, authenticated, service_role;

-- sql/40_scheduling/policies/4_waitlist.sql

-- Entries are seen by who waits and by the business; written by functions only.

alter table scheduling.waitlist_entries enable row level security;
alter table scheduling.waitlist_offers enable row level security;
grant select on scheduling.waitlist_entries, scheduling.waitlist_offers to authenticated;
grant select, insert, update, delete on
scheduling.waitlist_entries,
scheduling.waitlist_offers
to service_role;

create policy waitlist_entries_select
on scheduling.waitlist_entries
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

create policy waitlist_offers_select
on scheduling.waitlist_offers
for select
to authenticated
using (
    entry_id in (
        select waitlist_entries.id
        from scheduling.waitlist_entries
        where waitlist_entries.customer_id = (select auth.uid())
    )
    or business_id = any(array(select private.seen_businesses()))
);

grant execute on function
scheduling.join_waitlist(uuid, tstzrange, uuid, integer),
scheduling.accept_offer(uuid),
scheduling.leave_waitlist(uuid)
to anon, authenticated, service_role;
grant execute on function scheduling.offer_freed(uuid, tstzrange) to worker;

-- sql/40_scheduling/policies/6_calendars.sql

-- Whose feeds one may see and end: one's own, and those of a business that one manages.

alter table scheduling.calendar_feeds enable row level security;
-- Never the hash of the token.
grant select (id, user_id, business_id, resource_id, created_at, rotated_at)
on scheduling.calendar_feeds to authenticated;
-- No writes: create_calendar_feed, rotate_calendar_feed and delete_calendar_feed.
grant select, insert, update, delete on scheduling.calendar_feeds to service_role;

create policy calendar_feeds_select
on scheduling.calendar_feeds
for select
to authenticated
using (
    user_id = (select auth.uid())
    or business_id = any(array(select private.my_businesses('manage')))
);

grant usage on schema scheduling to edge;
grant execute on function scheduling.calendar_feed(text) to edge;
grant execute on function
scheduling.create_calendar_feed(uuid, uuid, text),
scheduling.rotate_calendar_feed(uuid, text),
scheduling.delete_calendar_feed(uuid)
to anon, authenticated, service_role;

-- sql/40_scheduling/policies/7_guests.sql

-- Nobody reads or writes the codes of guests: functions do.

alter table scheduling.guest_codes enable row level security;
grant select, insert, update, delete on scheduling.guest_codes to service_role;

grant execute on function
scheduling.request_guest_booking(scheduling.wish, text, text, text, text),
scheduling.request_guest_code(text, text),
scheduling.act_as_guest(text, text, scheduling.booking_status, text, timestamptz, uuid),
scheduling.claim_guest_bookings()
to anon, authenticated, service_role;
grant execute on function scheduling.forget_old_codes() to worker;

-- sql/40_scheduling/api/1_views.sql

-- What clients read about bookings. Nothing here can be written but a note.

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
    bookings.contact_verified_at
from scheduling.bookings;
grant select on public.bookings to authenticated, service_role;

comment on view public.bookings is
'Bookings: customers see theirs, members those of their business. Page by (starts_at, id). Written
by
book, confirm_booking, cancel_booking and their siblings only.';
comment on column public.bookings.id is 'Key.';
comment on column public.bookings.business_id is 'The business that was booked.';
comment on column public.bookings.customer_id is
'The user who booked; null for a guest, and once their account is gone.';
comment on column public.bookings.contact_verified_at is
'When a guest proved that customer_email is theirs; null for users.';
comment on column public.bookings.series_id is
'The series that it is an occurrence of; null for most.';
comment on column public.bookings.reference is
'8 characters without look-alikes, unique: what a customer reads out.';
comment on column public.bookings.status is
'held, pending_payment, pending, confirmed, checked_in, completed, cancelled, rejected, no_show or
expired.';
comment on column public.bookings.starts_at is 'Start of the first item.';
comment on column public.bookings.ends_at is 'End of the last item.';
comment on column public.bookings.time_zone is 'IANA zone of the business when it was booked.';
comment on column public.bookings.party_size is 'How many guests.';
comment on column public.bookings.currency is 'ISO 4217 code of every amount.';
comment on column public.bookings.total_minor is 'What it costs, in minor units.';
comment on column public.bookings.quote is 'The accepted quote, line by line, as quote gives it.';
comment on column public.bookings.policy is 'The cancellation policy that was accepted.';
comment on column public.bookings.customer_name is
'The customer''s name when it was booked, if known.';
comment on column public.bookings.customer_email is
'The customer''s e-mail address when it was booked.';
comment on column public.bookings.customer_phone is
'The customer''s phone number when it was booked.';
comment on column public.bookings.notes is 'The customer''s special requests.';
comment on column public.bookings.status_reason is
'Why it was rejected, cancelled or moved, if said.';
comment on column public.bookings.hold_expires_at is
'Until when a hold keeps its time; null otherwise.';
comment on column public.bookings.reschedule_count is 'How often the customer moved it.';
comment on column public.bookings.created_at is 'When it was made.';
comment on column public.bookings.updated_at is 'When it was last changed.';
comment on column public.bookings.cancellation_fee_minor is
'What cancelling it, or services of it, cost the customer, by the policy; minor units.';
comment on column public.bookings.no_show_fee_minor is
'What not coming cost the customer, by the policy; minor units.';
comment on column public.bookings.reschedule_fee_minor is
'What moving it late cost the customer, all moves together, beside the total; minor units.';

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
    booking_items.private_link_id
from scheduling.booking_items;
grant select on public.booking_items to authenticated, service_role;

comment on view public.booking_items is 'The services of a booking, one after another.';
comment on column public.booking_items.id is 'Key.';
comment on column public.booking_items.business_id is 'The business that was booked.';
comment on column public.booking_items.booking_id is 'The booking.';
comment on column public.booking_items.position is '1 is the first.';
comment on column public.booking_items.service_id is 'The service.';
comment on column public.booking_items.resource_id is
'Who or what gives it: the chosen or assigned resource of the leading pool.';
comment on column public.booking_items.starts_at is 'Start, without buffers.';
comment on column public.booking_items.ends_at is 'End, without buffers.';
comment on column public.booking_items.duration_minutes is 'Length with add-ons, as agreed.';
comment on column public.booking_items.price_minor is
'Price for all guests, with add-ons, in minor units of the booking''s currency, as agreed.';
comment on column public.booking_items.service_name is 'The service''s name when it was booked.';
comment on column public.booking_items.addons is
'The chosen add-ons as they were: [{id, name, price_minor, duration_minutes}].';
comment on column public.booking_items.assigned_by is
'Why it is this resource: customer or business (named it), preferred, past, priority, load, only.';

comment on column public.booking_items.cancelled_at is
'When it was cancelled by itself; it stays as it was agreed, and takes no time.';
comment on column public.booking_items.cancellation_fee_minor is
'What cancelling it cost, by itself or with the booking; null while it is not cancelled, or
where the business cancelled.';
comment on column public.booking_items.private_link_id is
'By which private link it was booked, if by one.';
comment on column public.booking_items.answers is
'What the service asked and what was answered, as it was asked then: [{key, label, kind, value}].';

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
grant select on public.allocations to authenticated, service_role;

comment on view public.allocations is
'The time that bookings, and sessions of classes, take from resources, buffers included.';
comment on column public.allocations.business_id is 'The business.';
comment on column public.allocations.booking_id is 'The booking.';
comment on column public.allocations.booking_item_id is 'The item of the booking.';
comment on column public.allocations.session_id is
'The session of a class whose time it is; then there is no booking.';
comment on column public.allocations.resource_id is 'The resource.';
comment on column public.allocations.unit is 'Which of its places, 1 to its capacity.';
comment on column public.allocations.starts_at is 'First moment that is taken.';
comment on column public.allocations.ends_at is 'First moment that is free again.';
comment on column public.allocations.is_blocking is 'Whether it keeps others out.';
comment on column public.allocations.expires_at is
'Until when, for holds; null is until it is over.';

create view public.booking_history
with (security_invoker = true)
as
select
    booking_history.id,
    booking_history.business_id,
    booking_history.booking_id,
    booking_history.from_status,
    booking_history.to_status,
    booking_history.from_starts_at,
    booking_history.to_starts_at,
    booking_history.actor,
    booking_history.actor_id,
    booking_history.reason,
    booking_history.at,
    booking_history.fee_minor,
    booking_history.booking_item_id,
    booking_history.from_resource_id,
    booking_history.to_resource_id
from scheduling.booking_history;
grant select on public.booking_history to authenticated, service_role;

comment on view public.booking_history is 'Every step of every booking. Only ever added to.';
comment on column public.booking_history.id is 'Key, ascending in time.';
comment on column public.booking_history.business_id is 'The business.';
comment on column public.booking_history.booking_id is 'The booking.';
comment on column public.booking_history.from_status is 'Null for the first step.';
comment on column public.booking_history.to_status is 'What it became.';
comment on column public.booking_history.from_starts_at is
'The start before, null for the first step.';
comment on column public.booking_history.to_starts_at is
'The start after; differs when it was moved.';
comment on column public.booking_history.actor is 'customer, business or system.';
comment on column public.booking_history.actor_id is 'The user, if it was one.';
comment on column public.booking_history.reason is 'Why, if said.';
comment on column public.booking_history.at is 'When.';
comment on column public.booking_history.fee_minor is
'What the step cost the customer, in minor units; less than 0 takes back what an earlier one cost.';
comment on column public.booking_history.booking_item_id is
'The one service that was cancelled; null where it is about the whole booking.';
comment on column public.booking_history.from_resource_id is
'Where an item was given to somebody else: who gave it before.';
comment on column public.booking_history.to_resource_id is
'Who gives it since. Both are null in every other step.';

create view public.booking_notes
with (security_invoker = true)
as
select
    booking_notes.id,
    booking_notes.business_id,
    booking_notes.booking_id,
    booking_notes.body,
    booking_notes.author_id,
    booking_notes.created_at
from scheduling.booking_notes;
grant select, insert, delete on public.booking_notes to authenticated, service_role;

comment on view public.booking_notes is
'The business''s private notes on its bookings. Members who serve read and write them; customers
never see them.';
comment on column public.booking_notes.id is 'Key.';
comment on column public.booking_notes.business_id is 'The business.';
comment on column public.booking_notes.booking_id is 'The booking.';
comment on column public.booking_notes.body is 'At most 5000 characters.';
comment on column public.booking_notes.author_id is 'Who wrote it.';
comment on column public.booking_notes.created_at is 'When.';

create view public.booking_transitions
with (security_invoker = true)
as
select
    booking_transitions.from_status,
    booking_transitions.to_status,
    booking_transitions.actors,
    booking_transitions.guard,
    booking_transitions.due
from scheduling.booking_transitions;
grant select on public.booking_transitions to anon, authenticated, service_role;

comment on view public.booking_transitions is
'Every step that a booking can take, who may take it, and what it does by itself.';
comment on column public.booking_transitions.from_status is 'From.';
comment on column public.booking_transitions.to_status is 'To.';
comment on column public.booking_transitions.actors is 'customer, business, system.';
comment on column public.booking_transitions.guard is
'What has to be so: after_start; null is nothing.';
comment on column public.booking_transitions.due is
'When it happens by itself: hold_expires_at or starts_at of the booking; null is never.';

-- How reliable each customer has been with each business, counted from the bookings themselves.
create view public.customer_stats
with (security_invoker = true)
as
select
    bookings.business_id,
    bookings.customer_id,
    count(*) as booking_count,
    count(*) filter (where bookings.status = 'completed') as completed_count,
    count(*) filter (where bookings.status = 'cancelled') as cancelled_count,
    count(*) filter (where bookings.status = 'no_show') as no_show_count
from scheduling.bookings
where bookings.customer_id is not null
group by bookings.business_id, bookings.customer_id;
grant select on public.customer_stats to authenticated, service_role;

create trigger _100_refuse_writing
instead of insert or update or delete on public.customer_stats
for each row execute function private.any__refuse_writing();

comment on view public.customer_stats is
'Counts of a customer''s bookings with a business, always equal to the bookings. Filter by
business_id.';
comment on column public.customer_stats.business_id is 'The business.';
comment on column public.customer_stats.customer_id is 'The customer.';
comment on column public.customer_stats.booking_count is 'All bookings.';
comment on column public.customer_stats.completed_count is 'Completed ones.';
comment on column public.customer_stats.cancelled_count is 'Cancelled ones.';
comment on column public.customer_stats.no_show_count is 'Those that the customer did not come to.';

-- sql/40_scheduling/api/2_slots.sql

-- What can be booked, and when.

create type public.slot as (
    starts_at timestamptz,
    ends_at timestamptz,
    resource_id uuid,
    remaining integer
);
comment on type public.slot is
'A time at which a service can be had: start and end for the customer, who gives it, free places.';

/*
 * The free starts of a service, one row for each resource that could give it, ordered by time.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.available_slots(
    service_id public.identifier,
    from_at public.instant,
    to_at public.instant,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    link_token text default null
)
returns setof public.slot
language plpgsql
stable
security invoker
set search_path = ''
rows 500
as $$
declare
    v_service_id uuid = private.to_identifier(service_id, 'service_id');
    v_from timestamptz = private.to_instant(from_at, 'from_at');
    v_to timestamptz = private.to_instant(to_at, 'to_at');
    v_resource_id uuid = private.to_identifier(resource_id, 'resource_id', is_required => false);
    v_party_size integer = private.to_whole_number(party_size, 'party_size', 1, 1000);
    v_leg scheduling.leg;
begin
    if v_to <= v_from or v_to > v_from + interval '62 days' then
        perform private.invalid('to_at', 'must be after from_at and at most 62 days later');
    end if;
    v_leg = (
        scheduling.legs(array[
            row(
                v_service_id, null, null, v_resource_id,
                private.to_identifiers(addon_ids, 'addon_ids'), v_party_size, null,
                private.to_text(link_token, 'link_token', 100)
            )::scheduling.wish
        ])
    )[1];
    return query
    select
        offer.at,
        offer.at + make_interval(mins => v_leg.minutes),
        offer.id,
        offer.remaining
    from scheduling.offers(
        v_service_id, tstzmultirange(tstzrange(v_from, v_to)), v_resource_id, v_party_size, v_leg.minutes
    ) as offer
    where offer.is_leading
    order by offer.at, offer.rank;
end;
$$;
grant execute on function public.available_slots(
    public.identifier, public.instant, public.instant, public.identifier, public.whole_number,
    public.list, text
) to anon, authenticated, service_role;

comment on function public.available_slots is
'The free starts of a service from from_at (included) to to_at (excluded), at most 62 days: one row
for each
resource that could give it then, ordered by time. What it gives can be booked, what it does not
give cannot.
resource_id: only this resource. party_size: guests, 1 if not sent. addon_ids: add-ons that make it
longer. link_token: of a private link to the service.
Errors: invalid_input 400, not_found 404, link_expired 409.';

-- sql/40_scheduling/api/3_book.sql

-- How clients book. Each function reads its arguments, calls one function of the domain, and gives
-- the booking as the caller may see it.

/*
 * Read the items of book_many and quote: [{service_id, starts_at?, gap_minutes?, resource_id?,
 * addon_ids?, party_size?, answers?, link_token?}].
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_wishes(items text, starts_at timestamptz, party_size integer)
returns scheduling.wish[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_items jsonb = private.to_list(items, 'items', 20);
    v_item jsonb;
    v_wishes scheduling.wish[] = '{}';
begin
    for v_item in select element.value from jsonb_array_elements(v_items) as element (value) loop
        if jsonb_typeof(v_item) <> 'object' then
            perform private.invalid('items', 'must be objects with a service_id');
        end if;
        v_wishes = v_wishes || row(
            private.to_identifier(v_item ->> 'service_id', 'items.service_id'),
            coalesce(
                private.to_instant(v_item ->> 'starts_at', 'items.starts_at', is_required => false),
                case when v_wishes = '{}' then to_wishes.starts_at end
            ),
            private.to_whole_number(
                v_item ->> 'gap_minutes', 'items.gap_minutes', 0, 1440, is_required => false
            ),
            private.to_identifier(v_item ->> 'resource_id', 'items.resource_id', is_required => false),
            private.to_identifiers(v_item ->> 'addon_ids', 'items.addon_ids'),
            coalesce(
                to_wishes.party_size,
                private.to_whole_number(
                    v_item ->> 'party_size', 'items.party_size', 1, 1000, is_required => false
                ),
                1
            ),
            private.to_object(v_item ->> 'answers', 'items.answers'),
            private.to_text(v_item ->> 'link_token', 'items.link_token', 100)
        )::scheduling.wish;
    end loop;
    if v_wishes = '{}' then
        perform private.invalid('items', 'must not be empty');
    end if;
    return v_wishes;
end;
$$;
grant execute on function scheduling.to_wishes(text, timestamptz, integer)
to anon, authenticated, service_role;

/*
 * Place a booking once for an idempotency key, or give the first answer again.
 *
 * Errors:  PT409 idempotency_conflict, and those of scheduling.place
 */
create function scheduling.place_once(
    function_name text,
    wishes scheduling.wish[],
    coupon_code text,
    notes text,
    is_hold boolean,
    idempotency_key text
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
    v_id uuid;
    v_booking public.bookings;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            function_name,
            idempotency_key,
            jsonb_build_array(to_jsonb(wishes), coupon_code, place_once.notes, is_hold)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.bookings, v_answer);
        end if;
    end if;

    v_id = scheduling.place(wishes, coupon_code, place_once.notes, is_hold);
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;

    if idempotency_key is not null then
        perform private.remember_answer(function_name, idempotency_key, to_jsonb(v_booking));
    end if;
    return v_booking;
end;
$$;
grant execute on function scheduling.place_once(
    text, scheduling.wish[], text, text, boolean, text
) to anon, authenticated, service_role;

/*
 * Book a service.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 slot_taken not_bookable idempotency_conflict
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached
 *          coupon_invalid
 */
create function public.book(
    service_id public.identifier,
    starts_at public.instant,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    coupon_code text default null,
    notes text default null,
    hold public.yes_no default 'false',
    idempotency_key text default null,
    answers public.object default null,
    link_token text default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.signed_in();
    return scheduling.place_once(
        'book',
        array[
            row(
                private.to_identifier(service_id, 'service_id'),
                private.to_instant(starts_at, 'starts_at'),
                null,
                private.to_identifier(resource_id, 'resource_id', is_required => false),
                private.to_identifiers(addon_ids, 'addon_ids'),
                coalesce(
                    private.to_whole_number(
                        party_size, 'party_size', 1, 1000, is_required => false
                    ),
                    1
                ),
                private.to_object(answers, 'answers'),
                private.to_text(link_token, 'link_token', 100)
            )::scheduling.wish
        ],
        private.to_text(coupon_code, 'coupon_code', 100),
        private.to_text(notes, 'notes', 2000),
        private.to_yes_no(hold, 'hold'),
        idempotency_key
    );
end;
$$;
comment on function public.book is
'Book a service at an instant that available_slots gave. resource_id: with whom; without it
somebody free is
assigned. party_size: guests. addon_ids: add-ons. notes: special requests, at most 2000 characters.
hold: only
keep the time for the service''s hold_minutes; confirm_booking makes it a booking. idempotency_key:
sending the
same call again with the same key gives the first answer again, for a day. answers: to the service''s
questions, by
key: {"allergies": "none"}; what is required must be there. link_token: of a private link, for a service that is hidden. Gives the
booking.
Errors: invalid_input 400, not_signed_in 401, not_found 404, slot_taken 409, not_bookable 409,
link_expired 409,
idempotency_conflict 409, not_eligible, too_soon, too_far, outside_hours, blocked_out,
limit_reached,
coupon_invalid 422.';

/*
 * Book several services in sequence: all or nothing.
 *
 * Errors:  those of public.book
 */
create function public.book_many(
    business_id public.identifier,
    items public.list,
    starts_at public.instant default null,
    party_size public.whole_number default '1',
    coupon_code text default null,
    notes text default null,
    hold public.yes_no default 'false',
    idempotency_key text default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = private.to_identifier(business_id, 'business_id');
    v_wishes scheduling.wish[];
    v_legs scheduling.leg[];
begin
    perform private.signed_in();
    v_wishes = scheduling.to_wishes(
        items,
        private.to_instant(starts_at, 'starts_at', is_required => false),
        private.to_whole_number(party_size, 'party_size', 1, 1000)
    );
    if v_wishes[1].starts_at is null then
        perform private.invalid('starts_at', 'is required');
    end if;
    v_legs = scheduling.legs(v_wishes);
    if v_legs[1].business_id <> v_business_id then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such service of this business.',
            'Read services for those of the business.'
        );
    end if;
    return scheduling.place_once(
        'book_many',
        v_wishes,
        private.to_text(coupon_code, 'coupon_code', 100),
        private.to_text(notes, 'notes', 2000),
        private.to_yes_no(hold, 'hold'),
        idempotency_key
    );
end;
$$;
comment on function public.book_many is
'Book several services of a business in sequence, all or nothing: items are [{service_id,
starts_at?,
gap_minutes?, resource_id?, addon_ids?, answers?, link_token?}]. The first starts at starts_at, each other one when the
one before it
ends, after its gap_minutes, or at its own starts_at. Everything else as in book. Gives the
booking.';

grant execute on function
public.book(
    public.identifier, public.instant, public.identifier, public.whole_number, public.list, text,
    text, public.yes_no, text, public.object, text
),
public.book_many(
    public.identifier, public.list, public.instant, public.whole_number, text, text, public.yes_no,
    text
)
to anon, authenticated, service_role;

-- sql/40_scheduling/api/4_steps.sql

-- What clients may do with a booking that exists. Each function reads its arguments, calls one
-- function of the domain, and gives the booking as the caller may see it.

/*
 * Errors:  PT400 invalid_input, and those of scheduling.step
 */
create function scheduling.take_step(
    booking_id text,
    to_status scheduling.booking_status,
    as_actors scheduling.actor_kind[],
    reason text default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_booking public.bookings;
begin
    v_id = scheduling.step(
        private.to_identifier(booking_id, 'booking_id'),
        to_status,
        as_actors,
        private.to_text(reason, 'reason', 1000)
    );
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
grant execute on function scheduling.take_step(
    text, scheduling.booking_status, scheduling.actor_kind[], text
) to anon, authenticated, service_role;

/*
 * Errors:  those of scheduling.step
 */
create function public.confirm_booking(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(booking_id, 'confirmed', '{customer,business}');
end;
comment on function public.confirm_booking is
'The business accepts a request, or the customer makes a booking of a hold (a request, where the
service wants
confirmation). Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409,
hold_expired 409, slot_taken 409.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.step
 */
create function public.reject_booking(booking_id public.identifier, reason text default null)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(
        booking_id, 'rejected', '{business}', private.to_required_text(reason, 'reason', 1000)
    );
end;
comment on function public.reject_booking is
'The business turns a request down, with a reason that the customer reads (1 to 1000 characters).
Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition
409.';

/*
 * Errors:  those of scheduling.step
 */
create function public.cancel_booking(booking_id public.identifier, reason text default null)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(booking_id, 'cancelled', '{customer,business}', reason);
end;
comment on function public.cancel_booking is
'The customer or the business calls a booking off; its time is free at once. Cancelling again
changes nothing.
A customer owes what cancellation_quote says, a business that cancels charges nothing.
reason: at most 1000 characters. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition
409.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.cancellation_quote
 */
create function public.cancellation_quote(
    booking_id public.identifier, at public.instant default null
)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select scheduling.cancellation_quote(
        private.to_identifier(booking_id, 'booking_id'),
        coalesce(private.to_instant(at, 'at', is_required => false), private.now())
    );
end;
comment on function public.cancellation_quote is
'What it costs the customer to cancel at an instant (at; now, if not sent), by the policy that was
stored with the
booking: {booking_id, at, currency, total_minor, fee_minor, refund_minor, reschedule_fee_minor, tier,
lines:
[{booking_item_id, service_name, total_minor, fee_minor, refund_minor, is_cancelled}]}. refund_minor
is the total
less the fee, in whole and line by line; reschedule_fee_minor is what moving it would cost; tier is
what holds then,
null: free. Of a cancelled booking, what it did cost. A business that cancels charges nothing.
Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.cancel_item
 */
create function public.cancel_booking_item(
    booking_id public.identifier, booking_item_id public.identifier, reason text default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_booking public.bookings;
begin
    v_id = scheduling.cancel_item(
        private.to_identifier(booking_id, 'booking_id'),
        private.to_identifier(booking_item_id, 'booking_item_id'),
        '{customer,business}',
        private.to_text(reason, 'reason', 1000)
    );
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
comment on function public.cancel_booking_item is
'The customer or the business calls one service of a booking off: its time is free at once, the rest
stays, the total
and the quote stay as they were agreed. It costs the customer what cancellation_quote says in its
line. The last
service that is left cannot be cancelled by itself. Cancelling again changes nothing. reason: at most
1000
characters. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409,
hold_expired 409, changed_meanwhile 409.';

/*
 * Errors:  those of scheduling.step
 */
create function public.check_in_booking(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(booking_id, 'checked_in', '{business}');
end;
comment on function public.check_in_booking is
'The business notes that the customer is there. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition
409.';

/*
 * Errors:  those of scheduling.step
 */
create function public.complete_booking(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(booking_id, 'completed', '{business}');
end;
comment on function public.complete_booking is
'The business notes that the service was given; also puts a no-show right. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition
409.';

/*
 * Errors:  those of scheduling.step
 */
create function public.mark_no_show(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(booking_id, 'no_show', '{business}');
end;
comment on function public.mark_no_show is
'The business notes that nobody came, from the start on; the customer owes the policy''s fee for it.
check_in_booking or complete_booking puts it right.
Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409,
too_soon 422.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.move
 */
create function public.reschedule_booking(
    booking_id public.identifier,
    starts_at public.instant,
    resource_id public.identifier default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_booking public.bookings;
begin
    v_id = scheduling.move(
        private.to_identifier(booking_id, 'booking_id'),
        private.to_instant(starts_at, 'starts_at'),
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        '{customer,business}'
    );
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
comment on function public.reschedule_booking is
'Move a booking to another start, and to another resource if one is named. It keeps its reference
and its
price. Customers are bound by the policy stored with the booking, and pay its fee for a late move;
businesses are not. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, slot_taken 409,
invalid_transition 409, changed_meanwhile 409, not_eligible, too_soon, too_far, too_late,
outside_hours,
blocked_out, limit_reached 422.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.move
 */
create function public.reassign_booking(
    booking_id public.identifier,
    resource_id public.identifier,
    reason text default null,
    booking_item_id public.identifier default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_booking public.bookings;
begin
    v_id = scheduling.move(
        private.to_identifier(booking_id, 'booking_id'),
        null,
        private.to_identifier(resource_id, 'resource_id'),
        '{business}',
        private.to_text(reason, 'reason', 1000),
        private.to_identifier(booking_item_id, 'booking_item_id', is_required => false)
    );
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
comment on function public.reassign_booking is
'The business gives an item of a booking to another resource, at the same time and price;
eligibility, hours and overlap are checked anew. booking_item_id: which, the first if not sent. reason: at
most 1000 characters. Owners, managers and staff. Gives the booking.
Errors: as reschedule_booking.';

grant execute on function
public.confirm_booking(public.identifier),
public.reject_booking(public.identifier, text),
public.cancel_booking(public.identifier, text),
public.cancel_booking_item(public.identifier, public.identifier, text),
public.cancellation_quote(public.identifier, public.instant),
public.check_in_booking(public.identifier),
public.complete_booking(public.identifier),
public.mark_no_show(public.identifier),
public.reschedule_booking(public.identifier, public.instant, public.identifier),
public.reassign_booking(public.identifier, public.identifier, text, public.identifier)
to anon, authenticated, service_role;

-- sql/40_scheduling/api/5_lookup.sql

-- A booking without signing in.

/*
 * What a guest may see of a booking, by its reference and the e-mail address that it was made with.
 * Definer: the one who asks need not be signed in; both together are the proof.
 */
create function scheduling.look_up(reference text, email text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_found jsonb;
begin
    select scheduling.shown_to_guest(bookings)
    into v_found
    from scheduling.bookings
    where
        bookings.reference = upper(btrim(look_up.reference))
        and lower(bookings.customer_email) = lower(btrim(look_up.email));
    if v_found is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no booking with this reference and e-mail address.',
            'Check both: the reference has 8 characters.'
        );
    end if;
    return v_found;
end;
$$;

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.lookup_booking(reference text, email text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select scheduling.look_up(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(email, 'email', 320)
    );
end;
comment on function public.lookup_booking is
'What a guest may see of a booking, by its reference and the e-mail address that it was made with:
{reference,
status, starts_at, ends_at, time_zone, party_size, currency, total_minor, hold_expires_at,
business_name, services, cancellation_fee_minor}; the fee is what cancelling would cost now, or did.
Errors: invalid_input 400, not_found 404 (the same answer for a wrong reference and a wrong
address).';

grant execute on function
scheduling.look_up(text, text),
public.lookup_booking(text, text)
to anon, authenticated, service_role;

-- sql/40_scheduling/api/6_calendars.sql

-- Calendar feeds for clients. The calendar itself is at /functions/v1/calendar/{token}.ics.

create view public.calendar_feeds
with (security_invoker = true)
as
select
    calendar_feeds.id,
    calendar_feeds.user_id,
    calendar_feeds.business_id,
    calendar_feeds.resource_id,
    calendar_feeds.created_at,
    calendar_feeds.rotated_at
from scheduling.calendar_feeds;
grant select on public.calendar_feeds to authenticated, service_role;

comment on view public.calendar_feeds is
'Calendars to subscribe to: the caller''s own, and those that members have made of a business which
they manage. Written by create_calendar_feed and its siblings.';
comment on column public.calendar_feeds.id is 'Key.';
comment on column public.calendar_feeds.user_id is 'Who made it, with whose rights it is read.';
comment on column public.calendar_feeds.business_id is
'The business whose bookings it shows; null: those that the user has made as a customer.';
comment on column public.calendar_feeds.resource_id is
'The resource whose bookings it shows; null: all of the business.';
comment on column public.calendar_feeds.created_at is 'When it was made.';
comment on column public.calendar_feeds.rotated_at is
'When its address was last exchanged, or null.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists
 */
create function public.create_calendar_feed(
    business_id public.identifier default null,
    resource_id public.identifier default null,
    out feed_id uuid,
    out token text,
    out path text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    -- 244 random bits: two UUIDs of PostgreSQL's strong random source.
    token = replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
    path = '/functions/v1/calendar/' || token || '.ics';
    feed_id = scheduling.create_calendar_feed(
        private.to_identifier(business_id, 'business_id', is_required => false),
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        token
    );
end;
$$;
comment on function public.create_calendar_feed is
'A calendar to subscribe to, at {path} of the API''s address: of a resource (resource_id; owners,
managers, staff), of a business (business_id; owners and managers), or of the bookings that the
caller has made. Gives {feed_id, token, path}; the token is shown here and never again. It stops when
the caller may no longer see what it shows.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_exists 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.rotate_calendar_feed(
    feed_id public.identifier, out token text, out path text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    token = replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
    path = '/functions/v1/calendar/' || token || '.ics';
    perform scheduling.rotate_calendar_feed(private.to_identifier(feed_id, 'feed_id'), token);
end;
$$;
comment on function public.rotate_calendar_feed is
'A new address for one of the caller''s feeds; the old one is gone at once. Gives {token, path}.
Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.delete_calendar_feed(feed_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.delete_calendar_feed(private.to_identifier(feed_id, 'feed_id'));
end;
$$;
comment on function public.delete_calendar_feed is
'End a feed: one''s own, or, for owners and managers, one of their business.
Errors: invalid_input 400, not_signed_in 401, not_found 404.';

grant execute on function
public.create_calendar_feed(public.identifier, public.identifier),
public.rotate_calendar_feed(public.identifier),
public.delete_calendar_feed(public.identifier)
to anon, authenticated, service_role;

-- sql/40_scheduling/api/6_links.sql

-- Private links for clients: made and revoked by owners and managers, opened by whoever has one.

create view public.private_links
with (security_invoker = true)
as
select
    private_links.id,
    private_links.business_id,
    private_links.service_id,
    private_links.label,
    private_links.expires_at,
    private_links.max_uses,
    scheduling.link_uses(private_links.business_id, private_links.id) as use_count,
    private_links.revoked_at,
    private_links.created_by,
    private_links.created_at
from catalog.private_links;
grant select on public.private_links to authenticated, service_role;

comment on view public.private_links is
'Secret links to services, for the business''s members. Written by create_private_link and
revoke_private_link.';
comment on column public.private_links.id is 'Key.';
comment on column public.private_links.business_id is 'The business.';
comment on column public.private_links.service_id is 'The service that it opens.';
comment on column public.private_links.label is 'For whom it is, if said.';
comment on column public.private_links.expires_at is 'Until when it is valid; null is for ever.';
comment on column public.private_links.max_uses is
'How many bookings it is good for; null is as many as one likes.';
comment on column public.private_links.use_count is
'How many services were booked through it and not called off.';
comment on column public.private_links.revoked_at is 'When it was revoked, if it was.';
comment on column public.private_links.created_by is 'Who made it.';
comment on column public.private_links.created_at is 'When it was made.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.create_private_link(
    service_id public.identifier,
    label text default null,
    expires_at public.instant default null,
    max_uses public.whole_number default null,
    out link_id uuid,
    out token text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    -- 244 random bits: two UUIDs of PostgreSQL's strong random source.
    token = replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
    link_id = scheduling.create_private_link(
        private.to_identifier(service_id, 'service_id'),
        token,
        private.to_text(label, 'label', 200),
        private.to_instant(expires_at, 'expires_at', is_required => false),
        private.to_whole_number(max_uses, 'max_uses', 1, 1000000, is_required => false)
    );
end;
$$;
comment on function public.create_private_link is
'A secret link to a service, hidden or not, for owners and managers: available_slots, quote and book
take its token as link_token. label: for whom (at most 200 characters). expires_at: until when.
max_uses: for how many bookings. Gives {link_id, token}; the token is shown here and never again.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.revoke_private_link(link_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.revoke_private_link(private.to_identifier(link_id, 'link_id'));
end;
$$;
comment on function public.revoke_private_link is
'Make a link useless from now on; what was booked through it stays. For owners and managers.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired
 */
create function public.resolve_link(token text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select scheduling.resolve_link(private.to_required_text(token, 'token', 100));
end;
comment on function public.resolve_link is
'What a private link opens, for whoever has its token: {service, business, addons, questions,
resources, expires_at, uses_left}. Errors: invalid_input 400, not_found 404, link_expired 409.';

grant execute on function
scheduling.create_private_link(uuid, text, text, timestamptz, integer),
scheduling.revoke_private_link(uuid),
scheduling.resolve_link(text),
public.create_private_link(
    public.identifier, text, public.instant, public.whole_number
),
public.revoke_private_link(public.identifier),
public.resolve_link(text)
to anon, authenticated, service_role;
grant execute on function scheduling.link_uses(uuid, uuid) to authenticated, service_role;

-- sql/40_scheduling/api/6_preferences.sql

-- Whom a customer prefers.

create view public.preferred_resources
with (security_invoker = true)
as
select
    preferred_resources.customer_id,
    preferred_resources.business_id,
    preferred_resources.resource_id,
    preferred_resources.updated_at
from scheduling.preferred_resources;
grant select on public.preferred_resources to authenticated;
grant select, insert, update, delete on public.preferred_resources to service_role;

comment on view public.preferred_resources is
'Whom the caller prefers, one resource a business. Changed by set_preferred_resource.';
comment on column public.preferred_resources.customer_id is 'The caller.';
comment on column public.preferred_resources.business_id is 'The business.';
comment on column public.preferred_resources.resource_id is 'Whom they prefer there.';
comment on column public.preferred_resources.updated_at is 'When they last said so.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.set_preferred_resource(
    business_id public.identifier, resource_id public.identifier default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.prefer(
        private.to_identifier(business_id, 'business_id'),
        private.to_identifier(resource_id, 'resource_id', is_required => false)
    );
end;
$$;
grant execute on function
public.set_preferred_resource(public.identifier, public.identifier)
to anon, authenticated, service_role;

comment on function public.set_preferred_resource is
'The caller prefers a resource of a business: services with prefers_known_staff give it to them, if
it is free and they name nobody. resource_id: nobody any more, if not sent.
Errors: invalid_input 400, not_signed_in 401, not_found 404.';

-- sql/40_scheduling/api/6_sessions.sql

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
'The dates of classes. Readable where the business is. Made by create_slots; owners and managers
change the capacity and delete what nobody booked (capacity_in_use 409, in_use 409).';
comment on column public.sessions.id is 'Key.';
comment on column public.sessions.business_id is 'The business that gives it.';
comment on column public.sessions.service_id is 'The class.';
comment on column public.sessions.resource_id is 'Who leads it; null where the class takes nobody.';
comment on column public.sessions.starts_at is 'When it starts.';
comment on column public.sessions.ends_at is 'When it ends.';
comment on column public.sessions.capacity is 'How many seats it has, 1 to 1000.';
comment on column public.sessions.free_seats is
'How many of them are free now: neither booked nor held.';
comment on column public.sessions.created_at is 'When it was made.';

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
'The seats that bookings take in sessions of classes: customers see theirs, members those of their
business.';
comment on column public.seats.business_id is 'The business.';
comment on column public.seats.booking_id is 'The booking.';
comment on column public.seats.booking_item_id is 'The item of the booking.';
comment on column public.seats.session_id is 'The session.';
comment on column public.seats.number is 'Which seat, 1 to the capacity of the session.';
comment on column public.seats.is_blocking is
'Whether nobody else can have it; false once the booking was called off.';
comment on column public.seats.expires_at is 'Until when, for holds; null is for good.';

/*
 * Make the sessions of a class on some dates, in the business's zone.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken · PT422 not_eligible
 */
create function public.create_slots(
    service_id public.identifier,
    from_date text,
    opens_at text,
    closes_at text,
    capacity public.whole_number,
    to_date text default null,
    weekdays public.list default null,
    every_minutes public.whole_number default null,
    resource_id public.identifier default null
)
returns setof public.sessions
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_service_id uuid = private.to_identifier(service_id, 'service_id');
    v_resource_id uuid = private.to_identifier(resource_id, 'resource_id', is_required => false);
    v_first date = private.to_date(private.to_required_text(from_date, 'from_date', 20), 'from_date');
    v_last date = coalesce(private.to_date(to_date, 'to_date'), v_first);
    v_opens_at time = private.to_clock(
        private.to_required_text(opens_at, 'opens_at', 20), 'opens_at'
    );
    v_closes_at time = private.to_clock(
        private.to_required_text(closes_at, 'closes_at', 20), 'closes_at'
    );
    v_capacity integer = private.to_whole_number(capacity, 'capacity', 1, 1000);
    v_weekdays integer[] = '{1,2,3,4,5,6,7}';
    v_service catalog.services;
    v_starts timestamptz[];
    v_ids uuid[];
begin
    perform private.signed_in();
    if v_last < v_first or v_last > v_first + 366 then
        perform private.invalid('to_date', 'must be from from_date to a year later');
    end if;
    if v_closes_at <= v_opens_at then
        perform private.invalid('closes_at', 'must be after opens_at');
    end if;
    if weekdays is not null then
        v_weekdays = array(
            select private.to_whole_number(element.value, 'weekdays', 1, 7)
            from jsonb_array_elements_text(private.to_list(weekdays, 'weekdays', 7)) as element (value)
        );
    end if;
    select services.* into v_service
    from catalog.services
    where services.id = v_service_id;
    if v_service.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such service.',
            'Read services for those that you can see.'
        );
    end if;
    v_starts = scheduling.session_starts(
        v_service,
        daterange(v_first, v_last + 1),
        v_weekdays,
        v_opens_at,
        v_closes_at,
        coalesce(
            private.to_whole_number(
                every_minutes, 'every_minutes', 5, 1440, is_required => false
            ),
            v_service.duration_minutes
        )
    );
    if cardinality(v_starts) > 1000 then
        perform private.invalid('to_date', 'makes more than 1000 sessions at once');
    end if;
    v_ids = array(
        select scheduling.create_sessions(v_service, v_starts, v_resource_id, v_capacity)
    );
    return query
    select sessions.*
    from public.sessions
    where sessions.id = any(v_ids)
    order by sessions.starts_at;
end;
$$;
grant execute on function public.create_slots(
    public.identifier, text, text, text, public.whole_number, text, public.list,
    public.whole_number, public.identifier
) to anon, authenticated, service_role;

comment on function public.create_slots is
'Make the sessions of a class from opens_at to closes_at (such as 09:00 and 17:00) on the dates from
from_date to to_date (itself, if not sent; at most a year), one after another or every_minutes, in
the business''s zone. capacity: seats of each. weekdays: only these, 1 (Monday) to 7. resource_id: who
leads them. Each takes who leads it and what else the class needs; sessions that exist already stay
as they are. All or nothing. Gives the new sessions.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, slot_taken 409,
not_eligible 422.';

create type public.day_availability as (
    date date,
    total_slots integer,
    available_slots integer,
    total_seats integer,
    free_seats integer
);
comment on type public.day_availability is
'A business-local date: sessions of a class (null for what is given at any time), free starts,
seats.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 not_bookable link_expired
 */
create function public.date_availability(
    service_id public.identifier,
    from_date text,
    to_date text,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    link_token text default null
)
returns setof public.day_availability
language plpgsql
stable
security invoker
set search_path = ''
rows 31
as $$
declare
    v_first date = private.to_date(private.to_required_text(from_date, 'from_date', 20), 'from_date');
    v_last date = private.to_date(private.to_required_text(to_date, 'to_date', 20), 'to_date');
begin
    if v_last < v_first or v_last > v_first + 61 then
        perform private.invalid('to_date', 'must be from from_date to 61 days later');
    end if;
    return query
    select days.*
    from scheduling.days(
        private.to_identifier(service_id, 'service_id'),
        v_first,
        v_last,
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        private.to_whole_number(party_size, 'party_size', 1, 1000),
        private.to_text(link_token, 'link_token', 100)
    ) as days;
end;
$$;
grant execute on function public.date_availability(
    public.identifier, text, text, public.identifier, public.whole_number, text
) to anon, authenticated, service_role;

comment on function public.date_availability is
'Day by day, from from_date to to_date (at most 62 business-local dates), how many starts of a
service are free for a party, and for a class how many sessions and seats there are. For a calendar that
colours its days. link_token: of a private link.
Errors: invalid_input 400, not_found 404, not_bookable 409, link_expired 409.';

-- sql/40_scheduling/api/7_guests.sql

-- Booking without an account: what a guest asks for, and does with the code that is mailed to them.

/*
 * Read an e-mail address.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_guest_email(value text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_email text = private.to_required_text(value, 'email', 320);
begin
    if v_email !~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' then
        perform private.invalid('email', 'must be an e-mail address');
    end if;
    return v_email;
end;
$$;
grant execute on function scheduling.to_guest_email(text) to anon, authenticated, service_role;

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 slot_taken not_bookable link_expired
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached
 *          PT429 rate_limited
 */
create function public.request_guest_booking(
    service_id public.identifier,
    starts_at public.instant,
    name text,
    email text,
    phone text default null,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    notes text default null,
    answers public.object default null,
    link_token text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_phone text = private.to_text(phone, 'phone', 20);
begin
    if v_phone !~ '^\+[1-9]\d{5,14}$' then
        perform private.invalid('phone', 'must be in international form, such as +491701234567');
    end if;
    return scheduling.request_guest_booking(
        row(
            private.to_identifier(service_id, 'service_id'),
            private.to_instant(starts_at, 'starts_at'),
            null,
            private.to_identifier(resource_id, 'resource_id', is_required => false),
            private.to_identifiers(addon_ids, 'addon_ids'),
            coalesce(
                private.to_whole_number(party_size, 'party_size', 1, 1000, is_required => false), 1
            ),
            private.to_object(answers, 'answers'),
            private.to_text(link_token, 'link_token', 100)
        )::scheduling.wish,
        private.to_required_text(name, 'name', 200),
        scheduling.to_guest_email(email),
        v_phone,
        private.to_text(notes, 'notes', 2000)
    );
end;
$$;
comment on function public.request_guest_booking is
'Book without an account: the time is held for the service''s hold_minutes, and a code of six digits
is mailed to email; confirm_guest_booking makes it a booking. name: at most 200 characters. phone:
+491701234567. Everything else as in book. Gives what lookup_booking gives. At most five codes an
hour for an e-mail address, thirty from a network address.
Errors: invalid_input 400, not_found 404, slot_taken 409, not_bookable 409, link_expired 409,
not_eligible, too_soon, too_far, outside_hours, blocked_out, limit_reached 422, rate_limited 429.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid
 *          PT409 hold_expired invalid_transition slot_taken changed_meanwhile
 *          PT422 limit_reached
 */
create function public.confirm_guest_booking(reference text, code text)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.act_as_guest(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(code, 'code', 20),
        'confirmed'
    );
end;
comment on function public.confirm_guest_booking is
'Make a booking of what request_guest_booking holds (a request, where the service wants
confirmation), by the code that was mailed. A code is good for five attempts and once. Gives what lookup_booking
gives.
Errors: invalid_input 400, code_invalid 403 (also for a reference that does not exist), hold_expired
409, invalid_transition 409, limit_reached 422 (a limit for each customer: the time stays held).';

/*
 * Errors:  PT400 invalid_input · PT429 rate_limited
 */
create function public.request_guest_code(reference text, email text)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.request_guest_code(
        private.to_required_text(reference, 'reference', 20),
        scheduling.to_guest_email(email)
    );
end;
comment on function public.request_guest_code is
'Mail another code to the address of a guest''s booking, to confirm, move or cancel it. Gives
nothing, and tells nothing: a reference and an address that do not fit get the same answer.
Errors: invalid_input 400, rate_limited 429.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid · PT409 invalid_transition changed_meanwhile
 */
create function public.cancel_guest_booking(reference text, code text, reason text default null)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.act_as_guest(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(code, 'code', 20),
        'cancelled',
        private.to_text(reason, 'reason', 1000)
    );
end;
comment on function public.cancel_guest_booking is
'Cancel a guest''s booking by a code of request_guest_code; it costs what its policy says.
Gives what lookup_booking gives. Errors: invalid_input 400, code_invalid 403, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid, and those of reschedule_booking
 */
create function public.reschedule_guest_booking(
    reference text, code text, starts_at public.instant, resource_id public.identifier default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.act_as_guest(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(code, 'code', 20),
        null,
        null,
        private.to_instant(starts_at, 'starts_at'),
        private.to_identifier(resource_id, 'resource_id', is_required => false)
    );
end;
comment on function public.reschedule_guest_booking is
'Move a guest''s booking by a code of request_guest_code, as reschedule_booking moves a customer''s.
Gives what lookup_booking gives. Errors: invalid_input 400, code_invalid 403, slot_taken 409,
invalid_transition 409, changed_meanwhile 409, not_eligible, too_soon, too_far, too_late,
outside_hours, blocked_out, limit_reached 422.';

/*
 * Errors:  PT401 not_signed_in · PT403 email_not_verified
 */
create function public.claim_guest_bookings()
returns integer
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.claim_guest_bookings();
end;
comment on function public.claim_guest_bookings is
'Make the confirmed bookings that were made as a guest with the caller''s own, verified e-mail
address the caller''s. Gives how many. Errors: not_signed_in 401, email_not_verified 403.';

grant execute on function
public.request_guest_booking(
    public.identifier, public.instant, text, text, text, public.identifier, public.whole_number,
    public.list, text, public.object, text
),
public.confirm_guest_booking(text, text),
public.request_guest_code(text, text),
public.cancel_guest_booking(text, text, text),
public.reschedule_guest_booking(text, text, public.instant, public.identifier),
public.claim_guest_bookings()
to anon, authenticated, service_role;

-- sql/40_scheduling/api/7_series.sql

-- Series: booked, moved and called off together. One occurrence alone is a booking like any other.

create view public.booking_series
with (security_invoker = true)
as
select
    booking_series.id,
    booking_series.business_id,
    booking_series.customer_id,
    booking_series.service_id,
    booking_series.rrule,
    booking_series.first_at,
    booking_series.time_zone,
    booking_series.conflicts,
    booking_series.created_at
from scheduling.booking_series;
grant select on public.booking_series to authenticated, service_role;

comment on view public.booking_series is
'Bookings that were made together by a rule: customers see theirs, members those of their business.
Embed bookings(*). Written by book_series only.';
comment on column public.booking_series.id is 'Key.';
comment on column public.booking_series.business_id is 'The business.';
comment on column public.booking_series.customer_id is
'Who booked; null once their account is gone.';
comment on column public.booking_series.service_id is 'The service.';
comment on column public.booking_series.rrule is 'The rule, as in RFC 5545.';
comment on column public.booking_series.first_at is
'The wall clock of the first occurrence, which the others keep, in time_zone.';
comment on column public.booking_series.time_zone is 'The business''s zone when it was booked.';
comment on column public.booking_series.conflicts is
'Occurrences that could not be booked and were left out: [{starts_at, reason}].';
comment on column public.booking_series.created_at is 'When it was made.';

/*
 * The series as the caller may see it.
 */
create function scheduling.seen_series(series_id uuid)
returns public.booking_series
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_series public.booking_series;
begin
    select booking_series.* into v_series
    from public.booking_series
    where booking_series.id = seen_series.series_id;
    return v_series;
end;
$$;
grant execute on function scheduling.seen_series(uuid) to anon, authenticated, service_role;

/*
 * Errors:  PT409 idempotency_conflict, PT400 invalid_input, and those of scheduling.place
 */
create function public.book_series(
    service_id public.identifier,
    starts_at public.instant,
    rrule text,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    coupon_code text default null,
    notes text default null,
    on_conflict text default 'fail',
    idempotency_key text default null,
    answers public.object default null
)
returns public.booking_series
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_wish scheduling.wish = row(
        private.to_identifier(service_id, 'service_id'),
        private.to_instant(starts_at, 'starts_at'),
        null,
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        private.to_identifiers(addon_ids, 'addon_ids'),
        private.to_whole_number(party_size, 'party_size', 1, 1000),
        private.to_object(answers, 'answers'),
        null
    );
    v_rrule text = private.to_required_text(rrule, 'rrule', 500);
    v_coupon_code text = private.to_text(coupon_code, 'coupon_code', 100);
    v_notes text = private.to_text(notes, 'notes', 2000);
    v_answer jsonb;
    v_id uuid;
    v_series public.booking_series;
begin
    perform private.signed_in();
    if on_conflict is null or on_conflict not in ('fail', 'skip') then
        perform private.invalid('on_conflict', 'must be fail or skip');
    end if;
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'book_series',
            idempotency_key,
            jsonb_build_array(to_jsonb(v_wish), v_rrule, v_coupon_code, v_notes, on_conflict)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.booking_series, v_answer);
        end if;
    end if;
    v_id = scheduling.place_series(v_wish, v_rrule, v_coupon_code, v_notes, on_conflict = 'skip');
    v_series = scheduling.seen_series(v_id);
    if idempotency_key is not null then
        perform private.remember_answer('book_series', idempotency_key, to_jsonb(v_series));
    end if;
    return v_series;
end;
$$;
comment on function public.book_series is
'Book a service again and again. rrule: FREQ (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, BYDAY (with
ordinals in months and years), BYMONTHDAY, and COUNT or UNTIL, at most 366 occurrences; starts_at is
the first, and all keep its wall clock in the business''s zone. Each occurrence is a booking.
on_conflict: fail refuses all where one cannot be had, naming the dates; skip leaves them out and
lists them in conflicts. Everything else as in book. Gives the series; embed bookings(*).
Errors: invalid_input 400, not_signed_in 401, not_found 404, slot_taken 409, not_bookable 409,
idempotency_conflict 409, not_eligible, coupon_invalid 422.';

/*
 * Errors:  those of scheduling.move_series
 */
create function public.reschedule_series(
    series_id public.identifier,
    starts_at public.instant,
    from_booking_id public.identifier default null,
    resource_id public.identifier default null
)
returns public.booking_series
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(series_id, 'series_id');
begin
    perform scheduling.move_series(
        v_id,
        private.to_instant(starts_at, 'starts_at'),
        private.to_identifier(from_booking_id, 'from_booking_id', is_required => false),
        private.to_identifier(resource_id, 'resource_id', is_required => false)
    );
    return scheduling.seen_series(v_id);
end;
$$;
comment on function public.reschedule_series is
'Move what of a series lies ahead: its first booking, or from_booking_id and those after it, to
starts_at, the others by as much on the wall clock. All or nothing, each as reschedule_booking would.
Gives the series.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, slot_taken,
invalid_transition, changed_meanwhile, not_bookable 409, not_eligible, too_soon, too_far,
outside_hours, blocked_out, limit_reached, too_late 422.';

/*
 * Errors:  those of scheduling.cancel_series
 */
create function public.cancel_series(
    series_id public.identifier,
    from_booking_id public.identifier default null,
    reason text default null
)
returns public.booking_series
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(series_id, 'series_id');
begin
    perform scheduling.cancel_series(
        v_id,
        private.to_identifier(from_booking_id, 'from_booking_id', is_required => false),
        private.to_text(reason, 'reason', 1000)
    );
    return scheduling.seen_series(v_id);
end;
$$;
comment on function public.cancel_series is
'Call off what of a series lies ahead, all of it or from_booking_id and those after it. Gives the
series.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition,
changed_meanwhile 409.';

grant execute on function
public.book_series(
    public.identifier, public.instant, text, public.identifier, public.whole_number, public.list,
    text, text, text, text, public.object
),
public.reschedule_series(
    public.identifier, public.instant, public.identifier, public.identifier
),
public.cancel_series(public.identifier, public.identifier, text)
to anon, authenticated, service_role;

-- sql/40_scheduling/api/8_waitlist.sql

-- The waitlist, as customers use it.

create view public.waitlist_entries
with (security_invoker = true)
as
select
    waitlist_entries.id,
    waitlist_entries.business_id,
    waitlist_entries.service_id,
    waitlist_entries.resource_id,
    waitlist_entries.customer_id,
    lower(waitlist_entries.during) as from_at,
    upper(waitlist_entries.during) as to_at,
    waitlist_entries.party_size,
    case
        when waitlist_entries.status <> 'waiting' then waitlist_entries.status::text
        when offered.expires_at is not null then 'offered'
        when upper(waitlist_entries.during) <= private.now() then 'expired'
        else 'waiting'
    end as status,
    offered.starts_at as offered_starts_at,
    offered.expires_at as offer_expires_at,
    waitlist_entries.booking_id,
    waitlist_entries.created_at
from scheduling.waitlist_entries
left join scheduling.waitlist_offers as offered
    on
        waitlist_entries.business_id = offered.business_id
        and waitlist_entries.id = offered.entry_id
        and offered.opens_at <= private.now()
        and offered.expires_at > private.now();
grant select on public.waitlist_entries to authenticated, service_role;

create trigger _100_refuse_writing
instead of insert or update or delete on public.waitlist_entries
for each row execute function private.any__refuse_writing();

comment on view public.waitlist_entries is
'Who waits for a time that is taken: customers see theirs, members those of their business. Written
by join_waitlist, accept_waitlist_offer and leave_waitlist only.';
comment on column public.waitlist_entries.id is 'Key.';
comment on column public.waitlist_entries.business_id is 'The business.';
comment on column public.waitlist_entries.service_id is 'The service.';
comment on column public.waitlist_entries.resource_id is
'Only with this one; null is with anybody.';
comment on column public.waitlist_entries.customer_id is 'Who waits.';
comment on column public.waitlist_entries.from_at is 'The earliest start, included.';
comment on column public.waitlist_entries.to_at is 'The latest start, excluded.';
comment on column public.waitlist_entries.party_size is 'For how many.';
comment on column public.waitlist_entries.status is
'waiting; offered, while it is their turn to accept; accepted; left; expired, when its window is
over.';
comment on column public.waitlist_entries.offered_starts_at is
'What is offered now; null when nothing is.';
comment on column public.waitlist_entries.offer_expires_at is
'Until when it can be accepted; then it is the next one''s turn.';
comment on column public.waitlist_entries.booking_id is 'The booking, once accepted.';
comment on column public.waitlist_entries.created_at is 'When they began to wait.';

/*
 * The entry as the caller may see it.
 */
create function scheduling.seen_entry(entry_id uuid)
returns public.waitlist_entries
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_entry public.waitlist_entries;
begin
    select waitlist_entries.* into v_entry
    from public.waitlist_entries
    where waitlist_entries.id = seen_entry.entry_id;
    return v_entry;
end;
$$;

/*
 * Errors:  PT400 invalid_input, and those of scheduling.join_waitlist
 */
create function public.join_waitlist(
    service_id public.identifier,
    from_at public.instant,
    to_at public.instant,
    resource_id public.identifier default null,
    party_size public.whole_number default '1'
)
returns public.waitlist_entries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_service_id uuid = private.to_identifier(service_id, 'service_id');
    v_from timestamptz = private.to_instant(from_at, 'from_at');
    v_to timestamptz = private.to_instant(to_at, 'to_at');
    v_id uuid;
begin
    if v_to <= v_from or v_to > v_from + interval '62 days' then
        perform private.invalid('to_at', 'must be after from_at and at most 62 days later');
    end if;
    v_id = scheduling.join_waitlist(
        v_service_id,
        tstzrange(v_from, v_to),
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        private.to_whole_number(party_size, 'party_size', 1, 1000)
    );
    return scheduling.seen_entry(v_id);
end;
$$;
comment on function public.join_waitlist is
'Wait for a service to become free with a start from from_at (included) to to_at (excluded), at most
62 days. When a time becomes free it is held and offered to those who wait, first come first served,
each for the service''s offer_minutes. Gives the entry.
Errors: invalid_input 400, not_signed_in 401, not_found 404, not_bookable, already_waiting 409,
not_eligible, limit_reached 422.';

/*
 * Errors:  those of scheduling.accept_offer
 */
create function public.accept_waitlist_offer(entry_id public.identifier)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_booking public.bookings;
begin
    v_id = scheduling.accept_offer(private.to_identifier(entry_id, 'entry_id'));
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
comment on function public.accept_waitlist_offer is
'Accept what is offered to an entry of the waitlist: its hold becomes the booking (a request, where
the service wants confirmation). Again gives the same booking. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, not_found 404, offer_expired 409, limit_reached 422.';

/*
 * Errors:  those of scheduling.leave_waitlist
 */
create function public.leave_waitlist(entry_id public.identifier)
returns public.waitlist_entries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(entry_id, 'entry_id');
begin
    perform scheduling.leave_waitlist(v_id);
    return scheduling.seen_entry(v_id);
end;
$$;
comment on function public.leave_waitlist is
'Wait no longer. What was offered passes on to the next at once. Gives the entry.
Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409.';

grant execute on function
scheduling.seen_entry(uuid),
public.join_waitlist(
    public.identifier, public.instant, public.instant, public.identifier, public.whole_number
),
public.accept_waitlist_offer(public.identifier),
public.leave_waitlist(public.identifier)
to anon, authenticated, service_role;

notify pgrst, 'reload schema';
