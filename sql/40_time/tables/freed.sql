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
