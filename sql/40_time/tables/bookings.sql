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
