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
