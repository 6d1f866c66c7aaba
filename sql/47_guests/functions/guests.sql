-- What a guest may do with a code, and what a guest may see of a booking.
-- A code confirms, cancels or moves one booking. The rules are those for customers: the functions
-- that change a status or move a booking are the same for guests and for accounts.

/*
 * Change the status of a guest's booking, or move it when starts_at is given. The same call again
 * returns the booking and changes nothing. A wrong code returns a refusal instead of raising it,
 * because an error would roll back the counted attempt.
 * Definer: guests are not signed in; the code proves that the booking is theirs.
 *
 * Errors:  PT403 code_invalid · PT422 limit_reached · those of scheduling.change_status
 *          those of scheduling.move_booking
 */
create function scheduling.act_as_guest(
    reference text,
    code text,
    to_status scheduling.booking_status,
    reason text default null,
    starts_at timestamptz default null,
    resource_id uuid default null
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_code scheduling.guest_codes = scheduling.use_code(
        scheduling.guest_booking(act_as_guest.reference),
        act_as_guest.code,
        jsonb_build_array(to_status, act_as_guest.reason, act_as_guest.starts_at, resource_id)
    );
    v_id uuid = v_code.booking_id;
    v_booking scheduling.bookings;
    v_is_new boolean;
begin
    if v_id is null then
        return scheduling.code_refusal(
            'Request a new code with request_guest_code, or book again.'
        );
    end if;
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = v_id;
    if v_code.used_at is not null then
        return scheduling.shown_to_guest(v_booking);
    end if;
    v_is_new = v_booking.status = 'held' and act_as_guest.to_status = 'confirmed';
    if act_as_guest.starts_at is not null then
        perform scheduling.move_booking(v_id, act_as_guest.starts_at, act_as_guest.resource_id, '{customer}');
    else
        if v_is_new then
            perform private.lock(
                scheduling.resources_of(v_id)
                || scheduling.subjects(scheduling.limits_on(v_booking), v_id)
            );
        end if;
        perform scheduling.change_status(v_id, to_status, '{customer}', act_as_guest.reason);
    end if;
    v_booking = scheduling.verify_contact(v_id);
    if v_is_new then
        perform scheduling.refuse_passed_by_customer(v_booking);
    end if;
    return scheduling.shown_to_guest(v_booking);
end;
$$;

/*
 * Return the booking without an account that has a reference; null if there is none.
 */
create function scheduling.guest_booking(reference text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select bookings.id
        from scheduling.bookings
        where
            bookings.reference = upper(guest_booking.reference)
            and bookings.customer_id is null
    );
end;
$$;

/*
 * Note that a guest has proved the e-mail address of a booking. Returns the booking.
 */
create function scheduling.verify_contact(booking_id uuid)
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    update scheduling.bookings
    set contact_verified_at = coalesce(bookings.contact_verified_at, private.now())
    where bookings.id = verify_contact.booking_id
    returning bookings.* into strict v_booking;
    perform customers.note_customer(
        v_booking.business_id, v_booking.customer_id, v_booking.customer_name,
        v_booking.customer_email, v_booking.customer_phone, v_booking.contact_verified_at
    );
    return v_booking;
end;
$$;

/*
 * Return what a guest may see of a booking.
 */
create function scheduling.shown_to_guest(booking scheduling.bookings)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'reference', booking.reference,
            'status', booking.status,
            'starts_at', booking.starts_at,
            'ends_at', booking.ends_at,
            'time_zone', booking.time_zone,
            'party_size', booking.party_size,
            'currency', booking.currency,
            'total_minor', booking.total_minor,
            'hold_expires_at', booking.hold_expires_at,
            'business_name', businesses.name,
            'services', (
                select jsonb_agg(booking_items.service_name order by booking_items.position)
                from scheduling.booking_items
                where
                    booking_items.business_id = booking.business_id
                    and booking_items.booking_id = booking.id
                    and booking_items.cancelled_at is null
            ),
            'cancellation_fee_minor', (
                select sum(lines.fee_minor)
                from scheduling.fee_lines(
                    booking, scheduling.cancellation_terms(booking, private.now())
                ) as lines
            )
        )
        from business.businesses
        where businesses.id = booking.business_id
    );
end;
$$;
