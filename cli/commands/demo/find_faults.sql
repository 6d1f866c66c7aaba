-- Rows went in without triggers and without references being followed. So ask now what those would
-- have asked, of the demo's own businesses: each of these is 0.
with items as (
    select booking_items.*
    from scheduling.booking_items
    inner join demo_businesses on booking_items.business_id = demo_businesses.id
),

bookings as (
    select bookings.*
    from scheduling.bookings
    inner join demo_businesses on bookings.business_id = demo_businesses.id
),

taken as (
    select
        items.id,
        count(allocations.unit) as units,
        count(*) filter (
            where
            allocations.unit > resources.capacity
            or service_resources.service_id is null
            or not allocations.during @> tstzrange(items.starts_at, items.ends_at)
        ) as wrong_units
    from items
    left join scheduling.allocations
        on
            items.business_id = allocations.business_id
            and items.booking_id = allocations.booking_id
            and items.id = allocations.booking_item_id
    left join catalog.resources on allocations.resource_id = resources.id
    left join catalog.service_resources
        on
            items.service_id = service_resources.service_id
            and allocations.resource_id = service_resources.resource_id
    group by items.id
),

seated as (
    select
        items.id,
        count(seats.number) as seats,
        count(*) filter (
            where
            sessions.service_id <> items.service_id
            or sessions.resource_id <> items.resource_id
            or sessions.starts_at <> items.starts_at
        ) as wrong_seats
    from items
    inner join scheduling.seats
        on
            items.business_id = seats.business_id
            and items.booking_id = seats.booking_id
            and items.id = seats.booking_item_id
    inner join scheduling.sessions on seats.session_id = sessions.id
    group by items.id
),

needed as (
    select
        service_resources.service_id,
        count(distinct service_resources.pool) as pools
    from catalog.service_resources
    inner join demo_businesses on service_resources.business_id = demo_businesses.id
    group by service_resources.service_id
),

neighbours as (
    select
        allocations.during,
        lag(allocations.during) over (
            partition by allocations.resource_id, allocations.unit
            order by lower(allocations.during)
        ) as before
    from scheduling.allocations
    where allocations.is_blocking
),

steps as (
    select
        booking_history.booking_id,
        booking_history.to_status,
        booking_history.from_status,
        lag(booking_history.to_status) over in_order as status_before,
        lead(booking_history.id) over in_order is null as is_last
    from scheduling.booking_history
    inner join demo_businesses on booking_history.business_id = demo_businesses.id
    window in_order as (
        partition by booking_history.booking_id order by booking_history.id
    )
)

select
    (
        select count(*)
        from bookings
        left join items on bookings.id = items.booking_id
        where items.id is null or items.price_minor <> bookings.total_minor
    ) as bookings_unlike_their_items,
    (
        select count(*)
        from items
        inner join bookings on items.booking_id = bookings.id
        inner join taken on items.id = taken.id
        inner join needed on items.service_id = needed.service_id
        left join seated on items.id = seated.id
        where
            seated.id is null and (taken.wrong_units > 0 or taken.units <> needed.pools)
            or seated.wrong_seats > 0
            or seated.seats <> bookings.party_size
    ) as items_without_their_time,
    (
        select count(*)
        from scheduling.sessions
        inner join demo_businesses on sessions.business_id = demo_businesses.id
        inner join needed on sessions.service_id = needed.service_id
        where needed.pools <> (
            select count(*)
            from scheduling.allocations
            where
                allocations.business_id = sessions.business_id
                and allocations.session_id = sessions.id
                and allocations.during @> tstzrange(sessions.starts_at, sessions.ends_at)
        )
    ) as sessions_without_their_time,
    (
        select count(*)
        from neighbours
        where neighbours.during && neighbours.before
    ) as overlapping_times,
    (
        select count(*)
        from bookings
        where not exists (
            select 1
            from catalog.working_hours
            where
                working_hours.business_id = bookings.business_id
                and working_hours.weekday
                = extract(isodow from bookings.starts_at at time zone bookings.time_zone)
                and working_hours.opens_at
                <= (bookings.starts_at at time zone bookings.time_zone)::time
                and working_hours.closes_at
                >= (bookings.ends_at at time zone bookings.time_zone)::time
        )
    ) as bookings_outside_hours,
    (
        select count(*)
        from bookings
        inner join business.closures on bookings.business_id = closures.business_id
        where
            (bookings.starts_at at time zone bookings.time_zone)::date
            between closures.starts_on and closures.ends_on
    ) as bookings_while_closed,
    (
        select count(*)
        from steps
        inner join bookings on steps.booking_id = bookings.id
        left join scheduling.booking_transitions
            on
                steps.from_status = booking_transitions.from_status
                and steps.to_status = booking_transitions.to_status
        where
            steps.from_status is distinct from steps.status_before
            or steps.from_status is not null and booking_transitions.to_status is null
            or steps.is_last and steps.to_status <> bookings.status
    ) as illegal_steps;
