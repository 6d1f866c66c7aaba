-- What clients may do with a booking that exists. Each function reads its arguments, calls one
-- function of the domain, and gives the booking as the caller may see it.

/*
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
    v_id uuid;
    v_booking public.bookings;
begin
    v_id = scheduling.change_status(
        private.to_identifier(booking_id, 'booking_id'),
        to_status,
        as_actors,
        private.to_text(reason, 'reason', 1000)
    );
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
grant execute on function scheduling.change_status_as(
    text, scheduling.booking_status, scheduling.actor_kind[], text
) to anon, authenticated, service_role;

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile hold_expired invalid_transition slot_taken
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
'service requires confirmation). Returns the booking.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'hold_expired 409, invalid_transition 409, slot_taken 409.';

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
 *          PT409 changed_meanwhile invalid_transition
 */
create function public.cancel_booking(booking_id public.identifier, reason text default null)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.change_status_as(booking_id, 'cancelled', '{customer,business}', reason);
end;
comment on function public.cancel_booking is
'Cancel a booking, as the customer or the business.

Its time is free at once. A customer owes the fee of cancellation_quote; a business that cancels '
'charges nothing. Repeating the call changes nothing. Returns the booking.

- reason: at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile '
'409, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function public.cancellation_quote(
    booking_id public.identifier, at public.instant default null
)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select scheduling.cancellation_quote(
        private.to_identifier(booking_id, 'booking_id'),
        coalesce(private.to_instant(at, 'at', is_required => false), private.now())
    );
end;
comment on function public.cancellation_quote is
'Return what it costs the customer to cancel at an instant (at, now by default), by the policy '
'stored with the booking: {booking_id, at, currency, total_minor, fee_minor, refund_minor, '
'reschedule_fee_minor, tier, lines: [{booking_item_id, service_name, total_minor, fee_minor, '
'refund_minor, is_cancelled}]}.

refund_minor is the total less the fee, in whole and in each line. reschedule_fee_minor is the '
'fee for moving the booking. tier is the tier that applies, or null if cancelling is free. For a '
'cancelled booking it returns what cancelling did cost. A business that cancels charges nothing.

Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile hold_expired invalid_transition
 */
create function public.cancel_booking_item(
    booking_id public.identifier, booking_item_id public.identifier, reason text default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_booking public.bookings;
begin
    v_id = scheduling.cancel_item(
        private.to_identifier(booking_id, 'booking_id'),
        private.to_identifier(booking_item_id, 'booking_item_id'),
        '{customer,business}',
        private.to_text(reason, 'reason', 1000)
    );
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
comment on function public.cancel_booking_item is
'Cancel one service of a booking, as the customer or the business.

Its time is free at once. The other services stay, and so do the total and the quote. The '
'customer owes the fee in its line of cancellation_quote. The last remaining service can only be '
'cancelled with the booking. Repeating the call changes nothing. Returns the booking.

- reason: at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile '
'409, hold_expired 409, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile invalid_transition
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

For the business. Returns the booking.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile invalid_transition
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
'Record that the service was given.

This also corrects a no-show. For the business. Returns the booking.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'invalid_transition 409.';

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

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile hold_expired invalid_transition not_bookable slot_taken
 *          PT422 blocked_out limit_reached not_eligible outside_hours too_far too_late too_soon
 */
create function public.reschedule_booking(
    booking_id public.identifier,
    starts_at public.instant,
    resource_id public.identifier default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_booking public.bookings;
begin
    v_id = scheduling.move(
        private.to_identifier(booking_id, 'booking_id'),
        private.to_instant(starts_at, 'starts_at'),
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        '{customer,business}'
    );
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
comment on function public.reschedule_booking is
'Move a booking to another start, and to another resource if one is named.

It keeps its reference and its price. The policy stored with the booking binds customers and '
'charges them for a late move; it does not bind businesses. Returns the booking.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'hold_expired 409, invalid_transition 409, not_bookable 409, slot_taken 409, blocked_out 422, '
'limit_reached 422, not_eligible 422, outside_hours 422, too_far 422, too_late 422, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile hold_expired invalid_transition not_bookable slot_taken
 *          PT422 blocked_out limit_reached not_eligible outside_hours too_far too_late too_soon
 */
create function public.reassign_booking(
    booking_id public.identifier,
    resource_id public.identifier,
    reason text default null,
    booking_item_id public.identifier default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_booking public.bookings;
begin
    v_id = scheduling.move(
        private.to_identifier(booking_id, 'booking_id'),
        null,
        private.to_identifier(resource_id, 'resource_id'),
        '{business}',
        private.to_text(reason, 'reason', 1000),
        private.to_identifier(booking_item_id, 'booking_item_id', is_required => false)
    );
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
comment on function public.reassign_booking is
'Move an item of a booking to another resource at the same time and price.

Eligibility, hours and overlaps are checked again. For owners, managers and staff. Returns the '
'booking.

- booking_item_id: the item, the first by default.
- reason: at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile '
'409, hold_expired 409, invalid_transition 409, not_bookable 409, slot_taken 409, blocked_out 422, '
'limit_reached 422, not_eligible 422, outside_hours 422, too_far 422, too_late 422, too_soon 422.';
grant execute on function
public.confirm_booking(public.identifier),
public.reject_booking(public.identifier, text),
public.cancel_booking(public.identifier, text),
public.cancel_booking_item(public.identifier, public.identifier, text),
public.cancellation_quote(public.identifier, public.instant),
public.check_in_booking(public.identifier),
public.complete_booking(public.identifier),
public.mark_no_show(public.identifier),
public.reschedule_booking(public.identifier, public.instant, public.identifier),
public.reassign_booking(public.identifier, public.identifier, text, public.identifier)
to anon, authenticated, service_role;
