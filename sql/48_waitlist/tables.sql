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
