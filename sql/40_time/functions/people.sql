-- The one calendar of a person who works in several businesses. For everybody else each of these
-- functions is one look into a table that has no row for them.

/*
 * Return what to lock together with some resources: the people whose one calendar they share.
 */
create function scheduling.people_of(resource_ids uuid[])
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select shared_resources.person_id
        from scheduling.shared_resources
        where shared_resources.resource_id = any(people_of.resource_ids)
    );
end;
$$;

/*
 * Return when other businesses take the time of the person who is a resource, in some periods. A
 * hold that has run out takes nothing.
 */
create function scheduling.busy_elsewhere(resource_id uuid, during tstzmultirange)
returns setof tstzrange
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
rows 1
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select busy_times.during
    from scheduling.shared_resources
    inner join scheduling.busy_times
        on
            busy_times.person_id = shared_resources.person_id
            and busy_times.business_id <> shared_resources.business_id
    where
        shared_resources.resource_id = busy_elsewhere.resource_id
        and busy_times.during && busy_elsewhere.during
        and (busy_times.expires_at is null or busy_times.expires_at > v_now);
end;
$$;

/*
 * Return the resources of a person: one in each business in which they work as one, sorted.
 */
create function scheduling.resources_of_person(person_id uuid)
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return array(
        select resources.id
        from business.business_members
        inner join catalog.resources
            on
                resources.business_id = business_members.business_id
                and resources.member_id = business_members.id
        where business_members.user_id = resources_of_person.person_id
        order by resources.id
    );
end;
$$;

/*
 * Return the bookings and sessions ahead that take the caller at the same time as one of another
 * business, whether or not they have one calendar.
 * Definer: allocations are read across businesses; all of them are the caller's own.
 *
 * Errors:  PT401 not_signed_in
 */
create function scheduling.my_double_bookings()
returns table (
    business_id uuid, booking_id uuid, session_id uuid, starts_at timestamptz, ends_at timestamptz
)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_ids uuid[] = scheduling.resources_of_person(private.current_user_id());
begin
    return query
    with mine as materialized (
        select allocations.*
        from scheduling.allocations
        where
            allocations.resource_id = any(v_ids)
            and allocations.during && tstzrange(v_now, null)
            and allocations.is_blocking
            and (allocations.expires_at is null or allocations.expires_at > v_now)
    )

    select
        mine.business_id,
        mine.booking_id,
        mine.session_id,
        lower(mine.during),
        upper(mine.during)
    from mine
    where
        exists (
            select 1
            from mine as others
            where others.business_id <> mine.business_id and others.during && mine.during
        )
    order by lower(mine.during), mine.business_id;
end;
$$;
