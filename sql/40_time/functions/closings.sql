-- When resources are not free although they would work: the business is closed, their time is
-- blocked, or something takes it already. Each function answers for many resources at once.

/*
 * Return when resources are shut: closures of the business, on dates of its zone, and blocked
 * periods of the resource or of everybody.
 */
create function scheduling.closings(
    business_id uuid, resource_ids uuid[], during tstzmultirange
)
returns table (resource_id uuid, closings tstzmultirange)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with shut as (
        select
            null::uuid as id,
            tstzrange(
                scheduling.start_of_date(closures.starts_on, businesses.time_zone),
                scheduling.start_of_date(closures.ends_on + 1, businesses.time_zone)
            ) as period
        from business.closures
        inner join business.businesses on businesses.id = closures.business_id
        where
            closures.business_id = closings.business_id
            and closures.ends_on >= (lower(closings.during) at time zone 'UTC')::date - 1
            and closures.starts_on <= (upper(closings.during) at time zone 'UTC')::date + 1
        union all
        select
            blocked_periods.resource_id,
            blocked_periods.during
        from catalog.blocked_periods
        where
            blocked_periods.business_id = closings.business_id
            and blocked_periods.during && closings.during
    )

    select
        resources.id,
        range_agg(shut.period)
    from unnest(closings.resource_ids) as resources (id)
    inner join shut on shut.id is null or shut.id = resources.id
    group by resources.id;
end;
$$;

/*
 * Return the starts that clash with what takes resources already, one multirange for each unit that
 * is taken. If a unit is taken from `a` to `b`, a start between `a - lead` and `b + trail`, both
 * excluded, clashes: `lead` is the length of the service and the buffer after it, `trail` the
 * buffer before it. A hold that has run out takes nothing, even if nobody has released it yet. A
 * booking that is about to move is left out. `elsewhere` are the starts at which another business
 * takes the person who is the resource.
 */
create function scheduling.clashes(
    resource_ids uuid[],
    during tstzmultirange,
    lead interval,
    trail interval,
    except_booking_id uuid
)
returns table (resource_id uuid, clashes tstzmultirange[], elsewhere tstzmultirange)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
    v_is_shared boolean = scheduling.people_of(resource_ids) <> '{}';
begin
    return query
    select
        resources.id,
        taken.clashes,
        elsewhere.clashes
    from unnest(clashes.resource_ids) as resources (id)
    cross join lateral (
        select array_agg(units.clashes) as clashes
        from (
            select
                range_agg(
                    tstzrange(
                        lower(allocations.during) - clashes.lead,
                        upper(allocations.during) + clashes.trail,
                        '()'
                    )
                ) as clashes
            from scheduling.allocations
            where
                allocations.resource_id = resources.id
                and allocations.during && clashes.during
                and allocations.is_blocking
                and (allocations.expires_at is null or allocations.expires_at > v_now)
                and coalesce(allocations.booking_id <> clashes.except_booking_id, true)
            group by allocations.unit
        ) as units
    ) as taken
    cross join lateral (
        select
            range_agg(
                tstzrange(
                    lower(busy.during) - clashes.lead,
                    upper(busy.during) + clashes.trail,
                    '()'
                )
            ) as clashes
        from scheduling.busy_elsewhere(resources.id, clashes.during) as busy (during)
        where v_is_shared
    ) as elsewhere;
end;
$$;
