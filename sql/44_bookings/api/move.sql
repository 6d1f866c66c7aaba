-- How clients move a booking to another time or another resource, and ask what that costs.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile hold_expired invalid_transition not_bookable price_changed
 *          slot_taken
 *          PT422 blocked_out limit_reached not_eligible outside_hours too_far too_late too_soon
 */
create function public.reschedule_booking(
    booking_id public.identifier,
    starts_at public.instant,
    resource_id public.identifier default null,
    total_minor public.whole_number default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return scheduling.visible_booking(
        scheduling.move_booking(
            private.to_identifier(booking_id, 'booking_id'),
            private.to_instant(starts_at, 'starts_at'),
            private.to_identifier(resource_id, 'resource_id', is_required => false),
            '{customer,business}',
            accepted_total_minor => private.to_minor_units(total_minor, 'total_minor')
        )
    );
end;
$$;
comment on function public.reschedule_booking is
'Move a booking to another start, and to another resource if one is named.

It keeps its reference. The policy stored with the booking binds customers and charges them for a '
'late move; it does not bind businesses. A move to the time that it already has changes nothing '
'and uses up no move. If its staff is no longer active and none is named, another is assigned. '
'Bookings of an archived service can still be moved.

If lists or rules make another price of the new place, reschedule_pricing of the policy decides: '
'the customer owes what it costs more (pay it with start_payment), and what it costs less is '
'refunded to where it was paid from. A member''s move keeps the price, unless it says total_minor. '
'Returns the booking; price_change_minor is the difference, and balance_minor of its sale is what '
'is left to pay.

- total_minor: the new total that the customer accepted, as reschedule_quote returned it; at '
'another one nothing is moved.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'hold_expired 409, invalid_transition 409, not_bookable 409, price_changed 409, slot_taken 409, '
'blocked_out 422, limit_reached 422, not_eligible 422, outside_hours 422, too_far 422, too_late '
'422, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 hold_expired invalid_transition
 */
create function public.reschedule_quote(
    booking_id public.identifier,
    starts_at public.instant default null,
    resource_id public.identifier default null
)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select scheduling.reschedule_quote(
        private.to_identifier(booking_id, 'booking_id'),
        private.to_instant(starts_at, 'starts_at', is_required => false),
        private.to_identifier(resource_id, 'resource_id', is_required => false)
    );
end;
comment on function public.reschedule_quote is
'Return what it would cost to move a booking now, to another start, another resource, or both: '
'{booking_id, starts_at, currency, total_minor, difference_minor, reschedule_fee_minor, '
'owed_minor, refund_minor, hand_back_minor}.

total_minor is the new total, without fees, and difference_minor what it is more or less than now. '
'After the move the customer owes owed_minor (start_payment), refund_minor is refunded to where it '
'was paid from, and hand_back_minor is cash that a member hands back. Whether the time is free is '
'not checked: available_slots says that. A member''s move has this price if it says total_minor, '
'and otherwise keeps the present one.

Errors: invalid_input 400, not_signed_in 401, not_found 404, hold_expired 409, invalid_transition '
'409.';

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
begin
    return scheduling.visible_booking(
        scheduling.move_booking(
            private.to_identifier(booking_id, 'booking_id'),
            null,
            private.to_identifier(resource_id, 'resource_id'),
            '{business}',
            private.to_text(reason, 'reason', 1000),
            private.to_identifier(booking_item_id, 'booking_item_id', is_required => false)
        )
    );
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
public.reschedule_booking(
    public.identifier, public.instant, public.identifier, public.whole_number
),
public.reschedule_quote(public.identifier, public.instant, public.identifier),
public.reassign_booking(public.identifier, public.identifier, text, public.identifier)
to anon, authenticated, service_role;
