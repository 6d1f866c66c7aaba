-- The professional reports that they have arrived at the customer's, and the customer is told.

/*
 * Report the arrival of the staff of a booking, once for each start, while it is confirmed. A
 * repeated call changes nothing.
 * Definer: nobody has an insert grant on arrivals; the caller must be assigned to the booking.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function scheduling.announce_arrival(booking_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings = scheduling.lock_booking(booking_id, '{business}');
begin
    perform scheduling.refuse_arrival(v_booking);
    insert into scheduling.arrivals (business_id, booking_id, starts_at, user_id)
    values (v_booking.business_id, v_booking.id, v_booking.starts_at, auth.uid())
    on conflict on constraint arrivals_pkey do nothing;
    if found then
        perform private.emit(
            'booking.arrived',
            jsonb_build_object(
                'booking_id', v_booking.id,
                'business_id', v_booking.business_id,
                'to_starts_at', v_booking.starts_at
            )
        );
    end if;
end;
$$;

/*
 * Refuse an arrival unless the caller is assigned to the booking and the booking is confirmed.
 *
 * Errors:  PT403 forbidden · PT409 invalid_transition
 */
create function scheduling.refuse_arrival(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from scheduling.booking_readers(
            array[row(1, booking.id, '{}')::private.subject_message], 'staff'
        ) as readers
        where readers.user_id = auth.uid()
    ) then
        perform private.refuse(
            'PT403', 'forbidden', 'Only staff assigned to this booking can report arrival.',
            'Ask the assigned staff to report it.'
        );
    end if;
    if booking.status <> 'confirmed' then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('Arrival cannot be reported for a booking that is %s.', booking.status),
            'Read the booking again and check its status.'
        );
    end if;
end;
$$;
