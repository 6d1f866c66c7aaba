-- Bookings as the caller may see them, which is what every function of the API returns.

/*
 * Return a booking as the caller may see it. Volatile, so that it also sees what the same
 * statement has just written.
 */
create function scheduling.visible_booking(booking_id uuid)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking public.bookings;
begin
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = visible_booking.booking_id;
    return v_booking;
end;
$$;

/*
 * Change the status of a booking, and return it as the caller may see it.
 *
 * Errors:  PT400 invalid_input · those of scheduling.change_status
 */
create function scheduling.change_status_as(
    booking_id text,
    to_status scheduling.booking_status,
    as_actors scheduling.actor_kind[],
    reason text default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = scheduling.change_status(
        private.to_identifier(booking_id, 'booking_id'),
        to_status,
        as_actors,
        private.to_text(reason, 'reason', 1000)
    );
begin
    return scheduling.visible_booking(v_id);
end;
$$;
