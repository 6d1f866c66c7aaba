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
 * Take the time of one item of a booking from one resource of each pool, under the lock: of the
 * candidates the first who still has it. Where the item before it has the same resource there are
 * no buffers between the two: they meet at this item's start. Gives the resource that leads, and
 * why it does.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.take(
    leg scheduling.leg,
    vacancies scheduling.vacancy[],
    booking scheduling.bookings,
    item_id uuid,
    out resource_id uuid,
    out reason scheduling.assignment_reason
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_during tstzrange = tstzrange(leg.starts_at - leg.before, leg.ends_at + leg.after);
    v_pools integer = (select count(distinct vacancy.pool) from unnest(vacancies) as vacancy);
    v_served text[] = '{}';
    v_candidate scheduling.candidate;
begin
    if leg.is_class then
        resource_id = scheduling.take_seats(leg, vacancies, booking, item_id);
        reason = case
            when resource_id is null then null
            when resource_id = leg.resource_id then 'customer'
            when cardinality(vacancies) = 1 then 'only'
            else 'load'
        end;
        return;
    end if;
    perform scheduling.release_expired(
        array(select vacancy.id from unnest(vacancies) as vacancy), v_during
    );
    foreach v_candidate in array scheduling.choose(leg, vacancies, v_during, booking) loop
        continue when v_candidate.pool = any(v_served);
        continue when not scheduling.allocate(
            leg, booking, item_id, v_candidate.id, v_candidate.free_units
        );
        v_served = v_served || v_candidate.pool;
        if v_candidate.is_leading then
            resource_id = v_candidate.id;
            reason = v_candidate.reason;
        end if;
    end loop;
    if cardinality(v_served) < v_pools then
        perform scheduling.refuse_taken();
    end if;
end;
$$;

/*
 * Write the time that one item takes from one resource. False, and nothing taken, when somebody
 * else has it: a writer without our lock conflicts here and wins all the same.
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
    v_reach timestamptz;
    v_count integer;
begin
    select max(upper(allocations.during)) into v_reach
    from scheduling.allocations
    where
        allocations.business_id = booking.business_id
        and allocations.booking_id = booking.id
        and allocations.resource_id = allocate.resource_id
        and upper(allocations.during) > v_from;
    if v_reach is not null then
        perform scheduling.stretch(booking, allocate.resource_id, v_reach, leg.starts_at);
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
    if v_count < cardinality(units) then
        delete from scheduling.allocations
        where
            allocations.business_id = booking.business_id
            and allocations.booking_id = booking.id
            and allocations.booking_item_id = item_id
            and allocations.resource_id = allocate.resource_id;
        if v_reach is not null then
            perform scheduling.stretch(booking, allocate.resource_id, leg.starts_at, v_reach);
        end if;
        return false;
    end if;
    return true;
end;
$$;

/*
 * What a booking takes from a resource until one moment, it takes until another.
 */
create function scheduling.stretch(
    booking scheduling.bookings, resource_id uuid, from_end timestamptz, to_end timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update scheduling.allocations
    set during = tstzrange(lower(allocations.during), stretch.to_end)
    where
        allocations.business_id = booking.business_id
        and allocations.booking_id = booking.id
        and allocations.resource_id = stretch.resource_id
        and upper(allocations.during) = stretch.from_end;
end;
$$;
