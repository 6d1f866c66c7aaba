-- The initial schema of 47_guests: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/47_guests/functions/claims.sql

-- From guest to account. Somebody who booked as a guest may sign up later. When their account has a
-- verified e-mail address, they may take over the bookings with that address that a code has
-- proved, and the sales and customer records that belong to them.

/*
 * Return the caller's account, whose e-mail address is verified.
 *
 * Errors:  PT401 not_signed_in · PT403 email_not_verified
 */
create function scheduling.verified_user()
returns auth.users
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_user auth.users;
begin
    select users.* into strict v_user
    from auth.users
    where users.id = private.current_user_id();
    if v_user.email is null or v_user.email_confirmed_at is null then
        perform private.refuse(
            'PT403', 'email_not_verified', 'Your e-mail address is not verified yet.',
            'Open the link in the mail that we sent you, then try again.'
        );
    end if;
    return v_user;
end;
$$;

/*
 * Assign the guest bookings with the caller's verified e-mail address to the caller's account.
 * Returns their number.
 * Definer: nobody has update privileges on bookings.
 *
 * Errors:  PT401 not_signed_in · PT403 email_not_verified
 */
create function scheduling.claim_guest_bookings()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = scheduling.verified_user();
    v_count integer;
begin
    with claimed as (
        update scheduling.bookings
        set customer_id = v_user.id
        where
            bookings.customer_id is null
            and bookings.contact_verified_at is not null
            and lower(bookings.customer_email) = lower(v_user.email)
        returning bookings.business_id, bookings.sale_id
    ),

    bought as (
        update sales.sales
        set customer_id = v_user.id
        from claimed
        where sales.business_id = claimed.business_id and sales.id = claimed.sale_id
    )

    select count(*) into v_count
    from claimed;
    perform customers.link_account(v_user.id);
    return v_count;
end;
$$;

-- sql/47_guests/functions/codes.sql

-- Codes of guests. A guest has no account, so a mailed code proves that a booking, or an order of
-- goods, is theirs.
-- A code has six digits and could be guessed quickly. So it lives for minutes, works once, allows
-- five attempts, and is stored as a hash; the number of codes an hour is limited.

/*
 * Return the hash of a code, which is all that the database stores of it. The booking or the order
 * is part of the hash, so the same digits differ from one to the other.
 */
create function scheduling.code_hash(subject_id uuid, code text)
returns bytea
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select sha256(convert_to(subject_id::text || code, 'UTF8'));
end;

/*
 * Refuse more than five codes an hour for an e-mail address or thirty for a network address. The
 * function locks both addresses before any other row, so concurrent requests cannot pass the limit.
 * Links count as none, because nobody asks for them.
 *
 * Errors:  PT429 rate_limited
 */
create function scheduling.refuse_flood(email text, ip inet)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_hour_ago timestamptz = private.now() - interval '1 hour';
    v_full_since timestamptz;
begin
    perform private.lock(array[md5('guest ' || email)::uuid, md5('guest ' || ip)::uuid]);
    select min(limits.full_since) into v_full_since
    from (
        (
            select guest_codes.created_at as full_since
            from scheduling.guest_codes
            where
                guest_codes.email = refuse_flood.email
                and not guest_codes.is_link
                and guest_codes.created_at > v_hour_ago
            order by guest_codes.created_at desc
            offset 4
            limit 1
        )
        union all
        (
            select guest_codes.created_at
            from scheduling.guest_codes
            where guest_codes.ip = refuse_flood.ip and guest_codes.created_at > v_hour_ago
            order by guest_codes.created_at desc
            offset 29
            limit 1
        )
    ) as limits;
    if v_full_since is not null then
        perform private.refuse_later(
            'rate_limited', ceil(extract(epoch from v_full_since - v_hour_ago))::integer
        );
    end if;
end;
$$;

/*
 * Return the request of a code for an e-mail address, unless the address or the caller's network
 * address had too many. The code lives for a quarter of an hour.
 *
 * Errors:  PT429 rate_limited
 */
create function scheduling.make_request(email text)
returns scheduling.guest_codes
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_request scheduling.guest_codes;
begin
    v_request.email = lower(make_request.email);
    v_request.ip = private.caller_address();
    v_request.expires_at = private.now() + interval '15 minutes';
    v_request.is_link = false;
    perform scheduling.refuse_flood(v_request.email, v_request.ip);
    return v_request;
end;
$$;

/*
 * Store the hash of a code for a booking or an order. For neither, only record the request.
 */
create function scheduling.store_code(request scheduling.guest_codes, code text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into scheduling.guest_codes (
        business_id, booking_id, order_id, email, ip, code_hash, expires_at, created_at, is_link
    )
    values (
        request.business_id, request.booking_id, request.order_id, request.email, request.ip,
        scheduling.code_hash(coalesce(request.booking_id, request.order_id), store_code.code),
        request.expires_at, private.now(), request.is_link
    );
end;
$$;

/*
 * Store a new code for a booking or an order, and mail it to the address that the guest gave then,
 * with some facts for the template. For neither, only record the request. The mail contains no text
 * from the guest, so nobody can use it to send spam.
 */
create function scheduling.send_code(
    request scheduling.guest_codes, mail_kind text, address text, facts jsonb
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    -- The first 32 bits of such a UUID are random.
    v_code text = lpad((('x' || left(gen_random_uuid()::text, 8))::bit(32)::bigint % 1000000)::text, 6, '0');
begin
    perform scheduling.store_code(request, v_code);
    perform private.emit(
        'auth.mail',
        send_code.facts || jsonb_build_object(
            'kind', send_code.mail_kind,
            'to', send_code.address,
            'locale', businesses.locale,
            'code', v_code,
            'expires_in', extract(epoch from request.expires_at - private.now())::integer,
            'business_name', businesses.name
        )
    )
    from business.businesses
    where businesses.id = request.business_id;
end;
$$;

/*
 * Check the latest code of a guest's booking or order, and use it up for an act. Returns the code
 * as it was before, or null when it proves nothing. A used code proves only the same act again.
 * Every check counts as one of the five attempts, except such a repetition.
 */
create function scheduling.use_code(subject_id uuid, code text, act jsonb)
returns scheduling.guest_codes
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sent scheduling.guest_codes;
    v_is_right boolean;
begin
    select guest_codes.* into v_sent
    from scheduling.guest_codes
    where
        (guest_codes.booking_id = subject_id or guest_codes.order_id = subject_id)
        and not guest_codes.is_link
    order by guest_codes.id desc
    limit 1
    for update;
    if v_sent.id is null or v_sent.attempts = 5 or v_sent.expires_at <= private.now() then
        return null;
    end if;
    v_is_right = v_sent.code_hash = scheduling.code_hash(subject_id, use_code.code)
    and coalesce(v_sent.used_for = use_code.act, v_sent.used_at is null);
    if v_is_right and v_sent.used_at is not null then
        return v_sent;
    end if;
    update scheduling.guest_codes
    set
        attempts = guest_codes.attempts + 1,
        used_at = case when v_is_right then private.now() else guest_codes.used_at end,
        used_for = case when v_is_right then use_code.act else guest_codes.used_for end,
        proven_in = case when v_is_right then pg_current_xact_id() else guest_codes.proven_in end
    where guest_codes.id = v_sent.id;
    return case when v_is_right then v_sent end;
end;
$$;

/*
 * Return the refusal of a code that proves nothing. It is returned and not raised, because an error
 * would roll back the counted attempt.
 */
create function scheduling.code_refusal(hint text)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return private.refusal(
        'PT403', 'code_invalid', 'This code is wrong or has expired.', code_refusal.hint
    );
end;
$$;

/*
 * Delete codes that are older than a day and have expired. Returns their number.
 * Definer: the worker calls it and has no access to the table.
 */
create function scheduling.forget_old_codes()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from scheduling.guest_codes
    where
        guest_codes.created_at < private.now() - interval '1 day'
        and guest_codes.expires_at < private.now();
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

-- sql/47_guests/functions/guests.sql

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

-- sql/47_guests/functions/links.sql

-- Links for people without an account. A mail may end with a link that shows a booking or an order
-- for weeks, without signing in. Behind it is a code that is too long to guess or to type, stored
-- as a hash like the others, and made anew for each mail, because no code is stored.

/*
 * Return the token of a new link for the booking or the order of a request, which says until when
 * it works.
 */
create function scheduling.make_link(request scheduling.guest_codes)
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_token constant text = replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
begin
    request.email = lower(request.email);
    request.is_link = true;
    perform scheduling.store_code(request, v_token);
    return v_token;
end;
$$;

/*
 * Does a token open a booking or an order now? A code that people type opens nothing.
 */
create function scheduling.opens(subject_id uuid, token text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.guest_codes
        where
            (guest_codes.booking_id = subject_id or guest_codes.order_id = subject_id)
            and guest_codes.is_link
            and guest_codes.code_hash = scheduling.code_hash(subject_id, opens.token)
            and guest_codes.expires_at > private.now()
    );
end;
$$;

/*
 * Refuse a link that opens nothing.
 *
 * Errors:  PT403 code_invalid
 */
create function scheduling.require_link(subject_id uuid, token text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not scheduling.opens(subject_id, token) then
        perform private.refuse(
            'PT403', 'code_invalid', 'This link does not work, or not any more.',
            'Open the complete link of the latest mail, or sign in.'
        );
    end if;
end;
$$;

-- sql/47_guests/functions/requests.sql

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

-- sql/47_guests/policies.sql

-- Who may use guest bookings. Clients cannot read or write the codes of guests: they have no grant
-- on the table. They call the functions below, which check a code, a limit or the account. The
-- worker deletes old codes.

alter table scheduling.guest_codes enable row level security;
grant select, insert, update, delete on scheduling.guest_codes to service_role;
grant execute on function
scheduling.request_guest_booking(scheduling.selection, text, text, text, text),
scheduling.request_guest_code(text, text),
scheduling.act_as_guest(text, text, scheduling.booking_status, text, timestamptz, uuid),
scheduling.claim_guest_bookings()
to anon, authenticated, service_role;
grant execute on function scheduling.forget_old_codes()
to worker;

-- sql/47_guests/api/guests.sql

-- Booking without an account, for clients. A guest requests a booking and confirms it with a mailed
-- code. Later the guest requests another code to move or cancel it. After signing up, the guest
-- claims the bookings.
-- These functions only read the arguments; the rules are in functions/.

/*
 * Read a guest's e-mail address, which is required.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_guest_email(value text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.to_email(private.to_required_text(value, 'email', 320), 'email');
end;
$$;
grant execute on function scheduling.to_guest_email(text) to anon, authenticated, service_role;

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired not_bookable slot_taken
 *          PT422 blocked_out limit_reached not_eligible outside_hours too_far too_soon
 *          PT429 rate_limited
 */
create function public.request_guest_booking(
    service_id public.identifier,
    starts_at public.instant,
    name text,
    email text,
    phone text default null,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    notes text default null,
    answers public.object default null,
    link_token text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return scheduling.request_guest_booking(
        scheduling.to_selection(
            service_id, starts_at, resource_id, party_size, addon_ids, answers, link_token
        ),
        private.to_required_text(name, 'name', 200),
        scheduling.to_guest_email(email),
        private.to_phone(phone, 'phone'),
        private.to_text(notes, 'notes', 2000)
    );
end;
$$;
comment on function public.request_guest_booking is
'Book without an account.

The time is held for the service''s hold_minutes, and a six-digit code is mailed to email; '
'confirm_guest_booking turns the hold into a booking. The other arguments are those of book. '
'Returns what lookup_booking returns. At most five codes an hour go to an e-mail address, and '
'thirty to a network address.

- name: at most 200 characters.
- phone: such as +491701234567.

Errors: invalid_input 400, not_found 404, link_expired 409, not_bookable 409, slot_taken 409, '
'blocked_out 422, limit_reached 422, not_eligible 422, outside_hours 422, too_far 422, too_soon '
'422, rate_limited 429.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid
 *          PT409 changed_meanwhile hold_expired invalid_transition price_changed slot_taken
 *              terms_not_accepted
 *          PT422 limit_reached
 */
create function public.confirm_guest_booking(reference text, code text)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.act_as_guest(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(code, 'code', 20),
        'confirmed'
    );
end;
comment on function public.confirm_guest_booking is
'Turn the hold of request_guest_booking into a booking (a request if the service requires '
'confirmation), with the mailed code.

A code works once and allows five attempts; the same call again has the same answer. code_invalid also answers an unknown reference; '
'limit_reached, for a limit per customer, keeps the hold. Returns what lookup_booking returns.

Errors: invalid_input 400, code_invalid 403, changed_meanwhile 409, hold_expired 409, '
'invalid_transition 409, price_changed 409, slot_taken 409, terms_not_accepted 409, '
'limit_reached 422.';

/*
 * Errors:  PT400 invalid_input · PT429 rate_limited
 */
create function public.request_guest_code(reference text, email text)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.request_guest_code(
        private.to_required_text(reference, 'reference', 20),
        scheduling.to_guest_email(email)
    );
end;
comment on function public.request_guest_code is
'Mail another code to the address of a guest''s booking, to confirm, move or cancel it.

Returns nothing, whether reference and address match or not.

Errors: invalid_input 400, rate_limited 429.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid · PT409 changed_meanwhile invalid_transition
 */
create function public.cancel_guest_booking(reference text, code text, reason text default null)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.act_as_guest(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(code, 'code', 20),
        'cancelled',
        private.to_text(reason, 'reason', 1000)
    );
end;
comment on function public.cancel_guest_booking is
'Cancel a guest''s booking with a code of request_guest_code.

The guest owes the fee of the policy. Returns what lookup_booking returns.

Errors: invalid_input 400, code_invalid 403, changed_meanwhile 409, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid
 *          PT409 changed_meanwhile hold_expired invalid_transition not_bookable slot_taken
 *          PT422 blocked_out limit_reached not_eligible outside_hours too_far too_late too_soon
 */
create function public.reschedule_guest_booking(
    reference text, code text, starts_at public.instant, resource_id public.identifier default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.act_as_guest(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(code, 'code', 20),
        null,
        null,
        private.to_instant(starts_at, 'starts_at'),
        private.to_identifier(resource_id, 'resource_id', is_required => false)
    );
end;
comment on function public.reschedule_guest_booking is
'Move a guest''s booking with a code of request_guest_code, by the rules of reschedule_booking for '
'customers.

Returns what lookup_booking returns.

Errors: invalid_input 400, code_invalid 403, changed_meanwhile 409, hold_expired 409, '
'invalid_transition 409, not_bookable 409, slot_taken 409, blocked_out 422, limit_reached 422, '
'not_eligible 422, outside_hours 422, too_far 422, too_late 422, too_soon 422.';

/*
 * Errors:  PT401 not_signed_in · PT403 email_not_verified
 */
create function public.claim_guest_bookings()
returns integer
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.claim_guest_bookings();
end;
comment on function public.claim_guest_bookings is
'Take over the confirmed bookings that were made as a guest with the caller''s verified e-mail '
'address.

Returns the number of bookings.

Errors: not_signed_in 401, email_not_verified 403.';
grant execute on function
public.request_guest_booking(
    public.identifier, public.instant, text, text, text, public.identifier,
    public.whole_number, public.list, text, public.object, text
),
public.confirm_guest_booking(text, text),
public.request_guest_code(text, text),
public.cancel_guest_booking(text, text, text),
public.reschedule_guest_booking(text, text, public.instant, public.identifier),
public.claim_guest_bookings()
to anon, authenticated, service_role;

-- sql/47_guests/api/lookup.sql

-- How a guest looks up a booking without signing in. The reference and the e-mail address together
-- are the proof. Looking up changes nothing: to change the booking, the guest needs a code. The
-- answer is the same as that of the functions in guests.sql.

/*
 * Return what a guest may see of the booking with a reference and an e-mail address. A wrong
 * reference and a wrong address get the same refusal.
 * Definer: guests are not signed in; both values together are the proof.
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
    select scheduling.shown_to_guest(bookings)
    into v_found
    from scheduling.bookings
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
'Return a guest''s view of a booking, by its reference and the e-mail address with which it was '
'made: {reference, status, starts_at, ends_at, time_zone, party_size, currency, total_minor, '
'hold_expires_at, business_name, services, cancellation_fee_minor}.

cancellation_fee_minor is what cancelling costs now, or did cost. A wrong reference and a wrong '
'address get the same answer.

Errors: invalid_input 400, not_found 404.';
grant execute on function
scheduling.look_up(text, text),
public.lookup_booking(text, text)
to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
