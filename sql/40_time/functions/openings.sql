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
