-- How the sessions of a class are created. A session takes its leader, and everything else that
-- the class needs, for its whole length with buffers.

/*
 * Return the starts of sessions between two wall clocks on local dates, one after another. Two
 * that a clock change makes the same instant are one.
 *
 * Errors:  PT400 invalid_input
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
    v_starts timestamptz[];
begin
    if closes_at <= opens_at then
        perform private.invalid('closes_at', 'must be after opens_at');
    end if;
    v_starts = array(
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
    if cardinality(v_starts) > 1000 then
        perform private.invalid('to_date', 'must not create more than 1000 sessions at once');
    end if;
    return v_starts;
end;
$$;

/*
 * Create the sessions of a class at some starts, all or nothing. Existing ones stay as they are.
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
    v_ids uuid[];
    v_start timestamptz;
    v_id uuid;
begin
    perform private.require_member(service.business_id, 'manage');
    if not service.is_class then
        perform private.invalid('service_id', 'must be a class: set is_class of the service first');
    end if;
    v_needs = scheduling.session_needs(
        service, create_sessions.resource_id, create_sessions.capacity
    );
    v_ids = array(select need.id from unnest(v_needs) as need);
    perform private.lock(v_ids || scheduling.people_of(v_ids) || service.id);
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
 * Return what a session of a class needs.
 *
 * Errors:  PT422 not_eligible
 */
create function scheduling.session_needs(
    service catalog.services, resource_id uuid, capacity integer
)
returns scheduling.need[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_needs scheduling.need[] = scheduling.needs_of(
        service.id, session_needs.resource_id, session_needs.capacity
    );
begin
    if v_needs = '{}' and session_needs.resource_id is not null
        or exists (select 1 from unnest(v_needs) as need where need.units > need.capacity) then
        perform private.refuse(
            'PT422', 'not_eligible',
            'That resource does not provide this class, or is too small for it.',
            'Choose a resource from service_resources, or lower the capacity.'
        );
    end if;
    return v_needs;
end;
$$;
