-- What a guest may request without a code: a new booking, or another code for an existing one.
-- Both send mail, so they check the limits of codes.sql first. Anybody may call them, so the second
-- does not say whether a reference or an e-mail address is known.

/*
 * Hold a time for a guest, and mail the code that turns the hold into a booking.
 * Definer: as scheduling.place_booking.
 *
 * Errors:  PT429 rate_limited · those of scheduling.place_booking but not_signed_in
 */
create function scheduling.request_guest_booking(
    selection scheduling.selection, name text, email text, phone text, notes text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_request scheduling.guest_codes = scheduling.make_request(request_guest_booking.email);
    v_guest identity.profiles;
    v_id uuid;
    v_booking scheduling.bookings;
begin
    v_guest.full_name = request_guest_booking.name;
    v_guest.email = request_guest_booking.email;
    v_guest.phone = request_guest_booking.phone;
    v_id = scheduling.place_booking_for(v_guest, array[selection], pricing.make_terms(), request_guest_booking.notes, true);
    select bookings.* into strict v_booking
    from scheduling.bookings
    where bookings.id = v_id;
    perform scheduling.send_booking_code(v_booking, v_request);
    return scheduling.shown_to_guest(v_booking);
end;
$$;

/*
 * Mail another code for a booking that can still change. Returns nothing, so a caller does not
 * learn whether the booking exists.
 * Definer: guests are not signed in, and clients have no access to the codes.
 *
 * Errors:  PT429 rate_limited
 */
create function scheduling.request_guest_code(reference text, email text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_request scheduling.guest_codes = scheduling.make_request(request_guest_code.email);
    v_booking scheduling.bookings;
begin
    select bookings.* into v_booking
    from scheduling.bookings
    where
        bookings.reference = upper(request_guest_code.reference)
        and lower(bookings.customer_email) = lower(request_guest_code.email)
        and bookings.customer_id is null
        and bookings.status in ('held', 'pending_payment', 'pending', 'confirmed')
        and (bookings.hold_expires_at is null or bookings.hold_expires_at > private.now());
    perform scheduling.send_booking_code(v_booking, v_request);
end;
$$;

/*
 * Mail the code of a booking, which lives no longer than its hold. Without a booking, only record
 * the request.
 */
create function scheduling.send_booking_code(
    booking scheduling.bookings, request scheduling.guest_codes
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    request.business_id = booking.business_id;
    request.booking_id = booking.id;
    request.expires_at = least(booking.hold_expires_at, request.expires_at);
    perform scheduling.send_code(
        request,
        'guest_booking',
        booking.customer_email,
        jsonb_build_object(
            'service_names', (
                select facts.service_names
                from scheduling.calendar_facts(array[booking.id]) as facts
            ),
            'starts_at', booking.starts_at,
            'time_zone', booking.time_zone,
            'reference', booking.reference
        )
    );
end;
$$;
