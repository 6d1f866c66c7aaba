-- How an item of a booking gets its time: one resource of each pool, under the locks that
-- scheduling.lock_legs took. A writer without those locks conflicts in the exclusion constraint
-- and wins; the item then tries the next candidate, or refuses.

/*
 * Return whether a booking in this status takes its time from others.
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
 * Allocate the time of one item: one resource of each pool, or seats where the service is a class.
 * Returns the leading resource and why it was assigned.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.allocate_item(
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
    v_allocated record;
begin
    if not leg.is_class then
        v_allocated = scheduling.allocate_pools(leg, vacancies, booking, item_id);
        resource_id = v_allocated.resource_id;
        reason = v_allocated.reason;
        return;
    end if;
    resource_id = scheduling.allocate_seats(leg, vacancies, booking, item_id);
    reason = case
        when resource_id is null then null
        when resource_id = leg.resource_id then 'customer'
        when cardinality(vacancies) = 1 then 'only'
        else 'load'
    end;
end;
$$;

/*
 * Allocate one resource of each pool: the first candidate that still has the time. Returns the
 * leading one and why it was assigned.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.allocate_pools(
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
    v_candidates scheduling.candidate[] = scheduling.only_candidate(leg, vacancies);
    v_served text[] = '{}';
    v_candidate scheduling.candidate;
begin
    perform scheduling.release_expired_holds(
        array(select vacancy.id from unnest(vacancies) as vacancy), v_during
    );
    if v_candidates is null then
        v_candidates = scheduling.ordered_candidates(leg, vacancies, v_during, booking);
    end if;
    foreach v_candidate in array v_candidates loop
        continue when v_candidate.pool = any(v_served);
        continue when not scheduling.allocate_resource(
            leg, booking, item_id, v_candidate.id, v_candidate.free_units
        );
        v_served = v_served || v_candidate.pool;
        if v_candidate.is_leading then
            resource_id = v_candidate.id;
            reason = v_candidate.reason;
        end if;
    end loop;
    if cardinality(v_served) < (
        select count(distinct vacancy.pool) from unnest(vacancies) as vacancy
    ) then
        perform scheduling.refuse_taken();
    end if;
end;
$$;

/*
 * Allocate units of one resource to an item. Returns false, and allocates nothing, if somebody
 * else has one of them. Where the item before it has the same resource, there are no buffers
 * between the two: they meet at this item's start.
 */
create function scheduling.allocate_resource(
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
    v_previous_end timestamptz;
    v_count integer;
begin
    if leg.starts_at > booking.starts_at then
        select max(upper(allocations.during)) into v_previous_end
        from scheduling.allocations
        where
            allocations.business_id = booking.business_id
            and allocations.booking_id = booking.id
            and allocations.resource_id = allocate_resource.resource_id
            and upper(allocations.during) > v_from;
    end if;
    if v_previous_end is not null then
        perform scheduling.change_allocation_end(
            booking, allocate_resource.resource_id, v_previous_end, leg.starts_at
        );
        v_from = leg.starts_at;
    end if;
    v_count = scheduling.insert_allocations(
        leg, booking, item_id, allocate_resource.resource_id, units, v_from
    );
    if v_count = cardinality(units) then
        return true;
    end if;
    delete from scheduling.allocations
    where
        allocations.business_id = booking.business_id
        and allocations.booking_id = booking.id
        and allocations.booking_item_id = item_id
        and allocations.resource_id = allocate_resource.resource_id;
    if v_previous_end is not null then
        perform scheduling.change_allocation_end(
            booking, allocate_resource.resource_id, leg.starts_at, v_previous_end
        );
    end if;
    return false;
end;
$$;

/*
 * Insert the allocations of an item's units from a moment on. Returns how many were still free.
 */
create function scheduling.insert_allocations(
    leg scheduling.leg,
    booking scheduling.bookings,
    item_id uuid,
    resource_id uuid,
    units integer[],
    from_at timestamptz
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count integer;
begin
    insert into scheduling.allocations (
        business_id, booking_id, booking_item_id, resource_id, unit, during, is_blocking, expires_at
    )
    select
        booking.business_id,
        booking.id,
        item_id,
        insert_allocations.resource_id,
        chosen.unit,
        tstzrange(from_at, leg.ends_at + leg.after),
        scheduling.is_blocking(booking.status, leg.is_blocked_by_pending),
        case when booking.status in ('held', 'pending_payment') then booking.hold_expires_at end
    from unnest(units) as chosen (unit)
    on conflict do nothing;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Change when the allocation of a resource to a booking ends.
 */
create function scheduling.change_allocation_end(
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
    set during = tstzrange(lower(allocations.during), change_allocation_end.to_end)
    where
        allocations.business_id = booking.business_id
        and allocations.booking_id = booking.id
        and allocations.resource_id = change_allocation_end.resource_id
        and upper(allocations.during) = change_allocation_end.from_end;
end;
$$;
