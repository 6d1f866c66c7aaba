-- Whether a business may be open in a period, as far as its weekly hours tell. This keeps a search
-- from asking scheduling.vacancies, which decides, about every business in the middle of the night.
-- Each function reads all candidates of a batch at once: a call for each takes three times as long.

/*
 * Return those of some candidates that may be open in a period, in their order. Whatever is no
 * matter of weekly hours counts as open, and so does everything in a period of a day or more.
 */
create function search.may_be_open(candidates search.candidate[], during tstzrange)
returns setof search.candidate
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
declare
    v_periods search.local_period[];
    v_open integer[];
begin
    if upper(during) - lower(during) >= interval '1 day' then
        return query
        select * from unnest(candidates);
        return;
    end if;
    v_periods = array(select period from search.local_periods(candidates, during) as period);
    v_open = array(select search.in_weekly_hours(v_periods));
    v_periods = array(
        select period
        from unnest(v_periods) as period
        where period.rank not in (select unnest(v_open))
    );
    v_open = v_open || array(select search.beside_weekly_hours(v_periods));
    return query
    select
        candidate.business_id,
        candidate.time_zone,
        candidate.has_classes,
        candidate.distance_km
    from unnest(candidates) with ordinality as candidate
    where candidate.ordinality in (select unnest(v_open))
    order by candidate.ordinality;
end;
$$;

/*
 * Return a period by the clock of each of some candidates.
 */
create function search.local_periods(candidates search.candidate[], during tstzrange)
returns setof search.local_period
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        candidate.ordinality::integer,
        candidate.business_id,
        lower(during) at time zone candidate.time_zone,
        upper(during) at time zone candidate.time_zone,
        candidate.has_classes
        or (upper(during) + interval '36 hours') at time zone candidate.time_zone
        - (lower(during) - interval '36 hours') at time zone candidate.time_zone
        <> upper(during) - lower(during) + interval '72 hours'
    from unnest(candidates) with ordinality as candidate;
end;
$$;

/*
 * Return the ranks of the periods that touch weekly hours of their business or its resources.
 */
create function search.in_weekly_hours(periods search.local_period[])
returns setof integer
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select period.rank
    from unnest(periods) as period
    cross join lateral (
        select
            extract(isodow from period.from_at)::smallint as first,
            extract(isodow from period.to_at)::smallint as last
        offset 0
    ) as weekdays
    where
        exists (
            select 1
            from catalog.working_hours
            where
                working_hours.business_id = period.business_id
                and working_hours.weekday = any(array[weekdays.first, weekdays.last])
                and (
                    working_hours.weekday = weekdays.first
                    and period.from_at::date + working_hours.opens_at < period.to_at
                    and period.from_at::date + working_hours.closes_at > period.from_at
                    or working_hours.weekday = weekdays.last
                    and period.to_at::date + working_hours.opens_at < period.to_at
                    and period.to_at::date + working_hours.closes_at > period.from_at
                )
        );
end;
$$;

/*
 * Return the ranks of the periods in which a business may be open beside its weekly hours: special
 * days, classes, travels, zones of resources, rooms without hours, and clocks about to change.
 */
create function search.beside_weekly_hours(periods search.local_period[])
returns setof integer
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select period.rank
    from unnest(periods) as period
    where
        period.is_uncertain
        or exists (
            select 1
            from catalog.schedule_exceptions
            where
                schedule_exceptions.business_id = period.business_id
                and schedule_exceptions.opens_at is not null
                and schedule_exceptions.starts_on <= period.to_at::date
                and schedule_exceptions.ends_on >= period.from_at::date
        )
        or exists (
            select 1
            from catalog.travel_zones
            where
                travel_zones.business_id = period.business_id
                and travel_zones.starts_on <= period.to_at::date + 2
                and travel_zones.ends_on >= period.from_at::date - 2
        )
        or exists (
            select 1
            from catalog.resources
            where
                resources.business_id = period.business_id
                and resources.is_active
                and (
                    resources.time_zone is not null
                    or resources.kind <> 'staff'
                    and not exists (
                        select 1
                        from catalog.working_hours
                        where
                            working_hours.business_id = period.business_id
                            and working_hours.resource_id is null
                    )
                )
        );
end;
$$;
