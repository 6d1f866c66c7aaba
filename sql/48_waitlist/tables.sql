-- Who waits for a time that is taken. When time becomes free, those who wait for it are asked one
-- after another (scheduling.waitlist_offers): a hold without a customer keeps the time, in the same
-- constraint as every booking, and each entry has a turn that is known from the start. A turn
-- therefore passes on by the clock, whether or not anything runs. docs/adr/0015 has the decision.

create type scheduling.waitlist_status as enum ('waiting', 'accepted', 'left');

create table scheduling.waitlist_entries (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    service_id uuid not null,
    -- The wanted resource; null for any.
    resource_id uuid,
    customer_id uuid not null references auth.users (id) on delete cascade,
    -- The starts that the customer would take.
    during tstzrange not null,
    party_size integer not null,
    status scheduling.waitlist_status not null default 'waiting',
    -- The booking after an offer was accepted.
    booking_id uuid,
    -- Entries are asked in this order.
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
comment on column scheduling.waitlist_entries.customer_id is '[person: delete]';
create index waitlist_entries_turn_idx on scheduling.waitlist_entries (business_id, turn)
where status = 'waiting';
create index waitlist_entries_service_idx on scheduling.waitlist_entries (business_id, service_id);
create index waitlist_entries_resource_idx
on scheduling.waitlist_entries (business_id, resource_id);
create index waitlist_entries_booking_idx on scheduling.waitlist_entries (business_id, booking_id);
create index waitlist_entries_customer_id_idx on scheduling.waitlist_entries (customer_id);

-- An offer asks an entry.
alter table scheduling.waitlist_offers add constraint waitlist_offers_entry_fkey
foreign key (business_id, entry_id)
references scheduling.waitlist_entries (business_id, id) on delete cascade;
