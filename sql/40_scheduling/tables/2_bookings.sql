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
