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
    perform scheduling.expire(v_ids);
end;
$$;

/*
 * Write down that holds have run out, those of the bookings that have. In the order of their ids,
 * as every function that changes several bookings.
 */
create function scheduling.expire(booking_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
begin
    if booking_ids = '{}' then
        return;
    end if;
    update scheduling.bookings
    set status = 'expired'
    where bookings.id in (
        select expired.id
        from scheduling.bookings as expired
        where
            expired.id = any(expire.booking_ids)
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

/*
 * Take the time of one item of a booking from one resource of each pool, under the lock. Where the
 * item before it has the same resource there are no buffers between the two: they meet at this
 * item's start. Gives the resource that leads.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.take(
    leg scheduling.leg, offers scheduling.offer[], booking scheduling.bookings, item_id uuid
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_during tstzrange = tstzrange(leg.starts_at - leg.before, leg.ends_at + leg.after);
    v_midnight timestamp = date_trunc('day', leg.starts_at at time zone booking.time_zone);
    v_pools integer = (select count(distinct offer.pool) from unnest(offers) as offer);
    v_chosen record;
    v_leading_id uuid;
begin
    if leg.is_class then
        return scheduling.take_seats(leg, offers, booking, item_id);
    end if;
    perform scheduling.release_expired(
        array(select offer.id from unnest(offers) as offer), v_during
    );
    for v_chosen in
        select *
        from scheduling.choose(
            offers,
            v_during,
            tstzrange(
                v_midnight at time zone booking.time_zone,
                (v_midnight + interval '1 day') at time zone booking.time_zone
            ),
            booking.id
        )
    loop
        exit when not scheduling.allocate(leg, booking, item_id, v_chosen.id, v_chosen.free_units);
        v_pools = v_pools - 1;
        v_leading_id = case when v_chosen.is_leading then v_chosen.id else v_leading_id end;
    end loop;
    if v_pools > 0 then
        perform scheduling.refuse_taken();
    end if;
    return v_leading_id;
end;
$$;

/*
 * Write the time that one item takes from one resource. False when somebody else has it: a writer
 * without our lock conflicts here and is refused all the same.
 */
create function scheduling.allocate(
    leg scheduling.leg,
    booking scheduling.bookings,
    item_id uuid,
    resource_id uuid,
    units integer[]
)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_from timestamptz = leg.starts_at - leg.before;
    v_count integer;
begin
    update scheduling.allocations
    set during = tstzrange(lower(allocations.during), leg.starts_at)
    where
        allocations.business_id = booking.business_id
        and allocations.booking_id = booking.id
        and allocations.resource_id = allocate.resource_id
        and upper(allocations.during) > v_from;
    if found then
        v_from = leg.starts_at;
    end if;

    insert into scheduling.allocations (
        business_id, booking_id, booking_item_id, resource_id, unit, during, is_blocking, expires_at
    )
    select
        booking.business_id,
        booking.id,
        item_id,
        allocate.resource_id,
        chosen.unit,
        tstzrange(v_from, leg.ends_at + leg.after),
        scheduling.is_blocking(booking.status, leg.is_blocked_by_pending),
        case when booking.status in ('held', 'pending_payment') then booking.hold_expires_at end
    from unnest(units) as chosen (unit)
    on conflict do nothing;
    get diagnostics v_count = row_count;
    return v_count = cardinality(units);
end;
$$;
