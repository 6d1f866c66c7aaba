-- Classes: their sessions are made by the business, and their seats are taken by customers.

/*
 * The sessions of a class that can be booked, as scheduling.vacancies gives them. Neither closures
 * nor blocks of its business or of who leads it, nor a day that is full; enough seats for the
 * party.
 */
create function scheduling.session_vacancies(
    service catalog.services,
    starts tstzmultirange,
    resource_id uuid,
    party_size integer,
    except_booking_id uuid
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
    v_full scheduling.full_times[] = scheduling.full_times(
        service, '{}', range_merge(starts), service.duration_minutes, except_booking_id
    );
    v_reach tstzrange = tstzrange(
        lower(starts), upper(starts) + make_interval(mins => service.duration_minutes), '[]'
    );
begin
    return query
    with wanted as materialized (
        select
            sessions.*,
            coalesce(sessions.resource_id, sessions.business_id) as leader_id
        from scheduling.sessions
        where
            sessions.business_id = session_vacancies.service.business_id
            and sessions.service_id = session_vacancies.service.id
            and sessions.starts_at >= lower(session_vacancies.starts)
            and sessions.starts_at <= upper(session_vacancies.starts)
            and sessions.starts_at <@ session_vacancies.starts
            and (
                session_vacancies.resource_id is null
                or sessions.resource_id = session_vacancies.resource_id
            )
    ),

    shut as materialized (
        select
            closings.resource_id as leader_id,
            closings.closings
        from scheduling.closings(
            session_vacancies.service.business_id,
            array(select distinct wanted.leader_id from wanted),
            v_reach::tstzmultirange
        ) as closings
    )

    select
        wanted.starts_at,
        wanted.resource_id,
        'seats',
        true,
        session_vacancies.party_size,
        wanted.capacity - taken.seats,
        wanted.capacity,
        row_number() over (order by resources.position, resources.name, wanted.id)::integer,
        wanted.id
    from wanted
    left join catalog.resources on resources.id = wanted.resource_id
    left join shut on shut.leader_id = wanted.leader_id
    cross join lateral (
        select count(*)::integer as seats
        from scheduling.seats
        where
            seats.business_id = wanted.business_id
            and seats.session_id = wanted.id
            and seats.is_blocking
            and (seats.expires_at is null or seats.expires_at > v_now)
            and seats.booking_id is distinct from session_vacancies.except_booking_id
    ) as taken
    where
        wanted.capacity - taken.seats >= session_vacancies.party_size
        and not coalesce(shut.closings && tstzrange(wanted.starts_at, wanted.ends_at), false)
        and not coalesce(v_full[1].times @> wanted.starts_at, false);
end;
$$;

/*
 * Is there a session at the start that somebody wants, and is it not shut?
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
