-- How days are counted, from the rows of the other domains alone. What is kept and what is counted
-- for a reader comes from here, so both are the same.

/*
 * Return days with the instants between which they lie in the zone of the business.
 */
create function insight.spans(business_id uuid, days date[])
returns insight.span[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_zone constant text = business.time_zone(business_id);
begin
    return array(
        select
            row(
                counted.day,
                scheduling.start_of_date(counted.day, v_zone),
                scheduling.start_of_date(counted.day + 1, v_zone)
            )::insight.span
        from unnest(days) as counted (day)
    );
end;
$$;

/*
 * Return how a booking or an order came, by who took its first step: `online` if the customer did,
 * `business` if a member did, `system` if nobody did, and `other` if there was none.
 */
create function insight.channel_of(actor scheduling.actor_kind)
returns text
language sql
immutable
security invoker
begin atomic
    select coalesce(case actor when 'customer' then 'online' else actor::text end, 'other');
end;

/*
 * Count the bookings that start on some days: by status, and their lead time, for the business and
 * for each channel.
 */
create function insight.count_bookings(business_id uuid, spans insight.span[])
returns setof insight.figure
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with counted as materialized (
        select
            span.day,
            insight.channel_of(first_step.actor) as channel,
            bookings.currency,
            bookings.status,
            count(*) as bookings,
            coalesce(sum(
                greatest(
                    floor(extract(epoch from bookings.starts_at - bookings.created_at) / 60), 0
                )
            ) filter (where bookings.status not in ('held', 'expired')), 0)::bigint as lead_minutes
        from unnest(spans) as span
        inner join scheduling.bookings
            on
                bookings.business_id = count_bookings.business_id
                and bookings.starts_at >= span.from_at
                and bookings.starts_at < span.until_at
        left join lateral (
            select booking_history.actor
            from scheduling.booking_history
            where
                booking_history.business_id = bookings.business_id
                and booking_history.booking_id = bookings.id
            order by booking_history.id
            limit 1
        ) as first_step on true
        group by 1, 2, 3, 4
    ),

    of_subjects as (
        select counted.*, 'business'::insight.subject as subject, '' as subject_id from counted
        union all
        select counted.*, 'channel', counted.channel from counted
    )

    select
        of_subjects.day,
        of_subjects.subject,
        of_subjects.subject_id,
        of_subjects.currency,
        measures.measure,
        sum(measures.amount)::bigint
    from of_subjects
    cross join lateral (
        values
        (of_subjects.status::text::insight.measure, of_subjects.bookings),
        ('lead_minutes', of_subjects.lead_minutes)
    ) as measures (measure, amount)
    group by 1, 2, 3, 4, 5;
end;
$$;

/*
 * Count the items of the bookings that start on some days, for each service and resource: by the
 * status of the booking, or `cancelled` if the item alone was; and the minutes that they take of a
 * resource, once for each unit.
 */
create function insight.count_items(business_id uuid, spans insight.span[])
returns setof insight.figure
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with counted as materialized (
        select
            span.day,
            booking_items.service_id,
            booking_items.resource_id,
            bookings.currency,
            case
                when booking_items.cancelled_at is null then bookings.status else 'cancelled'
            end as status,
            count(*) as items,
            coalesce(sum(
                booking_items.duration_minutes
                * least(booking_items.party_size, coalesce(resources.capacity, 1))
            ), 0)::bigint as minutes
        from unnest(spans) as span
        inner join scheduling.bookings
            on
                bookings.business_id = count_items.business_id
                and bookings.starts_at >= span.from_at
                and bookings.starts_at < span.until_at
        inner join scheduling.booking_items
            on
                booking_items.business_id = bookings.business_id
                and booking_items.booking_id = bookings.id
        left join catalog.resources
            on
                resources.business_id = booking_items.business_id
                and resources.id = booking_items.resource_id
        group by 1, 2, 3, 4, 5
    ),

    of_subjects as (
        select counted.*, 'service'::insight.subject as subject, counted.service_id as subject_id
        from counted
        union all
        select counted.*, 'resource', counted.resource_id
        from counted
        where counted.resource_id is not null
    )

    select
        of_subjects.day,
        of_subjects.subject,
        of_subjects.subject_id::text,
        of_subjects.currency,
        of_subjects.status::text::insight.measure,
        sum(of_subjects.items)::bigint
    from of_subjects
    group by 1, 2, 3, 4, 5
    union all
    select
        counted.day,
        subjects.subject,
        subjects.subject_id,
        'XXX',
        'booked_minutes',
        sum(counted.minutes)::bigint
    from counted
    cross join lateral (
        values
        ('business'::insight.subject, ''),
        ('service', counted.service_id::text),
        ('resource', counted.resource_id::text)
    ) as subjects (subject, subject_id)
    where
        counted.resource_id is not null
        and counted.status in ('confirmed', 'checked_in', 'completed', 'no_show')
    group by 1, 2, 3;
end;
$$;

/*
 * Return the active resources of a business that customers are booked with: those of the leading
 * pool of any service (scheduling.needs). Rooms that a service needs besides staff are none.
 */
create function insight.leading_resources(business_id uuid)
returns setof catalog.resources
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with listed as (
        select
            service_resources.service_id,
            resources.id,
            resources.kind,
            case service_resources.mode
                when 'all' then service_resources.resource_id::text
                else service_resources.pool
            end as pool
        from catalog.service_resources
        inner join catalog.resources on resources.id = service_resources.resource_id
        where service_resources.business_id = leading_resources.business_id
    ),

    pools as (
        select
            listed.id,
            listed.pool = first_value(listed.pool) over (
                partition by listed.service_id order by listed.kind, listed.pool
            ) as is_leading
        from listed
    )

    select resources.*
    from catalog.resources
    where
        resources.is_active
        and resources.id in (select pools.id from pools where pools.is_leading);
end;
$$;

/*
 * Count the minutes in which resources are open on some days, by the hours, exceptions, closures
 * and blocked periods as they stand; a resource with places counts once for each.
 */
create function insight.count_hours(business_id uuid, spans insight.span[])
returns setof insight.figure
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_resources catalog.resources[] = array(
        select resources
        from insight.leading_resources(count_hours.business_id) as resources
        order by resources.id
    );
    v_ids uuid[] = array(select each.id from unnest(v_resources) as each);
    v_zone constant text = business.time_zone(count_hours.business_id);
    v_during tstzmultirange = (
        select range_agg(tstzrange(span.from_at, span.until_at))
        from unnest(spans) as span
        where span.from_at < span.until_at
    );
begin
    return query
    select
        span.day,
        subjects.subject,
        subjects.subject_id,
        'XXX',
        'open_minutes'::insight.measure,
        (sum(extract(epoch from upper(open.during) - lower(open.during)) * each.capacity) / 60)
        ::bigint
    from unnest(v_resources) as each
    inner join scheduling.openings(
        count_hours.business_id,
        v_ids,
        array(select coalesce(resource.time_zone, v_zone) from unnest(v_resources) as resource),
        array(select resource.kind = 'staff' from unnest(v_resources) as resource),
        v_during
    ) as openings on openings.resource_id = each.id
    left join scheduling.closings(count_hours.business_id, v_ids, v_during) as closings
        on closings.resource_id = each.id
    cross join unnest(spans) as span
    cross join lateral unnest(
        tstzmultirange(tstzrange(span.from_at, span.until_at))
        * (openings.openings - coalesce(closings.closings, '{}'))
    ) as open (during)
    cross join lateral (
        values ('business'::insight.subject, ''), ('resource', each.id::text)
    ) as subjects (subject, subject_id)
    where span.from_at < span.until_at
    group by 1, 2, 3;
end;
$$;
