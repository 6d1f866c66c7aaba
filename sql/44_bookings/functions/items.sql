-- One service of a booking cancelled, the rest left as it was.

/*
 * Cancel one service of a booking: its time is free at once, its fee is the booking's policy's, its
 * line stays as it was agreed. The last one left is cancelled with the booking.
 * Definer: nobody has update privileges on bookings; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition hold_expired changed_meanwhile
 */
create function scheduling.cancel_item(
    booking_id uuid, item_id uuid, as_actors scheduling.actor_kind[], reason text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings
    = scheduling.claim(cancel_item.booking_id, cancel_item.as_actors, '{}');
    v_item scheduling.booking_items;
    v_left integer;
begin
    select booking_items.* into v_item
    from scheduling.booking_items
    where
        booking_items.business_id = v_booking.business_id
        and booking_items.booking_id = v_booking.id
        and booking_items.id = cancel_item.item_id;
    if v_item.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'This booking has no such service.',
            'Check the id in the view booking_items.'
        );
    end if;
    if v_item.cancelled_at is not null then
        return v_booking.id;
    end if;
    perform scheduling.refuse_overdue(v_booking);
    select count(*) into v_left
    from scheduling.booking_items
    where
        booking_items.business_id = v_booking.business_id
        and booking_items.booking_id = v_booking.id
        and booking_items.cancelled_at is null;
    if v_booking.status not in ('pending_payment', 'pending', 'confirmed') or v_left = 1 then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This service cannot be cancelled on its own.',
            'Read the booking again. To cancel its last service, cancel the booking.'
        );
    end if;
    perform scheduling.write_item_cancelled(v_booking, v_item, reason);
    insert into scheduling.freed_times (business_id, during)
    values (v_booking.business_id, tstzrange(v_item.starts_at, v_item.ends_at));
    return v_booking.id;
end;
$$;

/*
 * Write down that one service is cancelled, give its time back, and let the booking begin and end
 * with what is left. A booking that begins later now is told as moved.
 */
create function scheduling.write_item_cancelled(
    booking scheduling.bookings, item scheduling.booking_items, reason text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_fee bigint;
begin
    if (scheduling.actors(booking))[1] = 'customer' then
        select lines.fee_minor into v_fee
        from scheduling.fee_lines(booking, scheduling.cancellation_terms(booking, private.now()))
            as lines
        where lines.booking_item_id = item.id;
    end if;
    update scheduling.bookings
    set
        status_reason = write_item_cancelled.reason,
        cancellation_fee_minor = bookings.cancellation_fee_minor + coalesce(v_fee, 0)
    where bookings.id = booking.id;
    update scheduling.booking_items
    set
        cancelled_at = private.now(),
        cancellation_fee_minor = coalesce(v_fee, 0)
    where booking_items.id = item.id;

    perform scheduling.give_back(item);
    update scheduling.bookings
    set
        starts_at = left_over.starts_at,
        ends_at = left_over.ends_at
    from (
        select
            min(booking_items.starts_at) as starts_at,
            max(booking_items.ends_at) as ends_at
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
    ) as left_over
    where bookings.id = booking.id;
end;
$$;

/*
 * Free the time of one service. Neighbours of the same booking on the same place met it without
 * buffers between them: they get theirs back, out of what is freed, the later one first.
 */
create function scheduling.give_back(item scheduling.booking_items)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_freed scheduling.allocations;
    v_end timestamptz;
begin
    delete from scheduling.seats
    where
        seats.business_id = item.business_id
        and seats.booking_id = item.booking_id
        and seats.booking_item_id = item.id;
    for v_freed in
        delete from scheduling.allocations
        where
            allocations.business_id = item.business_id
            and allocations.booking_id = item.booking_id
            and allocations.booking_item_id = item.id
        returning allocations.*
    loop
        update scheduling.allocations
        set
            during = tstzrange(
                greatest(
                    neighbours.starts_at - make_interval(mins => services.buffer_before_minutes),
                    lower(v_freed.during)
                ),
                upper(allocations.during)
            )
        from scheduling.booking_items as neighbours
        inner join catalog.services on services.id = neighbours.service_id
        where
            neighbours.id = allocations.booking_item_id
            and allocations.business_id = v_freed.business_id
            and allocations.booking_id = v_freed.booking_id
            and allocations.resource_id = v_freed.resource_id
            and allocations.unit = v_freed.unit
            and lower(allocations.during) = upper(v_freed.during)
        returning lower(allocations.during) into v_end;
        update scheduling.allocations
        set
            during = tstzrange(
                lower(allocations.during),
                least(
                    neighbours.ends_at + make_interval(mins => services.buffer_after_minutes),
                    coalesce(v_end, upper(v_freed.during))
                )
            )
        from scheduling.booking_items as neighbours
        inner join catalog.services on services.id = neighbours.service_id
        where
            neighbours.id = allocations.booking_item_id
            and allocations.business_id = v_freed.business_id
            and allocations.booking_id = v_freed.booking_id
            and allocations.resource_id = v_freed.resource_id
            and allocations.unit = v_freed.unit
            and upper(allocations.during) = lower(v_freed.during);
    end loop;
end;
$$;
