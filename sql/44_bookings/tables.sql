-- What bookings have beside their own tables: the transitions of their status, their history, the
-- business's notes, the transitions that are due by themselves, and whom customers prefer.

-- A resource with enough free units, as scheduling.available_candidates finds it.
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

-- How busy a resource is around any start, as scheduling.load_curves finds it: its load there is
-- what begins in the thirty days around the start, for its weight.
create type scheduling.load_curve as (
    resource_id uuid,
    weight double precision,
    -- When its bookings begin, in order.
    begins timestamptz array,
    -- Of a newcomer: the weight of those before them, and when the bookings begin that those had.
    earlier_weight double precision,
    earlier_begins timestamptz array
);

-- A resource that may be assigned, as scheduling.assignees finds it: the lowest tier first, and
-- within a tier the least busy by its load curve.
create type scheduling.assignee as (
    id uuid,
    tier integer,
    weight double precision,
    begins timestamptz array,
    earlier_weight double precision,
    earlier_begins timestamptz array
);

-- What has to be so before a step is taken, and the moment at which a booking takes one by itself.
create type scheduling.transition_guard as enum ('after_start', 'check_in_open', 'paid');
create type scheduling.transition_moment as enum ('hold_expires_at', 'starts_at');

-- The rows of public.available_slots and public.date_availability.
create type public.slot as (
    starts_at timestamptz,
    ends_at timestamptz,
    resource_ids uuid array,
    remaining integer
);
comment on type public.slot is
'A free start of a service: start and end for the customer, the resources that can be booked for '
'it in the order in which they would be assigned, and the places left over all of them.';

create type public.day_availability as (
    date date,
    is_free boolean,
    first_start_at timestamptz,
    last_start_at timestamptz,
    start_count integer,
    session_count integer,
    seat_count integer,
    free_seat_count integer
);
comment on type public.day_availability is
'A date in the business''s zone: whether a start is free, the first and the last free start, and '
'how many there are; of a class, also its sessions, seats and free seats (null otherwise). May be '
'null: first_start_at, last_start_at, session_count, seat_count, free_seat_count.';

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
'The life of a booking: every step that exists, who may take it, what has to be so, and what '
'happens by itself.';
-- A booking waits for one thing at a time.
create unique index booking_transitions_one_due_idx
on scheduling.booking_transitions (from_status)
where due is not null;

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
    -- Whether the same step of an earlier booking of its series is announced instead.
    is_repeated boolean not null default false,
    -- The rules that a member set aside in this step.
    overridden scheduling.start_rule array not null default '{}',

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
comment on column scheduling.booking_history.booking_id is '[person]';
comment on column scheduling.booking_history.reason is '[personal]';
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
comment on column scheduling.booking_notes.booking_id is '[person: delete]';
comment on column scheduling.booking_notes.body is '[personal]';
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
'The step that a booking takes by itself unless it moves on first: a hold expires, a request '
'lapses.';
create index scheduled_transitions_due_at_idx on scheduling.scheduled_transitions (due_at);
create index scheduled_transitions_booking_idx
on scheduling.scheduled_transitions (business_id, booking_id);
create index scheduled_transitions_step_idx
on scheduling.scheduled_transitions (from_status, to_status);

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
comment on column scheduling.preferred_resources.customer_id is '[person: delete]';
create index preferred_resources_resource_idx
on scheduling.preferred_resources (business_id, resource_id);

create table scheduling.preferred_services (
    customer_id uuid not null references auth.users (id) on delete cascade,
    business_id uuid not null,
    service_id uuid not null,
    updated_at timestamptz not null default now(),

    primary key (customer_id, business_id),
    constraint preferred_services_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade
);
comment on table scheduling.preferred_services is
'What a customer usually books in a business: one service each, the default of preferred_slots.';
comment on column scheduling.preferred_services.customer_id is '[person: delete]';
create index preferred_services_service_idx
on scheduling.preferred_services (business_id, service_id);

-- What members wrote down of a customer, who may have no account.
create table scheduling.customer_preferences (
    business_id uuid not null,
    customer_id uuid not null,
    resource_id uuid,
    service_id uuid,
    updated_by uuid references auth.users (id) on delete set null,
    updated_at timestamptz not null,

    primary key (business_id, customer_id),
    constraint customer_preferences_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint customer_preferences_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete set null (resource_id),
    constraint customer_preferences_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete set null (service_id)
);
comment on table scheduling.customer_preferences is
'Whom and what a customer usually wants, as the business knows it. What the account says itself '
'goes first.';
comment on column scheduling.customer_preferences.customer_id is '[person: delete]';
create index customer_preferences_resource_idx
on scheduling.customer_preferences (business_id, resource_id);
create index customer_preferences_service_idx
on scheduling.customer_preferences (business_id, service_id);
create index customer_preferences_updated_by_idx on scheduling.customer_preferences (updated_by);

create table scheduling.arrivals (
    business_id uuid not null,
    booking_id uuid not null,
    starts_at timestamptz not null,
    user_id uuid references auth.users (id) on delete set null,
    at timestamptz not null default now(),

    primary key (booking_id, starts_at),
    constraint arrivals_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade
);
comment on table scheduling.arrivals is
'The professional has arrived at the customer''s: one row for each booking and start.';
create index arrivals_booking_idx on scheduling.arrivals (business_id, booking_id);
create index arrivals_user_id_idx on scheduling.arrivals (user_id);

-- Who holds from where, to count the open holds of a customer and of a network address. Rows are
-- deleted when the hold has ended.

create table scheduling.holds (
    business_id uuid not null,
    booking_id uuid not null,
    -- The account of the customer, or the e-mail address of a guest.
    holder text not null,
    -- The network address of the request, if it had one.
    ip inet,

    primary key (business_id, booking_id),
    constraint holds_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade
);
comment on table scheduling.holds is
'Who made a hold and from which network address, while it lasts.';
comment on column scheduling.holds.booking_id is '[person]';
comment on column scheduling.holds.holder is '[person: delete] [personal]';
comment on column scheduling.holds.ip is '[personal]';
create index holds_holder_idx on scheduling.holds (business_id, holder);
create index holds_ip_idx on scheduling.holds (business_id, ip);
