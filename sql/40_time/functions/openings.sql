-- When resources work. Weekly hours, the special hours that replace them on some dates, and the
-- time zone of whoever travels become instants, date by date. scheduling.openings is the result;
-- the functions above it are its steps. Each answers for many resources at once: resources that
-- follow the same hours in the same zone share a plan.

/*
 * Return the plans that some resources follow. A resource without weekly hours of its own follows
 * the business. If the business has none either, staff never work and everything else always does.
 */
create function scheduling.plans(
    business_id uuid,
    resource_ids uuid[],
    time_zones text[],
    are_staff boolean[],
    special_hours scheduling.special_hours[],
    travels catalog.travel_zones[]
)
returns setof scheduling.plan
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_owner_ids uuid[] = array(
        select distinct coalesce(working_hours.resource_id, working_hours.business_id)
        from catalog.working_hours
        where
            working_hours.business_id = plans.business_id
            and (
                working_hours.resource_id is null
                or working_hours.resource_id = any(plans.resource_ids)
            )
    );
    v_special_ids uuid[] = array(
        select special.owner_id from unnest(special_hours) as special
        union all
        select travel.resource_id from unnest(travels) as travel
    );
begin
    return query
    select
        array_agg(resources.id),
        owners.id as owner_id,
        case when resources.id = any(v_special_ids) then resources.id else owners.id end as special_id,
        resources.time_zone,
        not resources.is_staff and owners.id <> all(v_owner_ids) as is_always_there
    from unnest(plans.resource_ids, plans.time_zones, plans.are_staff)
        as resources (id, time_zone, is_staff)
    cross join lateral (
        select case when resources.id = any(v_owner_ids) then resources.id else plans.business_id end
    ) as owners (id)
    group by 2, 3, 4, 5;
end;
$$;

/*
 * Return the ordinary windows of some plans on some dates: their weekly hours, or the whole date
 * for what is always there. A date with special hours has none.
 */
create function scheduling.ordinary_windows(
    business_id uuid,
    plans scheduling.plan[],
    dates date[],
    special_hours scheduling.special_hours[]
)
returns table (plan_number bigint, day date, opens_at time, closes_at time)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with calendar as (
        select
            dates.day,
            extract(isodow from dates.day)::smallint as weekday
        from unnest(dates) as dates (day)
    ),

    ordinary as (
        select
            plan.ordinality as plan_number,
            calendar.day,
            working_hours.opens_at,
            working_hours.closes_at
        from unnest(plans) with ordinality as plan
        inner join catalog.working_hours
            on
                working_hours.business_id = ordinary_windows.business_id
                and coalesce(working_hours.resource_id, working_hours.business_id) = plan.owner_id
        inner join calendar on calendar.weekday = working_hours.weekday
        union all
        select
            plan.ordinality,
            calendar.day,
            time '00:00',
            time '24:00'
        from unnest(plans) with ordinality as plan
        cross join calendar
        where plan.is_always_there
    )

    select ordinary.*
    from ordinary
    where
        not exists (
            select 1
            from unnest(special_hours) as special
            where
                special.day = ordinary.day
                and special.owner_id in (
                    plans[ordinary.plan_number].special_id, plans[ordinary.plan_number].owner_id
                )
        );
end;
$$;

/*
 * Return the special windows of some plans: their own special hours, or else their owner's.
 */
create function scheduling.special_windows(
    plans scheduling.plan[], special_hours scheduling.special_hours[]
)
returns table (plan_number bigint, day date, opens_at time, closes_at time)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if special_hours = '{}' then
        return;
    end if;
    return query
    select
        plan.ordinality,
        special.day,
        special.opens_at,
        special.closes_at
    from unnest(plans) with ordinality as plan
    inner join unnest(special_hours) as special
        on special.owner_id in (plan.special_id, plan.owner_id)
    where
        special.opens_at is not null
        and (
            special.owner_id = plan.special_id
            or not exists (
                select 1
                from unnest(special_hours) as own
                where own.owner_id = plan.special_id and own.day = special.day
            )
        );
end;
$$;

/*
 * Return the windows of some plans as instants, date by date, without those that a clock or a zone
 * skipped. Whoever travels works by the clock of where they are.
 */
create function scheduling.windows(
    business_id uuid,
    plans scheduling.plan[],
    dates date[],
    special_hours scheduling.special_hours[],
    travels catalog.travel_zones[]
)
returns table (plan_number bigint, during tstzrange)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with local_windows as (
        select * from scheduling.ordinary_windows(business_id, plans, dates, special_hours)
        union all
        select * from scheduling.special_windows(plans, special_hours)
    ),

    clocks as (
        select
            hours.plan_number,
            hours.day,
            hours.day + hours.opens_at as opens_at,
            hours.day + hours.closes_at as closes_at,
            coalesce(travel.time_zone, plans[hours.plan_number].time_zone) as time_zone
        from local_windows as hours
        left join unnest(travels) as travel
            on
                travel.resource_id = plans[hours.plan_number].special_id
                and hours.day between travel.starts_on and travel.ends_on
    ),

    instants as (
        select
            clocks.*,
            case clocks.opens_at::time
                when '00:00' then scheduling.first_instant(clocks.opens_at, clocks.time_zone)
                else clocks.opens_at at time zone clocks.time_zone
            end as starts_at,
            case clocks.closes_at::time
                when '00:00' then scheduling.first_instant(clocks.closes_at, clocks.time_zone)
                else clocks.closes_at at time zone clocks.time_zone
            end as ends_at
        from clocks
    )

    select
        instants.plan_number,
        tstzrange(instants.starts_at, instants.ends_at)
    from instants
    where
        instants.starts_at < instants.ends_at
        -- A zone that skipped the date altogether puts it on the next one (Apia, 2011-12-30).
        and (instants.starts_at at time zone instants.time_zone)::date = instants.day;
end;
$$;

/*
 * Return when resources work, as far as it touches some periods. `windows` are the openings as they
 * were written, date by date: slots step from their starts. In `openings` those that touch are one,
 * because a service may run from one into the next. A local time that a clock skips moves forward
 * with the clock. `always` is a period in which all of them work, whatever their hours.
 */
create function scheduling.openings(
    business_id uuid,
    resource_ids uuid[],
    time_zones text[],
    are_staff boolean[],
    during tstzmultirange,
    always tstzrange default null
)
returns table (resource_id uuid, windows tstzrange[], openings tstzmultirange)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_dates date[] = scheduling.dates_around(during);
    v_special scheduling.special_hours[] = scheduling.special_hours_on(
        business_id, resource_ids, v_dates
    );
    v_travels catalog.travel_zones[] = scheduling.travels_on(business_id, resource_ids, v_dates);
    v_plans scheduling.plan[] = array(
        select plan
        from scheduling.plans(
            business_id, resource_ids, time_zones, are_staff, v_special, v_travels
        ) as plan
    );
begin
    if always is not null then
        return query
        select resources.id, array[always], always::tstzmultirange
        from unnest(openings.resource_ids) as resources (id);
        return;
    end if;
    return query
    select
        resources.id,
        worked.windows,
        worked.openings
    from (
        select
            windows.plan_number,
            array_agg(windows.during) as windows,
            range_agg(windows.during) as openings
        from scheduling.windows(business_id, v_plans, v_dates, v_special, v_travels) as windows
        where windows.during && openings.during
        group by windows.plan_number
    ) as worked
    cross join lateral unnest(v_plans[worked.plan_number].resource_ids) as resources (id);
end;
$$;
