-- Values that the functions of scheduling hand to each other. No table stores them.

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
    -- How many pools the service needs altogether.
    pool_count integer
);

-- Hours that replace the weekly ones on a date; without times the date is a day off.
create type scheduling.special_hours as (
    -- The resource, or the business for all who follow its hours.
    owner_id uuid,
    day date,
    opens_at time,
    closes_at time
);

-- A way of working, which is worked out once for all resources that share it.
create type scheduling.plan as (
    resource_ids uuid array,
    -- Whose weekly hours count: the resource's own, or the business's.
    owner_id uuid,
    -- Whose special hours and journeys count first: a resource that has some, or else the owner.
    special_id uuid,
    time_zone text,
    -- A room or a device that nobody gave hours.
    is_always_there boolean
);
