-- The room that limits leave, counted once and then kept up to date. A series counts what its
-- limits have left once for all occurrences: counting for each of them would read a year of
-- bookings hundreds of times.

/*
 * Return how far limits are used around some legs of the caller.
 */
create function scheduling.room_for(legs scheduling.leg[], limits catalog.booking_limits[])
returns scheduling.limit_use[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if limits = '{}' or legs = '{}' then
        return '{}';
    end if;
    return array(
        select used
        from scheduling.limit_use(
            limits,
            (
                select tstzrange(min(leg.starts_at), max(leg.ends_at), '[]')
                from unnest(legs) as leg
            ),
            scheduling.booker_of(null),
            '{}'
        ) as used
    );
end;
$$;

/*
 * Return the limits that have no room for a leg at its start.
 */
create function scheduling.full_at(leg scheduling.leg, room scheduling.limit_use[])
returns scheduling.limit_use[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if room = '{}' then
        return '{}';
    end if;
    return array(
        select used
        from unnest(room) as used
        where
            used.period @> leg.starts_at
            and (used.is_full or used.minutes_left < leg.minutes)
            -- Whoever leads a class is not limited by its guests.
            and (used.resource_id is null or not leg.is_class)
    );
end;
$$;

/*
 * Say whether limits leave no room for a leg: one of the service, the business or the customer, or
 * one of everybody in a pool that it needs.
 */
create function scheduling.is_limited(
    leg scheduling.leg, needs scheduling.need[], room scheduling.limit_use[]
)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_full scheduling.limit_use[] = scheduling.full_at(leg, room);
begin
    return exists (select 1 from unnest(v_full) as used where used.resource_id is null)
        or exists (
            select 1
            from unnest(needs) as need
            group by need.pool
            having
                bool_and(
                    need.id in (select used.resource_id from unnest(v_full) as used)
                )
        );
end;
$$;

/*
 * Return the vacancies for a leg that pass no limit. None is left if a limit of the service, the
 * business or the customer has no room, or a limit of everybody in a pool.
 */
create function scheduling.vacancies_with_room(
    vacancies scheduling.vacancy[], leg scheduling.leg, room scheduling.limit_use[]
)
returns scheduling.vacancy[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_full scheduling.limit_use[] = scheduling.full_at(leg, room);
    v_left scheduling.vacancy[];
begin
    if v_full = '{}' then
        return vacancies;
    end if;
    v_left = array(
        select vacancy
        from unnest(vacancies) as vacancy
        where not exists (
            select 1
            from unnest(v_full) as used
            where used.resource_id is null or used.resource_id = vacancy.id
        )
    );
    if (select count(distinct vacancy.pool) from unnest(v_left) as vacancy)
        < (select count(distinct vacancy.pool) from unnest(vacancies) as vacancy) then
        return '{}';
    end if;
    return v_left;
end;
$$;

/*
 * Return the room that is left after one more booking of a leg, which takes some resources.
 */
create function scheduling.room_after(
    room scheduling.limit_use[], leg scheduling.leg, resource_ids uuid[]
)
returns scheduling.limit_use[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return array(
        select case
            when
                used.period @> leg.starts_at
                and (used.resource_id is null or used.resource_id = any(room_after.resource_ids))
                then scheduling.with_one_more(used, leg.minutes)
            else used
        end
        from unnest(room) as used
    );
end;
$$;

/*
 * Return how far a limit is used with one more booking of so many minutes.
 */
create function scheduling.with_one_more(used scheduling.limit_use, minutes integer)
returns scheduling.limit_use
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_used scheduling.limit_use = used;
begin
    v_used.bookings_left = used.bookings_left - 1;
    v_used.is_full = used.bookings_left <= 1;
    v_used.minutes_left = used.minutes_left - minutes;
    return v_used;
end;
$$;

/*
 * Return the vacancies for some legs of a booking whose resources have not reached a limit
 * meanwhile. Where nobody in a pool has room all stay, and so does a resource that was named: the
 * refusal then says that its limit is reached.
 */
create function scheduling.vacancies_left(
    legs scheduling.leg[],
    vacancies scheduling.vacancy[],
    limits catalog.booking_limits[],
    booking scheduling.bookings
)
returns scheduling.vacancy[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_limits catalog.booking_limits[] = array(
        select rule from unnest(limits) as rule where rule.resource_id is not null
    );
    v_room scheduling.limit_use[];
    v_leg scheduling.leg;
    v_at scheduling.vacancy[];
    v_left scheduling.vacancy[] = '{}';
begin
    if v_limits = '{}' then
        return vacancies;
    end if;
    v_room = array(
        select used
        from scheduling.limit_use(
            v_limits,
            tstzrange(legs[1].starts_at, legs[cardinality(legs)].ends_at, '[]'),
            scheduling.booker_of(booking.id),
            array[booking.id]
        ) as used
    );
    foreach v_leg in array legs loop
        v_at = array(
            select vacancy from unnest(vacancies) as vacancy where vacancy.at = v_leg.starts_at
        );
        v_left = v_left || coalesce(
            nullif(scheduling.vacancies_with_room(v_at, v_leg, v_room), '{}'), v_at
        );
    end loop;
    return v_left;
end;
$$;
