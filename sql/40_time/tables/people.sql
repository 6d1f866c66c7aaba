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
