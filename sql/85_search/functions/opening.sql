-- Whether a business may be open in a period, as far as its weekly hours tell. This keeps a search
-- from asking scheduling.vacancies, which decides, about every business in the middle of the night.
--
-- The questions are SQL functions without `set` clauses: the planner inlines them into the query of
-- search.may_be_open. That query reads all candidates at once, because one call for each candidate
-- takes three times as long. The linter takes their parameters for columns.
-- noqa: disable=RF01,RF03,AM09

/*
 * Return a period on the wall clock of a time zone. The clock is changing when it is set forward or
 * back in the period or within 36 hours of it.
 */
create function search.local_period(during tstzrange, time_zone text)
returns table (
    from_at timestamp,
    to_at timestamp,
    from_day date,
    to_day date,
    from_weekday smallint,
    to_weekday smallint,
    is_changing boolean
)
language sql
stable
security invoker
rows 1
begin atomic
    select
        clock.from_at,
        clock.to_at,
        clock.from_at::date as from_day,
        clock.to_at::date as to_day,
        extract(isodow from clock.from_at)::smallint as from_weekday,
        extract(isodow from clock.to_at)::smallint as to_weekday,
        clock.after - clock.before
        <> upper(during) - lower(during) + interval '72 hours' as is_changing
    from (
        select
            lower(during) at time zone local_period.time_zone as from_at,
            upper(during) at time zone local_period.time_zone as to_at,
            (lower(during) - interval '36 hours') at time zone local_period.time_zone as before,
            (upper(during) + interval '36 hours') at time zone local_period.time_zone as after
    ) as clock
    -- Keep this a subquery: pulled up, each column would be computed again at each use.
    offset 0;
end;

/*
 * Return the weekly hours of a business that overlap a local period of less than a day.
 */
create function search.hours_within(
    business_id uuid,
    from_at timestamp,
    to_at timestamp,
    from_weekday smallint,
    to_weekday smallint
)
returns setof uuid
language sql
stable
security invoker
begin atomic
    select working_hours.id
    from catalog.working_hours
    where
        working_hours.business_id = hours_within.business_id
        and working_hours.weekday = any(array[from_weekday, to_weekday])
        and (
            working_hours.weekday = from_weekday
            and from_at::date + working_hours.opens_at < to_at
            and from_at::date + working_hours.closes_at > from_at
            or working_hours.weekday = to_weekday
            and to_at::date + working_hours.opens_at < to_at
            and to_at::date + working_hours.closes_at > from_at
        );
end;

/*
 * Return the special opening days of a business between two days.
 */
create function search.special_days_within(business_id uuid, from_day date, to_day date)
returns setof uuid
language sql
stable
security invoker
begin atomic
    select schedule_exceptions.id
    from catalog.schedule_exceptions
    where
        schedule_exceptions.business_id = special_days_within.business_id
        and schedule_exceptions.opens_at is not null
        and schedule_exceptions.starts_on <= to_day
        and schedule_exceptions.ends_on >= from_day;
end;

/*
 * Return the travels of a business's resources around two days. Elsewhere it may be another day.
 */
create function search.travels_around(business_id uuid, from_day date, to_day date)
returns setof uuid
language sql
stable
security invoker
begin atomic
    select travel_zones.id
    from catalog.travel_zones
    where
        travel_zones.business_id = travels_around.business_id
        and travel_zones.starts_on <= to_day + 2
        and travel_zones.ends_on >= from_day - 2;
end;

/*
 * Return the resources of a business that do not follow its weekly hours: those with a time zone of
 * their own, and rooms and equipment where the business has no hours.
 */
create function search.resources_outside_hours(business_id uuid)
returns setof uuid
language sql
stable
security invoker
begin atomic
    select resources.id
    from catalog.resources
    where
        resources.business_id = resources_outside_hours.business_id
        and resources.is_active
        and (
            resources.time_zone is not null
            or resources.kind <> 'staff'
            and not exists (
                select 1
                from catalog.working_hours
                where
                    working_hours.business_id = resources_outside_hours.business_id
                    and working_hours.resource_id is null
            )
        );
end;

/*
 * Return the candidates that may be open in a period, in their order. Every candidate may be open
 * in a period of a day or more. In a shorter one a business may be open when it has weekly hours or
 * special days then, classes, travels or resources outside of its hours, or when its clock changes.
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
begin
    if upper(during) - lower(during) >= interval '1 day' then
        return query
        select * from unnest(candidates);
        return;
    end if;
    return query
    select
        candidate.business_id,
        candidate.time_zone,
        candidate.has_classes,
        candidate.distance_km
    from unnest(candidates) with ordinality
        as candidate (business_id, time_zone, has_classes, distance_km, rank)
    cross join lateral search.local_period(during, candidate.time_zone) as clock
    where
        exists (
            select 1
            from search.hours_within(
                candidate.business_id,
                clock.from_at,
                clock.to_at,
                clock.from_weekday,
                clock.to_weekday
            )
        )
        or clock.is_changing
        or exists (
            select 1
            from search.special_days_within(candidate.business_id, clock.from_day, clock.to_day)
        )
        or exists (
            select 1 from search.travels_around(candidate.business_id, clock.from_day, clock.to_day)
        )
        or candidate.has_classes
        or exists (select 1 from search.resources_outside_hours(candidate.business_id))
    order by candidate.rank;
end;
$$;
