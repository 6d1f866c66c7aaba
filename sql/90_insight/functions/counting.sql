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
set search_path = ''
begin atomic
    select coalesce(case actor when 'customer' then 'online' else actor::text end, 'other');
end;

/*
 * Return how many bookings start on some days, by who made them, currency and status, with their
 * lead time.
 */
create function insight.bookings_on(business_id uuid, spans insight.span[])
returns table (
    day date, actor scheduling.actor_kind, currency text, status scheduling.booking_status,
    bookings bigint, lead_minutes bigint
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        span.day,
        first_step.actor,
        bookings.currency,
        bookings.status,
        count(*),
        coalesce(sum(
            greatest(floor(extract(epoch from bookings.starts_at - bookings.created_at) / 60), 0)
        ) filter (where bookings.status not in ('held', 'expired')), 0)::bigint
    from unnest(spans) as span
    inner join scheduling.bookings
        on
            bookings.business_id = bookings_on.business_id
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
    group by 1, 2, 3, 4;
end;
$$;

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
    select
        counted.day,
        subjects.subject,
        subjects.subject_id,
        counted.currency,
        measures.measure,
        sum(measures.amount)::bigint
    from insight.bookings_on(count_bookings.business_id, spans) as counted
    cross join lateral (
        values
        ('business'::insight.subject, ''), ('channel', insight.channel_of(counted.actor))
    ) as subjects (subject, subject_id)
    cross join lateral (
        values
        (counted.status::text::insight.measure, counted.bookings),
        ('lead_minutes', counted.lead_minutes)
    ) as measures (measure, amount)
    group by 1, 2, 3, 4, 5;
end;
$$;

/*
 * Return how many items bookings of some days have, by service, resource, currency and status:
 * that of the booking, or `cancelled` if the item alone was. `minutes` are those that they take,
 * once for each unit of the resource.
 */
create function insight.items_on(business_id uuid, spans insight.span[])
returns table (
    day date, service_id uuid, resource_id uuid, currency text,
    status scheduling.booking_status, items bigint, minutes bigint
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        span.day,
        booking_items.service_id,
        booking_items.resource_id,
        bookings.currency,
        case
            when booking_items.cancelled_at is null then bookings.status else 'cancelled'
        end,
        count(*),
        coalesce(sum(
            booking_items.duration_minutes
            * least(booking_items.party_size, coalesce(resources.capacity, 1))
        ), 0)::bigint
    from unnest(spans) as span
    inner join scheduling.bookings
        on
            bookings.business_id = items_on.business_id
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
    group by 1, 2, 3, 4, 5;
end;
$$;

/*
 * Count the items of the bookings that start on some days, for each service and resource, by
 * status; and the minutes of resources that are booked.
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
    select
        counted.day,
        subjects.subject,
        subjects.subject_id,
        measures.currency,
        measures.measure,
        sum(measures.amount)::bigint
    from insight.items_on(count_items.business_id, spans) as counted
    cross join lateral (
        values
        ('business'::insight.subject, ''),
        ('service', counted.service_id::text),
        ('resource', counted.resource_id::text)
    ) as subjects (subject, subject_id)
    cross join lateral (
        values
        (counted.currency, counted.status::text::insight.measure, counted.items),
        (
            'XXX',
            'booked_minutes',
            case
                when
                    counted.resource_id is not null
                    and counted.status in ('confirmed', 'checked_in', 'completed', 'no_show')
                    then counted.minutes
            end
        )
    ) as measures (currency, measure, amount)
    where
        subjects.subject_id is not null
        and measures.amount is not null
        -- Of a business bookings are counted, not their items.
        and (subjects.subject <> 'business' or measures.measure = 'booked_minutes')
    group by 1, 2, 3, 4, 5;
end;
$$;
