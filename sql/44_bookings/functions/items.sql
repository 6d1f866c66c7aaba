-- One service of a booking is cancelled, and the rest stays as it was. Its time is free at once,
-- the policy of the booking says what it costs, and its line stays as it was agreed. The last
-- service can only be cancelled with the booking.

/*
 * Cancel one service of a booking.
 * Definer: nobody has update privileges on bookings; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition hold_expired changed_meanwhile
 */
create function scheduling.cancel_booking_item(
    booking_id uuid, item_id uuid, as_actors scheduling.actor_kind[], reason text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_locked record = scheduling.lock_booking_row(
        cancel_booking_item.booking_id, cancel_booking_item.as_actors
    );
    v_booking scheduling.bookings = v_locked.booking;
    v_item scheduling.booking_items;
    v_places scheduling.freed_place[];
begin
    select booking_items.* into v_item
    from scheduling.booking_items
    where
        booking_items.business_id = v_booking.business_id
        and booking_items.booking_id = v_booking.id
        and booking_items.id = cancel_booking_item.item_id;
    if v_item.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'This booking has no such service.',
            'Check the id in the view booking_items.'
        );
    end if;
    if v_item.cancelled_at is not null then
        return v_booking.id;
    end if;
    perform scheduling.refuse_changed(v_locked.has_changed);
    perform scheduling.refuse_item_cancellation(v_booking);
    perform scheduling.record_item_cancellation(v_booking, v_item, reason);
    v_places = scheduling.places_of(v_booking.id, v_item.id);
    perform scheduling.release_item(v_item);
    perform scheduling.fit_booking_to_items(v_booking);
    perform scheduling.announce_freed(v_booking, v_places);
    return v_booking.id;
end;
$$;

/*
 * Refuse to cancel a service on its own where the booking's state does not allow it, or where it
 * is the last one.
 *
 * Errors:  PT409 hold_expired invalid_transition
 */
create function scheduling.refuse_item_cancellation(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.refuse_overdue(booking);
    if booking.status not in ('pending_payment', 'pending', 'confirmed') or (
        select count(*)
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
    ) = 1 then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This service cannot be cancelled on its own.',
            'Read the booking again. To cancel its last service, cancel the booking.'
        );
    end if;
end;
$$;

/*
 * Record that one service is cancelled, and what that costs the customer.
 */
create function scheduling.record_item_cancellation(
    booking scheduling.bookings, item scheduling.booking_items, reason text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_fee bigint = 0;
begin
    if (scheduling.actors(booking))[1] = 'customer' then
        select coalesce(lines.fee_minor, 0) into v_fee
        from scheduling.fee_lines(booking, scheduling.cancellation_terms(booking, private.now()))
            as lines
        where lines.booking_item_id = item.id;
    end if;
    update scheduling.bookings
    set
        status_reason = record_item_cancellation.reason,
        cancellation_fee_minor = bookings.cancellation_fee_minor + v_fee
    where bookings.id = booking.id;
    update scheduling.booking_items
    set
        cancelled_at = private.now(),
        cancellation_fee_minor = v_fee
    where booking_items.id = item.id;
end;
$$;

/*
 * Let a booking begin and end with the services that it still has. The history records a later
 * start as a move.
 */
create function scheduling.fit_booking_to_items(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update scheduling.bookings
    set
        starts_at = remaining.starts_at,
        ends_at = remaining.ends_at
    from (
        select
            min(booking_items.starts_at) as starts_at,
            max(booking_items.ends_at) as ends_at
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
    ) as remaining
    where bookings.id = booking.id;
end;
$$;

/*
 * Release the time of one service. Neighbours in the same booking on the same unit had no buffers
 * against it; they get them back out of what is released, the later one first.
 */
create function scheduling.release_item(item scheduling.booking_items)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_released scheduling.allocations;
    v_left_until timestamptz;
begin
    delete from scheduling.seats
    where
        seats.business_id = item.business_id
        and seats.booking_id = item.booking_id
        and seats.booking_item_id = item.id;
    for v_released in
        delete from scheduling.allocations
        where
            allocations.business_id = item.business_id
            and allocations.booking_id = item.booking_id
            and allocations.booking_item_id = item.id
        returning allocations.*
    loop
        v_left_until = scheduling.restore_buffer_before(v_released);
        perform scheduling.restore_buffer_after(
            v_released, coalesce(v_left_until, upper(v_released.during))
        );
    end loop;
end;
$$;

/*
 * Give the service that follows a released one its buffer before. Returns where that buffer
 * begins, or null if no service follows.
 */
create function scheduling.restore_buffer_before(released scheduling.allocations)
returns timestamptz
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_from timestamptz;
begin
    update scheduling.allocations
    set
        during = tstzrange(
            greatest(
                neighbours.starts_at - make_interval(mins => services.buffer_before_minutes),
                lower(released.during)
            ),
            upper(allocations.during)
        )
    from scheduling.booking_items as neighbours
    inner join catalog.services on services.id = neighbours.service_id
    where
        neighbours.id = allocations.booking_item_id
        and allocations.business_id = released.business_id
        and allocations.booking_id = released.booking_id
        and allocations.resource_id = released.resource_id
        and allocations.unit = released.unit
        and lower(allocations.during) = upper(released.during)
    returning lower(allocations.during) into v_from;
    return v_from;
end;
$$;

/*
 * Give the service that precedes a released one its buffer after, at most until a moment.
 */
create function scheduling.restore_buffer_after(
    released scheduling.allocations, until timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update scheduling.allocations
    set
        during = tstzrange(
            lower(allocations.during),
            least(
                neighbours.ends_at + make_interval(mins => services.buffer_after_minutes),
                restore_buffer_after.until
            )
        )
    from scheduling.booking_items as neighbours
    inner join catalog.services on services.id = neighbours.service_id
    where
        neighbours.id = allocations.booking_item_id
        and allocations.business_id = released.business_id
        and allocations.booking_id = released.booking_id
        and allocations.resource_id = released.resource_id
        and allocations.unit = released.unit
        and upper(allocations.during) = lower(released.during);
end;
$$;
