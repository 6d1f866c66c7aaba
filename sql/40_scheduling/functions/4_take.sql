-- How time is taken: in one order, under a lock for each resource, and checked again under it.
--
-- A bare insert into the exclusion constraint would be just as safe, but two that race wait for
-- each other and may deadlock (docs/adr/0003-contention.md). So whoever takes or gives time first
-- locks the resources in question, always in the order of their keys, and finds the constraint
-- satisfied.

/*
 * Queue up for resources and limited services, in one order everywhere, until the transaction ends.
 */
create function scheduling.lock(ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_key bigint;
begin
    for v_key in
        select distinct hashtextextended(locked.id::text, 0) as key
        from unnest(lock.ids) as locked (id)
        order by key
    loop
        perform pg_advisory_xact_lock(v_key);
    end loop;
end;
$$;

/*
 * Does a booking in this status take its time from others?
 */
create function scheduling.is_blocking(
    status scheduling.booking_status, is_blocked_by_pending boolean
)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return status in ('held', 'pending_payment', 'confirmed', 'checked_in', 'completed')
        or status = 'pending' and is_blocked_by_pending;
end;
$$;

/*
 * Release the holds that ran out and still stand in the way, as the next one who wants their time.
 * In the order of their ids, as every function that changes several bookings.
 */
create function scheduling.release_expired(resource_ids uuid[], during tstzrange)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
    v_ids uuid[] = array(
        select distinct allocations.booking_id
        from unnest(release_expired.resource_ids) as resources (id)
        inner join scheduling.allocations on allocations.resource_id = resources.id
        where
            allocations.during && release_expired.during
            and allocations.is_blocking
            and allocations.expires_at <= v_now
    );
begin
    if v_ids = '{}' then
        return;
    end if;
    update scheduling.bookings
    set status = 'expired'
    where bookings.id in (
        select expired.id
        from scheduling.bookings as expired
        where
            expired.id = any(v_ids)
            and expired.status in ('held', 'pending_payment')
            and expired.hold_expires_at <= v_now
        order by expired.id
        for update
    );
end;
$$;

/*
 * Of each pool, who gives the service: among those with enough free units the one least busy on the
 * business-local day, then by rank. Gives nothing for a pool in which nobody is free.
 */
create function scheduling.choose(
    offers scheduling.offer[], during tstzrange, day tstzrange, except_booking_id uuid
)
returns table (id uuid, pool text, is_leading boolean, free_units integer[])
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select distinct on (offer.pool)
        offer.id,
        offer.pool,
        offer.is_leading,
        free.units
    from unnest(choose.offers) as offer
    cross join lateral (
        select array_agg(numbers.unit) as units
        from (
            select numbers.unit
            from generate_series(1, offer.capacity) as numbers (unit)
            where not exists (
                select 1
                from scheduling.allocations
                where
                    allocations.resource_id = offer.id
                    and allocations.unit = numbers.unit
                    and allocations.during && choose.during
                    and allocations.is_blocking
                    and (allocations.expires_at is null or allocations.expires_at > v_now)
                    and allocations.booking_id is distinct from choose.except_booking_id
            )
            order by numbers.unit
            limit offer.units
        ) as numbers
    ) as free
    cross join lateral (
        select count(*) as bookings
        from scheduling.allocations
        where
            allocations.resource_id = offer.id
            and allocations.during && choose.day
            and allocations.is_blocking
    ) as load
    where cardinality(free.units) = offer.units
    order by offer.pool, load.bookings, offer.rank;
end;
$$;
