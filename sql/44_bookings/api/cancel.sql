-- How clients cancel a booking or one of its services, and learn what that costs.

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
begin
    return scheduling.visible_booking(
        scheduling.cancel_booking_item(
            private.to_identifier(booking_id, 'booking_id'),
            private.to_identifier(booking_item_id, 'booking_item_id'),
            '{customer,business}',
            private.to_text(reason, 'reason', 1000)
        )
    );
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
grant execute on function
public.cancel_booking(public.identifier, text),
public.cancel_booking_item(public.identifier, public.identifier, text),
public.cancellation_quote(public.identifier, public.instant)
to anon, authenticated, service_role;
