-- What can be booked. One function, scheduling.vacancies, decides it for a month of slots and for
-- the single start that somebody books, so the two never disagree. The functions above it are its
-- steps: the starts on the timeline of each resource (timelines.sql), and the resources that are
-- free together.

/*
 * Say whether somebody active is left in every pool that a service needs.
 */
create function scheduling.has_every_pool(needs scheduling.need[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if cardinality(needs) = 0 or needs[1].pool_count = 1 then
        return cardinality(needs) > 0;
    end if;
    return needs[1].pool_count = (select count(distinct need.pool) from unnest(needs) as need);
end;
$$;

/*
 * Return the starts that step from the windows of leading resources, with each of them that has
 * enough units left.
 */
create function scheduling.leading_vacancies(
    service catalog.services, timelines scheduling.timeline[]
)
returns setof scheduling.vacancy
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_step interval = make_interval(mins => service.slot_interval_minutes);
    v_offset interval = make_interval(mins => service.slot_offset_minutes);
begin
    return query
    select
        starts.at,
        timeline.id,
        timeline.pool,
        true,
        timeline.units,
        units.remaining,
        timeline.capacity,
        timeline.rank,
        null::uuid
    from unnest(timelines) as timeline
    cross join lateral (
        -- Windows may overlap, and two of them offer one start.
        select distinct stepped.at
        from unnest(timeline.windows) as opening
        cross join lateral unnest(timeline.starts * tstzmultirange(opening)) as possible
        cross join lateral (select lower(opening) + v_offset as at) as first
        cross join lateral generate_series(
            greatest(first.at, date_bin(v_step, lower(possible), first.at)), upper(possible), v_step
        ) as stepped (at)
        where stepped.at <@ possible
    ) as starts
    cross join lateral (
        select case timeline.capacity
            when 1 then 1
            else timeline.capacity - scheduling.units_taken(timeline.clashes, starts.at)
        end as remaining
    ) as units
    where timeline.is_leading and units.remaining >= timeline.units;
end;
$$;

/*
 * Return how many units of a resource clash with a start.
 */
create function scheduling.units_taken(clashes tstzmultirange[], at timestamptz)
returns integer
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_unit tstzmultirange;
    v_count integer = 0;
begin
    foreach v_unit in array coalesce(clashes, '{}') loop
        v_count = v_count + (v_unit @> at)::integer;
    end loop;
    return v_count;
end;
$$;

/*
 * Return the starts at which resources of every pool have enough units left, with each such
 * resource.
 */
create function scheduling.joint_vacancies(
    service catalog.services, timelines scheduling.timeline[], pool_count integer
)
returns setof scheduling.vacancy
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with vacancies as materialized (
        select * from scheduling.leading_vacancies(service, timelines)
    ),

    others as materialized (
        select
            starts.at,
            timeline.id,
            timeline.pool,
            timeline.is_leading,
            timeline.units,
            timeline.capacity - scheduling.units_taken(timeline.clashes, starts.at) as remaining,
            timeline.capacity,
            timeline.rank,
            null::uuid as session_id
        from unnest(timelines) as timeline
        inner join (select distinct vacancies.at from vacancies) as starts
            on not timeline.is_leading and timeline.starts @> starts.at
    ),

    free as materialized (
        select * from vacancies
        union all
        select * from others
        where others.remaining >= others.units
    )

    select free.*
    from free
    where
        free.at in (
            select starts.at
            from free as starts
            group by starts.at
            having count(distinct starts.pool) = joint_vacancies.pool_count
        );
end;
$$;

/*
 * Return every start in some periods, or at some moments, at which a service can be booked, with
 * each resource that could provide it then and the units that it has left. `minutes` is the length
 * with add-ons. A booking that is about to move is left out. Whoever knows what the service needs
 * hands it in. Rules that a member sets aside do not count; without hours `during` must be one
 * moment.
 * Definer: sees what is taken, and tells nobody by whom.
 */
create function scheduling.vacancies(
    service_id uuid,
    during tstzmultirange,
    resource_id uuid,
    party_size integer,
    minutes integer,
    except_booking_id uuid default null,
    needs scheduling.need[] default null,
    overridden scheduling.start_rule[] default '{}'
)
returns setof scheduling.vacancy
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
declare
    v_service catalog.services = scheduling.provided_service(
        vacancies.service_id, except_booking_id
    );
    v_starts tstzmultirange;
    v_needs scheduling.need[];
    v_timelines scheduling.timeline[];
begin
    if v_service.id is null or party_size > v_service.max_party_size then
        return;
    end if;
    v_starts = scheduling.bookable_part(v_service, during, except_booking_id, overridden);
    if isempty(v_starts) then
        return;
    end if;
    if v_service.is_class then
        return query
        select *
        from scheduling.session_vacancies(
            v_service, v_starts, vacancies.resource_id, party_size, except_booking_id, overridden
        );
        return;
    end if;
    v_needs = coalesce(needs, scheduling.needs_of(service_id, resource_id, party_size));
    if not scheduling.has_every_pool(v_needs) then
        return;
    end if;
    v_timelines = array(
        select timeline
        from scheduling.timelines(
            v_service, v_needs, v_starts, minutes, except_booking_id, overridden
        ) as timeline
    );
    if v_needs[1].pool_count = 1 then
        return query select * from scheduling.leading_vacancies(v_service, v_timelines);
    else
        return query
        select * from scheduling.joint_vacancies(v_service, v_timelines, v_needs[1].pool_count);
    end if;
end;
$$;
