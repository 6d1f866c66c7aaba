-- How one session of a class is written, with the resources that it takes: the first candidate of
-- each pool that the class needs.

/*
 * Create one session, and allocate what it needs.
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
    v_id uuid = gen_random_uuid();
    v_chosen scheduling.candidate[];
begin
    perform scheduling.release_expired_holds(
        array(select need.id from unnest(create_session.needs) as need), v_during
    );
    v_chosen = scheduling.session_resources(service, create_session.starts_at, needs, v_during);
    insert into scheduling.sessions (
        id, business_id, service_id, resource_id, starts_at, ends_at, capacity
    )
    values (
        v_id,
        service.business_id,
        service.id,
        (select chosen.id from unnest(v_chosen) as chosen where chosen.is_leading limit 1),
        create_session.starts_at,
        v_ends_at,
        create_session.capacity
    );
    if cardinality(v_chosen) < (
        select count(distinct need.pool) from unnest(create_session.needs) as need
    ) or not scheduling.allocate_session(service.business_id, v_id, v_chosen, v_during) then
        perform scheduling.refuse_session(create_session.starts_at);
    end if;
    return v_id;
end;
$$;

/*
 * Return the first candidate of each pool that a session needs.
 */
create function scheduling.session_resources(
    service catalog.services, starts_at timestamptz, needs scheduling.need[], during tstzrange
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_leg scheduling.leg;
    v_vacancies scheduling.vacancy[] = array(
        select scheduling.vacancy_of(need, session_resources.starts_at)
        from unnest(session_resources.needs) as need
    );
    v_pools text[] = '{}';
    v_candidate scheduling.candidate;
    v_chosen scheduling.candidate[] = '{}';
begin
    v_leg.service_id = service.id;
    v_leg.business_id = service.business_id;
    v_leg.starts_at = session_resources.starts_at;
    foreach v_candidate in array scheduling.ordered_candidates(v_leg, v_vacancies, during, null)
    loop
        continue when v_candidate.pool = any(v_pools);
        v_pools = v_pools || v_candidate.pool;
        v_chosen = v_chosen || v_candidate;
    end loop;
    return v_chosen;
end;
$$;

/*
 * Return a needed resource as a vacancy at a start.
 */
create function scheduling.vacancy_of(need scheduling.need, starts_at timestamptz)
returns scheduling.vacancy
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_vacancy scheduling.vacancy;
begin
    v_vacancy.at = vacancy_of.starts_at;
    v_vacancy.id = need.id;
    v_vacancy.pool = need.pool;
    v_vacancy.is_leading = need.is_leading;
    v_vacancy.units = need.units;
    v_vacancy.remaining = need.capacity;
    v_vacancy.capacity = need.capacity;
    v_vacancy.rank = need.rank;
    return v_vacancy;
end;
$$;

/*
 * Allocate resources to a session. Returns whether all of them were free.
 */
create function scheduling.allocate_session(
    business_id uuid, session_id uuid, chosen scheduling.candidate[], during tstzrange
)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_wanted bigint = (
        select coalesce(sum(cardinality(candidate.free_units)), 0) from unnest(chosen) as candidate
    );
    v_count bigint;
begin
    insert into scheduling.allocations (
        business_id, session_id, resource_id, unit, during, is_blocking
    )
    select
        allocate_session.business_id,
        allocate_session.session_id,
        candidate.id,
        unit.number,
        allocate_session.during,
        true
    from unnest(chosen) as candidate
    cross join lateral unnest(candidate.free_units) as unit (number)
    on conflict do nothing;
    get diagnostics v_count = row_count;
    return v_count = v_wanted;
end;
$$;

/*
 * Refuse a session whose resources are taken.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.refuse_session(starts_at timestamptz)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'slot_taken',
        format(
            'A resource that this class needs is taken at %s.',
            to_char(refuse_session.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')
        ),
        'Choose other times or another resource. Nothing was created.'
    );
end;
$$;
