-- Classes: their sessions are made by the business, and their seats are taken by customers.

/*
 * The sessions of a class that can be booked, as scheduling.offers gives them. Neither closures nor
 * blocks of its business or of who leads it, nor a day that is full; enough seats for the party.
 */
create function scheduling.session_offers(
    service catalog.services,
    starts tstzmultirange,
    resource_id uuid,
    party_size integer,
    except_booking_id uuid
)
returns setof scheduling.offer
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
            sessions.business_id = session_offers.service.business_id
            and sessions.service_id = session_offers.service.id
            and sessions.starts_at >= lower(session_offers.starts)
            and sessions.starts_at <= upper(session_offers.starts)
            and sessions.starts_at <@ session_offers.starts
            and (
                session_offers.resource_id is null
                or sessions.resource_id = session_offers.resource_id
            )
    ),

    shut as materialized (
        select
            closings.resource_id as leader_id,
            closings.closings
        from scheduling.closings(
            session_offers.service.business_id,
            array(select distinct wanted.leader_id from wanted),
            v_reach::tstzmultirange
        ) as closings
    )

    select
        wanted.starts_at,
        wanted.resource_id,
        'seats',
        true,
        session_offers.party_size,
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
            and seats.booking_id is distinct from session_offers.except_booking_id
    ) as taken
    where
        wanted.capacity - taken.seats >= session_offers.party_size
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

/*
 * Take a seat for each guest in the session with most seats left, under its lock. Gives who leads
 * it.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.take_seats(
    leg scheduling.leg, offers scheduling.offer[], booking scheduling.bookings, item_id uuid
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_offer scheduling.offer = (
        select offer
        from unnest(offers) as offer
        order by offer.remaining desc, offer.rank
        limit 1
    );
    v_capacity integer;
    v_count integer;
begin
    perform scheduling.expire(
        array(
            select distinct seats.booking_id
            from scheduling.seats
            where
                seats.business_id = booking.business_id
                and seats.session_id = v_offer.session_id
                and seats.is_blocking
                and seats.expires_at <= private.now()
        )
    );
    -- Locked against a change of the capacity; the offer may be older than the lock.
    select sessions.capacity into v_capacity
    from scheduling.sessions
    where sessions.id = v_offer.session_id
    for key share;
    insert into scheduling.seats (
        business_id, booking_id, booking_item_id, session_id, number, capacity, is_blocking,
        expires_at
    )
    select
        booking.business_id,
        booking.id,
        item_id,
        v_offer.session_id,
        numbers.number,
        v_capacity,
        scheduling.is_blocking(booking.status, leg.is_blocked_by_pending),
        case when booking.status in ('held', 'pending_payment') then booking.hold_expires_at end
    from generate_series(1, v_capacity) as numbers (number)
    where
        not exists (
            select 1
            from scheduling.seats
            where
                seats.session_id = v_offer.session_id
                and seats.number = numbers.number
                and seats.is_blocking
        )
    order by numbers.number
    limit leg.party_size
    on conflict do nothing;
    get diagnostics v_count = row_count;
    if v_count < leg.party_size then
        perform scheduling.refuse_taken();
    end if;
    return v_offer.id;
end;
$$;

/*
 * The seats of a booking follow its status, as its allocations do.
 */
create function scheduling.follow_with_seats(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if booking.status in ('confirmed', 'checked_in', 'completed') then
        perform scheduling.expire(
            array(
                select distinct rivals.booking_id
                from scheduling.seats
                inner join scheduling.seats as rivals
                    on
                        rivals.business_id = seats.business_id
                        and rivals.session_id = seats.session_id
                        and rivals.number = seats.number
                        and rivals.is_blocking
                        and rivals.expires_at <= private.now()
                where
                    seats.business_id = booking.business_id
                    and seats.booking_id = booking.id
                    and not seats.is_blocking
            )
        );
    end if;
    update scheduling.seats
    set
        is_blocking = scheduling.is_blocking(booking.status, services.is_blocked_by_pending),
        expires_at = case
            when booking.status in ('held', 'pending_payment') then booking.hold_expires_at
        end
    from scheduling.booking_items
    inner join catalog.services on services.id = booking_items.service_id
    where
        seats.business_id = booking.business_id
        and seats.booking_id = booking.id
        and booking_items.id = seats.booking_item_id;
end;
$$;

/*
 * The starts of sessions from one wall clock to another on local dates, one after another, as
 * instants. What a clock change makes the same comes once.
 */
create function scheduling.session_starts(
    service catalog.services,
    dates daterange,
    weekdays integer[],
    opens_at time,
    closes_at time,
    every_minutes integer
)
returns timestamptz[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_time_zone text = (
        select businesses.time_zone from business.businesses where businesses.id = service.business_id
    );
begin
    return array(
        select distinct (days.day + clocks.clock) at time zone v_time_zone as at
        from generate_series(
            lower(dates)::timestamp, (upper(dates) - 1)::timestamp, interval '1 day'
        ) as days (day)
        cross join lateral (
            select make_interval(mins => steps.step) as clock
            from generate_series(
                extract(epoch from opens_at)::integer / 60,
                extract(epoch from closes_at)::integer / 60 - service.duration_minutes,
                every_minutes
            ) as steps (step)
        ) as clocks
        where extract(isodow from days.day) = any(weekdays)
        order by at
    );
end;
$$;

/*
 * Make the sessions of a class at some starts: those that exist stay as they are. Each takes who
 * leads it, and whatever else the service needs, for its whole length with buffers: all or nothing.
 * Definer: nobody writes sessions or allocations directly; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken · PT422 not_eligible
 */
create function scheduling.create_sessions(
    service catalog.services, starts timestamptz[], resource_id uuid, capacity integer
)
returns setof uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_needs scheduling.need[];
    v_start timestamptz;
    v_id uuid;
begin
    perform private.require_member(service.business_id, 'manage');
    if not service.is_class then
        perform private.invalid('service_id', 'must be a class: set is_class of the service first');
    end if;
    v_needs = array(
        select need
        from scheduling.needs(service.id, create_sessions.resource_id, create_sessions.capacity) as need
    );
    if v_needs = '{}' and create_sessions.resource_id is not null
        or exists (select 1 from unnest(v_needs) as need where need.units > need.capacity) then
        perform private.refuse(
            'PT422', 'not_eligible', 'That resource does not give this class, or is too small for it.',
            'Read service_resources for those that do, or lower the capacity.'
        );
    end if;
    perform scheduling.lock(array(select need.id from unnest(v_needs) as need) || service.id);
    foreach v_start in array starts loop
        continue when exists (
            select 1
            from scheduling.sessions
            where
                sessions.business_id = service.business_id
                and sessions.service_id = service.id
                and sessions.starts_at = v_start
                and (
                    create_sessions.resource_id is null
                    or sessions.resource_id = create_sessions.resource_id
                )
        );
        v_id = scheduling.create_session(service, v_start, v_needs, create_sessions.capacity);
        return next v_id;
    end loop;
end;
$$;

/*
 * Make one session, and take what it needs.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.create_session(
    service catalog.services, starts_at timestamptz, needs scheduling.need[], capacity integer
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_ends_at timestamptz = starts_at + make_interval(mins => service.duration_minutes);
    v_during tstzrange = tstzrange(
        starts_at - make_interval(mins => service.buffer_before_minutes),
        v_ends_at + make_interval(mins => service.buffer_after_minutes)
    );
    v_offers scheduling.offer[] = array(
        select
            row(
                create_session.starts_at, need.id, need.pool, need.is_leading, need.units,
                need.capacity, need.capacity, need.rank, null
            )::scheduling.offer
        from unnest(create_session.needs) as need
    );
    v_id uuid = gen_random_uuid();
    v_leg scheduling.leg;
    v_leader_id uuid;
    v_ids uuid[];
    v_units integer[];
    v_pools integer;
    v_count integer;
begin
    v_leg.service_id = service.id;
    v_leg.business_id = service.business_id;
    v_leg.starts_at = create_session.starts_at;
    perform scheduling.release_expired(
        array(select need.id from unnest(create_session.needs) as need), v_during
    );
    select
        (array_agg(chosen.id) filter (where chosen.is_leading))[1],
        array_agg(chosen.id),
        array_agg(unit.number),
        count(distinct chosen.pool)
    into v_leader_id, v_ids, v_units, v_pools
    from (
        select distinct on (candidates.pool) candidates.*
        from unnest(scheduling.choose(v_leg, v_offers, v_during, null))
            with ordinality as candidates
        order by candidates.pool, candidates.ordinality
    ) as chosen
    cross join lateral unnest(chosen.free_units) as unit (number);

    insert into scheduling.sessions (
        id, business_id, service_id, resource_id, starts_at, ends_at, capacity
    )
    values (
        v_id, service.business_id, service.id, v_leader_id, create_session.starts_at, v_ends_at,
        create_session.capacity
    );
    insert into scheduling.allocations (
        business_id, session_id, resource_id, unit, during, is_blocking
    )
    select service.business_id, v_id, chosen.id, chosen.unit, v_during, true
    from unnest(v_ids, v_units) as chosen (id, unit)
    on conflict do nothing;
    get diagnostics v_count = row_count;
    if v_count < coalesce(cardinality(v_ids), 0)
        or v_pools < (select count(distinct need.pool) from unnest(create_session.needs) as need) then
        perform private.refuse(
            'PT409', 'slot_taken',
            format(
                'Somebody whom this class needs is taken at %s.',
                to_char(create_session.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')
            ),
            'Choose other times or another resource; nothing was made.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * How many seats of a session are free now. Definer: told without telling who has the others.
 */
create function scheduling.free_seats(business_id uuid, session_id uuid, capacity integer)
returns integer
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return free_seats.capacity - count(*)
    from scheduling.seats
    where
        seats.business_id = free_seats.business_id
        and seats.session_id = free_seats.session_id
        and seats.is_blocking
        and (seats.expires_at is null or seats.expires_at > private.now());
end;
$$;

/*
 * Day by day, what of a service can be had: how many sessions a class has (null for what is given
 * at any time), how many starts are free, and seats. Definer: counts sessions of businesses that
 * the caller need not be a member of.
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
        days.first_day::timestamp at time zone v_time_zone,
        (days.last_day + 1)::timestamp at time zone v_time_zone
    );
begin
    return query
    with given as (
        select
            (sessions.starts_at at time zone v_time_zone)::date as day,
            count(*)::integer as slots,
            sum(sessions.capacity)::integer as seats
        from scheduling.sessions
        where
            v_service.is_class
            and sessions.business_id = v_service.business_id
            and sessions.service_id = v_service.id
            and sessions.starts_at >= lower(v_during)
            and sessions.starts_at < upper(v_during)
            and (days.resource_id is null or sessions.resource_id = days.resource_id)
        group by 1
    ),

    free as (
        select
            (offer.at at time zone v_time_zone)::date as day,
            count(*)::integer as slots,
            sum(offer.remaining)::integer as seats
        from scheduling.offers(
            v_service.id, v_during::tstzmultirange, days.resource_id, days.party_size, v_service.duration_minutes
        ) as offer
        where offer.is_leading
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
    left join given on given.day = dates.day::date
    left join free on free.day = dates.day::date
    order by dates.day;
end;
$$;
