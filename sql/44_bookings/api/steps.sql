-- What clients may do with a booking that exists. Each function reads its arguments, calls one
-- function of the domain, and gives the booking as the caller may see it.

/*
 * Errors:  PT400 invalid_input, and those of scheduling.change_status
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
 * Errors:  those of scheduling.change_status
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
'The business accepts a request, or the customer makes a booking of a hold (a request, where the
service wants
confirmation). Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409,
hold_expired 409, slot_taken 409.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.change_status
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
'The business turns a request down, with a reason that the customer reads (1 to 1000 characters).
Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition
409.';

/*
 * Errors:  those of scheduling.change_status
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
'The customer or the business calls a booking off; its time is free at once. Cancelling again
changes nothing.
A customer owes what cancellation_quote says, a business that cancels charges nothing.
reason: at most 1000 characters. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition
409.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.cancellation_quote
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
'What it costs the customer to cancel at an instant (at; now, if not sent), by the policy that was
stored with the
booking: {booking_id, at, currency, total_minor, fee_minor, refund_minor, reschedule_fee_minor, tier,
lines:
[{booking_item_id, service_name, total_minor, fee_minor, refund_minor, is_cancelled}]}. refund_minor
is the total
less the fee, in whole and line by line; reschedule_fee_minor is what moving it would cost; tier is
what holds then,
null: free. Of a cancelled booking, what it did cost. A business that cancels charges nothing.
Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.cancel_item
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
'The customer or the business calls one service of a booking off: its time is free at once, the rest
stays, the total
and the quote stay as they were agreed. It costs the customer what cancellation_quote says in its
line. The last
service that is left cannot be cancelled by itself. Cancelling again changes nothing. reason: at most
1000
characters. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409,
hold_expired 409, changed_meanwhile 409.';

/*
 * Errors:  those of scheduling.change_status
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
'The business notes that the customer is there. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition
409.';

/*
 * Errors:  those of scheduling.change_status
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
'The business notes that the service was given; also puts a no-show right. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition
409.';

/*
 * Errors:  those of scheduling.change_status
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
'The business notes that nobody came, from the start on; the customer owes the policy''s fee for it.
check_in_booking or complete_booking puts it right.
Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409,
too_soon 422.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.move
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
'Move a booking to another start, and to another resource if one is named. It keeps its reference
and its
price. Customers are bound by the policy stored with the booking, and pay its fee for a late move;
businesses are not. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, slot_taken 409,
invalid_transition 409, changed_meanwhile 409, not_eligible, too_soon, too_far, too_late,
outside_hours,
blocked_out, limit_reached 422.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.move
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
'The business gives an item of a booking to another resource, at the same time and price;
eligibility, hours and overlap are checked anew. booking_item_id: which, the first if not sent. reason: at
most 1000 characters. Owners, managers and staff. Gives the booking.
Errors: as reschedule_booking.';
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
