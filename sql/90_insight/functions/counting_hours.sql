-- How long resources are open.

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
