-- What of a service is free, date by date. It counts the same starts as scheduling.slots.

/*
 * Return the sessions of a class and their seats, date by date. A date without any has no row, and
 * neither has a service that is no class.
 */
create function scheduling.session_days(
    leg scheduling.leg, during tstzrange, time_zone text
)
returns table (day date, session_count integer, seat_count integer)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        (sessions.starts_at at time zone session_days.time_zone)::date,
        count(*)::integer,
        sum(sessions.capacity)::integer
    from scheduling.sessions
    where
        leg.is_class
        and sessions.business_id = leg.business_id
        and sessions.service_id = leg.service_id
        and sessions.starts_at >= lower(session_days.during)
        and sessions.starts_at < upper(session_days.during)
        and (leg.resource_id is null or sessions.resource_id = leg.resource_id)
    group by 1;
end;
$$;

/*
 * Return the free starts of a leg, date by date. A date without any has no row.
 */
create function scheduling.free_days(leg scheduling.leg, during tstzrange, time_zone text)
returns table (
    day date,
    first_start_at timestamptz,
    last_start_at timestamptz,
    start_count integer,
    place_count integer
)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
begin
    return query
    select
        (starts.at at time zone free_days.time_zone)::date,
        min(starts.at),
        max(starts.at),
        count(*)::integer,
        sum(starts.places)::integer
    from (
        select
            vacancy.at,
            sum(vacancy.remaining) as places
        from scheduling.vacancies_for_caller(leg, during::tstzmultirange) as vacancy
        where vacancy.is_leading
        group by vacancy.at
    ) as starts
    group by 1;
end;
$$;

/*
 * Return what of a leg is free, with a row for each date from the first to the last.
 * Definer: it counts sessions of businesses that the caller need not be a member of.
 */
create function scheduling.days(leg scheduling.leg, first_day date, last_day date)
returns setof public.day_availability
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_time_zone text = (
        select businesses.time_zone from business.businesses where businesses.id = leg.business_id
    );
    v_during tstzrange = tstzrange(
        scheduling.start_of_date(days.first_day, v_time_zone),
        scheduling.start_of_date(days.last_day + 1, v_time_zone)
    );
begin
    return query
    select
        dates.day::date,
        free.day is not null,
        free.first_start_at,
        free.last_start_at,
        coalesce(free.start_count, 0),
        case when leg.is_class then coalesce(given.session_count, 0) end,
        case when leg.is_class then coalesce(given.seat_count, 0) end,
        case when leg.is_class then coalesce(free.place_count, 0) end
    from generate_series(
        days.first_day::timestamp, days.last_day::timestamp, interval '1 day'
    ) as dates (day)
    left join scheduling.session_days(leg, v_during, v_time_zone) as given
        on given.day = dates.day::date
    left join scheduling.free_days(leg, v_during, v_time_zone) as free
        on free.day = dates.day::date
    order by dates.day;
end;
$$;
