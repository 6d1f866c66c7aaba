-- Staff, rooms and equipment, and which of them a service takes.

create table catalog.resources (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    kind catalog.resource_kind not null,
    name text not null,
    description text,
    -- How many can use it at once: 1 for a person, 12 for a studio with 12 places.
    capacity integer not null default 1,
    -- The member who is this staff resource, where there is one.
    member_id uuid,
    -- Null: the business's zone.
    time_zone text,
    position integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint resources_business_id_id_unique unique (business_id, id),
    constraint resources_one_a_member unique (business_id, member_id),
    constraint resources_member_fkey foreign key (business_id, member_id)
    references business.business_members (business_id, id) on delete set null (member_id),
    constraint resources_name_is_short check (
        length(btrim(name)) between 1 and 200 and not private.has_control_characters(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint resources_description_is_short check (
        description is null
        or length(description) <= 5000 and not private.has_control_characters(description)
        or private.invalid('description', 'must have at most 5000 printable characters')
    ),
    constraint resources_capacity_is_sane check (
        capacity between 1 and 1000 or private.invalid('capacity', 'must be from 1 to 1000')
    ),
    constraint resources_members_are_staff check (
        member_id is null
        or kind = 'staff'
        or private.invalid('member_id', 'is only for resources of kind staff')
    ),
    constraint resources_time_zone_exists check (
        time_zone is null
        or private.is_time_zone(time_zone)
        or private.invalid('time_zone', 'must be an IANA time zone, such as Europe/Berlin')
    )
);
comment on table catalog.resources is 'What a booking takes: staff, rooms, equipment.';

create table catalog.service_resources (
    business_id uuid not null,
    service_id uuid not null,
    resource_id uuid not null,
    -- all: every such resource is needed. any: one of each pool is.
    mode catalog.requirement_mode not null default 'any',
    pool text not null default 'staff',
    -- Units that a booking takes. A resource with places (capacity above 1) is taken once per
    -- guest.
    quantity integer not null default 1,
    -- Who goes first where nobody is named: the higher priority, then the least busy for their
    -- weight.
    priority integer not null default 0,
    weight integer not null default 100,
    -- Newcomers count as having been as busy as the others until then.
    joined_at timestamptz not null default private.now(),

    constraint service_resources_pkey primary key (service_id, resource_id),
    constraint service_resources_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint service_resources_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint service_resources_pool_is_a_word check (
        pool ~ '^[a-z][a-z0-9_]{0,39}$'
        or private.invalid('pool', 'must be a lower-case word of at most 40 characters')
    ),
    constraint service_resources_quantity_is_sane check (
        quantity between 1 and 1000 or private.invalid('quantity', 'must be from 1 to 1000')
    ),
    constraint service_resources_priority_is_sane check (
        priority between -1000 and 1000
        or private.invalid('priority', 'must be from -1000 to 1000')
    ),
    constraint service_resources_weight_is_sane check (
        weight between 1 and 10000 or private.invalid('weight', 'must be from 1 to 10000')
    )
);
comment on table catalog.service_resources is
'Which resources a service takes, and who is eligible for it: all of these, any one of those.';
create index service_resources_service_idx
on catalog.service_resources (business_id, service_id);
create index service_resources_resource_idx
on catalog.service_resources (business_id, resource_id);

alter table catalog.booking_limits
add constraint booking_limits_resource_fkey foreign key (business_id, resource_id)
references catalog.resources (business_id, id) on delete cascade;
create index booking_limits_resource_idx on catalog.booking_limits (business_id, resource_id);
