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
