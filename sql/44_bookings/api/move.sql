-- How clients move a booking to another time or another resource.

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
begin
    return scheduling.visible_booking(
        scheduling.move_booking(
            private.to_identifier(booking_id, 'booking_id'),
            private.to_instant(starts_at, 'starts_at'),
            private.to_identifier(resource_id, 'resource_id', is_required => false),
            '{customer,business}'
        )
    );
end;
$$;
comment on function public.reschedule_booking is
'Move a booking to another start, and to another resource if one is named.

It keeps its reference and its price. The policy stored with the booking binds customers and '
'charges them for a late move; it does not bind businesses. A move to the time that it already has '
'changes nothing and uses up no move. If its staff is no longer active and none is named, another '
'is assigned. Bookings of an archived service can still be moved. Returns the booking.

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
public.reschedule_booking(public.identifier, public.instant, public.identifier),
public.reassign_booking(public.identifier, public.identifier, text, public.identifier)
to anon, authenticated, service_role;
