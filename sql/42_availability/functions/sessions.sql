-- Classes: which of their sessions can be booked. Sessions are made by the business
-- (44_bookings), and their seats are taken by bookings.

/*
 * Return the sessions of a class that start in some periods, led by a given resource or anybody, at
 * times when neither the business nor the leader is shut, unless closures are overridden.
 */
create function scheduling.open_sessions(
    service catalog.services,
    starts tstzmultirange,
    resource_id uuid,
    overridden scheduling.start_rule[] default '{}'
)
returns setof scheduling.sessions
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_reach tstzrange = tstzrange(
        lower(starts), upper(starts) + make_interval(mins => service.duration_minutes), '[]'
    );
begin
    return query
    with wanted as materialized (
        select sessions.*
        from scheduling.sessions
        where
            sessions.business_id = open_sessions.service.business_id
            and sessions.service_id = open_sessions.service.id
            and sessions.starts_at >= lower(open_sessions.starts)
            and sessions.starts_at <= upper(open_sessions.starts)
            and sessions.starts_at <@ open_sessions.starts
            and (
                open_sessions.resource_id is null
                or sessions.resource_id = open_sessions.resource_id
            )
    )

    select wanted.*
    from wanted
    left join scheduling.closings(
        service.business_id,
        array(select distinct coalesce(leaders.resource_id, leaders.business_id) from wanted as leaders),
        v_reach::tstzmultirange
    ) as closings
        on closings.resource_id = coalesce(wanted.resource_id, wanted.business_id)
    where
        'closures' = any(overridden)
        or not coalesce(closings.closings && tstzrange(wanted.starts_at, wanted.ends_at), false);
end;
$$;

/*
 * Return the sessions of a class that a party can book, as vacancies: open ones with enough free
 * seats, at times when no limit is reached.
 */
create function scheduling.session_vacancies(
    service catalog.services,
    starts tstzmultirange,
    resource_id uuid,
    party_size integer,
    except_booking_id uuid,
    overridden scheduling.start_rule[] default '{}'
)
returns setof scheduling.vacancy
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
    v_starts tstzmultirange = starts - scheduling.full_for_everybody(
        scheduling.full_times(
            service, '{}', range_merge(starts), service.duration_minutes, except_booking_id,
            overridden
        )
    );
begin
    return query
    select
        sessions.starts_at,
        sessions.resource_id,
        'seats',
        true,
        session_vacancies.party_size,
        sessions.capacity - taken.seats,
        sessions.capacity,
        row_number() over (order by resources.position, resources.name, sessions.id)::integer,
        sessions.id
    from scheduling.open_sessions(
        service, v_starts, session_vacancies.resource_id, overridden
    ) as sessions
    left join catalog.resources on resources.id = sessions.resource_id
    cross join lateral (
        select count(*)::integer as seats
        from scheduling.seats
        where
            seats.business_id = sessions.business_id
            and seats.session_id = sessions.id
            and seats.is_blocking
            and (seats.expires_at is null or seats.expires_at > v_now)
            and seats.booking_id is distinct from session_vacancies.except_booking_id
    ) as taken
    where sessions.capacity - taken.seats >= session_vacancies.party_size;
end;
$$;

/*
 * Say whether a leg starts with a session, and whether that session is not shut.
 */
create function scheduling.is_in_session(
    leg scheduling.leg, out in_hours boolean, out not_shut boolean
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    select
        count(*) > 0,
        coalesce(
            bool_or(
                not coalesce(
                    closings.closings && tstzrange(sessions.starts_at, sessions.ends_at), false
                )
            ),
            false
        )
    into in_hours, not_shut
    from scheduling.sessions
    left join scheduling.closings(
        sessions.business_id,
        array[coalesce(sessions.resource_id, sessions.business_id)],
        tstzmultirange(tstzrange(sessions.starts_at, sessions.ends_at))
    ) as closings on true
    where
        sessions.business_id = leg.business_id
        and sessions.service_id = leg.service_id
        and sessions.starts_at = leg.starts_at
        and (leg.resource_id is null or sessions.resource_id = leg.resource_id);
end;
$$;
