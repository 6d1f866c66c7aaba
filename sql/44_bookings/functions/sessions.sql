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
            'PT422', 'not_eligible',
            'That resource does not provide this class, or is too small for it.',
            'Choose a resource from service_resources, or lower the capacity.'
        );
    end if;
    perform private.lock(array(select need.id from unnest(v_needs) as need) || service.id);
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
    v_vacancies scheduling.vacancy[] = array(
        select
            row(
                create_session.starts_at, need.id, need.pool, need.is_leading, need.units,
                need.capacity, need.capacity, need.rank, null
            )::scheduling.vacancy
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
        from unnest(scheduling.choose(v_leg, v_vacancies, v_during, null))
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
                'A resource that this class needs is taken at %s.',
                to_char(create_session.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')
            ),
            'Choose other times or another resource. Nothing was created.'
        );
    end if;
    return v_id;
end;
$$;
