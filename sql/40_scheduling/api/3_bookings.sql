-- How clients book, and what they may do with a booking then. Each function reads its arguments,
-- calls one function of the domain, and gives the booking as the caller may see it.

/*
 * Read the items of book_many and quote: [{service_id, starts_at?, gap_minutes?, resource_id?,
 * addon_ids?, party_size?}].
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_wishes(items text, starts_at timestamptz, party_size integer)
returns scheduling.wish[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_items jsonb = private.to_list(items, 'items', 20);
    v_item jsonb;
    v_wishes scheduling.wish[] = '{}';
begin
    for v_item in select element.value from jsonb_array_elements(v_items) as element (value) loop
        if jsonb_typeof(v_item) <> 'object' then
            perform private.invalid('items', 'must be objects with a service_id');
        end if;
        v_wishes = v_wishes || row(
            private.to_identifier(v_item ->> 'service_id', 'items.service_id'),
            coalesce(
                private.to_instant(v_item ->> 'starts_at', 'items.starts_at', is_required => false),
                case when v_wishes = '{}' then to_wishes.starts_at end
            ),
            private.to_whole_number(
                v_item ->> 'gap_minutes', 'items.gap_minutes', 0, 1440, is_required => false
            ),
            private.to_identifier(v_item ->> 'resource_id', 'items.resource_id', is_required => false),
            private.to_identifiers(v_item ->> 'addon_ids', 'items.addon_ids'),
            coalesce(
                to_wishes.party_size,
                private.to_whole_number(
                    v_item ->> 'party_size', 'items.party_size', 1, 1000, is_required => false
                ),
                1
            )
        )::scheduling.wish;
    end loop;
    if v_wishes = '{}' then
        perform private.invalid('items', 'must not be empty');
    end if;
    return v_wishes;
end;
$$;
grant execute on function scheduling.to_wishes(text, timestamptz, integer)
to anon, authenticated, service_role;

/*
 * Place a booking once for an idempotency key, or give the first answer again.
 *
 * Errors:  PT409 idempotency_conflict, and those of scheduling.place
 */
create function scheduling.place_once(
    function_name text,
    wishes scheduling.wish[],
    coupon_code text,
    notes text,
    is_hold boolean,
    idempotency_key text
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
    v_id uuid;
    v_booking public.bookings;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            function_name,
            idempotency_key,
            jsonb_build_array(to_jsonb(wishes), coupon_code, place_once.notes, is_hold)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.bookings, v_answer);
        end if;
    end if;

    v_id = scheduling.place(wishes, coupon_code, place_once.notes, is_hold);
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;

    if idempotency_key is not null then
        perform private.remember_answer(function_name, idempotency_key, to_jsonb(v_booking));
    end if;
    return v_booking;
end;
$$;
grant execute on function scheduling.place_once(
    text, scheduling.wish[], text, text, boolean, text
) to anon, authenticated, service_role;

/*
 * Book a service.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 slot_taken not_bookable idempotency_conflict
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached
 *          coupon_invalid
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
    idempotency_key text default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.signed_in();
    return scheduling.place_once(
        'book',
        array[
            row(
                private.to_identifier(service_id, 'service_id'),
                private.to_instant(starts_at, 'starts_at'),
                null,
                private.to_identifier(resource_id, 'resource_id', is_required => false),
                private.to_identifiers(addon_ids, 'addon_ids'),
                coalesce(
                    private.to_whole_number(
                        party_size, 'party_size', 1, 1000, is_required => false
                    ),
                    1
                )
            )::scheduling.wish
        ],
        private.to_text(coupon_code, 'coupon_code', 100),
        private.to_text(notes, 'notes', 2000),
        private.to_yes_no(hold, 'hold'),
        idempotency_key
    );
end;
$$;
comment on function public.book is
'Book a service at an instant that available_slots gave. resource_id: with whom; without it
somebody free is
assigned. party_size: guests. addon_ids: add-ons. notes: special requests, at most 2000 characters.
hold: only
keep the time for the service''s hold_minutes; confirm_booking makes it a booking. idempotency_key:
sending the
same call again with the same key gives the first answer again, for a day. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, not_found 404, slot_taken 409, not_bookable 409,
idempotency_conflict 409, not_eligible, too_soon, too_far, outside_hours, blocked_out,
limit_reached,
coupon_invalid 422.';

/*
 * Book several services in sequence: all or nothing.
 *
 * Errors:  those of public.book
 */
create function public.book_many(
    business_id public.identifier,
    items public.list,
    starts_at public.instant default null,
    party_size public.whole_number default '1',
    coupon_code text default null,
    notes text default null,
    hold public.yes_no default 'false',
    idempotency_key text default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = private.to_identifier(business_id, 'business_id');
    v_wishes scheduling.wish[];
    v_legs scheduling.leg[];
begin
    perform private.signed_in();
    v_wishes = scheduling.to_wishes(
        items,
        private.to_instant(starts_at, 'starts_at', is_required => false),
        private.to_whole_number(party_size, 'party_size', 1, 1000)
    );
    if v_wishes[1].starts_at is null then
        perform private.invalid('starts_at', 'is required');
    end if;
    v_legs = scheduling.legs(v_wishes);
    if v_legs[1].business_id <> v_business_id then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such service of this business.',
            'Read services for those of the business.'
        );
    end if;
    return scheduling.place_once(
        'book_many',
        v_wishes,
        private.to_text(coupon_code, 'coupon_code', 100),
        private.to_text(notes, 'notes', 2000),
        private.to_yes_no(hold, 'hold'),
        idempotency_key
    );
end;
$$;
comment on function public.book_many is
'Book several services of a business in sequence, all or nothing: items are [{service_id,
starts_at?,
gap_minutes?, resource_id?, addon_ids?}]. The first starts at starts_at, each other one when the
one before it
ends, after its gap_minutes, or at its own starts_at. Everything else as in book. Gives the
booking.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.step
 */
create function scheduling.take_step(
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
    v_id = scheduling.step(
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
grant execute on function scheduling.take_step(
    text, scheduling.booking_status, scheduling.actor_kind[], text
) to anon, authenticated, service_role;

/*
 * Errors:  those of scheduling.step
 */
create function public.confirm_booking(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(booking_id, 'confirmed', '{customer,business}');
end;
comment on function public.confirm_booking is
'The business accepts a request, or the customer makes a booking of a hold (a request, where the
service wants
confirmation). Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409,
hold_expired 409, slot_taken 409.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.step
 */
create function public.reject_booking(booking_id public.identifier, reason text default null)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(
        booking_id, 'rejected', '{business}', private.to_required_text(reason, 'reason', 1000)
    );
end;
comment on function public.reject_booking is
'The business turns a request down, with a reason that the customer reads (1 to 1000 characters).
Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition
409.';

/*
 * Errors:  those of scheduling.step
 */
create function public.cancel_booking(booking_id public.identifier, reason text default null)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(booking_id, 'cancelled', '{customer,business}', reason);
end;
comment on function public.cancel_booking is
'The customer or the business calls a booking off; its time is free at once. Cancelling again
changes nothing.
reason: at most 1000 characters. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition
409.';

/*
 * Errors:  those of scheduling.step
 */
create function public.check_in_booking(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(booking_id, 'checked_in', '{business}');
end;
comment on function public.check_in_booking is
'The business notes that the customer is there. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition
409.';

/*
 * Errors:  those of scheduling.step
 */
create function public.complete_booking(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(booking_id, 'completed', '{business}');
end;
comment on function public.complete_booking is
'The business notes that the service was given; also puts a no-show right. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition
409.';

/*
 * Errors:  those of scheduling.step
 */
create function public.mark_no_show(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(booking_id, 'no_show', '{business}');
end;
comment on function public.mark_no_show is
'The business notes that nobody came, from the start on. check_in_booking or complete_booking puts
it right.
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
price. Customers are bound by the policy stored with the booking, businesses are not. Gives the
booking.
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
    v_id = scheduling.move(
        private.to_identifier(booking_id, 'booking_id'),
        null,
        private.to_identifier(resource_id, 'resource_id'),
        '{business}',
        private.to_text(reason, 'reason', 1000)
    );
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
comment on function public.reassign_booking is
'The business gives a booking to another resource at the same time; eligibility and overlap are
checked anew.
Gives the booking. Errors: as reschedule_booking.';

/*
 * What a guest may see of a booking, by its reference and the e-mail address that it was made with.
 * Definer: the one who asks need not be signed in; both together are the proof.
 */
create function scheduling.look_up(reference text, email text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_found jsonb;
begin
    select
        jsonb_build_object(
            'reference', bookings.reference,
            'status', bookings.status,
            'starts_at', bookings.starts_at,
            'ends_at', bookings.ends_at,
            'time_zone', bookings.time_zone,
            'party_size', bookings.party_size,
            'currency', bookings.currency,
            'total_minor', bookings.total_minor,
            'business_name', businesses.name,
            'services', (
                select jsonb_agg(booking_items.service_name order by booking_items.position)
                from scheduling.booking_items
                where
                    booking_items.business_id = bookings.business_id
                    and booking_items.booking_id = bookings.id
            )
        )
    into v_found
    from scheduling.bookings
    inner join business.businesses on businesses.id = bookings.business_id
    where
        bookings.reference = upper(btrim(look_up.reference))
        and lower(bookings.customer_email) = lower(btrim(look_up.email));
    if v_found is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no booking with this reference and e-mail address.',
            'Check both: the reference has 8 characters.'
        );
    end if;
    return v_found;
end;
$$;

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.lookup_booking(reference text, email text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select scheduling.look_up(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(email, 'email', 320)
    );
end;
comment on function public.lookup_booking is
'What a guest may see of a booking, by its reference and the e-mail address that it was made with:
{reference,
status, starts_at, ends_at, time_zone, party_size, currency, total_minor, business_name, services}.
Errors: invalid_input 400, not_found 404 (the same answer for a wrong reference and a wrong
address).';

grant execute on function
scheduling.look_up(text, text),
public.book(
    public.identifier, public.instant, public.identifier, public.whole_number, public.list, text,
    text, public.yes_no, text
),
public.book_many(
    public.identifier, public.list, public.instant, public.whole_number, text, text, public.yes_no,
    text
),
public.confirm_booking(public.identifier),
public.reject_booking(public.identifier, text),
public.cancel_booking(public.identifier, text),
public.check_in_booking(public.identifier),
public.complete_booking(public.identifier),
public.mark_no_show(public.identifier),
public.reschedule_booking(public.identifier, public.instant, public.identifier),
public.reassign_booking(public.identifier, public.identifier, text),
public.lookup_booking(text, text)
to anon, authenticated, service_role;
