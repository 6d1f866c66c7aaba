-- One local date of a business: its half hours from midnight to midnight on the axis of instants (on
-- a day on which the clock changes there are fewer or more), its people, when they work, and what
-- they do. Instants are seconds since 1970.
with day as materialized (
    select
        businesses.id as business_id,
        businesses.time_zone,
        tstzrange(
            scheduling.start_of_date(%(day)s::date, businesses.time_zone),
            scheduling.start_of_date(%(day)s::date + 1, businesses.time_zone)
        ) as during
    from business.businesses
    where businesses.id = %(business_id)s
),

kinds as (
    select min(resources.kind) as kind
    from day
    inner join catalog.resources on resources.business_id = day.business_id
    where resources.is_active
),

people as materialized (
    select
        resources.id,
        resources.name,
        resources.kind = 'staff' as is_staff,
        coalesce(resources.time_zone, day.time_zone) as time_zone,
        row_number() over (order by resources.position, resources.name, resources.id) as rank
    from day
    inner join catalog.resources on resources.business_id = day.business_id
    inner join kinds on resources.kind = kinds.kind
    where resources.is_active
),

hours as (
    select
        openings.resource_id,
        unnest(
            openings.openings * day.during::tstzmultirange - coalesce(closings.closings, '{}')
        ) as during
    from day
    cross join lateral scheduling.openings(
        day.business_id,
        array(select people.id from people order by people.rank),
        array(select people.time_zone from people order by people.rank),
        array(select people.is_staff from people order by people.rank),
        day.during::tstzmultirange
    ) as openings
    left join lateral scheduling.closings(
        day.business_id, array[openings.resource_id], day.during::tstzmultirange
    ) as closings on true
),

taken as (
    select
        allocations.resource_id,
        allocations.during,
        coalesce(booking_items.starts_at, sessions.starts_at) as starts_at,
        coalesce(booking_items.ends_at, sessions.ends_at) as ends_at,
        to_char(
            coalesce(booking_items.starts_at, sessions.starts_at) at time zone day.time_zone,
            'HH24:MI'
        ) as clock,
        bookings.reference,
        coalesce(booking_items.service_name, services.name) as service,
        coalesce(
            bookings.customer_name,
            bookings.customer_email,
            (
                select count(*) || ' of ' || sessions.capacity
                from scheduling.seats
                where
                    seats.business_id = sessions.business_id
                    and seats.session_id = sessions.id
                    and seats.is_blocking
                    and (seats.expires_at is null or seats.expires_at > now())
            )
        ) as customer,
        bookings.status
    from day
    inner join people on true
    inner join scheduling.allocations
        on
            allocations.resource_id = people.id
            and allocations.during && day.during
            and allocations.is_blocking
            and (allocations.expires_at is null or allocations.expires_at > now())
    left join scheduling.bookings on bookings.id = allocations.booking_id
    left join scheduling.booking_items on booking_items.id = allocations.booking_item_id
    left join scheduling.sessions on sessions.id = allocations.session_id
    left join catalog.services on services.id = sessions.service_id
    where allocations.unit = 1
        or not exists (
            select 1
            from scheduling.allocations as first
            where
                first.resource_id = allocations.resource_id
                and first.booking_item_id = allocations.booking_item_id
                and first.unit < allocations.unit
        )
)

select
    (
        select json_agg(
            json_build_object(
                'at', extract(epoch from halves.at)::bigint,
                'clock', to_char(halves.at at time zone day.time_zone, 'HH24:MI'),
                'offset_minutes', extract(
                    epoch from halves.at at time zone day.time_zone - halves.at at time zone 'UTC'
                )::integer / 60
            ) order by halves.at
        )
        from day
        cross join lateral generate_series(
            lower(day.during), upper(day.during) - interval '1 second', interval '30 minutes'
        ) as halves (at)
    ) as halves,
    (
        select coalesce(
            json_agg(json_build_object('id', people.id, 'name', people.name) order by people.rank),
            '[]'
        )
        from people
    ) as people,
    (
        select coalesce(
            json_agg(
                json_build_object(
                    'resource_id', hours.resource_id,
                    'from', extract(epoch from lower(hours.during))::bigint,
                    'to', extract(epoch from upper(hours.during))::bigint
                )
            ),
            '[]'
        )
        from hours
    ) as hours,
    (
        select coalesce(
            json_agg(
                json_build_object(
                    'resource_id', taken.resource_id,
                    'from', extract(epoch from lower(taken.during))::bigint,
                    'to', extract(epoch from upper(taken.during))::bigint,
                    'starts_at', extract(epoch from taken.starts_at)::bigint,
                    'ends_at', extract(epoch from taken.ends_at)::bigint,
                    'clock', taken.clock,
                    'reference', taken.reference,
                    'service', taken.service,
                    'customer', taken.customer,
                    'status', taken.status
                ) order by taken.starts_at, taken.reference
            ),
            '[]'
        )
        from taken
    ) as taken
from day
