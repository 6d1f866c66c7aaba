-- The transitions of a booking that exists. Each of them locks the booking, reads it again, and
-- writes once. Asking for the status that a booking already has changes nothing.

/*
 * Refuse a booking whose hold or request is over although no worker has recorded that yet.
 *
 * Errors:  PT409 hold_expired invalid_transition
 */
create function scheduling.refuse_overdue(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from scheduling.scheduled_transitions
        where
            scheduled_transitions.booking_id = booking.id
            and scheduled_transitions.from_status = booking.status
            and scheduled_transitions.due_at <= private.now()
    ) and booking.status is distinct from 'expired' then
        return;
    end if;
    if booking.hold_expires_at is not null then
        perform private.refuse(
            'PT409', 'hold_expired', 'The hold has expired.', 'Ask for slots and book again.'
        );
    end if;
    perform private.refuse(
        'PT409', 'invalid_transition', 'The request has expired, because its start has passed.',
        'Book another time.'
    );
end;
$$;

/*
 * Change the status of a booking. The transitions table and the triggers decide whether the
 * transition exists and who may make it. A booking that has the status already stays as it is.
 * Definer: nobody has update privileges on bookings; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition hold_expired slot_taken changed_meanwhile · PT422 too_soon
 */
create function scheduling.change_status(
    booking_id uuid,
    to_status scheduling.booking_status,
    as_actors scheduling.actor_kind[],
    reason text,
    is_repeated boolean default false
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings = scheduling.lock_booking(
        change_status.booking_id, change_status.as_actors
    );
    v_to_status scheduling.booking_status = scheduling.status_to_reach(
        v_booking, change_status.to_status
    );
begin
    if v_booking.status = v_to_status then
        return v_booking.id;
    end if;
    perform scheduling.refuse_overdue(v_booking);
    update scheduling.bookings
    set
        status = v_to_status,
        status_reason = change_status.reason,
        hold_expires_at = case v_to_status
            when 'pending_payment' then bookings.hold_expires_at
        end,
        repeated_step_count = bookings.repeated_step_count + change_status.is_repeated::integer
    where bookings.id = v_booking.id;
    if v_to_status in ('cancelled', 'rejected') then
        perform scheduling.announce_freed(v_booking, scheduling.places_of(v_booking.id));
    end if;
    return v_booking.id;
end;
$$;

/*
 * Return the status that a booking reaches when its caller asks for one. A customer who completes a
 * hold pays first if its services say so. Then the hold of a service on request becomes a request,
 * also the second time that they ask.
 */
create function scheduling.status_to_reach(
    booking scheduling.bookings, wanted scheduling.booking_status
)
returns scheduling.booking_status
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_is_customer boolean = wanted = 'confirmed'
    and not scheduling.actors(booking) && array['business', 'system']::scheduling.actor_kind[];
begin
    if not v_is_customer then
        return wanted;
    elsif booking.status in ('held', 'pending_payment') and not scheduling.is_prepaid(booking) then
        return 'pending_payment';
    end if;
    return case
        when booking.status in ('held', 'pending_payment') and scheduling.is_on_request(booking)
            then 'pending'
        when booking.status = 'pending' and scheduling.was_held(booking) then 'pending'
        else wanted
    end;
end;
$$;

/*
 * Return whether a booking was a hold just before it got its status.
 */
create function scheduling.was_held(booking scheduling.bookings)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return 'held' = (
        select booking_history.from_status
        from scheduling.booking_history
        where
            booking_history.business_id = booking.business_id
            and booking_history.booking_id = booking.id
        order by booking_history.id desc
        limit 1
    );
end;
$$;

/*
 * Return whether any service of a booking requires confirmation by the business.
 */
create function scheduling.is_on_request(booking scheduling.bookings)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.booking_items
        inner join catalog.services on services.id = booking_items.service_id
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
            and services.requires_confirmation
    );
end;
$$;

/*
 * Make the transitions that are due: holds expire, requests lapse, and the time that becomes free
 * is announced. Returns how many were made. Several workers may run it at once; each skips the
 * bookings that another has locked.
 * Definer: called by the worker, which has no access to the tables.
 */
create function scheduling.apply_due_transitions(batch_size integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_bookings scheduling.bookings[];
    v_booking scheduling.bookings;
begin
    with due as (
        select
            bookings.id,
            scheduled_transitions.to_status
        from scheduling.scheduled_transitions
        inner join scheduling.bookings
            on
                bookings.id = scheduled_transitions.booking_id
                and bookings.status = scheduled_transitions.from_status
        where scheduled_transitions.due_at <= private.now()
        order by scheduled_transitions.due_at
        limit apply_due_transitions.batch_size
        for update of bookings skip locked
    ),

    taken as (
        update scheduling.bookings
        set status = due.to_status
        from due
        where bookings.id = due.id
        returning bookings.*
    )

    select coalesce(array_agg(taken::scheduling.bookings), '{}') into v_bookings
    from taken;
    foreach v_booking in array v_bookings loop
        perform scheduling.announce_freed(v_booking, scheduling.places_of(v_booking.id));
    end loop;
    return cardinality(v_bookings);
end;
$$;
