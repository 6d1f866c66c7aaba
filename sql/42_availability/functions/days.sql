-- What of a service is free, date by date.

/*
 * Return the sessions of a class and their seats, date by date. A date without any has no row, and
 * neither has a service that is no class.
 */
create function scheduling.session_days(
    service catalog.services, during tstzrange, resource_id uuid, time_zone text
)
returns table (day date, slots integer, seats integer)
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
        service.is_class
        and sessions.business_id = service.business_id
        and sessions.service_id = service.id
        and sessions.starts_at >= lower(session_days.during)
        and sessions.starts_at < upper(session_days.during)
        and (session_days.resource_id is null or sessions.resource_id = session_days.resource_id)
    group by 1;
end;
$$;

/*
 * Return, date by date, how many sessions a class has (null for another service), how many starts
 * are free, and how many seats there are and are free.
 * Definer: it counts sessions of businesses that the caller need not be a member of.
 *
 * Errors:  PT404 not_found · PT409 not_bookable
 */
create function scheduling.days(
    service_id uuid,
    first_day date,
    last_day date,
    resource_id uuid,
    party_size integer,
    link_token text default null
)
returns table (
    day date, total_slots integer, available_slots integer, total_seats integer, free_seats integer
)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.visible_service(
        days.service_id,
        has_link => (scheduling.link_of(days.link_token, days.service_id)).id is not null
    );
    v_time_zone text = (
        select businesses.time_zone
        from business.businesses
        where businesses.id = v_service.business_id
    );
    v_during tstzrange = tstzrange(
        scheduling.start_of_date(days.first_day, v_time_zone),
        scheduling.start_of_date(days.last_day + 1, v_time_zone)
    );
begin
    return query
    with free as (
        select
            (vacancy.at at time zone v_time_zone)::date as day,
            count(*)::integer as slots,
            sum(vacancy.remaining)::integer as seats
        from scheduling.vacancies(
            v_service.id, v_during::tstzmultirange, days.resource_id, days.party_size, v_service.duration_minutes
        ) as vacancy
        where vacancy.is_leading
        group by 1
    )

    select
        dates.day::date,
        case when v_service.is_class then coalesce(given.slots, 0) end,
        coalesce(free.slots, 0),
        case when v_service.is_class then coalesce(given.seats, 0) end,
        case when v_service.is_class then coalesce(free.seats, 0) end
    from generate_series(
        days.first_day::timestamp, days.last_day::timestamp, interval '1 day'
    ) as dates (day)
    left join scheduling.session_days(v_service, v_during, days.resource_id, v_time_zone) as given
        on given.day = dates.day::date
    left join free on free.day = dates.day::date
    order by dates.day;
end;
$$;
