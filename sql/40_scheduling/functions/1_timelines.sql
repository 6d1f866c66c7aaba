-- Wall clocks become instants, date by date: when a resource works, when it is closed, when it is
-- taken. Each function answers for many resources at once and gives one multirange for each.

/*
 * Which resources a service takes for a party, in which pool, and how many units of each. A
 * resource with places (capacity above 1) is taken once per guest, any other is taken whole. Every
 * resource that is needed outright is a pool of its own. The leading pool, whose resources a
 * customer chooses among, is the first with staff, then the first at all. A resource asked for
 * empties its pool of all others. Definer: asked for businesses that the caller need not be a
 * member of.
 */
create function scheduling.needs(service_id uuid, resource_id uuid, party_size integer)
returns setof scheduling.need
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with candidates as (
        select
            resources.id,
            case service_resources.mode
                when 'all' then service_resources.resource_id::text
                else service_resources.pool
            end as pool,
            case
                when resources.capacity > 1 then service_resources.quantity * needs.party_size
                else service_resources.quantity
            end as units,
            resources.capacity,
            resources.kind,
            coalesce(resources.time_zone, businesses.time_zone) as time_zone,
            resources.is_active,
            row_number() over (order by resources.position, resources.name, resources.id) as rank
        from catalog.service_resources
        inner join catalog.resources on resources.id = service_resources.resource_id
        inner join business.businesses on businesses.id = service_resources.business_id
        where service_resources.service_id = needs.service_id
    )

    select
        candidates.id,
        candidates.pool,
        candidates.pool = (
            select lead.pool
            from candidates as lead
            order by lead.kind, lead.pool
            limit 1
        ),
        candidates.units,
        candidates.capacity,
        candidates.kind,
        candidates.time_zone,
        candidates.rank::integer,
        (select count(distinct wanted.pool) from candidates as wanted)::integer
    from candidates
    where
        candidates.is_active
        and (
            needs.resource_id is null
            or candidates.id = needs.resource_id
            -- Null, and so nothing at all, when the resource is not one of the service's.
            or candidates.pool <> (
                select chosen.pool
                from candidates as chosen
                where chosen.id = needs.resource_id
            )
        );
end;
$$;

/*
 * When resources work, as instants: exceptions of a date replace its weekly hours, a resource
 * without hours of its own follows the business. `windows` are the openings as written, date by
 * date, from whose starts slots step; in `openings` those that touch are one, because a service
 * may run from one into the next. Given are those that reach into the times asked for. A local time
 * that a clock skips moves forward with it; an opening that vanishes this way is none, and so is
 * one of a date that a zone skips. Who travels works by the clock of where they are. Resources that
 * follow the same hours in the same zone share a plan, which is worked out once.
 */
create function scheduling.openings(
    business_id uuid,
    resource_ids uuid[],
    time_zones text[],
    are_staff boolean[],
    during tstzmultirange
)
returns table (resource_id uuid, windows tstzrange[], openings tstzmultirange)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with days as materialized (
        -- A local date is that of UTC, the one before or the one after.
        select distinct dates.at::date as day
        from unnest(openings.during) as period (during)
        cross join generate_series(
            ((lower(period.during) at time zone 'UTC')::date - 1)::timestamp,
            ((upper(period.during) at time zone 'UTC')::date + 1)::timestamp,
            interval '1 day'
        ) as dates (at)
    ),

    weekly as materialized (
        select
            coalesce(working_hours.resource_id, working_hours.business_id) as owner_id,
            working_hours.weekday,
            working_hours.opens_at,
            working_hours.closes_at
        from catalog.working_hours
        where
            working_hours.business_id = openings.business_id
            and (
                working_hours.resource_id is null
                or working_hours.resource_id = any(openings.resource_ids)
            )
    ),

    exceptions as materialized (
        select
            coalesce(schedule_exceptions.resource_id, schedule_exceptions.business_id) as owner_id,
            days.day,
            schedule_exceptions.opens_at,
            schedule_exceptions.closes_at
        from catalog.schedule_exceptions
        inner join days
            on days.day between schedule_exceptions.starts_on and schedule_exceptions.ends_on
        where
            schedule_exceptions.business_id = openings.business_id
            and (
                schedule_exceptions.resource_id is null
                or schedule_exceptions.resource_id = any(openings.resource_ids)
            )
    ),

    travels as materialized (
        select
            travel_zones.resource_id as plan_id,
            travel_zones.starts_on,
            travel_zones.ends_on,
            travel_zones.time_zone
        from catalog.travel_zones
        where
            travel_zones.business_id = openings.business_id
            and travel_zones.resource_id = any(openings.resource_ids)
            and travel_zones.ends_on >= (select min(days.day) from days)
            and travel_zones.starts_on <= (select max(days.day) from days)
    ),

    -- A plan of one's own, with hours, exceptions or travels; else that of the business.
    followers as materialized (
        select
            resources.id,
            resources.time_zone,
            plans.owner_id,
            case
                when
                    resources.id in (select exceptions.owner_id from exceptions)
                    or resources.id in (select travels.plan_id from travels)
                    then resources.id
                else plans.owner_id
            end as plan_id,
            not resources.is_staff
            and plans.owner_id not in (select weekly.owner_id from weekly) as is_always_there
        from unnest(openings.resource_ids, openings.time_zones, openings.are_staff)
            as resources (id, time_zone, is_staff)
        cross join lateral (
            select case
                when resources.id in (select weekly.owner_id from weekly) then resources.id
                else openings.business_id
            end as owner_id
        ) as plans
    ),

    plans as materialized (
        select distinct
            followers.plan_id,
            followers.owner_id,
            followers.time_zone,
            followers.is_always_there
        from followers
    ),

    ordinary_days as (
        select
            plans.*,
            days.day
        from plans
        cross join days
        where
            not exists (
                select 1
                from exceptions
                where
                    exceptions.owner_id in (plans.plan_id, plans.owner_id)
                    and exceptions.day = days.day
            )
    ),

    windows as (
        select
            ordinary_days.plan_id,
            ordinary_days.is_always_there,
            ordinary_days.time_zone,
            ordinary_days.day,
            weekly.opens_at,
            weekly.closes_at
        from ordinary_days
        inner join weekly
            on
                weekly.owner_id = ordinary_days.owner_id
                and weekly.weekday = extract(isodow from ordinary_days.day)
        union all
        select
            ordinary_days.plan_id,
            ordinary_days.is_always_there,
            ordinary_days.time_zone,
            ordinary_days.day,
            time '00:00',
            time '24:00'
        from ordinary_days
        where ordinary_days.is_always_there
        union all
        select
            plans.plan_id,
            plans.is_always_there,
            plans.time_zone,
            exceptions.day,
            exceptions.opens_at,
            exceptions.closes_at
        from plans
        inner join exceptions on exceptions.owner_id in (plans.plan_id, plans.owner_id)
        where
            exceptions.opens_at is not null
            and (
                exceptions.owner_id = plans.plan_id
                or not exists (
                    select 1
                    from exceptions as own
                    where own.owner_id = plans.plan_id and own.day = exceptions.day
                )
            )
    ),

    local_windows as (
        select
            windows.plan_id,
            windows.is_always_there,
            windows.time_zone,
            windows.day,
            windows.day + windows.opens_at as opens_at,
            windows.day + windows.closes_at as closes_at,
            coalesce(travels.time_zone, windows.time_zone) as clock
        from windows
        left join travels
            on
                travels.plan_id = windows.plan_id
                and windows.day between travels.starts_on and travels.ends_on
    ),

    instants as (
        select
            local_windows.*,
            local_windows.opens_at at time zone local_windows.clock as starts_at,
            local_windows.closes_at at time zone local_windows.clock as ends_at
        from local_windows
    ),

    planned as (
        select
            instants.plan_id,
            instants.is_always_there,
            instants.time_zone,
            array_agg(tstzrange(instants.starts_at, instants.ends_at)) as windows,
            range_agg(tstzrange(instants.starts_at, instants.ends_at)) as openings
        from instants
        where
            instants.starts_at < instants.ends_at
            and tstzrange(instants.starts_at, instants.ends_at) && openings.during
            -- A day later, where a zone has skipped the date altogether (Apia, 2011-12-30).
            and (instants.starts_at at time zone instants.clock)::date = instants.day
        group by instants.plan_id, instants.is_always_there, instants.time_zone
    )

    select
        followers.id,
        planned.windows,
        planned.openings
    from followers
    inner join planned
        on
            planned.plan_id = followers.plan_id
            and planned.is_always_there = followers.is_always_there
            and planned.time_zone = followers.time_zone;
end;
$$;

/*
 * When resources are shut although they would work: closures of the business, in its zone, and
 * blocked periods of the resource or of everyone.
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
                closures.starts_on::timestamp at time zone businesses.time_zone,
                (closures.ends_on + 1)::timestamp at time zone businesses.time_zone
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
 * The starts that are out of the question because resources are taken, one multirange for each unit
 * that is taken at all. Who is taken from `from` to `to` cannot start between `from - lead` and
 * `to + trail`, both excluded: `lead` is what follows a start (length and buffer), `trail` the
 * buffer before it. A hold that has run out takes nothing, whether or not anything has released it.
 * One booking may be left out: the one that is about to move.
 */
create function scheduling.clashes(
    resource_ids uuid[],
    during tstzmultirange,
    lead interval,
    trail interval,
    except_booking_id uuid
)
returns table (resource_id uuid, clashes tstzmultirange[])
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select
        resources.id,
        taken.clashes
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
    ) as taken;
end;
$$;
