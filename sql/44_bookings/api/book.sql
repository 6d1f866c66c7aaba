-- How clients book. Each function reads its arguments, calls one function of the domain, and
-- returns the booking as the caller may see it.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 customer_blocked · PT404 not_found
 *          PT409 coupon_exhausted idempotency_conflict insufficient_points link_expired
 *              not_bookable price_changed slot_taken terms_not_accepted
 *          PT422 blocked_out coupon_invalid limit_reached not_eligible outside_hours too_far
 *              too_soon
 */
create function public.book(
    service_id public.identifier,
    starts_at public.instant,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    coupon_code text default null,
    notes text default null,
    hold public.yes_no default 'false',
    idempotency_key text default null,
    answers public.object default null,
    link_token text default null,
    currency text default null,
    store_id public.identifier default null,
    region text default null,
    total_minor public.whole_number default null,
    redeem_points public.whole_number default '0'
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.token_user_id();
    return scheduling.book_once(
        'book',
        array[
            scheduling.to_selection(
                service_id, starts_at, resource_id, party_size, addon_ids, answers, link_token
            )
        ],
        pricing.to_terms(
            coupon_code, redeem_points, currency, store_id, region, total_minor
        ),
        private.to_text(notes, 'notes', 2000),
        private.to_yes_no(hold, 'hold'),
        idempotency_key
    );
end;
$$;
comment on function public.book is
'Book a service at an instant that available_slots returned.

Returns the booking.

- resource_id: the resource; by default a free one is assigned.
- party_size: number of guests.
- addon_ids: add-ons.
- notes: special requests, at most 2000 characters.
- hold: only hold the time for the service''s hold_minutes (anonymous_hold_minutes at most for a '
'user without an address); confirm_booking turns the hold into a booking. A business limits how '
'many times a customer and a network address hold at once.
- idempotency_key: repeating the call with the same key returns the first answer again, for a '
'day.
- answers: answers to the service''s questions by key, such as {"allergies": "none"}; required '
'ones must be present.
- link_token: token of a private link to a hidden service.
- coupon_code, redeem_points, currency, store_id, region: as quote takes them.
- total_minor: the total of the quote that the customer accepted, in minor units; at another price '
'nothing is booked.

Errors: invalid_input 400, not_signed_in 401, customer_blocked 403, not_found 404, '
'coupon_exhausted 409, '
'idempotency_conflict 409, insufficient_points 409, link_expired 409, not_bookable 409, '
'price_changed 409, slot_taken 409, terms_not_accepted 409, blocked_out 422, coupon_invalid 422, '
'limit_reached 422, not_eligible 422, outside_hours 422, too_far 422, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 customer_blocked · PT404 not_found
 *          PT409 coupon_exhausted idempotency_conflict insufficient_points link_expired
 *              not_bookable price_changed slot_taken terms_not_accepted
 *          PT422 blocked_out coupon_invalid limit_reached not_eligible outside_hours too_far
 *              too_soon
 */
create function public.book_many(
    business_id public.identifier,
    items public.list,
    starts_at public.instant default null,
    party_size public.whole_number default '1',
    coupon_code text default null,
    notes text default null,
    hold public.yes_no default 'false',
    idempotency_key text default null,
    currency text default null,
    store_id public.identifier default null,
    region text default null,
    total_minor public.whole_number default null,
    redeem_points public.whole_number default '0'
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = private.to_identifier(business_id, 'business_id');
    v_selections scheduling.selection[];
    v_legs scheduling.leg[];
begin
    perform private.token_user_id();
    v_selections = scheduling.to_selections(
        items,
        private.to_instant(starts_at, 'starts_at', is_required => false),
        scheduling.to_party_size(party_size)
    );
    if v_selections[1].starts_at is null then
        perform private.invalid('starts_at', 'is required');
    end if;
    v_legs = scheduling.legs(v_selections);
    if v_legs[1].business_id <> v_business_id then
        perform private.refuse(
            'PT404', 'not_found', 'This business has no such service.',
            'Check the id in the view services.'
        );
    end if;
    return scheduling.book_once(
        'book_many',
        v_selections,
        pricing.to_terms(
            coupon_code, redeem_points, currency, store_id, region, total_minor
        ),
        private.to_text(notes, 'notes', 2000),
        private.to_yes_no(hold, 'hold'),
        idempotency_key
    );
end;
$$;
comment on function public.book_many is
'Book several services of a business in sequence, all or nothing.

items is [{service_id, starts_at?, gap_minutes?, resource_id?, addon_ids?, party_size?, answers?, '
'link_token?}]; other keys are refused. The first item starts at starts_at. Each further item '
'starts when the previous one ends, plus its gap_minutes, or at its own starts_at. The other '
'arguments are those of book. Returns the booking.

- party_size: for the items that have none of their own.

Errors: invalid_input 400, not_signed_in 401, customer_blocked 403, not_found 404, '
'coupon_exhausted 409, '
'idempotency_conflict 409, insufficient_points 409, link_expired 409, not_bookable 409, '
'price_changed 409, slot_taken 409, terms_not_accepted 409, blocked_out 422, coupon_invalid 422, '
'limit_reached 422, not_eligible 422, outside_hours 422, too_far 422, too_soon 422.';
grant execute on function
public.book(
    public.identifier, public.instant, public.identifier, public.whole_number, public.list,
    text, text, public.yes_no, text, public.object, text, text, public.identifier, text,
    public.whole_number, public.whole_number
),
public.book_many(
    public.identifier, public.list, public.instant, public.whole_number, text, text,
    public.yes_no, text, text, public.identifier, text, public.whole_number,
    public.whole_number
)
to anon, authenticated, service_role;
