-- How clients change the status of a booking. Each function reads its arguments, calls one
-- function of the domain, and returns the booking as the caller may see it.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile coupon_exhausted hold_expired insufficient_points
 *              invalid_transition payment_required price_changed slot_taken terms_not_accepted
 */
create function public.confirm_booking(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.change_status_as(booking_id, 'confirmed', '{customer,business}');
end;
comment on function public.confirm_booking is
'Confirm a booking.

The business accepts a request, or the customer turns a hold into a booking (a request if the '
'service requires confirmation). If a part must be paid in advance, the customer''s booking is '
'pending_payment until start_payment has paid it. Returns the booking.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'coupon_exhausted 409, hold_expired 409, insufficient_points 409, invalid_transition 409, '
'payment_required 409, price_changed 409, slot_taken 409, terms_not_accepted 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile invalid_transition
 */
create function public.reject_booking(booking_id public.identifier, reason text default null)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.change_status_as(
        booking_id, 'rejected', '{business}', private.to_required_text(reason, 'reason', 1000)
    );
end;
comment on function public.reject_booking is
'Reject a request.

For the business. Returns the booking.

- reason: shown to the customer, 1 to 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile '
'409, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile invalid_transition · PT422 too_soon
 */
create function public.check_in_booking(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.change_status_as(booking_id, 'checked_in', '{business}');
end;
comment on function public.check_in_booking is
'Record that the customer has arrived.

For the business, from the service''s check_in_minutes before the start on (a day by default). '
'Returns the booking.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'invalid_transition 409, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile invalid_transition · PT422 too_soon
 */
create function public.complete_booking(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.change_status_as(booking_id, 'completed', '{business}');
end;
comment on function public.complete_booking is
'Record that the service was provided.

This is possible from the start on, and also corrects a no-show. For the business. Returns the '
'booking.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'invalid_transition 409, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile invalid_transition · PT422 too_soon
 */
create function public.mark_no_show(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.change_status_as(booking_id, 'no_show', '{business}');
end;
comment on function public.mark_no_show is
'Record that the customer did not come, from the start on.

The customer owes the fee of the policy. check_in_booking or complete_booking corrects it. For '
'the business. Returns the booking.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'invalid_transition 409, too_soon 422.';

grant execute on function
public.confirm_booking(public.identifier),
public.reject_booking(public.identifier, text),
public.check_in_booking(public.identifier),
public.complete_booking(public.identifier),
public.mark_no_show(public.identifier)
to anon, authenticated, service_role;
